"""The true probability of a second plan by a day, from the true hazards.

With time ``t`` in years after the plan's end, the hazards have the cumulative forms ``H1 = a t**k`` (second plan),
``H2 = c t**m`` (entry into care) and ``H3 = d t`` (other exits and death). In ``u = t**k`` the probability is

    integral of  a exp(-a u - c u**(m/k) - d u**(1/k)) du ,

up to the horizon or the 18th birthday. Where the family's gamma frailty ``z`` (mean 1, variance ``theta``), a factor
of ``a``, is not known, its mean over ``z`` replaces ``a exp(-a u)`` by ``a (1 + theta a u)**(-1/theta - 1)``.
Integrals are by Gauss-Legendre quadrature between the horizons.
"""

from dataclasses import dataclass

import numpy as np

from ..randomness.day_numbers import DAYS_PER_YEAR
from ..randomness.portable import exp, power
from ..scenarios.definition import Scenario

HORIZONS = (91, 182, 365, 730, 1095, 1825)
"""Days after the plan's end: three and six months, one, two, three and five years."""

_ROWS_AT_ONCE = 2048
# Roots and weights of the Legendre polynomials of degree 7 and 3 on [0, 1]; written out, so that no library's
# eigenvalues decide the last bit.
_FIRST = (
    (
        0.025446043828620737,
        0.12923440720030278,
        0.29707742431130142,
        0.5,
        0.70292257568869858,
        0.87076559279969722,
        0.97455395617137926,
    ),
    (
        0.064742483084434847,
        0.13985269574463833,
        0.19091502525255947,
        0.20897959183673469,
        0.19091502525255947,
        0.13985269574463833,
        0.064742483084434847,
    ),
)
_LATER = (
    (0.11270166537925831, 0.5, 0.88729833462074169),
    (0.27777777777777778, 0.44444444444444444, 0.27777777777777778),
)


@dataclass(frozen=True)
class _Nodes:
    """Quadrature nodes of the horizons, one interval after the other; arrays are of shape (n_nodes, n or 1).

    Attributes
    ----------
    u, weight : ndarray
    care, other : ndarray
        ``u**(m/k)`` and ``u**(1/k)``.
    ends : tuple of int
        Number of nodes up to each horizon.
    """

    u: np.ndarray
    weight: np.ndarray
    care: np.ndarray
    other: np.ndarray
    ends: tuple[int, ...]


def true_incidence(
    scenario: Scenario,
    log_hazard_ratio: np.ndarray,
    care_log_hazard_ratio: np.ndarray,
    eligible_days: np.ndarray,
    horizons: tuple[int, ...] = HORIZONS,
) -> np.ndarray:
    """Probability of a second plan by each horizon, given the hazards; flat after the 18th birthday.

    Parameters
    ----------
    scenario : Scenario
    log_hazard_ratio, care_log_hazard_ratio : ndarray, shape (n,)
        All that is known, latent values too.
    eligible_days : ndarray, shape (n,)
        Days from the plan's end to the 18th birthday.
    horizons : tuple of int
        In ascending order.

    Returns
    -------
    ndarray, shape (n, n_horizons)
    """
    a, c = _rates(scenario, log_hazard_ratio, care_log_hazard_ratio)
    d = scenario.other_exit_rate + scenario.death_rate
    result = np.empty((a.size, len(horizons)))
    for rows, nodes in _portions(scenario, np.asarray(eligible_days, dtype=float), horizons):
        density = exp(-(a[rows] * nodes.u + c[rows] * nodes.care + d * nodes.other)) * nodes.weight
        result[rows] = (a[rows] * _cumulative(density, nodes.ends)).T
    return result


def risk_and_days_lost(
    scenario: Scenario,
    log_hazard_ratio: np.ndarray,
    care_log_hazard_ratio: np.ndarray,
    eligible_days: np.ndarray,
    days: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Probability of a second plan within ``days``, and the mean number of these days that follow its start.

    Parameters
    ----------
    scenario : Scenario
    log_hazard_ratio, care_log_hazard_ratio, eligible_days : ndarray, shape (n,)
        As for :func:`true_incidence`.
    days : ndarray, shape (n,)
        Above 0; each row has its own.

    Returns
    -------
    risk, days_lost : ndarray, shape (n,)
        The days lost are the integral of the risk from 0 to ``days``.
    """
    a, c = _rates(scenario, log_hazard_ratio, care_log_hazard_ratio)
    nodes = _nodes(scenario, np.minimum(eligible_days, days), (int(np.ceil(days.max(initial=1))),))
    others = c * nodes.care + (scenario.other_exit_rate + scenario.death_rate) * nodes.other
    density = a * exp(-(a * nodes.u + others)) * nodes.weight
    lost = density * (days - DAYS_PER_YEAR * nodes.other)
    return _cumulative(density, nodes.ends)[0], _cumulative(lost, nodes.ends)[0]


def incidence_over_latent(
    scenario: Scenario,
    log_hazard_ratio: np.ndarray,
    care_log_hazard_ratio: np.ndarray,
    eligible_days: np.ndarray,
    severity: np.ndarray,
    weights: np.ndarray,
    shifts: np.ndarray,
    horizons: tuple[int, ...] = HORIZONS,
) -> np.ndarray:
    """As :func:`true_incidence`, with the family's frailty and the child's severity integrated out.

    Parameters
    ----------
    scenario : Scenario
    log_hazard_ratio, care_log_hazard_ratio : ndarray, shape (n,)
        Without severity and frailty.
    eligible_days : ndarray, shape (n,)
    severity : ndarray, shape (n_nodes,)
        Values of severity, the quadrature's nodes.
    weights : ndarray, shape (n, n_nodes)
        Their probabilities for each child.
    shifts : ndarray, shape (n, n_shifts)
        Added to ``log_hazard_ratio``: other values of a feature.
    horizons : tuple of int

    Returns
    -------
    ndarray, shape (n, n_shifts, n_horizons)
    """
    theta, d = scenario.frailty_variance, scenario.other_exit_rate + scenario.death_rate
    beta = float(scenario.log_hazard_ratios.get("severity", 0.0))  # type: ignore[arg-type]
    gamma = float(scenario.care_log_hazard_ratios.get("severity", 0.0))
    a, c = _rates(scenario, log_hazard_ratio, care_log_hazard_ratio)
    a_factor, c_factor, shift_factor = exp(beta * severity), exp(gamma * severity), exp(shifts)
    result = np.zeros((a.size, shifts.shape[1], len(horizons)))
    for rows, nodes in _portions(scenario, np.asarray(eligible_days, dtype=float), horizons):
        for node in range(severity.size):
            others = c[rows] * c_factor[node] * nodes.care + d * nodes.other
            weight = weights[rows, node] * exp(-others) * nodes.weight
            for shift in range(shifts.shape[1]):
                rate = a[rows] * a_factor[node] * shift_factor[rows, shift]
                density = _averaged(rate * nodes.u, theta) * weight
                result[rows, shift] += (rate * _cumulative(density, nodes.ends)).T
    return result


def _averaged(hazard: np.ndarray, theta: float) -> np.ndarray:
    """Mean over the frailty ``z`` of ``z exp(-z hazard)``."""
    return exp(-hazard) if theta == 0 else power(1 / (1 + theta * hazard), 1 / theta + 1)


def _rates(scenario: Scenario, log_hazard_ratio: np.ndarray, care: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return scenario.second_plan_rate * exp(log_hazard_ratio), scenario.care_rate * exp(care)


def _portions(scenario: Scenario, eligible: np.ndarray, horizons: tuple[int, ...]) -> list[tuple[np.ndarray, _Nodes]]:
    """Rows, a few thousand at once, with their nodes: those who come of age before the last horizon have their own."""
    last = horizons[-1]
    common = _nodes(scenario, np.full(1, float(last)), horizons)
    young, older = np.flatnonzero(eligible >= last), np.flatnonzero(eligible < last)
    found = [(young[i : i + _ROWS_AT_ONCE], common) for i in range(0, young.size, _ROWS_AT_ONCE)]
    for i in range(0, older.size, _ROWS_AT_ONCE):
        rows = older[i : i + _ROWS_AT_ONCE]
        found.append((rows, _nodes(scenario, eligible[rows], horizons)))
    return found


def _nodes(scenario: Scenario, eligible: np.ndarray, horizons: tuple[int, ...]) -> _Nodes:
    k, m = scenario.second_plan_shape, scenario.care_shape
    u, weight, ends, below = [], [], [], np.zeros((1, eligible.size))
    for place, horizon in enumerate(horizons):
        top = power(np.minimum(horizon, eligible) / DAYS_PER_YEAR, k)[None, :]
        nodes, weights = (np.array(values)[:, None] for values in (_FIRST if place == 0 else _LATER))
        if place == 0:
            # Nodes crowd at 0, where the care hazard's fractional power is not smooth: u = top x**3.
            u.append(top * (nodes * nodes * nodes))
            weight.append(top * (3 * nodes * nodes * weights))
        else:
            u.append(below + (top - below) * nodes)
            weight.append((top - below) * weights)
        ends.append(sum(len(part) for part in u))
        below = top
    at = np.concatenate(u)
    return _Nodes(u=at, weight=np.concatenate(weight), care=power(at, m / k), other=power(at, 1 / k), ends=tuple(ends))


def _cumulative(density: np.ndarray, ends: tuple[int, ...]) -> np.ndarray:
    """Sums over the nodes up to each horizon, shape (n_horizons, n): one node after the other, in a fixed order."""
    result = np.empty((len(ends), density.shape[1]))
    total, begin = np.zeros(density.shape[1]), 0
    for place, end in enumerate(ends):
        for node in range(begin, end):
            total += density[node]
        result[place] = total
        begin = end
    return result
