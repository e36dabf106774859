"""Monthly shares: of plans ended within three months, of second plans, and of plans followed by another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from ...given_dates import given_date
from ...parameter_checks import require_choice
from ..bands import PLAN_LENGTH_BANDS, plan_length_band
from ..calendar_months import add_months
from .counted_plans import count_plans

if TYPE_CHECKING:
    from ..store import Plans

SHARES = ("ended_within_3_months", "second_plans", "second_plans_reported", "followed_within_12_months")


def monthly_shares(
    plans: Plans, indicator: str = "ended_within_3_months", *, first: Any = None, last: Any = None, unit: str = "months"
) -> pd.DataFrame:
    """Count, by calendar month, the plans of which a share is charted.

    Parameters
    ----------
    plans : Plans
        Of one authority, or of several together.
    indicator : {"ended_within_3_months", "second_plans", "second_plans_reported", "followed_within_12_months"}
        Plans ended within three months of those that ended in the month; or second and subsequent plans of those that
        started in it, by the dates on record or by the number of earlier plans reported (by dates the share rises by
        itself while the data reach further back: chart what was reported, if it was); or plans followed by another
        of the child within 12 calendar months, of those that ended in the month, up to 12 months before ``last``.
    first, last : date, optional
        First and last day; by default the days that the data of every authority cover. A month of which a part lies
        outside is left out.
    unit : {"months", "days"}
        See :func:`~secondplan.plans.bands.plan_length_band`.

    Returns
    -------
    DataFrame
        Index ``month`` (its first day); columns ``count``, ``n``, ``share``.

    Raises
    ------
    ValueError
        ``indicator`` is not known, or the days hold no whole month.
    InputError
        The end of observation is not known.

    Examples
    --------
    >>> import secondplan as sp
    >>> sp.monthly_shares(sp.simulate(n_children=500, random_state=1), first="2017-04-01").shape
    (12, 3)
    """
    counts = monthly_counts(plans, indicator, first=first, last=last, unit=unit)
    table = counts.groupby("month")[["count", "n"]].sum()
    return table.assign(share=table["count"] / table["n"])


def monthly_counts(plans: Plans, indicator: str, *, first: Any, last: Any, unit: str = "months") -> pd.DataFrame:
    """What :func:`monthly_shares` counts, by authority: ``la_code``, ``month``, ``count``, ``n``."""
    require_choice("indicator", indicator, SHARES)
    extract = plans.extract.groupby("la_code").agg({"first_date": "min", "extract_date": "max"})
    begin = given_date(first, "first") if first is not None else extract["first_date"].max()
    end = given_date(last, "last") if last is not None else extract["extract_date"].min()
    if begin is pd.NaT or end is pd.NaT:
        raise ValueError("the extract table does not say which days the data cover: give first and last")
    follows = indicator == "followed_within_12_months"
    last_counted = end - pd.DateOffset(months=12) if follows else end
    months = pd.period_range(begin, last_counted, freq="M")
    months = months[(months.start_time >= begin) & (months.end_time.normalize() <= last_counted)]
    if not len(months):
        raise ValueError("there is no whole month between first and last")
    until = end if follows else months[-1].end_time.normalize()
    counted = count_plans(plans, months[0].start_time.as_unit("us"), until.as_unit("us"))
    rows = counted.rows
    if indicator == "ended_within_3_months":
        chosen, day = counted.ended, rows["end_date"]
        is_case = (plan_length_band(rows["start_date"], day, unit=unit) == PLAN_LENGTH_BANDS[0]).to_numpy()  # type: ignore[arg-type]
    elif follows:
        chosen, day = counted.ended, rows["end_date"]
        next_start = rows.groupby("child", sort=False)["start_date"].shift(-1)
        is_case = (next_start <= add_months(day, 12)).fillna(False).to_numpy(dtype=bool)
    else:
        chosen, day = counted.started, rows["start_date"]
        reported = (rows["previous_plans_reported"] > 0).fillna(False).to_numpy(dtype=bool)
        is_case = counted.second if indicator == "second_plans" else reported
    ended = pd.DataFrame(
        {"la_code": rows["la_code"].astype(str), "month": day.dt.to_period("M"), "count": is_case, "n": True}
    )[chosen]
    sums = ended.groupby(["la_code", "month"])[["count", "n"]].sum()
    every = pd.MultiIndex.from_product([sorted(extract.index.astype(str)), months], names=["la_code", "month"])
    counts = sums.reindex(every, fill_value=0).astype(int).reset_index()
    return counts.assign(month=counts["month"].dt.to_timestamp())
