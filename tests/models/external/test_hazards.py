import numpy as np
import pandas as pd
import pytest

from secondplan.models.external.hazards import CauseSpecificRisks

ROWS = pd.DataFrame({"x": [0.0, 1.0]})


class Given:
    """A hazard by a function of days, times 1 + x."""

    def __init__(self, cumulative, jumps=None):
        self.by_day, self.jumps = cumulative, jumps

    def cumulative(self, features, days):
        return np.multiply.outer(1.0 + features["x"].to_numpy(), self.by_day(days))


def steps(days, size):
    return Given(lambda at: np.searchsorted(days, at, side="right") * size, np.asarray(days, dtype=float))


def test_constant_hazards_compete():
    risks = CauseSpecificRisks([Given(lambda days: days / 900.0), Given(lambda days: days / 1800.0)])
    times = np.array([[0.0, 30.5, 730.0], [10.0, 365.0, 730.0]])
    total = np.array([[1.0], [2.0]]) * times / 600.0
    np.testing.assert_allclose(risks.incidence(ROWS, times, 0), (2.0 / 3.0) * -np.expm1(-total), rtol=1e-12)
    np.testing.assert_allclose(risks.free(ROWS, times), np.exp(-total), rtol=1e-12)
    assert risks.goes_on


def test_hazards_of_other_shapes_are_integrated_to_1e_6():
    risks = CauseSpecificRisks([Given(lambda days: (days / 500.0) ** 1.7), Given(lambda days: (days / 900.0) ** 0.6)])
    fine = np.linspace(0.0, 730.0, 200_001)
    first, both = (fine / 500.0) ** 1.7, (fine / 500.0) ** 1.7 + (fine / 900.0) ** 0.6
    middle = np.exp(-0.5 * (both[1:] + both[:-1]))
    assert risks.incidence(ROWS, np.full((2, 1), 730.0), 0)[0, 0] == pytest.approx(middle @ np.diff(first), abs=1e-6)


def test_jumps_by_hand():
    risks = CauseSpecificRisks([steps([1, 3], 0.2), steps([2, 3], 0.1)])
    times = np.broadcast_to([0.5, 1.0, 2.5, 3.0], (2, 4))
    found = risks.incidence(ROWS, times, 0)
    np.testing.assert_allclose(found[0], [0.0, 0.2, 0.2, 0.2 + 0.2 * np.exp(-0.3)], rtol=1e-14)
    np.testing.assert_allclose(risks.free(ROWS, times)[1], np.exp([0.0, -0.4, -0.6, -1.2]), rtol=1e-14)
    assert not risks.goes_on


def test_a_jump_comes_after_what_went_on_before_its_day():
    risks = CauseSpecificRisks([steps([2], 0.5), Given(lambda days: days / 10.0)])
    times = np.array([[1.9, 2.0], [1.9, 2.0]])
    np.testing.assert_allclose(risks.incidence(ROWS, times, 0)[0], [0.0, 0.5 * np.exp(-0.2)], rtol=1e-12)
    np.testing.assert_allclose(risks.incidence(ROWS, times, 1)[0], -np.expm1([-0.19, -0.2]), rtol=1e-12)


def test_a_hazard_that_falls_stays_and_one_that_is_missing_is_an_error():
    falling = CauseSpecificRisks([Given(lambda days: np.where(days < 2, 0.3, 0.1), np.array([1.0, 2.0]))])
    np.testing.assert_allclose(falling.free(ROWS, np.full((2, 1), 3.0))[:, 0], np.exp([-0.3, -0.6]))
    with pytest.raises(ValueError, match="missing in 2 of 2 rows"):
        CauseSpecificRisks([Given(lambda days: np.nan * days)]).free(ROWS, np.ones((2, 1)))


def test_blocks_of_rows_change_nothing(monkeypatch):
    risks = CauseSpecificRisks([steps([1, 3], 0.2), Given(lambda days: days / 10.0)])
    times = np.array([[1.5, 2.0], [0.2, 4.0]])
    whole = risks.incidence(ROWS, times, None)
    monkeypatch.setattr("secondplan.models.external.hazards.BLOCK", 1)
    np.testing.assert_array_equal(risks.incidence(ROWS, times, None), whole)
