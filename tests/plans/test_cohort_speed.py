"""A sanity check on size: work that grows with the square of anything would not finish."""

import time
from types import SimpleNamespace

import numpy as np
import pandas as pd

from secondplan.plans import build_cohort, open_cases
from secondplan.plans.schema import column_names, column_type

N_CHILDREN = 50_000
# Takes about 3 s on one core; the limit only tells linear from quadratic.
LIMIT_SECONDS = 60.0


def crowd(n, seed=0):
    random = np.random.default_rng(seed)
    day_0 = np.datetime64("2012-04-01")

    def day(high, size):
        return day_0 + random.integers(0, high, size)

    def table(name, **columns):
        n_rows = len(next(iter(columns.values())))
        empty = {column: pd.Series([None] * n_rows, dtype=object) for column in column_names(name)}
        columns = empty | {column: pd.Series(values) for column, values in columns.items()}
        return pd.DataFrame({c: columns[c].astype(column_type(name, c)) for c in column_names(name)})

    def of(child):
        return {"child_id": pd.Series(child).astype(str), "la_code": pd.Series(np.where(child % 2, "330", "331"))}

    child = np.arange(n)
    again = np.flatnonzero(random.random(n) < 0.2)
    first = day(1500, n)
    length = random.integers(1, 700, n)
    start = np.concatenate([first, (first + length + random.integers(0, 700, n))[again]])
    owner = np.concatenate([child, again])
    end = start + np.concatenate([length, length[again]])
    tables = {
        "children": table(
            "children",
            **of(child),
            family_id=pd.Series(child // 6).astype(str),
            date_of_birth=np.datetime64("2000-01-01") + random.integers(0, 5000, n),
            sex=["1", "2"] * (n // 2),
            ethnicity=["WBRI", "APKN"] * (n // 2),
            disabilities=["NONE", "LD"] * (n // 2),
        ),
        "plans": table(
            "plans", **of(owner), plan_id=np.arange(owner.size).astype(str), start_date=start, end_date=end,
            initial_category=["NEG"] * owner.size, latest_category=["EMO"] * owner.size,
        ),
    }  # fmt: skip
    reviewed = np.repeat(np.arange(owner.size), 3)
    tables["reviews"] = table(
        "reviews",
        plan_id=reviewed.astype(str),
        review_date=start[reviewed] + np.tile([80, 250, 420], owner.size),
        quorate=[True] * reviewed.size,
        absent_agencies=[1] * reviewed.size,
    )
    twice = np.repeat(child, 2)
    tables["care_episodes"] = table("care_episodes", **of(again), start_date=day(2000, again.size))
    tables["cin_episodes"] = table("cin_episodes", **of(twice), referral_date=day(1500, twice.size))
    tables["assessments"] = table(
        "assessments", **of(twice), start_date=day(1500, twice.size), authorisation_date=day(1500, twice.size),
        factors=["3B;4B", "16A"] * n,
    )  # fmt: skip
    four = np.repeat(child, 4)
    tables["involvements"] = table(
        "involvements", **of(four), worker_id=(four % 97).astype(str), start_date=day(2000, four.size),
        agency_worker=[True, False] * (2 * n),
    )  # fmt: skip
    tables["extract"] = table(
        "extract",
        la_code=["330", "331"],
        first_date=[day_0] * 2,
        extract_date=[np.datetime64("2018-03-31")] * 2,
        source=["made up"] * 2,
    )
    return SimpleNamespace(**tables)


def test_a_large_authority_takes_seconds():
    plans = crowd(N_CHILDREN)
    began = time.perf_counter()
    cohort = build_cohort(plans)
    cases = open_cases(plans)
    seconds = time.perf_counter() - began
    assert set(cohort.missing_features) <= {"latest_progress"}
    assert len(cohort) > N_CHILDREN / 2
    assert len(cases) > N_CHILDREN / 4
    assert seconds < LIMIT_SECONDS
