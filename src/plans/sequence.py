"""From plan records to periods on a plan: what is one plan, and which plan comes next.

The sequence comes from dates alone. The number of previous plans that systems deliver is never used for it.

1. A plan held for another authority (``other_authority``) is not this authority's plan: it is neither an index plan nor
   a second plan, and is left out before anything else.
2. A plan that starts before the child's earlier plans have all ended, or on the same day as one of them, is the same
   period on a plan: duplicates, corrections and overlaps. The period runs from the first start to the last end and is
   open while any of its plans is open.
3. A plan that starts on or after the day on which the period before it ended is the next plan, day 0 included.
4. With ``washout_days`` w, a plan that starts fewer than w days after that end continues the period: an administrative
   closure, not an end. With w = 0 nothing is joined.
"""

import numpy as np
import pandas as pd

OPEN = np.iinfo(np.int64).max // 4


def plan_periods(plans: pd.DataFrame, *, washout_days: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Join a child's plan records into periods on a plan.

    Parameters
    ----------
    plans : DataFrame
        Plan records of this authority's own plans: ``child`` (int, one per child of an authority), ``la_code``,
        ``child_id``, ``plan_id``, ``start_date``, ``end_date`` (missing: open), ``initial_category``,
        ``latest_category``, ``previous_plans_reported``. Starts are known and no end is before its start.
    washout_days : int
        See rule 4.

    Returns
    -------
    periods : DataFrame, one row per period, by child and start
        ``child, la_code, child_id, plan_id`` (of its first plan), ``start_date``, ``end_date`` (missing while open),
        ``initial_category`` and ``previous_plans_reported`` (of its first plan), ``latest_category`` (of the plan that
        ended last), ``n_plans``, ``position`` (0 for the child's first), ``next_start`` (missing where none follows).
        The index is 0, 1, ...: the period's number.
    period_of_plan : DataFrame
        ``plan_id``, ``period``: the number of the period to which each plan belongs.
    """
    records = plans.sort_values(["child", "start_date", "end_date", "plan_id"], kind="stable").reset_index(drop=True)
    child = records["child"].to_numpy()
    start = records["start_date"].to_numpy(dtype="datetime64[D]").astype(np.int64)
    is_open = records["end_date"].isna().to_numpy()
    end = np.where(is_open, OPEN, records["end_date"].to_numpy(dtype="datetime64[D]").astype(np.int64))
    reached = pd.Series(end).groupby(child).cummax().to_numpy()

    begins = np.ones(len(records), dtype=bool)
    same_child = child[1:] == child[:-1]
    later = (start[1:] - reached[:-1] >= washout_days) & (start[1:] > start[:-1])
    begins[1:] = ~same_child | later
    period = np.cumsum(begins) - 1

    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(records)) - 1 if first.size else first
    period_end = reached[last]
    # Of the plans that end with the period, the one that started last holds the latest category.
    ends_it = np.flatnonzero(end == period_end[period]) if first.size else first
    closing = ends_it[np.append(np.diff(period[ends_it]) > 0, True)] if first.size else first

    periods = records.loc[first, ["child", "la_code", "child_id", "plan_id", "start_date", "initial_category"]]
    periods = periods.assign(previous_plans_reported=records.loc[first, "previous_plans_reported"])
    periods = periods.reset_index(drop=True)
    periods["end_date"] = records["end_date"].to_numpy()[closing]
    periods["latest_category"] = records["latest_category"].array[closing]
    periods["n_plans"] = last - first + 1
    by_child = periods.groupby("child", sort=False)
    periods["position"] = by_child.cumcount()
    periods["next_start"] = by_child["start_date"].shift(-1)
    return periods, pd.DataFrame({"plan_id": records["plan_id"], "period": period})
