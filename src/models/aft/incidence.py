r"""Cumulative incidence of competing causes with accelerated failure times, and its gradient.

.. math:: F_k(t) = \int_0^t h_k(u) \exp\Bigl(-\sum_j H_j(u)\Bigr) du

with the hazards of :mod:`.likelihood`, integrated over log t. The gradient is that of the integrand, integrated by
the same rule: with :math:`z_l = (\log u - \eta_l)/\sigma_l`,
:math:`\partial H_l / \partial \eta_l = -r_l / \sigma_l` and :math:`\partial H_l / \partial \log \sigma_l = -r_l z_l`.
"""

from collections.abc import Iterator

import numpy as np

from .likelihood import HAZARDS, SLOPES

# Tanh-sinh rule on (0, 1) in log t: its nodes crowd at 0, where hazards are powers of t.
_STEP = 0.1
_GRID = np.arange(-4.8, 3.3, _STEP)
LOG_NODES = -np.log1p(np.exp(-np.pi * np.sinh(_GRID)))
LOG_WEIGHTS = _STEP * np.pi * np.cosh(_GRID) / (1.0 + np.exp(np.pi * np.sinh(_GRID)))
# z at which the cumulative hazard is about 45: what happens after that has a probability below 1e-19.
LAST_Z = {"weibull": 3.8, "exponential": 3.8, "lognormal": 9.1, "loglogistic": 45.0}
# Numbers of one array while integrating: few enough to stay in the processor's cache.
BLOCK = 100_000


def incidence(distribution: str, z: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    r"""Cumulative incidence :math:`F_k(t) = \int_0^t h_k(u) \exp(-\sum_j H_j(u)) du` of each of K causes.

    Parameters
    ----------
    distribution : str
    z : ndarray, shape (K, m)
        :math:`(\log t - x^\top\beta_k)/\sigma_k` at the end of each of m integrals; minus infinity where t is 0.
    sigma : ndarray, shape (K,)

    Returns
    -------
    ndarray, shape (K, m)
        Adds up to ``1 - exp(-total cumulative hazard)`` exactly.
    """
    hazard = HAZARDS[distribution]
    some_event = -np.expm1(-np.sum([hazard(z_cause)[0] for z_cause in z], axis=0))
    if len(z) == 1:
        return some_event[None, :]
    result = np.zeros(z.shape)
    for where, nodes in _blocks(distribution, z, sigma):
        total, rates = np.zeros(nodes[0].shape), []
        for at_nodes, scale in zip(nodes, sigma, strict=True):
            cumulative, rate = hazard(at_nodes)
            total += cumulative
            rates.append(rate / scale)
        free = np.exp(-total) * LOG_WEIGHTS
        for cause, rate in enumerate(rates):
            result[cause, where] = np.einsum("ij,ij->i", rate, free)
    integrated = result.sum(axis=0)
    return result * np.divide(some_event, integrated, out=np.zeros_like(integrated), where=integrated > 0)


def incidence_gradient(
    distribution: str, z: np.ndarray, sigma: np.ndarray, cause: int
) -> tuple[np.ndarray, np.ndarray]:
    r"""Derivatives of the incidence of one cause by each cause's location :math:`\eta_l` and :math:`\log \sigma_l`.

    Parameters
    ----------
    distribution, z, sigma
        As in :func:`incidence`.
    cause : int
        Position of the cause.

    Returns
    -------
    by_location, by_log_sigma : ndarray, shape (K, m)
    """
    if len(z) == 1:
        by_location, by_log_sigma = event_free_gradient(distribution, z, sigma)
        return -by_location, -by_log_sigma
    by_location, by_log_sigma = np.zeros(z.shape), np.zeros(z.shape)
    for where, nodes in _blocks(distribution, z, sigma):
        total, rates = np.zeros(nodes[0].shape), []
        for at_nodes in nodes:
            cumulative, rate = HAZARDS[distribution](at_nodes)
            total += cumulative
            rates.append(rate)
        own = rates[cause] / sigma[cause] * np.exp(-total) * LOG_WEIGHTS
        for other, (rate, at_nodes) in enumerate(zip(rates, nodes, strict=True)):
            slope = own * rate
            if other == cause:
                slope -= own * SLOPES[distribution](at_nodes, rate)[2]
                by_log_sigma[other, where] = -own.sum(axis=1)
            by_location[other, where] = slope.sum(axis=1) / sigma[other]
            by_log_sigma[other, where] += np.einsum("ij,ij->i", slope, at_nodes)
    return by_location, by_log_sigma


def event_free_gradient(distribution: str, z: np.ndarray, sigma: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Derivatives of :math:`\exp(-\sum_j H_j)` by each cause's location and log sigma, both of shape (K, m)."""
    positive = np.isfinite(z)
    z = np.where(positive, np.minimum(z, LAST_Z[distribution]), 0.0)
    cumulative, rate = HAZARDS[distribution](z)
    slope = np.where(positive, rate * np.exp(-np.sum(np.where(positive, cumulative, 0.0), axis=0)), 0.0)
    return slope / sigma[:, None], slope * z


def _blocks(distribution: str, z: np.ndarray, sigma: np.ndarray) -> Iterator[tuple[np.ndarray, list[np.ndarray]]]:
    """Positions of some integrals with t > 0, and each cause's z at their nodes, shape (n_integrals, n_nodes)."""
    positive = np.flatnonzero(np.isfinite(z[0]))
    beyond = np.max((z - LAST_Z[distribution]) * sigma[:, None], axis=0)
    z = z - np.maximum(beyond, 0.0) / sigma[:, None]
    n_block = max(1, BLOCK // LOG_NODES.size)
    for begin in range(0, positive.size, n_block):
        where = positive[begin : begin + n_block]
        yield where, [own[where, None] + LOG_NODES / scale for own, scale in zip(z, sigma, strict=True)]
