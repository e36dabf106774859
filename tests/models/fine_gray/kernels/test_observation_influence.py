"""What rows add through the estimated censoring and entries: derivatives by the weight of a row, by differences."""

import numpy as np
import pytest

from secondplan.models.fine_gray.kernels.influence import baseline_increments
from secondplan.models.fine_gray.kernels.likelihood import evaluate_subdistribution, subdistribution_sums
from secondplan.models.fine_gray.kernels.observation_influence import add_shift, observation_shifts
from secondplan.models.fine_gray.kernels.subdistribution import build_subdistribution
from secondplan.models.risk_sets.partial_likelihood import hazard_increments
from secondplan.models.risk_sets.score_residuals import mean_increments

BETA, STEP = np.array([0.4, -0.3]), 1e-4
# As crr, a censoring changes a product by 1 / Y, not by 1 / (Y - 1); at least 400 rows are at risk.
AT_RISK = 0.01


def through_observation(x, sums, sub):
    """The second parts of the influences, shape (m, 2 + 1): on the score, and on the whole baseline hazard."""
    increments = baseline_increments(sums, sub, np.zeros(sub.sets.n_times, dtype=np.int64))
    per_risk = np.hstack([mean_increments(sums, sub.sets), -increments.per_risk[:, None]])
    found = np.zeros((len(x), 3))
    shifts = observation_shifts(x, sums, sub, per_risk)
    for shift in shifts:
        order = np.arange(len(x))
        add_shift(order, shift.begin, shift.end, shift.own, shift.own_scale, shift.table, found)
    return found, len(shifts)


@pytest.mark.parametrize("has_late_entry", [False, True])
def test_is_the_derivative_by_the_weight_of_a_row(has_late_entry):
    # Without ties the two conventions differ in one thing: whether the weights of rows count in the distributions.
    rng = np.random.default_rng(3)
    n_rows, ones = 1500, np.ones(1500)
    duration, event, x = rng.permutation(n_rows) + 1.0, rng.integers(0, 3, n_rows), rng.normal(size=(n_rows, 2))
    duration, event = duration.clip(max=900.0), np.where(duration < 900.0, event, 0)
    late = has_late_entry & (rng.random(n_rows) < 0.5)
    entry = np.where(late, np.minimum(rng.permutation(n_rows) / 3.0 + 0.5, duration - 0.5), -1.0)

    def at(weight, convention):
        sub = build_subdistribution(
            entry, duration, event, weight, np.zeros(n_rows, dtype=np.int64), convention=convention
        )
        ordered = x[sub.sets.rows]
        sums = subdistribution_sums(ordered, ordered @ BETA, sub, efron=False)
        gradient = evaluate_subdistribution(ordered, BETA, sub, efron=False).gradient
        return sub, ordered, sums, np.append(gradient, hazard_increments(sums, sub.sets)[0].sum())

    sub, ordered, sums, _ = at(ones, "crr")
    found, n_shifts = through_observation(ordered, sums, sub)
    assert n_shifts == 1 + has_late_entry
    derivatives, places = [], range(0, n_rows, 75)
    for place in places:
        move = STEP * (np.arange(n_rows) == sub.sets.rows[place])
        up, down = (at(ones + sign * move, "crr")[-1] - at(ones + sign * move, "finegray")[-1] for sign in (1.0, -1.0))
        derivatives.append((up - down) / (2 * STEP))
    scale = np.abs(derivatives).max(axis=0)
    assert np.all(scale > 0)
    np.testing.assert_allclose(found[places] / scale, derivatives / scale, atol=AT_RISK)


def test_nobody_who_stays_adds_nothing(rows):
    entry, duration, event, weight, stratum, x = rows()
    sub = build_subdistribution(entry, duration, event.clip(max=1), weight, stratum, convention="crr")
    x = x[sub.sets.rows]
    sums = subdistribution_sums(x, x @ BETA, sub, efron=True)
    assert through_observation(x, sums, sub)[1] == 0
