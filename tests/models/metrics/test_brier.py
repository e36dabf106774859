import numpy as np
import pytest

from secondplan.models.metrics import (
    MetricWarning,
    brier_contributions,
    brier_score,
    fit_censoring,
    index_of_prediction_accuracy,
)
from secondplan.models.metrics.brier import marginal_incidence
from secondplan.models.metrics.inputs import check_metric_inputs

R_DIGITS = 1e-11  # the reference file holds 12 decimals


def test_agrees_with_riskregression(reference):
    r = reference.r
    np.testing.assert_allclose(brier_score(reference.y, reference.risk, reference.times), r["brier"], atol=R_DIGITS)
    np.testing.assert_allclose(
        brier_score(reference.y, reference.coarse, reference.times), r["brier_ties"], atol=R_DIGITS
    )
    np.testing.assert_allclose(
        index_of_prediction_accuracy(reference.y, reference.risk, reference.times), r["ipa"], atol=R_DIGITS
    )


def test_contributions_give_the_score_and_its_standard_error_in_r(reference):
    parts = brier_contributions(reference.y, reference.risk, reference.times)
    np.testing.assert_allclose(parts.mean(axis=0), reference.r["brier"], atol=R_DIGITS)
    np.testing.assert_allclose(
        parts.std(axis=0, ddof=1) / np.sqrt(reference.n), reference.r["brier_se_known_censoring"], atol=R_DIGITS
    )


def test_null_model_is_the_aalen_johansen_incidence(reference):
    given = check_metric_inputs(reference.y, reference.risk, reference.times)
    np.testing.assert_allclose(marginal_incidence(given, 1), reference.r["incidence"], atol=R_DIGITS)
    null = np.tile(marginal_incidence(given, 1), (reference.n, 1))
    np.testing.assert_allclose(
        brier_score(reference.y, null, reference.times), reference.r["brier_null"], atol=R_DIGITS
    )


def test_worked_by_hand_with_censoring():
    # Three are at risk on day 2 and one of them is censored, so G(2) = 2/3. Weights: the event of day 1 has 1, the row
    # censored on day 2 has 0, the competing event of day 3 and the row still at risk have 3/2.
    y = {"duration": [1, 2, 3, 5], "event": [1, 0, 2, 1]}
    expected = ((1 - 0.8) ** 2 + 1.5 * 0.3**2 + 1.5 * 0.4**2) / 4
    np.testing.assert_allclose(brier_score(y, [0.8, 0.9, 0.3, 0.4], [3]), [expected], rtol=1e-14)


def test_without_censoring_it_is_the_plain_mean_square():
    rng = np.random.default_rng(1)
    y = {"duration": rng.integers(0, 10, 50), "event": rng.choice([1, 2], 50)}
    risk = rng.uniform(size=50)
    had = (y["duration"] <= 5) & (y["event"] == 1)
    np.testing.assert_allclose(brier_score(y, risk, [5]), [np.mean((had - risk) ** 2)], rtol=1e-13)


def test_perfect_and_constant_predictions():
    y = {"duration": [1, 2, 3, 4], "event": [1, 2, 1, 1]}
    assert brier_score(y, [1, 0, 1, 0], [3]) == 0
    assert index_of_prediction_accuracy(y, [1, 0, 1, 0], [3]) == 1
    assert index_of_prediction_accuracy(y, [0.5] * 4, [3]) == 0


def test_other_event(censored):
    swapped = censored.y.assign(event=censored.y["event"].map({0: 0, 1: 2, 2: 1}))
    np.testing.assert_array_equal(
        brier_score(censored.y, censored.risk, censored.times, event=2),
        brier_score(swapped, censored.risk, censored.times),
    )


def test_weight_two_equals_the_row_twice(censored):
    rows = [0, 0, 1, *range(2, 300)]
    weight = np.r_[2.0, np.ones(299)]
    for metric in (brier_score, index_of_prediction_accuracy):
        np.testing.assert_allclose(
            metric(censored.y, censored.risk, censored.times, sample_weight=weight),
            metric(censored.y.iloc[rows], censored.risk[rows], censored.times),
            rtol=1e-12,
        )


def test_does_not_depend_on_row_order(censored):
    rows = np.random.default_rng(2).permutation(300)
    np.testing.assert_allclose(
        brier_score(censored.y.iloc[rows], censored.risk[rows], censored.times),
        brier_score(censored.y, censored.risk, censored.times),
        rtol=1e-13,
    )


def test_censoring_learnt_elsewhere(censored):
    own = fit_censoring(censored.y)
    np.testing.assert_array_equal(
        brier_score(censored.y, censored.risk, censored.times, censoring=own),
        brier_score(censored.y, censored.risk, censored.times),
    )
    short = fit_censoring({"duration": [5, 5], "event": [1, 0]})
    with pytest.warns(MetricWarning, match="censoring distribution ends before day 12, 30"):
        assert np.isnan(brier_score(censored.y, censored.risk, censored.times, censoring=short)).all()


def test_nobody_has_the_event():
    y = {"duration": [1, 2, 3], "event": [2, 0, 0]}
    np.testing.assert_array_equal(brier_score(y, [0, 0, 0], [2]), [0])
    assert np.isnan(index_of_prediction_accuracy(y, [0.1, 0, 0], [2]))


def test_one_row_and_an_event_on_day_zero():
    np.testing.assert_array_equal(brier_score({"duration": [0], "event": [1]}, [[0.25]], [0]), [0.5625])
