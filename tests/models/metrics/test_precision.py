import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from secondplan.models.metrics import average_precision, top_k


def test_agrees_with_scikit_learn_without_censoring():
    rng = np.random.default_rng(1)
    y = {"duration": rng.integers(1, 9, 80), "event": rng.choice([1, 2], 80)}
    risk = rng.integers(1, 20, 80) / 20
    had = (y["duration"] <= 5) & (y["event"] == 1)
    np.testing.assert_allclose(average_precision(y, risk, [5]), [average_precision_score(had, risk)], rtol=1e-12)


def test_worked_by_hand_with_censoring():
    # Weights 1, 0, 3/2, 3/2, as in test_brier. The two highest are the row censored on day 2 and the case: all that is
    # known of them is an event. The third brings 3/2 without one.
    y = {"duration": [1, 2, 3, 5], "event": [1, 0, 2, 1]}
    risk = [0.8, 0.9, 0.3, 0.4]
    assert (top_k(y, risk, 3, 2).precision, top_k(y, risk, 3, 2).recall) == (1.0, 1.0)
    assert top_k(y, risk, 3, 3).precision == pytest.approx(1 / 2.5)
    assert top_k(y, risk, 3, 0.75).precision == pytest.approx(1 / 2.5)


def test_places_on_the_border_are_drawn():
    # One place is left for two rows of risk 0.5, one of which has the event: each counts by half.
    y = {"duration": [1, 1, 1, 1], "event": [1, 1, 2, 2]}
    found = top_k(y, [0.9, 0.5, 0.5, 0.1], 1, 2)
    assert (found.precision, found.recall) == (0.75, 0.75)


def test_nobody_has_the_event_and_k_must_be_positive():
    y = {"duration": [1, 1], "event": [2, 2]}
    assert np.isnan(average_precision(y, [0.1, 0.2], [1]))
    assert np.isnan(top_k(y, [0.1, 0.2], 1, 1).recall)
    with pytest.raises(ValueError, match="k must be above 0"):
        top_k(y, [0.1, 0.2], 1, 0)
