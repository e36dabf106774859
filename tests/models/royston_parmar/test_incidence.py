from itertools import pairwise

import numpy as np
import pytest
from scipy.integrate import quad

import secondplan.models.royston_parmar.incidence as module
from secondplan.models.royston_parmar.curve import CauseCurve, VaryingEffects, row_curves
from secondplan.models.royston_parmar.incidence import (
    event_free,
    event_free_gradient,
    incidence,
    incidence_gradient,
    is_negative_somewhere,
)
from secondplan.models.royston_parmar.spline import LogTimeSpline, orthogonal_spline

EVENTS = np.log(np.random.default_rng(0).weibull(0.9, 200) * 300 + 2)


def spline(*days):
    return orthogonal_spline(np.log(days), EVENTS, np.ones(EVENTS.size))


def interpolating(own, eta):
    """Coefficients of the spline that has these values at its knots."""
    return np.linalg.solve(own.basis(own.knots), eta)


def curves(*, varying=True):
    first, second = spline(3.0, 60.0, 200.0, 900.0), spline(10.0, 150.0, 1500.0)
    effect = VaryingEffects(spline(3.0, 100.0, 900.0), np.array([1]), np.array([[0.15, -0.05]]))
    return [
        CauseCurve(
            first, interpolating(first, [-4.0, -2.2, -0.6, 0.3]), np.array([0.5, -0.3]), (effect,) if varying else ()
        ),
        CauseCurve(second, interpolating(second, [-5.0, -2.0, 0.2]), np.array([-0.4, 0.2]), ()),
    ]


def exact(curves, row, day, cause):
    """By scipy's adaptive quadrature in log time."""
    own = [row_curves(curve, row[None, :]) for curve in curves]

    def density(v):
        at = np.array([v])
        hazards = [float(np.exp(one.eta(at))[0, 0]) for one in own]
        return hazards[cause] * float(own[cause].eta_slope(at)[0, 0]) * np.exp(-sum(hazards))

    knots = np.unique(np.concatenate([curve.breaks for curve in curves]))
    breaks = np.r_[-300, -100, -40, -15, -5, knots[knots < np.log(day)], np.log(day)]
    breaks = np.unique(breaks[breaks <= np.log(day)])
    return sum(quad(density, a, b, epsabs=1e-13, epsrel=1e-12, limit=200)[0] for a, b in pairwise(breaks))


DESIGN = np.array([[0.0, 0.0], [1.0, 1.0], [-2.0, 0.5], [6.0, -1.0]])
DAYS = np.array([0.01, 2.0, 91.0, 365.0, 730.0, 4000.0])


@pytest.mark.parametrize("varying", [False, True])
def test_agrees_with_adaptive_quadrature(varying):
    own = curves(varying=varying)
    found = incidence(own, DESIGN, np.broadcast_to(DAYS, (4, 6)))
    for cause in range(2):
        expected = [[exact(own, row, day, cause) for day in DAYS] for row in DESIGN]
        np.testing.assert_allclose(found[cause], expected, atol=1e-11)


def test_common_times_and_times_of_each_row_give_the_same(monkeypatch):
    own = curves()
    times = np.broadcast_to(DAYS, (4, 6))
    common = incidence(own, DESIGN, times)
    slopes = incidence_gradient(own, DESIGN, times, 0)
    monkeypatch.setattr(module, "MAX_COMMON_TIMES", 0)
    np.testing.assert_allclose(incidence(own, DESIGN, times), common, atol=1e-12)
    np.testing.assert_allclose(incidence_gradient(own, DESIGN, times, 0), slopes, atol=1e-10)


def test_shorter_pieces_change_nothing(monkeypatch):
    own, times = curves(), np.broadcast_to(DAYS, (4, 6))
    found = incidence(own, DESIGN, times)
    monkeypatch.setattr(module, "LARGEST_MOVE", 0.2)
    monkeypatch.setattr(module, "TAIL_HAZARD", 1e-9)
    np.testing.assert_allclose(incidence(own, DESIGN, times), found, atol=1e-12)


def test_a_row_is_the_same_among_others_and_in_blocks(monkeypatch):
    own, times = curves(), np.broadcast_to(DAYS, (4, 6))
    together = incidence(own, DESIGN, times)
    alone = np.concatenate([incidence(own, DESIGN[[row]], times[[row]]) for row in range(4)], axis=1)
    np.testing.assert_allclose(alone, together, atol=1e-12)
    monkeypatch.setattr(module, "BLOCK", 1)
    np.testing.assert_allclose(incidence(own, DESIGN, times), together, atol=1e-14)


def test_incidences_and_event_free_sum_to_1_at_all_times():
    own = curves()
    times = np.broadcast_to(np.r_[0.0, np.geomspace(1e-6, 1e6, 30)], (4, 31))
    found = incidence(own, DESIGN, times)
    np.testing.assert_allclose(found.sum(axis=0) + event_free(own, DESIGN, times), 1.0, atol=1e-14)
    assert np.all(np.diff(found, axis=2) >= -1e-13) and np.all(found[:, :, 0] == 0)


def test_exponential_hazards_have_a_closed_form():
    one_day = LogTimeSpline(np.log([5.0, 5.0]), np.eye(2))
    own = [CauseCurve(one_day, np.array([np.log(5.0 * rate), 1.0]), np.zeros(0), ()) for rate in (0.002, 0.001)]
    found = incidence(own, np.empty((1, 0)), np.array([[100.0, 1000.0, 1e7]]))
    expected = -np.expm1(-0.003 * np.array([100.0, 1000.0, 1e7]))
    np.testing.assert_allclose(found[:, 0], [2 / 3 * expected, expected / 3], rtol=1e-12)


def parameters(own):
    return np.concatenate([np.concatenate([c.gamma, c.beta, *(g.delta.ravel() for g in c.varying)]) for c in own])


def with_parameters(own, theta):
    result, place = [], 0
    for curve in own:
        part = theta[place : place + curve.n_parameters]
        place += curve.n_parameters
        n_spline, n_fixed = curve.gamma.size, curve.gamma.size + curve.beta.size
        groups = tuple(
            VaryingEffects(g.spline, g.columns, part[n_fixed:].reshape(g.delta.shape)) for g in curve.varying
        )
        result.append(CauseCurve(curve.spline, part[:n_spline], part[n_spline:n_fixed], groups))
    return result


def test_gradients_are_finite_differences():
    own = curves()
    theta, step = parameters(own), 1e-5
    times = np.tile([0.0, 1.0, 91.0, 365.0, 2000.0], (4, 1))
    times[3, 3] = 500.0
    for cause in range(2):
        found = incidence_gradient(own, DESIGN, times, cause)
        for parameter, unit in enumerate(np.eye(theta.size)):
            above = incidence(with_parameters(own, theta + step * unit), DESIGN, times)[cause]
            below = incidence(with_parameters(own, theta - step * unit), DESIGN, times)[cause]
            np.testing.assert_allclose(found[..., parameter], (above - below) / (2 * step), atol=1e-8)
    found = event_free_gradient(own, DESIGN, times)
    for parameter, unit in enumerate(np.eye(theta.size)):
        above = event_free(with_parameters(own, theta + step * unit), DESIGN, times)
        below = event_free(with_parameters(own, theta - step * unit), DESIGN, times)
        np.testing.assert_allclose(found[..., parameter], (above - below) / (2 * step), atol=1e-8)


def test_the_smallest_slope_is_exact():
    own = curves()[0]
    design = np.column_stack([np.zeros(40), np.linspace(-30, 30, 40)])
    grid = np.linspace(own.breaks[0] - 1, own.breaks[-1] + 1, 20_001)
    rows = row_curves(own, design)
    np.testing.assert_allclose(rows.smallest_slope(), rows.eta_slope(grid).min(axis=1), atol=1e-6)
    negative = is_negative_somewhere([rows])
    assert 0 < negative.sum() < 40
    assert row_curves(curves(varying=False)[0], design).smallest_slope().shape == (1,)


def test_where_a_hazard_is_negative_it_counts_as_0():
    own = curves()
    rows = np.array([[0.0, -45.0], [0.0, -30.0]])
    assert is_negative_somewhere([row_curves(curve, rows) for curve in own]).all()
    times = np.broadcast_to(np.r_[0.0, np.geomspace(0.1, 5000, 60)], (2, 61))
    found, free = incidence(own, rows, times), event_free(own, rows, times)
    assert np.all(np.diff(found, axis=2) >= 0) and np.all(np.diff(free, axis=1) <= 0)
    np.testing.assert_allclose(found.sum(axis=0) + free, 1.0, atol=1e-13)
    # The other cause's hazard is as it was, where the clipped one is 0.
    near = incidence(own, np.array([[0.0, 0.0]]), times[:1])
    followed = module._follow(
        [row_curves(curve, np.array([[0.0, 0.0]])) for curve in own], np.log(np.maximum(times[:1], 1e-9))
    )
    np.testing.assert_allclose(followed, near, atol=2e-4)
