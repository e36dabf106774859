"""Table D6: plans that were reviewed within the required timescales."""

import numpy as np
import pandas as pd

from ..calendar_months import add_months, dates_by_key
from ..features.reviews import FIRST_DUE_MONTHS, NEXT_DUE_MONTHS
from .counted_plans import CountedPlans


def due_review(counted: CountedPlans) -> np.ndarray:
    """Whether each plan counts in table D6: open at the end of the period, and for three months or more by then."""
    reached = add_months(counted.rows["start_date"], FIRST_DUE_MONTHS)
    return counted.open & (reached <= counted.last).to_numpy()


def reviewed_on_time(counted: CountedPlans) -> np.ndarray | None:
    """Whether no review of the plan was overdue on any day of the period; None where the data hold no reviews.

    The first review is due within 3 calendar months of the start, each later one within 6 of the one before (*Working
    Together to Safeguard Children*); one held on the day it is due is on time. DfE's table covers the year's reviews:
    one that was late but held before the period does not count, one that fell due before and was held in it does. Where
    a plan started before the data begin, the reviews before are not seen, and the first one seen is due within 6 months
    of the first day seen.
    """
    if counted.snapshot.reviews.empty:
        return None
    steps = _steps(counted)
    is_overdue = (steps["held"] > steps["due"]) & (steps["held"] >= counted.first)
    overdue = np.zeros(len(counted.rows), dtype=bool)
    overdue[steps.loc[is_overdue, "row"]] = True
    return ~overdue


def _steps(counted: CountedPlans) -> pd.DataFrame:
    """One row per review, and one for the wait after the last: ``row``, ``due``, ``held`` (or the end of the wait)."""
    rows = counted.rows
    row_of_period = pd.Series(np.arange(len(rows)), index=rows["period"].to_numpy(), name="row")
    held = counted.snapshot.reviews.merge(counted.period_of_plan, on="plan_id")
    held = held.merge(row_of_period, left_on="period", right_index=True)[["row", "review_date"]]
    first_seen = dates_by_key(rows["la_code"], counted.snapshot.spans.groupby("la_code")["first_date"].min())
    start, end = rows["start_date"], rows["end_date"].fillna(counted.last)
    is_old = (start < first_seen).to_numpy()
    begin = start.mask(is_old, first_seen)
    after = (held["review_date"] > begin.to_numpy()[held["row"]]) & (held["review_date"] <= end.to_numpy()[held["row"]])
    waits = pd.DataFrame({"row": np.arange(len(rows)), "review_date": end.to_numpy(), "is_wait": True})
    steps = pd.concat([held[after].drop_duplicates().assign(is_wait=False), waits], ignore_index=True)
    steps = steps.sort_values(["row", "review_date", "is_wait"], kind="stable", ignore_index=True)
    is_first = steps["row"].ne(steps["row"].shift())
    row = steps["row"].to_numpy()
    since = steps["review_date"].shift().where(~is_first, begin.iloc[row].set_axis(steps.index))
    since = since.astype("datetime64[us]")
    due = add_months(since, NEXT_DUE_MONTHS).where(~is_first | is_old[row], add_months(since, FIRST_DUE_MONTHS))
    return pd.DataFrame({"row": row, "due": due, "held": steps["review_date"]})
