"""Monthly shares for control charts: of plans ended within three months, and of second plans."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from ...given_dates import given_date
from ...parameter_checks import require_choice
from ..bands import PLAN_LENGTH_BANDS, plan_length_band
from .counted_plans import count_plans

if TYPE_CHECKING:
    from ..store import Plans

SHARES = ("ended_within_3_months", "second_plans", "second_plans_reported")


def monthly_shares(
    plans: Plans, indicator: str = "ended_within_3_months", *, first: Any = None, last: Any = None, unit: str = "months"
) -> pd.DataFrame:
    """Count, by calendar month, the plans of which a share is charted.

    Parameters
    ----------
    plans : Plans
        Of one authority, or of several together.
    indicator : {"ended_within_3_months", "second_plans", "second_plans_reported"}
        Plans ended within three months of those that ended in the month; or second and subsequent plans of those that
        started in it, by the dates on record or by the number of earlier plans reported. By dates the share rises by
        itself while the data reach further back: chart what was reported, if it was.
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
    require_choice("indicator", indicator, SHARES)
    extract = plans.extract.groupby("la_code").agg({"first_date": "min", "extract_date": "max"})
    begin = given_date(first, "first") if first is not None else extract["first_date"].max()
    end = given_date(last, "last") if last is not None else extract["extract_date"].min()
    if begin is pd.NaT or end is pd.NaT:
        raise ValueError("the extract table does not say which days the data cover: give first and last")
    months = pd.period_range(begin, end, freq="M")
    months = months[(months.start_time >= begin) & (months.end_time.normalize() <= end)]
    if not len(months):
        raise ValueError("there is no whole month between first and last")
    counted = count_plans(plans, months[0].start_time.as_unit("us"), months[-1].end_time.normalize().as_unit("us"))
    rows = counted.rows
    if indicator == "ended_within_3_months":
        chosen, day = counted.ended, rows["end_date"]
        is_case = (plan_length_band(rows["start_date"], day, unit=unit) == PLAN_LENGTH_BANDS[0]).to_numpy()  # type: ignore[arg-type]
    else:
        chosen, day = counted.started, rows["start_date"]
        reported = (rows["previous_plans_reported"] > 0).fillna(False).to_numpy(dtype=bool)
        is_case = counted.second if indicator == "second_plans" else reported
    month = day[chosen].dt.to_period("M")
    n = month.value_counts().reindex(months, fill_value=0)
    count = month[is_case[chosen]].value_counts().reindex(months, fill_value=0)
    index = months.to_timestamp().rename("month")
    return pd.DataFrame({"count": count.to_numpy(), "n": n.to_numpy()}, index=index).assign(
        share=lambda table: table["count"] / table["n"]
    )
