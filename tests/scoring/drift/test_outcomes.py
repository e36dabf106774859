import numpy as np
import pytest

import secondplan as sp
from secondplan.scoring.drift.outcomes import watch_outcomes

OPTIONS = {"n_training_events": 100, "hazard_ratio": 1.5, "false_alarm": 0.05, "random_state": 0}


def test_observed_and_expected_by_quarter_add_up_to_the_martingale(watched):
    found = watch_outcomes(watched.model, watched.new, **OPTIONS)
    observed, expected = sp.expected_by_row(watched.model, watched.new.X, watched.new.y, horizon=730)
    assert found.by_quarter["expected"].sum() == pytest.approx(expected.sum())
    assert found.expected == pytest.approx(expected.sum())
    assert np.nansum(found.by_quarter["observed"]) <= observed.sum()
    shown = found.by_quarter["share_shown"]
    assert shown.between(0, 1).all()
    assert shown.is_monotonic_decreasing


def test_small_counts_are_withheld_with_what_would_reveal_them(watched):
    table = watch_outcomes(watched.model, watched.new, **OPTIONS).by_quarter
    counts = table["observed"].dropna()
    assert not ((counts > 0) & (counts < 6)).any()
    hidden = table["observed"].isna()
    assert hidden.sum() != 1
    assert table.loc[hidden, ["ratio", "lower", "upper"]].isna().all(axis=None)


def test_many_more_second_plans_signal(watched):
    y = watched.new.y.copy()
    early = np.flatnonzero((y["event"] == 0) & (y["duration"] > 200))[:150]
    y.iloc[early, y.columns.get_loc("event")] = 1
    y.iloc[early, y.columns.get_loc("duration")] = 150.0
    new = watched.new
    changed = type(new)(new.X, y, new.keys, new.eligible_days, new.flow, new.care, new.as_of)
    assert watch_outcomes(watched.model, changed, **OPTIONS).has_signal


def test_a_quarter_of_few_plans_does_not_follow_from_the_others(watched):
    ends = watched.new.keys["index_end"]
    first = ends.dt.to_period("Q") == ends.dt.to_period("Q").min()
    rows = np.flatnonzero(~first | (first.cumsum() <= 3))
    table = watch_outcomes(watched.model, watched.new.take(rows), **OPTIONS).by_quarter
    assert table["n"].isna().sum() == 2 and np.isnan(table["n"].iloc[0])
    assert table.loc[table["n"].isna(), ["observed", "expected", "share_shown"]].isna().all(axis=None)
