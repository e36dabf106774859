"""Who takes part in the trial, from the day the first plan starts, and what happens to each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...plans.calendar_months import days_between
from ...plans.families import clusters
from ...plans.flow import Exclusion, apply_exclusions, require_rows
from ...plans.follow_up import CENSORED, SECOND_PLAN, add_follow_up, outcomes
from ...plans.index_plans import held_elsewhere, not_at_risk, not_first, own_periods, with_families
from ...plans.snapshot import Snapshot

NEVER = 10**6
"""Day, from the plan's start, of what is not seen to happen."""


@dataclass(frozen=True)
class People:
    """Children from the start of their first plan, one a row; days are whole days from that start.

    Attributes
    ----------
    rows : DataFrame, n rows, index 0, 1, ...
        ``child, child_id, family_id, la_code, plan_id, period, start_date, initial_category, latest_category``.
    stop : ndarray of int, shape (n,)
        Day of the outcome, or of the end of observation.
    event : ndarray of int, shape (n,)
        0 censored, 1 second plan, 2 entered care, 3 left otherwise, 4 eighteenth birthday.
    end : ndarray of int, shape (n,)
        Day on which the plan ended, ``NEVER`` where that is not seen.
    was_ended : ndarray of bool, shape (n,)
        Somebody decided to end the plan: it did not end with care, a move, death, an order or adulthood.
    last_day : ndarray of int, shape (n,)
        Last day on which the child could have been observed.
    cluster : ndarray of int, shape (n,)
        Codes 0, 1, ... of what is not independent.
    """

    rows: pd.DataFrame
    stop: np.ndarray
    event: np.ndarray
    end: np.ndarray
    was_ended: np.ndarray
    last_day: np.ndarray
    cluster: np.ndarray

    def __len__(self) -> int:
        return self.stop.size

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return int(self.cluster.max()) + 1


def find_people(snapshot: Snapshot, cluster: str) -> tuple[People, pd.DataFrame, pd.DataFrame]:
    """The children of the trial, the flow, and which plans make up each period (``plan_id``, ``period``).

    Plans that started before the extract begins are left out, though the child may be seen later. Of them only those
    are on record that were still open on the first day, or whose child came back: to follow them from then on would
    select on how the plan went, which is what the strategies are about.
    """
    periods, period_of_plan, elsewhere = own_periods(snapshot)
    first = periods[periods["position"] == 0]
    rows = add_follow_up(first.assign(index_end=first["start_date"], period=first.index), snapshot)
    y = outcomes(rows, care="competing")
    kept, flow = apply_exclusions(
        len(rows),
        "children on a plan",
        [
            not_first(rows),
            Exclusion(
                "started before the extract begins",
                "on record only if it was still open then, or through what came later",
                (rows["start_date"] < rows["span_first"]).to_numpy(),
            ),
            Exclusion(
                "started outside the extract",
                "no extract covers the time after the plan's start",
                rows["span_last"].isna().to_numpy(),
            ),
            *not_at_risk(rows, "competing", when="started"),
            Exclusion("not followed", "observation ended on the first day", (y["duration"] <= 0).to_numpy()),
        ],
        before=[held_elsewhere(elsewhere.loc[~elsewhere["child"].isin(periods["child"]), "child"].nunique())],
    )
    require_rows(flow, "can take part in the trial")
    rows, y = with_families(rows[kept].reset_index(drop=True), snapshot), y[kept].reset_index(drop=True)
    return _people(rows, y, cluster), flow, period_of_plan


def _people(rows: pd.DataFrame, y: pd.DataFrame, cluster: str) -> People:
    stop, event = y["duration"].to_numpy().astype(np.int64), y["event"].to_numpy()
    end = days_between(rows["start_date"], rows["end_date"]).fillna(NEVER).to_numpy().astype(np.int64)
    end = np.where(end <= stop, end, NEVER)
    moved = days_between(rows["start_date"], rows["transfer_on"]).fillna(NEVER).to_numpy() == stop
    # What happens on the day a plan ends is why it ended, but for a plan that starts on it.
    decided_that_day = (event == SECOND_PLAN) | ((event == CENSORED) & ~moved)
    return People(
        rows=rows,
        stop=stop,
        event=event,
        end=end,
        was_ended=(end < stop) | ((end == stop) & decided_that_day),
        last_day=days_between(rows["start_date"], rows["span_last"]).to_numpy().astype(np.int64),
        cluster=pd.factorize(_labels(rows, cluster), sort=True)[0],
    )


def _labels(rows: pd.DataFrame, cluster: str) -> pd.Series:
    if cluster == "family_id":
        return clusters(rows)
    return rows["la_code"] if cluster == "la_code" else rows["la_code"] + "/" + rows["child_id"]
