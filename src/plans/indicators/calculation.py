"""Indicators of child protection plans for any period, as DfE counts them, beside the published figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...errors import EmptyCohortError, InputError
from ...given_dates import given_date
from ...parameter_checks import require_choice, shown
from ...small_counts import SMALLEST_SHOWN, is_small
from .beside import authority_counts, england_shares, region_shares
from .counted_plans import CountedPlans, count_plans
from .counting import ALL, check_groups, count_indicators
from .definitions import DEFINITIONS
from .result import Indicators
from .shown import withheld_counts

if TYPE_CHECKING:
    from ..store import Plans

UNITS = ("months", "days")
CENSUS_DAY = (3, 31)


def indicators(
    plans: Plans,
    year_ending: int | None = None,
    *,
    period: tuple[Any, Any] | None = None,
    by: Any = None,
    unit: str = "months",
) -> Indicators:
    """Plans started, ended and open, second plans, lengths and reviews, counted as the official statistics do.

    Counted are plans, not children, of the authority itself: a plan held temporarily for another authority is left
    out, and what a child had or will have elsewhere is not seen (a transfer starts a plan of the receiving authority).
    Records that overlap, or start on one day, are one plan. A plan that ends on the last day of the period is not open
    at its end. Second or subsequent are plans whose child had one before in this authority, however long ago: "by
    dates", where the data hold the earlier plan, and "as reported", by the number of earlier plans that came with it
    (the census item from which DfE counts). Beside them stand what DfE published for the same year, if the period is a
    year to 31 March.

    Parameters
    ----------
    plans : Plans
    year_ending : int, optional
        The year ending on 31 March of it. By default the latest one that the data reach.
    period : pair of dates, optional
        First and last day of any other period, both counted.
    by : str or list of str, optional
        Groups, by one column or two: ``la_code``, ``region``, ``initial_category`` (or ``category``),
        ``latest_category``, ``age_band``, ``sex``. Age is that at the plan's start for plans started, at its end for
        plans ended, and on the period's last day for open plans.
    unit : {"months", "days"}
        How the bands of length are counted; see :func:`~secondplan.plans.bands.plan_length_band`.

    Returns
    -------
    Indicators

    Raises
    ------
    ValueError
        ``by`` or ``unit`` is not known, both or an impossible period are given.
    InputError
        The end of observation is not known.
    EmptyCohortError
        No authority's data cover any of the period.

    References
    ----------
    DfE, *Children in need*, data sets D1, D3, D5, D6, D7 and their methodology.

    Examples
    --------
    >>> import secondplan as sp
    >>> made = sp.simulate(n_children=500, random_state=1)
    >>> result = sp.indicators(made, 2018, by="age_band")
    >>> result.value("second_plans", "england_pct")
    20.2
    """
    require_choice("unit", unit, UNITS)
    names = check_groups(by)
    first, last = _period(plans, year_ending, period)
    counted = count_plans(plans, first, last)
    _require_coverage(counted)
    table = _table(counted, names, unit)
    return Indicators(first, last, tuple(names), table, _notes(counted, table, names))


def _period(plans: Plans, year_ending: int | None, period: Any) -> tuple[pd.Timestamp, pd.Timestamp]:
    if period is not None:
        if year_ending is not None:
            raise ValueError("give year_ending or period, not both")
        if isinstance(period, str) or len(period) != 2 or None in tuple(period):
            raise ValueError(f"period must be two dates, the first and the last day, got {period!r}")
        first, last = given_date(period[0], "period"), given_date(period[1], "period")
        if first > last:
            raise ValueError("the period ends before it begins")
        return first, last
    if year_ending is None:
        latest = plans.extract["extract_date"].max()
        if latest is pd.NaT:
            raise InputError("the extract table does not say how far the data reach: give year_ending or period")
        year_ending = latest.year - (1 if (latest.month, latest.day) < CENSUS_DAY else 0)
    if isinstance(year_ending, bool) or int(year_ending) != year_ending or not 1991 <= year_ending <= 2200:
        raise ValueError(f"year_ending must be a year such as 2018, got {shown(year_ending)}")
    year = int(year_ending)
    return pd.Timestamp(year - 1, 4, 1).as_unit("us"), pd.Timestamp(year, *CENSUS_DAY).as_unit("us")


def _require_coverage(counted: CountedPlans) -> None:
    spans = counted.snapshot.spans
    covers = (spans["last_date"] >= counted.first) & (spans["first_date"] <= counted.last)
    if not covers.any():
        raise EmptyCohortError(
            f"no authority's data cover any of {counted.first:%Y-%m-%d} to {counted.last:%Y-%m-%d}; "
            "see the extract table"
        )


def _table(counted: CountedPlans, names: list[str], unit: str) -> pd.DataFrame:
    total = count_indicators(counted, [], unit)
    several = counted.rows["la_code"].nunique() > 1
    if not names:
        return _with_published(_long(total, _withheld(total, several), several).drop(columns="group"), counted, names)
    groups = count_indicators(counted, names, unit)
    total.index = pd.MultiIndex.from_tuples([(ALL,) * len(names)], names=names) if len(names) > 1 else pd.Index([ALL])
    counts = pd.concat([total, groups])
    is_rounded = several and "la_code" not in names
    if not several:
        withheld = _withheld(counts, False, has_total=True)
    elif is_rounded or len(names) == 1:
        withheld = pd.concat([_withheld(total, True), _withheld(groups, is_rounded)])
    else:
        # The groups of an authority make up its own total, which another table may give.
        blocks = [pd.concat([block.sum().to_frame().T, block]) for _, block in groups.groupby(level="la_code")]
        of_groups = pd.concat([_withheld(block, False, has_total=True).iloc[1:] for block in blocks])
        of_groups.index = pd.MultiIndex.from_tuples(of_groups.index, names=names)
        withheld = pd.concat([_withheld(total, True), of_groups.loc[groups.index]])
    rounded = np.r_[several, np.full(len(groups), is_rounded)]
    return _with_published(_long(counts.rename_axis(names), withheld, rounded), counted, names)


def _withheld(counts: pd.DataFrame, is_rounded: bool, *, has_total: bool = False) -> pd.DataFrame:
    # Of rounded counts nothing follows by subtraction: only the small ones are withheld.
    if is_rounded:
        return pd.DataFrame(is_small(counts), index=counts.index, columns=counts.columns)
    return withheld_counts(counts, has_total=has_total)


def _long(counts: pd.DataFrame, withheld: pd.DataFrame, is_rounded: Any) -> pd.DataFrame:
    """One row per group and indicator, with its share, interval and disclosure control."""
    from statsmodels.stats.proportion import proportion_confint

    rows = []
    for definition in DEFINITIONS:
        part = counts[[]].copy()
        part["key"], part["table"], part["indicator"] = definition.key, definition.table, definition.label
        part["n"] = counts[definition.key]
        part["of_n"] = counts[definition.of] if definition.of else np.nan
        part["is_withheld"] = withheld[definition.key].to_numpy()
        part["of_is_withheld"] = withheld[definition.of].to_numpy() if definition.of else False
        rows.append(part.assign(is_rounded=is_rounded))
    table = pd.concat(rows)
    known = ((table["of_n"] > 0) & (table["n"] <= table["of_n"])).to_numpy()
    shares = np.full((len(table), 3), np.nan)
    shares[known, 0] = table["n"][known] / table["of_n"][known]
    shares[known, 1:] = np.column_stack(proportion_confint(table["n"][known], table["of_n"][known], method="wilson"))
    table[["pct", "lower", "upper"]] = 100 * shares
    order = np.tile(np.arange(len(counts)), len(DEFINITIONS))
    return table.iloc[np.argsort(order, kind="stable")].reset_index()


def _with_published(table: pd.DataFrame, counted: CountedPlans, names: list[str]) -> pd.DataFrame:
    """The table with what DfE published, for rows that stand for a whole authority, a region or all."""
    empty = dict.fromkeys(("published_n", "region_pct", "england_pct"), np.nan)
    table = table.assign(**empty)
    order = [*names, "key", "table", "indicator", "n", "of_n", "pct", "lower", "upper", *empty]
    table = table[[*order, "is_withheld", "of_is_withheld", "is_rounded"]]
    year = counted.last.year
    is_year = (counted.first, counted.last) == _year(year)
    if not is_year:
        return table
    codes = counted.rows[["la_code", "region"]].drop_duplicates()
    england, regions = england_shares(year), region_shares(year)
    is_whole = names in ([], ["la_code"], ["region"])
    whole = table if is_whole else table[table[names[0]].eq(ALL)]
    table.loc[whole.index, "england_pct"] = whole["key"].map(england)
    for group, rows in whole.groupby(names[0] if names else np.zeros(len(whole))):
        own = codes if not names or group == ALL else codes[codes[names[0]] == group]
        if own["region"].nunique(dropna=False) == 1 and own["region"].iloc[0] in regions.index:
            table.loc[rows.index, "region_pct"] = rows["key"].map(regions.loc[own["region"].iloc[0]])
        if len(own) == 1:
            table.loc[rows.index, "published_n"] = rows["key"].map(authority_counts(year, own["la_code"].iloc[0]))
    return table


def _year(year: int) -> tuple[pd.Timestamp, pd.Timestamp]:
    return pd.Timestamp(year - 1, 4, 1).as_unit("us"), pd.Timestamp(year, *CENSUS_DAY).as_unit("us")


def _notes(counted: CountedPlans, table: pd.DataFrame, names: list[str]) -> tuple[str, ...]:
    notes = []
    spans = counted.snapshot.spans
    back = (counted.first - spans.groupby("la_code")["first_date"].min()).dt.days / 365.25
    if len(back) and back.min() < 100:
        notes.append(
            f"The data look {_years(back.min())} back before the period"
            + ("" if back.max() - back.min() < 0.05 else f" (up to {_years(back.max())})")
            + ": an earlier plan that ended before is seen only if the extract lists it, so that second plans by dates "
            "are too few. The number as reported stands beside them."
        )
    covered = spans["last_date"].clip(upper=counted.last) - spans["first_date"].clip(lower=counted.first)
    days = (covered.dt.days + 1).clip(lower=0).groupby(spans["la_code"]).sum()
    days = days.reindex(counted.rows["la_code"].unique(), fill_value=0)
    if partly := int((days < (counted.last - counted.first).days + 1).sum()):
        notes.append(f"The data of {partly} of {len(days)} authorities do not cover the whole period.")
    if (unreported := counted.rows["previous_plans_reported"][counted.started].isna().mean()) > 0:
        notes.append(f"The number of earlier plans is not reported for {unreported:.0%} of the plans started.")
    if counted.n_joined:
        notes.append(f"{_number(counted.n_joined)} records continue or repeat another plan and are counted with it.")
    if counted.n_elsewhere:
        notes.append(f"{_number(counted.n_elsewhere)} records of plans held for another authority are not counted.")
    if counted.snapshot.reviews.empty:
        notes.append("The data hold no reviews.")
    if table["published_n"].notna().any():
        notes.append("Published numbers are of the real authority under that code.")
    return tuple(notes)


def _years(years: float) -> str:
    return f"{max(years, 0.0):.1f} years"


def _number(count: int) -> str:
    return f"1 to {SMALLEST_SHOWN - 1}" if 0 < count < SMALLEST_SHOWN else f"{count:,}"
