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
from scipy.stats import norm

# exp(700) is finite; a larger relative risk says no more.
LARGEST_ETA = 700.0
INTERVALS = ("plain", "log", "log-log")


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
    """

    time: np.ndarray
    stratum: np.ndarray
    hazard: np.ndarray
    variance: np.ndarray
    mean: np.ndarray
    center: np.ndarray

    def position(self, stratum: np.ndarray, times: np.ndarray) -> np.ndarray:
        """Number of the last step at or before each time in the row's stratum; -1 before the first. Shape of ``times``.

        ``stratum`` (n_rows,) are codes and ``times`` (n_rows, n_times) days.
        """
        found = np.full(times.shape, -1)
        for code in np.unique(stratum):
            begin, end = np.searchsorted(self.stratum, [code, code + 1])
            rows = stratum == code
            steps = np.searchsorted(self.time[begin:end], times[rows], side="right")
            found[rows] = np.where(steps > 0, begin + steps - 1, -1)
        return found

    def at_zero(self, coef: np.ndarray) -> np.ndarray:
        """Cumulative hazard at features 0, shape (n_steps,)."""
        return self.hazard * np.exp(-np.clip(self.center @ coef, -LARGEST_ETA, LARGEST_ETA))


def take(values: np.ndarray, position: np.ndarray) -> np.ndarray:
    """``values[position]``, and 0 where the position is -1 (before the first step)."""
    if len(values) == 0:
        return np.zeros(position.shape + values.shape[1:])
    taken = values[np.maximum(position, 0)]
    taken[position < 0] = 0.0
    return taken


def cumulative_hazard(
    baseline: BaselineHazard,
    coef: np.ndarray,
    design: np.ndarray,
    offset: np.ndarray,
    stratum: np.ndarray,
    times: np.ndarray,
) -> np.ndarray:
    """Cumulative hazard of each row by its times, shape (n_rows, n_times)."""
    relative_risk = np.exp(np.minimum((design - baseline.center) @ coef + offset, LARGEST_ETA))
    return take(baseline.hazard, baseline.position(stratum, times)) * relative_risk[:, None]


def cumulative_hazard_error(
    baseline: BaselineHazard,
    coef: np.ndarray,
    covariance: np.ndarray,
    design: np.ndarray,
    offset: np.ndarray,
    stratum: np.ndarray,
    times: np.ndarray,
    since: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Cumulative hazard from ``since`` (n_rows, 1) to ``times`` (n_rows, n_times), and its standard error.

    A time before ``since`` has hazard 0.
    """
    position = baseline.position(stratum, np.maximum(times, since))
    before = baseline.position(stratum, since) if np.any(since > 0) else np.full(since.shape, -1)
    before = np.where(since > 0, before, -1)
    distance = design - baseline.center
    relative_risk = np.exp(np.minimum(distance @ coef + offset, LARGEST_ETA))[:, None]
    hazard = take(baseline.hazard, position) - take(baseline.hazard, before)
    own = take(baseline.variance, position) - take(baseline.variance, before)
    mean = take(baseline.mean, position) - take(baseline.mean, before)
    direction = hazard[:, :, None] * distance[:, None, :] - mean
    from_coef = np.einsum("ntp,pq,ntq->nt", direction, covariance, direction, optimize=True)
    return hazard * relative_risk, np.sqrt(np.maximum(own + from_coef, 0.0)) * relative_risk


def survival_bounds(
    hazard: np.ndarray, error: np.ndarray, level: float, interval: str
) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper bound of ``exp(-hazard)``, with R's names for the scale on which the interval is symmetric.

    ``plain``: the probability; ``log``: its logarithm; ``log-log``: the logarithm of the cumulative hazard.
    """
    check_interval(level, interval)
    z = norm.ppf(0.5 + level / 2.0)
    if interval == "log":
        lower, upper = np.exp(-(hazard + z * error)), np.exp(-np.maximum(hazard - z * error, 0.0))
    elif interval == "plain":
        survival = np.exp(-hazard)
        lower, upper = survival * (1.0 - z * error), survival * (1.0 + z * error)
    else:
        ratio = np.divide(error, hazard, out=np.zeros_like(hazard), where=hazard > 0)
        stretch = np.exp(np.minimum(z * ratio, LARGEST_ETA))
        lower, upper = np.exp(-hazard * stretch), np.exp(-hazard / stretch)
    return np.clip(lower, 0.0, 1.0), np.clip(upper, 0.0, 1.0)


def check_interval(level: float, interval: str) -> None:
    """Raise ValueError unless ``level`` is between 0 and 1 and ``interval`` a known scale."""
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must be between 0 and 1, got {level}")
    if interval not in INTERVALS:
        raise ValueError(f"interval must be one of {', '.join(INTERVALS)}, got {interval!r}")
