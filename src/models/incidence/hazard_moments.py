r"""Variance of what depends on the hazard increments of several causes and on their coefficients.

A quantity with derivatives :math:`w_l(s)` with respect to the increments of cause l and :math:`b_l` with respect to its
coefficients has the variance :math:`\sum_c (\sum_{l,s} w_l(s) m_{lc}(s) + b' u_c)^2` over rows or clusters c, where m
and u are the influences of :mod:`.moments`. It comes from the influences themselves (:class:`RowMoments`:
exact, in the process that fitted the model) or from what a saved model holds of them (:class:`CellMoments`).

For very many rows w is a combination of few functions, :math:`w_l(s) = \sum_r z_{lr} C_{rs}`; the variance is then a
quadratic form in z and the coefficient parts, whose matrix is computed once.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from scipy.linalg import block_diag

from ..numerics.run_starts import run_starts
from .moments import CauseRows

# Numbers of one array held at once.
BLOCK = 2_000_000


@dataclass(frozen=True)
class CellMoments:
    r"""Second moments in cells of J event times, G_k of cause k; K causes, p features.

    Within a cell, increments count as uncorrelated, as those of martingales are. With :math:`\bar w` the mean of w in
    each cell, weighted by the variance v of the increments, the variance is computed as
    :math:`\sum v (w - \bar w)^2 + (\bar w, b)' C (\bar w, b)`: exact where each event time is a cell of its own, and
    never negative.

    Attributes
    ----------
    variance : ndarray, shape (K, J)
        Variance of the increments.
    cell_start : list of ndarray of int, shape (G_k,)
        For each cause, the position of the first of its event times in each of its cells.
    covariance : ndarray, shape (sum of G_k + K p, sum of G_k + K p)
        Of the increments by cell, cause after cause, and of the coefficients, cause after cause.
    """

    variance: np.ndarray
    cell_start: list[np.ndarray]
    covariance: np.ndarray

    def of(self, slopes: list[np.ndarray], by_coef: np.ndarray) -> np.ndarray:
        """Variance (n,) for derivatives by each cause's first J' increments, (n, J'), and by coefficients, (n, K p)."""
        found = [self._by_cell(cause, slope) for cause, slope in enumerate(slopes)]
        direction = np.hstack([*(means for means, _, _ in found), by_coef])
        within = sum(
            np.einsum("nj,nj->n", weighted, slope) for (_, weighted, _), slope in zip(found, slopes, strict=True)
        )
        between = sum(np.einsum("ng,ng->n", sums, means) for means, _, sums in found)
        return within - between + np.einsum("nd,nd->n", direction @ self.covariance, direction)

    def together(self, slopes: list[np.ndarray], by_coef: np.ndarray) -> np.ndarray:
        """Covariance (n, n) of n quantities with the derivatives of :meth:`of`."""
        found = [self._by_cell(cause, slope) for cause, slope in enumerate(slopes)]
        direction = np.hstack([*(means for means, _, _ in found), by_coef])
        result = direction @ self.covariance @ direction.T
        for (means, weighted, sums), slope in zip(found, slopes, strict=True):
            result += weighted @ slope.T - sums @ means.T
        return result

    def gram(self, functions: np.ndarray, by_coef: np.ndarray) -> np.ndarray:
        """Matrix (K (r + p), K (r + p)) of the quadratic form in the z of each cause and in the coefficient parts.

        Parameters
        ----------
        functions : ndarray, shape (r, J')
            C, 0 outside the times that count.
        by_coef : ndarray, shape (K, r, p)
            Derivatives with respect to the coefficients that go with each z.
        """
        n_coef = by_coef.shape[0] * by_coef.shape[2]
        found = [self._by_cell(cause, functions) for cause in range(len(by_coef))]
        within = [weighted @ functions.T - sums @ means.T for means, weighted, sums in found]
        upper = np.hstack([block_diag(*(means for means, _, _ in found)), block_diag(*by_coef)])
        lower = np.hstack([np.zeros((n_coef, upper.shape[1] - n_coef)), np.eye(n_coef)])
        form = np.vstack([upper, lower])
        return form @ self.covariance @ form.T + block_diag(*within, np.zeros((n_coef, n_coef)))

    def n_passed(self, n_used: int) -> int:
        """Numbers that the variance of one quantity of the first ``n_used`` event times takes."""
        return len(self.variance) * n_used

    def _by_cell(self, cause: int, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Mean by cell (n, G), the slope times the variance (n, J'), and its sum by cell (n, G)."""
        n_used = slope.shape[1]
        starts = self.cell_start[cause]
        cells = starts[starts < n_used]
        whole = np.add.reduceat(self.variance[cause], starts)
        weighted = slope * self.variance[cause, :n_used]
        sums = np.zeros((len(slope), whole.size))
        sums[:, : cells.size] = np.add.reduceat(weighted, cells, axis=1)
        return np.divide(sums, whole, out=np.zeros_like(sums), where=whole > 0), weighted, sums


@dataclass(frozen=True)
class CauseInfluence:
    """Influences of the n rows of one stratum on one cause, on the stratum's J event times; see :class:`CauseRows`."""

    increment: np.ndarray
    first: np.ndarray
    last: np.ndarray
    risk: np.ndarray
    jump: np.ndarray

    def of(self, slope: np.ndarray, rows: slice) -> np.ndarray:
        """Influence (n', m) of rows on sums of increments with the weights ``slope`` (m, J'), 0 after the first J'."""
        n_used = slope.shape[1]
        until = np.zeros((n_used + 1, len(slope)))
        np.cumsum((slope * self.increment[:n_used]).T, axis=0, out=until[1:])
        first, last = np.minimum(self.first[rows], n_used), self.last[rows]
        result = until[first]
        result -= until[np.minimum(last + 1, n_used)]
        result *= self.risk[rows, None]
        own = np.flatnonzero((self.jump[rows] != 0) & (last < n_used))
        result[own] += self.jump[rows][own, None] * slope.T[last[own]]
        return result


@dataclass(frozen=True)
class RowMoments:
    """The influences of n rows of one stratum, sorted by cluster; kept in the process that fitted the model.

    Attributes
    ----------
    causes : list of CauseInfluence
    starts : ndarray of int, shape (n_clusters,)
        First row of each cluster.
    coef : ndarray, shape (n_clusters, K p)
        Influences on the coefficients.
    elsewhere : ndarray, shape (K p, K p)
        Second moments of those of clusters without a row in the stratum.
    """

    causes: list[CauseInfluence]
    starts: np.ndarray
    coef: np.ndarray
    elsewhere: np.ndarray

    def of(self, slopes: list[np.ndarray], by_coef: np.ndarray) -> np.ndarray:
        """As :meth:`CellMoments.of`."""
        result = np.einsum("nd,nd->n", by_coef @ self.elsewhere, by_coef)
        for influence in self._influences(slopes, by_coef):
            result += np.einsum("cn,cn->n", influence, influence)
        return result

    def together(self, slopes: list[np.ndarray], by_coef: np.ndarray) -> np.ndarray:
        """As :meth:`CellMoments.together`."""
        result = by_coef @ self.elsewhere @ by_coef.T
        for influence in self._influences(slopes, by_coef):
            result += influence.T @ influence
        return result

    def gram(self, functions: np.ndarray, by_coef: np.ndarray) -> np.ndarray:
        """As :meth:`CellMoments.gram`."""
        n_slopes, n_coef = len(self.causes) * len(functions), by_coef.shape[0] * by_coef.shape[2]
        result = np.zeros((n_slopes + n_coef, n_slopes + n_coef))
        for rows, clusters in self._blocks(len(result)):
            parts = [self._by_cluster(cause.of(functions, rows), rows, clusters) for cause in self.causes]
            influence = np.hstack([*parts, self.coef[clusters]])
            result += influence.T @ influence
        result[n_slopes:, n_slopes:] += self.elsewhere
        # Each function moves what depends on the coefficients too.
        from_coef = block_diag(*by_coef)
        result[:n_slopes] += from_coef @ result[n_slopes:]
        result[:, :n_slopes] += result[:, n_slopes:] @ from_coef.T
        return result

    def n_passed(self, n_used: int) -> int:
        """As :meth:`CellMoments.n_passed`."""
        return len(self.causes) * (n_used + self.causes[0].first.size)

    def _influences(self, slopes: list[np.ndarray], by_coef: np.ndarray) -> Iterator[np.ndarray]:
        """Influence (n_clusters', n) of the clusters of one block after the other on n quantities."""
        for rows, clusters in self._blocks(len(by_coef)):
            parts = [cause.of(slope, rows) for cause, slope in zip(self.causes, slopes, strict=True)]
            yield self._by_cluster(np.sum(parts, axis=0), rows, clusters) + self.coef[clusters] @ by_coef.T

    def _blocks(self, n_held: int) -> Iterator[tuple[slice, slice]]:
        """Rows and clusters, a block after the other, so that ``n_held`` numbers per row stay few."""
        n_rows = self.causes[0].first.size
        bounds = np.append(self.starts, n_rows)
        begin = 0
        while begin < self.starts.size:
            end = int(np.searchsorted(bounds, bounds[begin] + max(1, BLOCK // n_held), side="right")) - 1
            end = max(end, begin + 1)
            yield slice(int(bounds[begin]), int(bounds[end])), slice(begin, end)
            begin = end

    def _by_cluster(self, influence: np.ndarray, rows: slice, clusters: slice) -> np.ndarray:
        starts = self.starts[clusters] - rows.start
        return influence if starts.size == len(influence) else np.add.reduceat(influence, starts, axis=0)


def row_moments(causes: list[CauseRows], stratum: np.ndarray, target: np.ndarray) -> list[RowMoments]:
    """The influences by stratum; parameters are those of :func:`.moments.cell_moments`."""
    order = np.argsort(target, kind="stable")
    coef = np.concatenate([cause.coef for cause in causes], axis=1)
    result = []
    for code in range(int(stratum.max()) + 1):
        rows = order[stratum[order] == code]
        time = np.unique(np.concatenate([cause.time[cause.stratum == code] for cause in causes]))
        starts = run_starts(target[rows])
        present = target[rows[starts]]
        elsewhere = np.delete(coef, present, axis=0)
        influences = [cause_influence(cause, code, time, rows) for cause in causes]
        result.append(RowMoments(influences, starts, coef[present], elsewhere.T @ elsewhere))
    return result


def cause_influence(cause: CauseRows, stratum: int, time: np.ndarray, rows: np.ndarray) -> CauseInfluence:
    """The influences of some rows of a stratum on a cause, on the stratum's event times (J,)."""
    begin, end = np.searchsorted(cause.stratum, [stratum, stratum + 1])
    place = np.searchsorted(time, cause.time[begin:end])
    increment = np.zeros(time.size)
    increment[place] = cause.increment[begin:end]
    at_risk = cause.last[rows] >= cause.first[rows]
    first, last = np.zeros(rows.size, dtype=np.int64), np.full(rows.size, -1)
    first[at_risk] = place[cause.first[rows[at_risk]] - begin]
    last[at_risk] = place[cause.last[rows[at_risk]] - begin]
    return CauseInfluence(increment, first, last, cause.risk[rows], np.where(at_risk, cause.jump[rows], 0.0))
