"""Cases to be scored: children whose plan has ended, or is about to, as they stand on a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from ..given_dates import given_date
from ..parameter_checks import require_choice
from .calendar_months import dates_by_key, days_between
from .families import clusters
from .features import case_features
from .flow import Exclusion, apply_exclusions, require_rows
from .follow_up import add_follow_up, eligible_days
from .index_plans import (
    CARE_CHOICES,
    KEY_COLUMNS,
    held_elsewhere,
    not_at_risk,
    own_periods,
    take_rows,
    with_families,
)
from .snapshot import take_snapshot

if TYPE_CHECKING:
    from .store import Plans

FLAGS = {
    "plan_open": "The plan has not ended: scored as though it ended on the day of the extract",
    "not_first_plan": "The child had a plan before this one, on record or as reported",
    "birth_date_unknown": "The 18th birthday is not known, so that the risk does not stop there",
    "ended_before_extract": "The plan ended before the extract begins; what happened in between was not seen",
    "category_may_be_later": "The plan was open on the day asked for, but its latest category is as the extract has it",
}


@dataclass(frozen=True, repr=False)
class OpenCases:
    """Children to be scored, one row each, aligned by position.

    Attributes
    ----------
    X : DataFrame, n rows
        The same features as in :class:`~secondplan.plans.Cohort`.
    keys : DataFrame, n rows
        ``child_id, plan_id, family_id, la_code, index_end``; ``index_end`` of an open plan is the day of the extract.
    eligible_days : Series of float, n rows
        Days from ``index_end`` to the 18th birthday; infinite where no birth date is known.
    elapsed : Series of float, n rows
        Days since ``index_end`` in which nothing happened; 0 for an open plan.
    flags : Series of str, n rows
        Names in ``FLAGS`` joined by semicolons; empty where none applies.
    flow : DataFrame
        ``step, n_left_out, n_remaining, reason``.
    care : {"competing", "ignore"}
    as_of : Timestamp
    missing_features : tuple of str
        Features that the extract cannot give.
    """

    X: pd.DataFrame
    keys: pd.DataFrame
    eligible_days: pd.Series
    elapsed: pd.Series
    flags: pd.Series
    flow: pd.DataFrame
    care: str
    as_of: pd.Timestamp
    missing_features: tuple[str, ...] = ()

    def __len__(self) -> int:
        """The number of cases."""
        return len(self.X)

    @property
    def cluster(self) -> pd.Series:
        """The authority and family, or the child where that is unknown."""
        return clusters(self.keys)

    def take(self, rows: Any) -> OpenCases:
        """The cases of ``rows`` (positions or a boolean mask); ``flow`` stays that of the whole."""
        X, keys, days, elapsed, flags = take_rows(rows, self.X, self.keys, self.eligible_days, self.elapsed, self.flags)
        return OpenCases(X, keys, days, elapsed, flags, self.flow, self.care, self.as_of, self.missing_features)

    def __repr__(self) -> str:
        """Counts only: no record of a child."""
        n_open = int(self.flags.str.contains("plan_open").sum())
        return f"{len(self)} cases as of {self.as_of:%Y-%m-%d}: plan ended {len(self) - n_open}, plan open {n_open}"

    def _repr_html_(self) -> str:
        return f"<p>{self!r}</p>{self.flow.to_html(index=False)}"


def open_cases(plans: Plans, as_of: Any = None, *, care: Literal["competing", "ignore"] = "competing") -> OpenCases:
    """Children whose latest plan has ended and to whom nothing has happened since, or whose plan is open.

    Left out are children who have since entered care, left otherwise, turned 18, or moved to another authority, and
    those who were not at risk when the plan ended: the cohort's rules, so that a model's risk means the same.

    Parameters
    ----------
    plans : Plans
    as_of : date, optional
        The day on which the cases stand; nothing later is used. By default each authority's last extract date, which
        also stands where ``as_of`` is later: after it nothing is known.
    care : {"competing", "ignore"}
        With ``"ignore"`` care plays no part.

    Returns
    -------
    OpenCases
        Rows in the order of authority and child.

    Raises
    ------
    EmptyCohortError
        Nobody is left; the message names the step that left out most.
    InputError
        Authorities with plans have no extract date and ``as_of`` is not given.
    ValueError
        An option is not one of those listed.

    Examples
    --------
    >>> from secondplan import simulate
    >>> cases = open_cases(simulate(n_children=60))
    >>> list(cases.keys)
    ['child_id', 'plan_id', 'family_id', 'la_code', 'index_end']
    >>> bool((cases.elapsed < cases.eligible_days).all())
    True
    """
    require_choice("care", care, CARE_CHOICES)
    snapshot = take_snapshot(plans, None if as_of is None else given_date(as_of, "as_of"))
    periods, period_of_plan, elsewhere = own_periods(snapshot)
    latest = periods[periods["next_start"].isna()]
    today = dates_by_key(latest["la_code"], snapshot.last_date).fillna(snapshot.as_of)
    latest = latest.assign(index_end=latest["end_date"].fillna(today), today=today, period=latest.index)
    rows = add_follow_up(latest, snapshot)

    kept, flow = apply_exclusions(
        len(rows),
        "children on a plan",
        [*not_at_risk(rows, care), *_no_longer_at_risk(rows, care)],
        before=[held_elsewhere(elsewhere.loc[~elsewhere["child"].isin(periods["child"]), "child"].nunique())],
    )
    require_rows(flow, "can be scored")
    rows = with_families(rows[kept].reset_index(drop=True), snapshot)
    X, missing = case_features(rows, snapshot, period_of_plan)
    last_extract = plans.extract.groupby("la_code")["extract_date"].max()
    return OpenCases(
        X=X,
        keys=rows[KEY_COLUMNS].copy(),
        eligible_days=eligible_days(rows),
        elapsed=days_between(rows["index_end"], rows["today"]).rename("elapsed"),
        flags=_flags(rows, dates_by_key(rows["la_code"], last_extract)),
        flow=flow,
        care=care,
        as_of=snapshot.as_of,
        missing_features=missing,
    )


def _no_longer_at_risk(rows: pd.DataFrame, care: str) -> list[Exclusion]:
    """Steps for what has happened between the plan's end and today; dates after today are not in ``rows``."""
    left = rows["left_on"].notna()
    steps = [
        Exclusion("left since", "death, adoption or special guardianship since the plan ended", left.to_numpy()),
        Exclusion("turned 18 since", "an adult cannot have a plan", (rows["adult_on"] <= rows["today"]).to_numpy()),
        Exclusion(
            "moved to another authority", "the case was transferred (RC5)", rows["transfer_on"].notna().to_numpy()
        ),
    ]
    if care == "competing":
        reason = "the child has been in care since the plan ended: another course than the one modelled"
        steps.append(Exclusion("entered care since", reason, rows["care_on"].notna().to_numpy()))
    return steps


def _flags(rows: pd.DataFrame, last_extract: pd.Series) -> pd.Series:
    is_open = rows["end_date"].isna()
    earlier = (rows["position"] > 0) | (rows["previous_plans_reported"] > 0).fillna(False).astype(bool)
    raised = {
        "plan_open": is_open,
        "not_first_plan": earlier,
        "birth_date_unknown": rows["birth"].isna(),
        "ended_before_extract": rows["index_end"] < rows["span_first"],
        "category_may_be_later": is_open & (last_extract > rows["today"]),
    }
    text = np.full(len(rows), "", dtype=object)
    for name in FLAGS:
        text = np.where(raised[name].to_numpy(dtype=bool), text + (name + ";"), text)
    return pd.Series(text, index=rows.index, dtype="string", name="flags").str.rstrip(";")
