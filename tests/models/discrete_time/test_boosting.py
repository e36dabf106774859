"""BoostedHazard: scikit-learn's own predictions, recovery of true incidence, weights, identities and edges."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from sklearn.ensemble import HistGradientBoostingClassifier

from secondplan.models.discrete_time.boosting import BoostedHazard, expand_design, period_middles
from secondplan.models.discrete_time.period_incidence import incidence_at
from secondplan.models.discrete_time.person_period import period_ends, person_periods
from secondplan.models.inputs.outcome import check_outcome

from .test_binning import with_weighted_bins


def simulated(n, seed, *, delayed=0.0):
    """Two causes with constant hazards; the first depends on a threshold of ``a``, the second on ``b``."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"a": rng.normal(size=n), "b": rng.choice(["x", "y"], n), "noise": rng.normal(size=n)})
    rate = np.column_stack([np.where(X["a"] > 0.5, 0.0012, 0.0004), np.where(X["b"] == "y", 0.0006, 0.0002)])
    total = rate.sum(axis=1)
    time = rng.exponential(1 / total)
    event = np.where(rng.random(n) < rate[:, 0] / total, 1, 2)
    censor = rng.uniform(100, 900, n)
    duration = np.minimum(time, censor)
    entry = np.where(rng.random(n) < delayed, rng.uniform(1, 400, n), 0.0)
    y = pd.DataFrame({"entry": entry, "duration": duration, "event": np.where(time <= censor, event, 0)})
    seen = (entry < duration).to_numpy() if isinstance(entry, pd.Series) else entry < duration
    risk = rate[:, 0] / total * (1 - np.exp(-total * 730))
    return X[seen].reset_index(drop=True), y[seen].reset_index(drop=True), risk[seen]


@with_weighted_bins
def test_predictions_are_those_of_scikit_learn():
    X, y, _ = simulated(1500, 0, delayed=0.2)
    model = BoostedHazard(max_iter=15, min_samples_leaf=20, random_state=3).fit(X, y)
    ends = model.period_ends_
    design = model.encoder_.design(X)
    lines = person_periods(check_outcome(y), ends)
    classifier = HistGradientBoostingClassifier(
        learning_rate=0.05,
        max_iter=15,
        max_leaf_nodes=15,
        min_samples_leaf=20,
        l2_regularization=1.0,
        early_stopping=False,
        random_state=0,
    ).fit(expand_design(design, lines, ends), lines.event, sample_weight=lines.weight)
    middles = period_middles(ends)
    hazards = np.stack(
        [classifier.predict_proba(np.column_stack([design, np.full(len(X), day)]))[:, 1:] for day in middles], axis=1
    )
    times = np.broadcast_to([91.0, 200, 365, 730], (len(X), 4))
    for cause in (0, 1):
        expected = incidence_at(hazards, ends, times, cause)
        assert_allclose(model.predict_cumulative_incidence(X, times[0], event=cause + 1), expected, atol=1e-10)


@pytest.mark.parametrize("delayed", [0.0, 0.5])
def test_recovers_the_true_incidence(delayed):
    X, y, risk = simulated(12_000, 1, delayed=delayed)
    predicted = BoostedHazard(max_iter=60).fit(X, y).predict_cumulative_incidence(X, [730])[:, 0]
    for level in (X["a"] > 0.5, X["a"] <= 0.5):
        # The incidence of a group of thousands is known to about 0.01.
        assert predicted[level].mean() == pytest.approx(risk[level].mean(), abs=0.025)
    assert np.mean((predicted - risk) ** 2) < 0.1 * risk.var()


def test_sampling_lines_without_event_leaves_the_incidence_unbiased():
    X, y, risk = simulated(12_000, 2)
    model = BoostedHazard(max_iter=60, max_person_periods=15_000).fit(X, y)
    assert_array_equal(model.n_person_periods_[1], 15_000)
    assert model.n_person_periods_[0] > 50_000
    predicted = model.predict(X)
    assert predicted.mean() == pytest.approx(risk.mean(), abs=0.02)
    assert np.mean((predicted - risk) ** 2) < 0.15 * risk.var()


def test_weights_equal_duplicated_rows():
    X, y, _ = simulated(600, 3)
    X = X.round({"a": 1, "noise": 1})
    weight = np.random.default_rng(0).integers(0, 4, len(X))
    repeated = np.repeat(np.arange(len(X)), weight)
    settings = {"max_iter": 10, "min_samples_leaf": 1}
    weighted = BoostedHazard(**settings).fit(X, y, sample_weight=weight)
    copied = BoostedHazard(**settings).fit(
        X.iloc[repeated].reset_index(drop=True), y.iloc[repeated].reset_index(drop=True)
    )
    assert_allclose(weighted.predict(X), copied.predict(X), atol=1e-6)


def test_sum_to_one_monotone_and_row_by_row():
    X, y, _ = simulated(800, 4, delayed=0.3)
    model = BoostedHazard(max_iter=20).fit(X, y)
    days = np.arange(0.0, y["duration"].max(), 13.0)
    curves = [model.predict_cumulative_incidence(X, days, event=event) for event in model.events_]
    assert_allclose(sum(curves) + model.predict_event_free(X, days), 1.0, atol=1e-13)
    for curve in curves:
        assert np.all(np.diff(curve, axis=1) >= 0)
        assert_array_equal(curve[:, 0], 0)
    one = np.vstack([model.predict_cumulative_incidence(X.iloc[[row]], days) for row in range(5)])
    assert_allclose(one, curves[0][:5], atol=1e-14)


def test_one_event_only_and_known_end():
    X, y, _ = simulated(800, 5)
    model = BoostedHazard(max_iter=10, known_end_event=2).fit(X, y)
    assert model.events_ == (1,)
    y["event"] = np.where(y["event"] == 2, 0, y["event"])
    assert_allclose(model.predict(X), BoostedHazard(max_iter=10).fit(X, y).predict(X))


def test_same_seed_same_model_and_clusters_change_nothing():
    X, y, _ = simulated(800, 6)
    settings = {"max_iter": 5, "max_person_periods": 2000}
    first = BoostedHazard(random_state=1, **settings).fit(X, y)
    again = BoostedHazard(random_state=1, **settings).fit(X, y, cluster=np.arange(len(X)) // 2)
    other = BoostedHazard(random_state=2, **settings).fit(X, y)
    assert_array_equal(first.predict(X), again.predict(X))
    assert not np.array_equal(first.predict(X), other.predict(X))


def test_events_on_day_0_belong_to_the_first_period():
    n = 400
    X = pd.DataFrame({"a": np.tile([0.0, 1.0], n // 2)})
    early = np.arange(n) % 10 < 2
    y = pd.DataFrame({"duration": np.where(early, 0.0, 91.0), "event": early.astype(int)})
    model = BoostedHazard(max_iter=5).fit(X, y)
    assert_allclose(model.predict_cumulative_incidence(X.iloc[:2], [0, 91]), [[0, 0.2], [0, 0.2]], atol=1e-6)


@pytest.mark.parametrize(
    ("duration", "event", "match"),
    [(100.0, 0, "every row is censored"), (5.0, 1, "take shorter periods")],
)
def test_nothing_to_learn(duration, event, match):
    X = pd.DataFrame({"a": np.arange(50.0)})
    with pytest.raises(ValueError, match=match):
        BoostedHazard().fit(X, pd.DataFrame({"duration": np.full(50, duration), "event": event}))


def test_an_event_after_the_last_period_is_an_error():
    X, y, _ = simulated(300, 7)
    y.loc[0, ["entry", "duration", "event"]] = [0.0, 800.0, 3]
    with pytest.raises(ValueError, match="kind: 3;"):
        BoostedHazard(max_days=700).fit(X, y)


def test_all_the_period_days_forms():
    X, y, _ = simulated(300, 8)
    assert_allclose(
        BoostedHazard(max_iter=2, period_days=[30, 91, 365, 900]).fit(X, y).period_ends_, [30, 91, 365, 900]
    )
    assert_allclose(BoostedHazard(max_iter=2, max_days=365).fit(X, y).period_ends_, period_ends(365, 91))


def test_predicting_imports_no_library_that_only_fitting_needs():
    code = (
        "import sys, secondplan.models.discrete_time.boosting, secondplan.models.discrete_time.model; "
        "print([name for name in ('statsmodels', 'numba', 'sklearn.ensemble') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
