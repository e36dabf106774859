"""The plans that indicators count, each with what is asked of it: when it started and ended, which came before it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..calendar_months import add_months
from ..index_plans import own_periods
from ..published import published_regions
from ..snapshot import Snapshot, take_snapshot

if TYPE_CHECKING:
    from ..store import Plans

AGE_BANDS = ("unborn", "under 1", "1 to 4", "5 to 9", "10 to 15", "16 and over", "not known")
"""Age groups of children on plans (DfE, *Children in need*, table A4)."""
FIRST_YEARS = (1, 5, 10, 16)


@dataclass(frozen=True)
class CountedPlans:
    """Plans on record on the last day of a period, one row each.

    Attributes
    ----------
    rows : DataFrame
        ``child`` (int), ``la_code``, ``region`` (missing where the code is none of the published ones), ``sex``,
        ``birth`` (expected, for the unborn), ``start_date``, ``end_date`` (missing while open), ``initial_category``,
        ``latest_category``, ``earlier_end`` (end of the child's plan before, missing for the first),
        ``previous_plans_reported``, ``period`` (its number in ``period_of_plan``).
    first, last : Timestamp
        The period that is counted.
    n_joined : int
        Records that continue another plan (duplicates, corrections, overlaps) and are not counted on their own.
    n_elsewhere : int
        Records held for another authority, which are not counted.
    period_of_plan : DataFrame
        ``plan_id``, ``period``: the counted plan to which each record belongs.
    snapshot : Snapshot
    """

    rows: pd.DataFrame
    first: pd.Timestamp
    last: pd.Timestamp
    n_joined: int
    n_elsewhere: int
    period_of_plan: pd.DataFrame
    snapshot: Snapshot

    @property
    def started(self) -> np.ndarray:
        """Whether each plan started in the period."""
        return (self.rows["start_date"] >= self.first).to_numpy()

    @property
    def ended(self) -> np.ndarray:
        """Whether each plan ended in the period."""
        return (self.rows["end_date"] >= self.first).fillna(False).to_numpy(dtype=bool)

    @property
    def open(self) -> np.ndarray:
        """Whether each plan was open after the period's last day: one that ended on that day is not."""
        return self.rows["end_date"].isna().to_numpy()

    @property
    def second(self) -> np.ndarray:
        """Whether each plan is its child's second or later one, by the dates on record."""
        return self.rows["earlier_end"].notna().to_numpy()

    @property
    def second_within_2_years(self) -> np.ndarray:
        """Whether each plan started up to 24 calendar months after the end of the child's plan before."""
        latest = add_months(self.rows["earlier_end"], 24)
        return (self.rows["start_date"] <= latest).fillna(False).to_numpy(dtype=bool)


def count_plans(plans: Plans, first: pd.Timestamp, last: pd.Timestamp) -> CountedPlans:
    """The plans to be counted for the period from ``first`` to ``last``, as they stood on ``last``.

    What is one plan, and which comes next, is decided in :mod:`~secondplan.plans.sequence`.

    Raises
    ------
    InputError
        See :func:`~secondplan.plans.observation.observed_spans`.
    """
    snapshot = take_snapshot(plans, last)
    periods, period_of_plan, elsewhere = own_periods(snapshot)
    children = snapshot.children.drop_duplicates("child").set_index("child")
    child = children[["sex", "date_of_birth", "expected_date_of_birth"]].reindex(periods["child"])
    child = child.set_axis(periods.index)
    rows = periods.assign(
        period=periods.index,
        earlier_end=periods.groupby("child", sort=False)["end_date"].shift(),
        sex=child["sex"],
        birth=child["date_of_birth"].fillna(child["expected_date_of_birth"]),
        region=periods["la_code"].map(published_regions()["region"]).astype("string"),
    )
    n_joined = len(period_of_plan) - len(periods)
    return CountedPlans(rows, first, last, n_joined, len(elsewhere), period_of_plan, snapshot)


def age_band(birth: pd.Series, day: pd.Series) -> pd.Series:
    """The age group, in completed years, of children born on ``birth`` (or expected then) on each ``day``.

    Returns
    -------
    Series of str
        One of ``AGE_BANDS``.
    """
    years = day.dt.year - birth.dt.year
    before_birthday = (day.dt.month * 100 + day.dt.day) < (birth.dt.month * 100 + birth.dt.day)
    years = (years - before_birthday).to_numpy(dtype=float, na_value=np.nan)
    group = 1 + np.searchsorted(FIRST_YEARS, years, side="right")
    group = np.where((birth > day).to_numpy(dtype=bool, na_value=False), 0, group)
    return pd.Series(np.array(AGE_BANDS)[np.where(np.isnan(years), len(AGE_BANDS) - 1, group)], index=birth.index)
