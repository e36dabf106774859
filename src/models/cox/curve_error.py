r"""Robust standard errors of the curves of a Cox model, by its infinitesimal jackknife.

By the weight of a row, :math:`H(t \mid x) - H(s \mid x)` changes through the baseline increments between s and t and
through the coefficients:

.. math:: e^{(x - c)'\beta} \left[ \sum_{s < u \le t} m_i(u) + d' u_i \right]

with d as in :mod:`.baseline`, m and u as in :mod:`..incidence.moments`. The squares are added up over rows, or over
clusters once the rows of each are added up. New rows differ in d alone: the moments of the sum of m and of u are
computed once for each pair of s and t.

Source: Reid and Crepeau (1985), Biometrika 72:1; Lin and Wei (1989), Journal of the American Statistical Association
84:1074.
"""

from collections.abc import Sequence

import numpy as np

from ..estimator.design import Design
from ..incidence.hazard_moments import CellMoments, RowMoments
from ..numerics.quadratic import quadratic_forms
from ..numerics.row_totals import RowTotals
from .baseline import BaselineHazard, hazard_windows

# Pairs of s and t whose moments are computed together.
WINDOWS_AT_ONCE = 64


def jackknife_hazard_error(
    baseline: BaselineHazard,
    coef: np.ndarray,
    moments: Sequence[RowMoments | CellMoments | None],
    design: Design,
    times: np.ndarray,
    since: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """As :func:`.baseline.cumulative_hazard_error`, with the ``moments`` of each stratum for a covariance.

    NaN, where there is something to know, in strata of which nothing is known (None).
    """
    found = hazard_windows(baseline, coef, design, times, since)
    variance, stratum = np.zeros(times.shape), design.stratum_of_each
    for code in np.unique(stratum):
        begin, end = np.searchsorted(baseline.stratum, [code, code + 1])
        rows = np.flatnonzero(stratum == code)
        last = found.position[rows]
        first = np.broadcast_to(found.before[rows], last.shape)
        own_moments = moments[code]
        if own_moments is None:
            variance[rows] = np.where(last > first, np.nan, 0.0)
            continue
        windows = np.stack([first, last], axis=-1) + 1 - np.where(np.stack([first, last], axis=-1) < 0, 0, begin)
        distinct, window = np.unique(windows.reshape(-1, 2), axis=0, return_inverse=True)
        own, shared, covariance = _window_moments(own_moments, distinct, int(end - begin), coef.size)
        window, direction = window.reshape(last.shape), found.direction[rows]
        from_coef = quadratic_forms(direction, covariance)
        variance[rows] = own[window] + 2.0 * np.einsum("ntp,ntp->nt", direction, shared[window]) + from_coef
    return found.with_error(variance)


def covariance_of_totals(
    baseline: BaselineHazard,
    coef: np.ndarray,
    covariance: np.ndarray,
    moments: Sequence[RowMoments | CellMoments | None],
    design: Design,
    times: np.ndarray,
    totals: RowTotals,
) -> np.ndarray | None:
    """Covariance of totals of rows' incidences ``1 - exp(-H)`` by each time, shape (n_times, n_groups, n_groups).

    With ``moments`` that of the jackknife, for rows of one stratum (None for several); without, as ``survfit`` in R.
    """
    found = hazard_windows(baseline, coef, design, times, np.zeros((len(design), 1)))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        weight = found.relative_risk * np.exp(-found.hazard * found.relative_risk)
    codes = np.unique(design.stratum_of_each)
    if moments and (codes.size > 1 or moments[codes[0]] is None):
        return None
    strata = [slice(*np.searchsorted(baseline.stratum, [code, code + 1])) for code in codes]
    result = np.empty((times.shape[1], totals.n_groups, totals.n_groups))
    for place, own in enumerate(result):
        by_coef = totals.of(weight[:, [place]] * found.direction[:, place])
        reached = np.flatnonzero(found.position[:, place] >= 0)
        slopes = np.zeros((totals.n_groups, baseline.time.size))
        at = totals.group[reached], found.position[reached, place]
        np.add.at(slopes, at, totals.weight[reached] * weight[reached, place])
        own[:] = 0.0
        for steps in strata:
            # A row's hazard is the sum of the increments up to its step.
            by_step = np.cumsum(slopes[:, steps][:, ::-1], axis=1)[:, ::-1]
            kept = moments[codes[0]] if moments else None
            if kept is not None:
                own += kept.together([by_step], by_coef)
            else:
                own += by_step * np.diff(baseline.variance[steps], prepend=0.0) @ by_step.T
        if not moments:
            own += by_coef @ covariance @ by_coef.T
    return result


def _window_moments(
    moments: RowMoments | CellMoments, windows: np.ndarray, n_steps: int, n_coef: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Variance (w,) of hazards over windows of steps (w, 2), covariance with the coefficients (w, p), theirs (p, p)."""
    own, shared = np.empty(len(windows)), np.empty((len(windows), n_coef))
    covariance = np.zeros((n_coef, n_coef))
    step = np.arange(n_steps)
    for begin in range(0, len(windows), WINDOWS_AT_ONCE):
        part = windows[begin : begin + WINDOWS_AT_ONCE]
        inside = ((step >= part[:, :1]) & (step < part[:, 1:])).astype(float)
        form = moments.gram(inside, np.zeros((1, len(part), n_coef)))
        place = slice(begin, begin + len(part))
        own[place], shared[place] = np.diag(form)[: len(part)], form[: len(part), len(part) :]
        covariance = form[len(part) :, len(part) :]
    return own, shared, covariance
