"""One unit's change against those of others."""

import numpy as np
import pytest

from secondplan.models.monitoring.difference_in_differences import difference_in_differences


def test_equal_controls_leave_the_errors_of_sampling():
    found = difference_in_differences(0.05, 0.01**2, np.full(10, 0.02), np.full(10, 0.01**2))
    assert (found.difference, found.controls, found.between) == pytest.approx((0.03, 0.02, 0.0), abs=1e-9)
    assert found.std_error == pytest.approx(0.01 * np.sqrt(1.1))
    assert found.placebo_p_value == pytest.approx(1 / 11)


def test_false_alarms_are_as_stated_where_units_differ():
    rng = np.random.default_rng(1)
    alarms, ranks = [], []
    for _ in range(600):
        variances = rng.uniform(0.005, 0.03, 41) ** 2
        changes = rng.normal(0.01, 0.02, 41) + rng.normal(0, np.sqrt(variances))
        found = difference_in_differences(changes[0], variances[0], changes[1:], variances[1:])
        alarms.append(found.p_value < 0.05)
        ranks.append(found.placebo_p_value <= 0.1)
    assert 0.03 < np.mean(alarms) < 0.075
    assert 0.06 < np.mean(ranks) < 0.14


def test_two_controls_are_too_few():
    with pytest.raises(ValueError, match=r"3 or more controls .* got 2"):
        difference_in_differences(0.1, 0.01, np.array([0.1, 0.2, np.nan]), np.full(3, 0.01))
