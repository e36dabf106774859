"""Index plans: what a cohort and the cases to be scored have in common."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .families import family_ids
from .flow import Exclusion, NeverRows
from .sequence import plan_periods
from .snapshot import Snapshot

KEY_COLUMNS = ["child_id", "plan_id", "family_id", "la_code", "index_end"]
CARE_CHOICES = ("competing", "ignore")


def own_periods(snapshot: Snapshot, washout_days: int = 0) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Periods on this authority's own plans, and the plans left out of them.

    Returns
    -------
    periods, period_of_plan : DataFrame
        See :func:`~secondplan.plans.sequence.plan_periods`.
    elsewhere : DataFrame
        Plan records held for another authority.
    """
    other = snapshot.plans["other_authority"].fillna(False).astype(bool)
    periods, period_of_plan = plan_periods(snapshot.plans[~other], washout_days=washout_days)
    return periods, period_of_plan, snapshot.plans[other]


def held_elsewhere(count: int) -> NeverRows:
    """The step for plans held for another authority."""
    reason = "the plan is another authority's: neither an index plan nor a second plan"
    return NeverRows("held for another authority", reason, count)


def not_first(rows: pd.DataFrame) -> Exclusion:
    """The step for children whose earlier plans are not on record."""
    return Exclusion(
        "not the child's first plan",
        "earlier plans are reported that are not on record",
        (rows["previous_plans_reported"] > 0).fillna(False).to_numpy(dtype=bool),
    )


def not_at_risk(rows: pd.DataFrame, care: str, when: str = "ended") -> list[Exclusion]:
    """Steps for children who could not have a second plan in the ordinary way from the day the plan ended.

    Parameters
    ----------
    rows : DataFrame
        What :func:`~secondplan.plans.follow_up.add_follow_up` returns.
    care : {"competing", "ignore"}
        With ``"ignore"`` being in care is no reason.
    when : str
        What the plan did on the day ``index_end``.
    """
    steps = [
        Exclusion(
            f"aged 18 when the plan {when}",
            "an adult cannot have a child protection plan",
            (rows["adult_on"] <= rows["index_end"]).to_numpy(),
        ),
        Exclusion(
            f"died or left for good by the day the plan {when}",
            "death, adoption or special guardianship",
            rows["had_left"].to_numpy(),
        ),
    ]
    if care == "competing":
        reason = "care was running, or began, on that day: not at risk in the ordinary way"
        steps.append(Exclusion(f"in care when the plan {when}", reason, rows["in_care"].to_numpy()))
    return steps


def take_rows(rows: Any, *parts: Any) -> list[Any]:
    """The ``rows`` (positions or a boolean mask) of frames and series that are aligned by position."""
    positions = np.asarray(rows)
    positions = np.flatnonzero(positions) if positions.dtype == bool else positions
    return [part.iloc[positions].reset_index(drop=True) for part in parts]


def with_families(rows: pd.DataFrame, snapshot: Snapshot) -> pd.DataFrame:
    """``rows`` with ``family_id`` of each child, missing where not known."""
    families = family_ids(snapshot.children.drop_duplicates("child"))
    return rows.assign(family_id=rows["child"].map(families).astype("string"))
