"""Plans as an extract made on a date would have held them: nothing dated later, no end known before it came."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from .calendar_months import dates_by_key
from .observation import last_dates, observed_spans

if TYPE_CHECKING:
    from .store import Plans

# Table -> the date on which a row comes to be, and each later date with the columns that become known with it.
_ROW_DATE = {
    "plans": "start_date",
    "care_episodes": "start_date",
    "cin_episodes": "referral_date",
    "assessments": "start_date",
    "involvements": "start_date",
}
_KNOWN_LATER: dict[str, dict[str, tuple[str, ...]]] = {
    "children": {"date_of_death": ("date_of_death",)},
    "plans": {"end_date": ("end_date",)},
    "care_episodes": {"end_date": ("end_date",)},
    "cin_episodes": {"closure_date": ("closure_date", "closure_reason")},
    "assessments": {"authorisation_date": ("authorisation_date", "factors")},
    "involvements": {"end_date": ("end_date",)},
}


@dataclass(frozen=True)
class Snapshot:
    """The tables on one date, each row of a child with the child's number in ``child``.

    Attributes
    ----------
    children, plans, reviews, care_episodes, cin_episodes, assessments, involvements : DataFrame
        As in :class:`~secondplan.plans.Plans`, cut at ``as_of`` and at the last day of each authority's observation,
        with ``child`` (int): one number for each pair of authority and child. ``reviews`` have ``plan_id`` instead.
    spans : DataFrame
        What :func:`~secondplan.plans.observation.observed_spans` returns.
    as_of : Timestamp
        The date asked for, or the last day of observation of any authority.
    last_date : Series
        By ``la_code``: the last day on which something may be known.
    """

    children: pd.DataFrame
    plans: pd.DataFrame
    reviews: pd.DataFrame
    care_episodes: pd.DataFrame
    cin_episodes: pd.DataFrame
    assessments: pd.DataFrame
    involvements: pd.DataFrame
    spans: pd.DataFrame
    as_of: pd.Timestamp
    last_date: pd.Series


def take_snapshot(plans: Plans, as_of: pd.Timestamp | None = None) -> Snapshot:
    """The tables as they would have been on ``as_of``, or on each authority's last extract date if that is earlier.

    A plan that ended later is open, an episode that closed later is open and its reason unknown, the factors of an
    assessment that was authorised later are unknown. Values without a date of their own (sex, ethnicity, disability,
    a plan's latest category) are as delivered.

    Raises
    ------
    InputError
        See :func:`~secondplan.plans.observation.observed_spans`.
    TypeError
        ``plans`` are none.
    """
    if not hasattr(plans, "extract"):
        raise TypeError(f"plans must be Plans, as read_plans and simulate give them; got {type(plans).__name__}")
    spans = observed_spans(plans.extract, plans.plans["la_code"], as_of)
    last_date = last_dates(spans)
    latest = as_of if as_of is not None else last_date.max()
    number = _ChildNumbers(plans.plans, plans.children)
    cut = {name: _cut(getattr(plans, name), name, last_date, latest, number) for name in _KNOWN_LATER}
    # An end before the start is not usable: the plan counts as open, as the readers have it.
    ends_early = _after(cut["plans"]["start_date"], cut["plans"]["end_date"])
    cut["plans"] = cut["plans"].assign(end_date=cut["plans"]["end_date"].mask(ends_early))
    plan_authority = cut["plans"][["plan_id", "la_code"]].drop_duplicates("plan_id")
    reviews = plans.reviews.merge(plan_authority, on="plan_id", how="inner")
    reviews = reviews[~_after(reviews["review_date"], _limit(reviews, last_date, latest))].drop(columns="la_code")
    return Snapshot(reviews=reviews, spans=spans, as_of=latest, last_date=last_date, **cut)


class _ChildNumbers:
    """One whole number for each pair of authority and child that the plans or the children's table hold."""

    def __init__(self, *tables: pd.DataFrame) -> None:
        # Sorted, so that the numbers do not depend on the order of rows.
        self._authorities = pd.Index(pd.concat([table["la_code"] for table in tables]).unique()).sort_values()
        self._children = pd.Index(pd.concat([table["child_id"] for table in tables]).unique()).sort_values()
        pairs = np.concatenate([self._pairs(table) for table in tables])
        self._known = np.unique(pairs[pairs >= 0])

    def of(self, table: pd.DataFrame) -> np.ndarray:
        """The number of each row's child, shape (n,); -1 where the child has neither a plan nor a row in children."""
        if not self._known.size:
            return np.full(len(table), -1)
        pairs = self._pairs(table)
        position = np.minimum(np.searchsorted(self._known, pairs), self._known.size - 1)
        return np.where(self._known[position] == pairs, position, -1)

    def _pairs(self, table: pd.DataFrame) -> np.ndarray:
        authority = self._authorities.get_indexer(table["la_code"])
        child = self._children.get_indexer(table["child_id"])
        return np.where((authority < 0) | (child < 0), -1, authority * max(len(self._children), 1) + child)


def _cut(
    table: pd.DataFrame, name: str, last_date: pd.Series, latest: pd.Timestamp, number: _ChildNumbers
) -> pd.DataFrame:
    table = table.assign(child=number.of(table))
    table = table[table["child"] >= 0]
    limit = _limit(table, last_date, latest)
    if name in _ROW_DATE:
        known = ~_after(table[_ROW_DATE[name]], limit)
        table, limit = table[known], limit[known]
    for date, columns in _KNOWN_LATER[name].items():
        later = _after(table[date], limit)
        if later.any():
            table = table.assign(**{column: table[column].mask(later) for column in columns})
    return table.reset_index(drop=True)


def _limit(table: pd.DataFrame, last_date: pd.Series, latest: pd.Timestamp) -> pd.Series:
    return dates_by_key(table["la_code"], last_date).fillna(latest)


def _after(date: pd.Series, limit: pd.Series) -> pd.Series:
    return (date > limit).fillna(False).astype(bool)
