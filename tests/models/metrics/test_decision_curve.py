import numpy as np
import pytest

from secondplan.models.metrics import net_benefit


def test_worked_by_hand_with_censoring():
    # Weights 1, 0, 3/2, 3/2, as in test_brier: acted for are the case of day 1 and both rows of weight 3/2.
    y = {"duration": [1, 2, 3, 5], "event": [1, 0, 2, 1]}
    expected = (1 - 3 * 0.2 / 0.8) / 4
    np.testing.assert_allclose(net_benefit(y, [0.8, 0.9, 0.3, 0.4], 3, [0.2]), [expected])


def test_everybody_and_nobody():
    y = {"duration": [1, 2, 3, 4], "event": [1, 2, 2, 1]}
    # Half of all have the event by day 4; at a threshold of 0.2 a false alarm costs a quarter.
    np.testing.assert_allclose(net_benefit(y, [0.9, 0.8, 0.7, 0.6], 4, [0.0, 0.2, 0.95]), [0.5, 0.5 - 0.5 / 4, 0.0])


def test_a_threshold_of_one_is_refused():
    with pytest.raises(ValueError, match="at least 0 and below 1"):
        net_benefit({"duration": [1], "event": [1]}, [0.5], 1, [1.0])
