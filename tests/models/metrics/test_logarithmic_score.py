import numpy as np

from secondplan.models.metrics import log_score


def test_worked_by_hand_with_censoring():
    # Weights 1, 0, 3/2, 3/2, as in test_brier.
    y = {"duration": [1, 2, 3, 5], "event": [1, 0, 2, 1]}
    expected = -(np.log(0.8) + 1.5 * np.log(0.7) + 1.5 * np.log(0.6)) / 4
    np.testing.assert_allclose(log_score(y, [0.8, 0.9, 0.3, 0.4], [3]), [expected])


def test_a_certain_risk_is_right_or_infinitely_wrong():
    y = {"duration": [1, 2], "event": [1, 2]}
    assert log_score(y, [1, 0], [2]) == 0
    assert log_score(y, [1, 1], [2]) == np.inf
