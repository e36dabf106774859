r"""Standard error of a cumulative incidence from a subdistribution hazard, by its influence function.

With :math:`r = e^{(x - c)'\beta}` and :math:`\Lambda` the baseline at the center c, the incidence between two days is

.. math:: F(t) - F(s) = e^{-r \Lambda(s)} - e^{-r \Lambda(t)}, \qquad
    \delta\, r\Lambda(t) = r \left[ A(t) + d(t)' u \right], \quad d(t) = \Lambda(t) (x - c) - G(t),

with A the influence on the baseline for known coefficients, u that on the coefficients, and G the running sum of the
hazard times (mean of x at risk - c). The covariances of A in cells of event times, and with u, are those of all rows
(or clusters); within a cell, increments count as uncorrelated, in proportion to the variance of their events.

Source: Fine and Gray (1999), JASA 94:496, section 4.
"""

from dataclasses import dataclass

import numpy as np

from ..numerics.quadratic import quadratic_forms
from ..numerics.row_totals import RowTotals


@dataclass(frozen=True)
class UncertainBaseline:
    """Baseline of a subdistribution hazard at the center of the features; K event times, G cells, p features.

    Attributes
    ----------
    time, hazard : ndarray, shape (K,)
        Days, and the cumulative hazard just after each.
    mean : ndarray, shape (K, p)
        Running sum of hazard times (mean of x at risk - center).
    variance : ndarray, shape (K,)
        Of each increment from its events alone.
    cell_start : ndarray of int, shape (G,)
    cell_covariance : ndarray, shape (G, G)
    cell_coef_covariance : ndarray, shape (G, p)
    coef_covariance : ndarray, shape (p, p)
    """

    time: np.ndarray
    hazard: np.ndarray
    mean: np.ndarray
    variance: np.ndarray
    cell_start: np.ndarray
    cell_covariance: np.ndarray
    cell_coef_covariance: np.ndarray
    coef_covariance: np.ndarray


def baseline_steps(baseline: UncertainBaseline, times: np.ndarray) -> np.ndarray:
    """Number of event times up to each time, in the shape of ``times``."""
    return np.searchsorted(baseline.time, times, side="right")


def incidence_error(
    baseline: UncertainBaseline,
    distance: np.ndarray,
    relative_risk: np.ndarray,
    times: np.ndarray,
    since: np.ndarray,
) -> np.ndarray:
    """Standard error of ``F(t) - F(s)``, shape (n, m).

    Parameters
    ----------
    baseline : UncertainBaseline
    distance : ndarray, shape (n, p)
        Features less their center.
    relative_risk : ndarray, shape (n,)
    times : ndarray, shape (n, m)
    since : ndarray, shape (n, 1)
        The day s; 0 where nothing is known, and then ``F(s)`` is 0. A time that is not after s has error 0.
    """
    if len(times) > 1 and times.strides[0] == since.strides[0] == 0:
        times, since = times[:1], since[:1]
    until = baseline_steps(baseline, np.maximum(times, since))
    begin = np.where(since > 0, baseline_steps(baseline, since), 0)
    n_steps = baseline.time.size + 1
    pairs, pair = np.unique(begin * n_steps + until, return_inverse=True)
    pair = pair.reshape(until.shape)
    early, late = (_Moments(baseline, steps) for steps in np.divmod(pairs, n_steps))
    together = early.covariance_with(late)
    risk = relative_risk[:, None]
    # Before the first event time nothing is uncertain.
    parts = [(1.0, late)] if not begin.any() else [(-1.0, early), (1.0, late)]
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        weights = [sign * risk * np.exp(-risk * moments.hazard[pair]) for sign, moments in parts]
        variance = np.zeros((len(distance), until.shape[1]))
        if len(parts) == 2:
            variance += 2.0 * weights[0] * weights[1] * together[pair]
        by_coef = np.zeros((*variance.shape, distance.shape[1]))
        cross = np.zeros_like(by_coef)
        for weight, (_, moments) in zip(weights, parts, strict=True):
            variance += weight**2 * moments.variance[pair]
            by_coef += (weight * moments.hazard[pair])[..., None] * distance[:, None, :]
            by_coef -= weight[..., None] * moments.mean[pair]
            cross += weight[..., None] * moments.with_coef[pair]
        variance += 2.0 * np.einsum("nmp,nmp->nm", cross, by_coef)
        variance += quadratic_forms(by_coef, baseline.coef_covariance)
    return np.sqrt(np.where(np.isfinite(variance) & (until > begin), np.maximum(variance, 0.0), 0.0))


def covariance_of_totals(
    baseline: UncertainBaseline,
    distance: np.ndarray,
    relative_risk: np.ndarray,
    times: np.ndarray,
    totals: RowTotals,
) -> np.ndarray:
    """Covariance of totals of rows' ``F(t)`` by each time (n, m), shape (m, n_groups, n_groups); as above."""
    until = baseline_steps(baseline, times)
    result = np.zeros((times.shape[1], totals.n_groups, totals.n_groups))
    for own, at in zip(result, until.T, strict=True):
        steps, place = np.unique(at, return_inverse=True)
        moments = _Moments(baseline, steps)
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            weight = relative_risk * np.exp(-relative_risk * moments.hazard[place])
            by_coef = totals.of(weight[:, None] * (moments.hazard[place][:, None] * distance - moments.mean[place]))
        by_step = np.zeros((totals.n_groups, steps.size))
        np.add.at(by_step, (totals.group, place), totals.weight * weight)
        cross = by_step @ moments.with_coef @ by_coef.T
        own += by_step @ moments.covariance() @ by_step.T + cross + cross.T
        own += by_coef @ baseline.coef_covariance @ by_coef.T
    return result


def slopes_of_total(
    baseline: UncertainBaseline, distance: np.ndarray, relative_risk: np.ndarray, times: np.ndarray, weight: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Derivatives of a weighted total of rows' ``F(t)`` by each time (n, m): by increments (m, K), coefficients (m, p).

    ``weight`` has shape (n,); the rest is as above.
    """
    n_times = baseline.time.size
    until = baseline_steps(baseline, times)
    hazard = np.concatenate([[0.0], baseline.hazard])
    mean = np.concatenate([np.zeros((1, baseline.mean.shape[1])), baseline.mean])
    by_increment, by_coef = np.zeros((times.shape[1], n_times)), np.zeros((times.shape[1], distance.shape[1]))
    for column, at in enumerate(until.T):
        with np.errstate(over="ignore", under="ignore", invalid="ignore"):
            scale = weight * relative_risk * np.exp(-relative_risk * hazard[at])
        reach = np.bincount(at, scale, n_times + 1)
        by_increment[column] = reach[::-1].cumsum()[::-1][1:]
        by_coef[column] = (scale * hazard[at]) @ distance - reach @ mean
    return by_increment, by_coef


class _Moments:
    """The baseline after each of P numbers of event times, with its covariances."""

    def __init__(self, baseline: UncertainBaseline, steps: np.ndarray) -> None:
        self._cell_covariance = baseline.cell_covariance
        cumulative = np.concatenate([[0.0], np.cumsum(baseline.variance)])
        bounds = np.append(baseline.cell_start, baseline.time.size)
        begin, end = cumulative[bounds[:-1]], cumulative[bounds[1:]]
        self._cell_variance = end - begin
        inside = np.clip(cumulative[steps][:, None], begin, end) - begin
        self.share = np.divide(inside, self._cell_variance, out=np.zeros_like(inside), where=self._cell_variance > 0)
        self.hazard = np.concatenate([[0.0], baseline.hazard])[steps]
        self.mean = np.concatenate([np.zeros((1, baseline.mean.shape[1])), baseline.mean])[steps]
        self.with_coef = self.share @ baseline.cell_coef_covariance
        self.variance = self.covariance_with(self)

    def covariance_with(self, later: "_Moments") -> np.ndarray:
        """Covariance with the same or a later number of event times, shape (P,)."""
        between = np.einsum("pg,pg->p", self.share @ self._cell_covariance, later.share)
        return between + (self.share * (1.0 - later.share)) @ self._cell_variance

    def covariance(self) -> np.ndarray:
        """Covariance of all with each other, shape (P, P); the numbers of event times ascend."""
        within = np.triu((self.share * self._cell_variance) @ (1.0 - self.share).T)
        return self.share @ self._cell_covariance @ self.share.T + within + np.triu(within, 1).T
