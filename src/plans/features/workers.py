"""Features of the workers who held the case during the plan."""

import numpy as np
import pandas as pd

WORKER_FEATURES = ("n_worker_changes", "share_agency_worker")


def worker_features(index_plans: pd.DataFrame, involvements: pd.DataFrame) -> pd.DataFrame:
    """Changes of worker during the plan, and the share of worker days that agency workers had.

    Of the involvements in force at some time from the plan's start to its end, in order of their start,
    ``n_worker_changes`` counts how often the worker differs from the one before. ``share_agency_worker`` weighs each
    involvement by its days between start and end of the plan (one each where all have none); those that do not say
    whether the worker is an agency's are left out. Missing where nothing is recorded.

    Parameters
    ----------
    index_plans : DataFrame, n rows
        ``child, start_date, index_end``.
    involvements : DataFrame
        ``child, worker_id, start_date, end_date`` (missing: still running), ``agency_worker``.
    """
    features = pd.DataFrame(index=index_plans.index)
    if involvements.empty:
        return features
    held = _during_plan(index_plans, involvements)
    row, n_rows = held["row"].to_numpy(dtype=np.int64), len(index_plans)

    worker = pd.factorize(held["worker_id"])[0]
    changed = (row[1:] == row[:-1]) & (worker[1:] != worker[:-1])
    has_worker = np.bincount(row, minlength=n_rows) > 0
    n_changes = np.bincount(row[1:], weights=changed, minlength=n_rows)
    features["n_worker_changes"] = np.where(has_worker, n_changes, np.nan)

    if involvements["agency_worker"].notna().any():
        agency = held["agency_worker"].to_numpy(dtype=float, na_value=np.nan)
        said = ~np.isnan(agency)
        row, agency, days = row[said], agency[said], held["days"].to_numpy(dtype=float)[said]
        total = np.bincount(row, weights=days, minlength=n_rows)
        weight = np.where(total[row] > 0, days, 1.0)
        total = np.bincount(row, weights=weight, minlength=n_rows)
        by_agency = np.bincount(row, weights=weight * agency, minlength=n_rows)
        features["share_agency_worker"] = np.divide(by_agency, total, out=np.full(n_rows, np.nan), where=total > 0)
    return features


def _during_plan(index_plans: pd.DataFrame, involvements: pd.DataFrame) -> pd.DataFrame:
    """One line per involvement and index plan (``row``), in order of start, with its ``days`` within the plan."""
    plans = pd.DataFrame(
        {
            "child": index_plans["child"].to_numpy(),
            "row": np.arange(len(index_plans)),
            "plan_start": index_plans["start_date"].to_numpy(),
            "plan_end": index_plans["index_end"].to_numpy(),
        }
    )
    columns = ["child", "worker_id", "start_date", "end_date", "agency_worker"]
    held = plans.merge(involvements[columns].dropna(subset=["worker_id", "start_date"]), on="child")
    gone = (held["end_date"] < held["start_date"]) | (held["end_date"] < held["plan_start"])
    # A worker who left on the day the plan began had no part in it, unless the plan ended that day.
    gone |= (held["end_date"] == held["plan_start"]) & (held["plan_end"] > held["plan_start"])
    held = held[(held["start_date"] <= held["plan_end"]) & ~gone]
    end = held["end_date"].where(held["end_date"] < held["plan_end"], held["plan_end"])
    begin = held["start_date"].where(held["start_date"] > held["plan_start"], held["plan_start"])
    held = held.assign(days=(end - begin).dt.days)
    # The known end never decides the order: two workers who began on one day are ordered by their identifiers.
    return held.sort_values(["row", "start_date", "worker_id"], kind="stable")
