r"""The baseline hazard of a Cox model, and what follows from it for given features: hazard, survival, intervals.

.. math:: H(t \mid x) = H_c(t)\, e^{(x - c)'\beta}, \qquad
    \widehat{var}\, H(t \mid x) = e^{2 (x - c)'\beta} \left[ v(t) + d' V d \right],
    \quad d = H_c(t) (x - c) - G(t)

with c the mean of the features, v the variance of the increments, G the running sum of hazard times (mean of x in the
risk set - c), and V the covariance of the coefficients; as in R's ``survfit.coxph``.

Source: Therneau and Grambsch (2000), Modeling Survival Data, section 10.2; Tsiatis (1981).
"""

from dataclasses import dataclass

import numpy as np

from ..curves.confidence import hazard_bounds, probability_bounds
from ..estimator.design import Design, TrainingRows
from ..incidence import moments
from ..numerics.quadratic import quadratic_forms
from ..numerics.steps import step_position, step_values

# exp(700) is finite; a larger relative risk says no more.
LARGEST_ETA = 700.0
# By how much the standard error of a saved model may differ from that of the fitted one, or is not stated.
LARGEST_DIFFERENCE = 3e-7


@dataclass(frozen=True)
class BaselineHazard:
    """Cumulative baseline hazard at the center of the features, a right-continuous step function by stratum.

    Attributes
    ----------
    time, stratum : ndarray, shape (n_steps,)
        Event times (days) and the code of their stratum; sorted by stratum, then time.
    hazard, variance : ndarray, shape (n_steps,)
        Cumulative hazard just after each time, and its variance for known coefficients.
    mean : ndarray, shape (n_steps, n_features)
        Running sum of hazard increments times (mean of x in the risk set - center).
    center : ndarray, shape (n_features,)
    mean_error : ndarray, shape (n_steps,), or None
        How far ``mean`` may be off, see :func:`filling_error`; None where it is exact.
    """

    time: np.ndarray
    stratum: np.ndarray
    hazard: np.ndarray
    variance: np.ndarray
    mean: np.ndarray
    center: np.ndarray
    mean_error: np.ndarray | None = None

    def position(self, stratum: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Step that holds at each time (n_rows, n_times) in the row's stratum (n_rows,); -1 before the first."""
        return step_position(self.time, self.stratum, stratum, times)

    def at_zero(self, coef: np.ndarray, offset_center: float = 0.0) -> np.ndarray:
        """Cumulative hazard at features 0 and offset 0, shape (n_steps,)."""
        return self.hazard * np.exp(-np.clip(self.center @ coef + offset_center, -LARGEST_ETA, LARGEST_ETA))


def kept_means(rows: TrainingRows, time: np.ndarray, stratum: np.ndarray, horizon: float) -> np.ndarray:
    """Positions, shape (n_kept,), of the steps of the baseline whose running sum of means a saved model holds.

    From the sum at two steps in a row follows the mean of the features at risk, and from two means the sum of the
    features of those who left the risk set between. So at least six leave between kept steps and after the last, and a
    stratum of few children (``LEAST_CHILDREN``) has none.
    """
    outcome, of_row = rows.outcome, rows.design.stratum_of_each
    counted = np.ones(len(outcome), dtype=bool) if rows.weight is None else rows.weight > 0
    kept = []
    for code in np.unique(stratum):
        begin, end = np.searchsorted(stratum, [code, code + 1])
        own, steps = counted & (of_row == code), time[begin:end]
        if own.sum() >= moments.LEAST_CHILDREN:
            first = np.searchsorted(steps, outcome.entry[own], side="right")
            last = np.searchsorted(steps, outcome.duration[own], side="right") - 1
            n_leaving = np.bincount(last[last >= first], minlength=steps.size)
            kept.append(begin + moments.run_ends(steps, n_leaving, horizon))
    return np.concatenate([np.empty(0, dtype=np.int64), *kept])


def fill_means(stratum: np.ndarray, hazard: np.ndarray, kept: np.ndarray, means: np.ndarray) -> np.ndarray:
    """Running sums at every step, shape (n_steps, n_features), from those that are kept: linear in the hazard between.

    The mean of the features at risk drifts slowly, so that its integral over the hazard is nearly straight. NaN in
    strata of which none is kept.
    """
    filled = np.full((stratum.size, means.shape[1]), np.nan)
    for code in np.unique(stratum[kept]):
        begin, end = np.searchsorted(stratum, [code, code + 1])
        own = (kept >= begin) & (kept < end)
        known = np.concatenate([[0.0], hazard[kept[own]]])
        values = np.vstack([np.zeros(means.shape[1]), means[own]])
        for column in range(means.shape[1]):
            filled[begin:end, column] = np.interp(hazard[begin:end], known, values[:, column])
    return filled


def filling_error(exact: np.ndarray, filled: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """How far sums at each step (n_steps, n_features) are off, in the norm of the covariance: rounded up, (n_steps,).

    Powers of 2, which say no more than is needed to know whether an error can be stated.
    """
    size = np.sqrt(np.maximum(quadratic_forms((exact - filled)[:, None], covariance)[:, 0], 0.0))
    tiny = np.finfo(float).eps * np.sqrt(np.maximum(np.einsum("np,pq,nq->n", exact, covariance, exact), 0.0))
    rounded = np.exp2(np.ceil(np.log2(np.maximum(size, np.finfo(float).tiny))))
    return np.where(size <= 64.0 * tiny, 0.0, rounded)


def cumulative_hazard(
    baseline: BaselineHazard,
    coef: np.ndarray,
    design: Design,
    times: np.ndarray,
    since: np.ndarray | None = None,
) -> np.ndarray:
    """Cumulative hazard of each row by its times, shape (n_rows, n_times); from ``since`` (n_rows, 1) where above 0.

    The offsets of ``design`` are against that of the baseline.
    """
    relative_risk = np.exp(np.minimum((design.matrix - baseline.center) @ coef + design.offset_of_each, LARGEST_ETA))
    stratum = design.stratum_of_each
    hazard = step_values(baseline.hazard, baseline.position(stratum, times))
    if since is not None:
        before = np.where(since > 0, step_values(baseline.hazard, baseline.position(stratum, since)), 0.0)
        hazard = np.maximum(hazard - before, 0.0)
    with np.errstate(over="ignore"):  # an infinite hazard is a probability of 0
        return hazard * relative_risk[:, None]


@dataclass(frozen=True)
class HazardWindows:
    """Baseline hazard between two times of each row, (n_rows, n_times), and what its error rests on.

    Attributes
    ----------
    before, position : ndarray of int
        Step after which it begins, shape (n_rows, 1), and step at which it ends; -1 before the first.
    hazard : ndarray, shape (n_rows, n_times)
    direction : ndarray, shape (n_rows, n_times, n_features)
        d, its derivative by the coefficients.
    relative_risk : ndarray, shape (n_rows, 1)
    """

    before: np.ndarray
    position: np.ndarray
    hazard: np.ndarray
    direction: np.ndarray
    relative_risk: np.ndarray

    def with_error(self, variance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Hazard of the rows and its standard error, from the variance of the baseline's; infinite where too large."""
        with np.errstate(over="ignore"):
            error = np.sqrt(np.maximum(variance, 0.0)) * self.relative_risk
            return self.hazard * self.relative_risk, error


def hazard_windows(
    baseline: BaselineHazard,
    coef: np.ndarray,
    design: Design,
    times: np.ndarray,
    since: np.ndarray,
) -> HazardWindows:
    """From ``since`` (n_rows, 1) to ``times`` (n_rows, n_times); a time before ``since`` has hazard 0."""
    stratum = design.stratum_of_each
    position = baseline.position(stratum, np.maximum(times, since))
    before = baseline.position(stratum, since) if np.any(since > 0) else np.full(since.shape, -1)
    before = np.where(since > 0, before, -1)
    distance = design.matrix - baseline.center
    relative_risk = np.exp(np.minimum(distance @ coef + design.offset_of_each, LARGEST_ETA))[:, None]
    hazard = step_values(baseline.hazard, position) - step_values(baseline.hazard, before)
    mean = step_values(baseline.mean, position) - step_values(baseline.mean, before)
    mean = np.where((position > before)[:, :, None], mean, 0.0)  # where sums are not known there is nothing to know
    direction = hazard[:, :, None] * distance[:, None, :] - mean
    return HazardWindows(before, position, hazard, direction, relative_risk)


def cumulative_hazard_error(
    baseline: BaselineHazard,
    coef: np.ndarray,
    covariance: np.ndarray,
    design: Design,
    times: np.ndarray,
    since: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Cumulative hazard from ``since`` (n_rows, 1) to ``times`` (n_rows, n_times), and its standard error.

    A time before ``since`` has hazard 0. The error is NaN where a saved model cannot tell it.
    """
    found = hazard_windows(baseline, coef, design, times, since)
    own = step_values(baseline.variance, found.position) - step_values(baseline.variance, found.before)
    from_coef = quadratic_forms(found.direction, covariance)
    hazard, error = found.with_error(own + from_coef)
    if baseline.mean_error is not None:
        off = step_values(baseline.mean_error, found.position) + step_values(baseline.mean_error, found.before)
        variance_off = off * (2.0 * np.sqrt(np.maximum(from_coef, 0.0)) + off)
        with np.errstate(invalid="ignore", over="ignore"):
            change = variance_off / (2.0 * np.sqrt(np.maximum(own + from_coef, np.finfo(float).tiny)))
            is_off = (found.position > found.before) & (off > 0) & (change * found.relative_risk > LARGEST_DIFFERENCE)
        error = np.where(is_off, np.nan, error)
    return hazard, error


def survival_bounds(
    hazard: np.ndarray, error: np.ndarray, level: float, interval: str
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bound of ``exp(-hazard)``; the intervals are those of :func:`.confidence.probability_bounds`.

    Computed from the hazard, so that they stay right where the probability is too small for a float.
    """
    if interval == "plain":
        survival = np.exp(-hazard)
        error = np.multiply(survival, error, out=np.zeros_like(survival), where=survival > 0)
        return probability_bounds(survival, error, level, interval)
    least, most = hazard_bounds(hazard, error, level, "plain" if interval == "log" else interval)
    return np.exp(-most), np.exp(-least)
