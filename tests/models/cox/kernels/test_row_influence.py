"""The influence of rows on one cause: the derivatives of the fit by the weight of a row, by differences."""

import numpy as np
import pytest

from secondplan.models.cox.kernels.fit import fit_cox
from secondplan.models.cox.kernels.row_influence import CauseFit, cause_rows, row_factor
from secondplan.models.inputs.outcome import Outcome

STEP = 1e-4
# Of differences over twice that step, and of fits that end within a tolerance.
DIFFERENCE = {"rtol": 1e-4, "atol": 1e-6}


def hazard_by_hand(rows, fit, weight, efron):
    """Baseline increments at the center by (stratum, day), and times the mean of x less the center."""
    entry, duration, is_event = (rows.arrays[name] for name in ("entry", "duration", "is_event"))
    distance = rows.design - fit.center
    mass = weight * np.exp(distance @ fit.coef + rows.offset - fit.offset_center)
    increments, means = [], []
    for code, day in zip(fit.time_stratum, fit.time, strict=True):
        at_risk = (entry < day) & (day <= duration) & (rows.stratum == code)
        died = at_risk & is_event & (duration == day)
        hazard, mean = 0.0, np.zeros(2)
        for place in range(died.sum()):
            left = mass * at_risk - (place / died.sum() if efron else 0.0) * mass * died
            hazard += weight[died].mean() / left.sum()
            mean += weight[died].mean() / left.sum() ** 2 * (left @ distance)
        increments.append(hazard)
        means.append(mean)
    return np.array(increments), np.array(means)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_is_the_derivative_of_the_fit_by_the_weight_of_a_row(cox_rows, ties):
    rows = cox_rows()
    fit = fit_cox(**rows.arrays, **rows.options, ties=ties)
    outcome = Outcome(rows.arrays["entry"], rows.arrays["duration"], rows.arrays["is_event"].astype(np.int64))
    found = cause_rows(
        rows.design,
        outcome,
        CauseFit(1, fit.coef, fit.naive_covariance, fit.center, fit.offset_center),
        **rows.options,
        factor=np.ones(80),
        target=np.arange(80),
        ties=ties,
        std_error="jackknife",
    )
    of_rows = found.rows
    np.testing.assert_array_equal(of_rows.time, fit.time)
    np.testing.assert_allclose(found.mean, hazard_by_hand(rows, fit, rows.weight, ties == "efron")[1], atol=1e-10)
    time = np.arange(fit.time.size)
    for row in range(0, 80, 5):
        move = STEP * (np.arange(80) == row)
        after, before = (
            fit_cox(**rows.arrays, **{**rows.options, "weight": rows.weight + sign * move}, ties=ties)
            for sign in (1, -1)
        )
        np.testing.assert_allclose(of_rows.coef[row], (after.coef - before.coef) / (2 * STEP), **DIFFERENCE)
        up, down = (hazard_by_hand(rows, fit, rows.weight + sign * move, ties == "efron")[0] for sign in (1, -1))
        at_risk = (of_rows.first[row] <= time) & (time <= of_rows.last[row])
        own = -of_rows.risk[row] * of_rows.increment * at_risk + of_rows.jump[row] * (time == of_rows.last[row])
        np.testing.assert_allclose(own, (up - down) / (2 * STEP), **DIFFERENCE)


def test_whole_weights_without_clusters_count_as_rows():
    np.testing.assert_array_equal(row_factor(None, None, 2), [1, 1])
    np.testing.assert_array_equal(row_factor(np.array([4.0, 1.0]), None, 2), [2, 1])
    np.testing.assert_array_equal(row_factor(np.array([4.0, 1.5]), None, 2), [4, 1.5])
    np.testing.assert_array_equal(row_factor(np.array([4.0, 1.0]), np.array([0, 0]), 2), [4, 1])
