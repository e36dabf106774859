import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import cross_validate

from secondplan.evaluation import FamilyKFold, TemporalSplit
from secondplan.evaluation.designs import known_on
from secondplan.evaluation.splits import families_in_both


def test_no_family_is_parted_and_every_row_is_tested_once(cohort):
    tested = np.zeros(len(cohort), dtype=int)
    for train, test in FamilyKFold(5).split(cohort.X, cohort.y, cohort.cluster):
        assert families_in_both(train, test, cohort.cluster) == 0
        assert np.union1d(train, test).size == len(cohort)
        tested[test] += 1
    assert (tested == 1).all()


@pytest.mark.parametrize("n_splits", [2, 5, 10])
def test_folds_are_alike_in_rows_and_events(cohort, n_splits):
    fold = FamilyKFold(n_splits).fold_of_rows(len(cohort), cohort.y, cohort.cluster)
    rows = np.bincount(fold)
    events = np.bincount(fold[cohort.y["event"] == 1])
    # Families are indivisible: a fold can miss an even share by about the largest family.
    assert np.ptp(rows) <= 8
    assert np.ptp(events) <= 4


def test_one_large_family_does_not_unbalance_the_rest():
    groups = np.repeat(["large", *[f"single{i}" for i in range(60)]], [20, *[1] * 60])
    fold = FamilyKFold(4).fold_of_rows(80, None, groups)
    assert np.bincount(fold).max() <= 20 + 15
    assert np.bincount(fold).min() >= 15


def test_same_seed_same_folds_other_seed_other_folds(cohort):
    def folds(seed, groups=cohort.cluster):
        return FamilyKFold(5, random_state=seed).fold_of_rows(len(cohort), cohort.y, groups)

    np.testing.assert_array_equal(folds(3), folds(3))
    np.testing.assert_array_equal(folds(3), folds(3, "renamed " + cohort.cluster))
    assert not np.array_equal(folds(3), folds(4))


def test_scikit_learn_can_use_it(cohort):
    folds = FamilyKFold(3, random_state=1)
    assert clone(folds).random_state == 1 if hasattr(folds, "get_params") else repr(folds).startswith("FamilyKFold(")
    scores = cross_validate(LinearRegression(), cohort.X[["noise"]], cohort.y["event"], cv=folds, groups=cohort.cluster)
    assert len(scores["test_score"]) == folds.get_n_splits() == 3


def test_unusable_groups_are_refused(cohort):
    with pytest.raises(ValueError, match="needs groups"):
        next(FamilyKFold().split(cohort.X))
    with pytest.raises(ValueError, match="2 families, fewer than the 5 folds"):
        next(FamilyKFold(5).split(range(3), groups=["a", "b", "b"]))
    with pytest.raises(ValueError, match="groups: missing in 1 of 3"):
        next(FamilyKFold(2).split(range(3), groups=["a", None, "b"]))
    with pytest.raises(ValueError, match="at least 2"):
        next(FamilyKFold(1).split(range(3), groups=["a", "b", "c"]))
    with pytest.raises(ValueError, match="groups has 2 values, X has 3 rows"):
        next(FamilyKFold(2).split(range(3), groups=["a", "b"]))


CUT = pd.Timestamp("2016-07-01")


def test_training_knows_nothing_from_after_the_cut(cohort):
    train, test = TemporalSplit("2016-07-01").split(cohort)
    assert (train.keys["index_end"] < CUT).all()
    assert (test.keys["index_end"] >= CUT).all()
    assert len(train) + len(test) == len(cohort)
    known_until = train.keys["index_end"] + pd.to_timedelta(train.y["duration"], unit="D")
    assert (known_until <= CUT).all()
    assert train.as_of == CUT


def test_training_outcomes_do_not_depend_on_what_happened_after_the_cut(cohort):
    """Look-ahead would show: events after the cut are moved and changed, and the training rows must not notice."""
    days = (CUT - cohort.keys["index_end"]).dt.days
    after = cohort.y["duration"] > days.clip(lower=0)
    changed = cohort.y.assign(
        duration=cohort.y["duration"] + 17 * after, event=((cohort.y["event"] + after) % 3).astype("int64")
    )
    from dataclasses import replace

    original, _ = TemporalSplit(CUT).split(cohort)
    other, _ = TemporalSplit(CUT).split(replace(cohort, y=changed))
    pd.testing.assert_frame_equal(original.y, other.y)


def test_an_event_on_the_day_of_the_cut_is_known_and_a_later_one_is_not(cohort):
    three = cohort.take([0, 1, 2])
    three.keys["index_end"] = CUT - pd.Timedelta(days=100)
    three.y["duration"], three.y["event"] = [99.0, 100.0, 101.0], [1, 1, 1]
    four = type(cohort)(**{**vars(three), "keys": three.keys})
    with pytest.raises(ValueError, match="nothing to test on"):
        TemporalSplit(CUT).split(four)
    train = known_on(four, CUT)
    assert train.y["event"].tolist() == [1, 1, 0]
    assert train.y["duration"].tolist() == [99, 100, 100]


def test_rows_observed_only_after_the_cut_are_not_trained_on(cohort_with_delayed_entry):
    cohort = cohort_with_delayed_entry
    delayed = np.flatnonzero(cohort.y["entry"] > 0)
    cut = cohort.keys["index_end"].iloc[delayed[0]] + pd.Timedelta(days=30)
    train, _ = TemporalSplit(cut).split(cohort)
    assert cohort.keys["child_id"].iloc[delayed[0]] not in set(train.keys["child_id"])
    assert (train.y["entry"] < train.y["duration"]).all()


def test_nobody_before_or_after_the_cut_is_an_error(cohort):
    with pytest.raises(ValueError, match="nothing to train on"):
        TemporalSplit("2010-01-01").split(cohort)
    with pytest.raises(ValueError, match="nothing to test on"):
        TemporalSplit("2030-01-01").split(cohort)


def test_several_cuts_test_each_row_once_on_what_was_known_at_its_cut(cohort):
    cuts = ["2016-07-01", "2015-07-01", "2017-01-01"]
    parts = TemporalSplit(cuts).parts(cohort)
    assert [f"{part.cut:%Y-%m-%d}" for part in parts] == sorted(cuts)
    tested = np.concatenate([part.rows for part in parts])
    ended = cohort.keys["index_end"]
    assert np.array_equal(np.sort(tested), np.flatnonzero(ended >= "2015-07-01"))
    assert (ended.iloc[parts[1].rows] < "2017-01-01").all()
    pd.testing.assert_frame_equal(parts[1].train(cohort).y, TemporalSplit(CUT).split(cohort)[0].y)
    with pytest.raises(ValueError, match="split is of one date, there are 3"):
        TemporalSplit(cuts).split(cohort)
    with pytest.raises(ValueError, match="distinct days"):
        TemporalSplit(["2016-07-01", "01/07/2016"])
    with pytest.warns(FutureWarning, match="cut_date is now called dates"):
        assert TemporalSplit(cut_date="2016-07-01").dates == (CUT,)


def test_no_repeat_is_refused():
    with pytest.raises(ValueError, match="n_repeats must be at least 1, got 0"):
        next(FamilyKFold(2, n_repeats=0).split(range(4), groups=["a", "b", "c", "d"]))
