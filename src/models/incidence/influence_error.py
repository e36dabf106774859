r"""Standard error of a cumulative incidence from cause-specific hazards, by its influence function.

With :math:`F_k(t \mid s_0)` the incidence among those free of events at :math:`s_0`, e the relative risks, and S the
probability of no event since :math:`s_0`, the derivatives with respect to the hazard increments of each cause l are

.. math:: w_l(s) = e_l \left[ 1\{l = k\} S(s-) - (F_k(t) - F_k(s)) \right], \qquad s_0 < s \le t,

which is exact in the exponential form. The product-limit form takes the same, with its own S and F, as riskRegression
does; its exact derivative, which the Aalen-Johansen estimate takes, divides the second term by
:math:`1 - \sum_l e_l d\Lambda_l(s)`, which is near 1 unless few are at risk or many events share a day. Those with
respect to the coefficients are :math:`b_l = \sum_s w_l(s) [x d\Lambda_l(s) - dG_l(s)]`, x being the features less
their center, and G the running sum of the hazard times the mean of x at risk.

The variance from these derivatives is that of :mod:`.hazard_moments`.

Source: Ozenne et al. (2017), The R Journal 9(2):440, section 2 and appendix.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ..numerics.row_totals import RowTotals
from .exact_sums import Jumps, free_before, incidence_after, total_increments
from .hazard_moments import CellMoments, RowMoments

# Numbers of one array held at once, rows of a block times event times: few, to stay in the processor's cache.
BLOCK = 100_000


@dataclass(frozen=True)
class UncertainHazards:
    """Hazards of K causes on J common event times, and what their variance rests on; p features.

    Attributes
    ----------
    jumps : Jumps
    mean : ndarray, shape (K, J, p)
        Hazard increment times (mean of x in the risk set - center).
    moments : CellMoments or RowMoments
    """

    jumps: Jumps
    mean: np.ndarray
    moments: CellMoments | RowMoments


def incidence_error(
    hazards: UncertainHazards,
    distance: np.ndarray,
    relative_risk: np.ndarray,
    times: np.ndarray,
    since: np.ndarray,
    cause: int,
    form: str,
    *,
    exact: bool = False,
) -> np.ndarray:
    """Standard error of the incidence of one cause by each time, given no event until ``since``.

    Parameters
    ----------
    hazards : UncertainHazards
    distance : ndarray, shape (K, n, p)
        Features less the center of each cause.
    relative_risk : ndarray, shape (n, K)
    times : ndarray, shape (n, m)
    since : ndarray, shape (n, 1)
        0 where nothing is known; a time that is not after it has error 0.
    cause : int
        Position of the cause.
    form : {"exponential", "product_limit"}
    exact : bool
        Take the exact derivative of the product-limit form.

    Returns
    -------
    ndarray, shape (n, m)
        Infinite where relative risks are too large for numbers.
    """
    last = np.searchsorted(hazards.jumps.time, times, side="right")
    first = np.where(since > 0, np.searchsorted(hazards.jumps.time, since, side="right"), 0)
    error = np.zeros(times.shape)
    n_block = max(1, BLOCK // max(1, int(last.max(initial=0))))
    for begin in range(0, len(times), n_block):
        rows = slice(begin, begin + n_block)
        if np.any(last[rows] > first[rows]):
            with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
                slopes = _slopes(hazards, relative_risk[rows], first[rows], last[rows], cause, form, exact)
                columns = [hazards.moments.of(part, _by_coef(hazards, distance[:, rows], part)) for part in slopes]
                variance = np.stack(columns, axis=1)
            error[rows] = np.sqrt(np.where(np.isfinite(variance), np.maximum(variance, 0.0), np.inf))
    return error


def incidence_covariance(
    hazards: UncertainHazards,
    distance: np.ndarray,
    relative_risk: np.ndarray,
    times: np.ndarray,
    since: float,
    cause: int,
    form: str,
) -> np.ndarray:
    """Covariance of one row's incidence of a cause at several times, shape (m, m).

    ``distance`` (K, 1, p) and ``relative_risk`` (1, K) are those of the row, ``times`` has shape (m,); the rest is as
    in :func:`incidence_error`.
    """
    last = np.searchsorted(hazards.jumps.time, times, side="right")[:, None]
    first = np.full_like(last, np.searchsorted(hazards.jumps.time, since, side="right") if since > 0 else 0)
    if not np.any(last > first):
        return np.zeros((times.size, times.size))
    repeated = np.repeat(relative_risk, times.size, axis=0)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        slopes = next(_slopes(hazards, repeated, first, last, cause, form))
        by_coef = _by_coef(hazards, np.repeat(distance, times.size, axis=1), slopes)
        return hazards.moments.together(slopes, by_coef)


def covariance_of_totals(
    hazards: UncertainHazards,
    distance: np.ndarray,
    relative_risk: np.ndarray,
    times: np.ndarray,
    since: np.ndarray,
    cause: int,
    form: str,
    totals: RowTotals,
) -> np.ndarray:
    """Covariance of totals of rows' incidences by each time, shape (m, n_groups, n_groups); as :func:`incidence_error`.

    Derivatives are added up as the incidences are.
    """
    last = np.searchsorted(hazards.jumps.time, times, side="right")
    first = np.where(since > 0, np.searchsorted(hazards.jumps.time, since, side="right"), 0)
    n_causes, n_used, n_times = len(hazards.jumps.hazard), max(1, int(last.max(initial=0))), times.shape[1]
    slopes = np.zeros((n_times, n_causes, totals.n_groups, n_used))
    by_coef = np.zeros((n_times, totals.n_groups, distance.shape[0] * distance.shape[2]))
    n_block = max(1, BLOCK // n_used)
    for begin in range(0, len(times), n_block):
        rows = slice(begin, begin + n_block)
        if not np.any(last[rows] > first[rows]):
            continue
        for time, part in enumerate(_slopes(hazards, relative_risk[rows], first[rows], last[rows], cause, form)):
            for own, slope in zip(slopes[time], part, strict=True):
                own[:, : slope.shape[1]] += totals.of(slope, rows)
            by_coef[time] += totals.of(_by_coef(hazards, distance[:, rows], part), rows)
    return np.stack([hazards.moments.together(list(own), coef) for own, coef in zip(slopes, by_coef, strict=True)])


def _slopes(
    hazards: UncertainHazards,
    relative_risk: np.ndarray,
    first: np.ndarray,
    last: np.ndarray,
    cause: int,
    form: str,
    exact: bool = False,
) -> Iterator[list[np.ndarray]]:
    """For each of m times the derivatives by each cause's first J' increments, (n, J') for each cause.

    Event times ``first`` (n, 1) up to before ``last`` (n, m) count.
    """
    n_used = int(last.max())
    hazard = hazards.jumps.hazard[:, :n_used]
    total = total_increments(hazard, relative_risk)
    free = free_before(total, form)
    curve = incidence_after(hazard, relative_risk, total, free, cause)
    scale = relative_risk / np.take_along_axis(free, np.minimum(first, n_used - 1), axis=1)
    for column in range(last.shape[1]):
        end = last[:, [column]]
        until = slice(0, max(1, int(end.max())))
        reached = np.take_along_axis(curve, np.maximum(end - 1, 0), axis=1)
        lost = reached - curve[:, until]
        if exact and form == "product_limit":
            kept = 1.0 - total[:, until]
            lost = np.divide(lost, kept, out=np.zeros_like(lost), where=kept > 0)
        position = np.arange(lost.shape[1])
        is_used = (position >= first) & (position < end)
        yield [
            np.where(is_used, (free[:, until] - lost if other == cause else -lost) * scale[:, [other]], 0.0)
            for other in range(len(hazard))
        ]


def _by_coef(hazards: UncertainHazards, distance: np.ndarray, slopes: list[np.ndarray]) -> np.ndarray:
    """Derivatives by the coefficients (n, K p) that go with those by the increments."""
    n_rows, n_used = slopes[0].shape
    by_coef = np.empty((n_rows, *hazards.mean.shape[::2]))
    for cause, slope in enumerate(slopes):
        by_coef[:, cause] = distance[cause] * (slope @ hazards.jumps.hazard[cause, :n_used])[:, None]
        by_coef[:, cause] -= slope @ hazards.mean[cause, :n_used]
    return by_coef.reshape(n_rows, -1)
