r"""The multinomial logit of person-periods, without expanding the design matrix.

For row :math:`i` in period :math:`k` and cause :math:`j`,

.. math:: \log \frac{h_{jk}(x_i)}{1 - \sum_l h_{lk}(x_i)} = x_i' \beta_j + g_k' \gamma_j,

with a basis :math:`g_k` of the period. The log-likelihood is that of statsmodels' ``MNLogit`` on the expanded lines,
each with its weight. Because :math:`x_i` is the same in every period of a row, the sums over periods are done first: a
gradient or a Hessian costs one exponential a line and one Gram matrix over *rows*, and the design is never expanded.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from statsmodels.base.model import LikelihoodModel

from .period_incidence import log_one_plus_sum
from .person_period import PersonPeriods

# Few, to stay in the processor's cache; and how many lines' hazards are kept from one call to the next.
LINES_PER_BLOCK = 20_000
LINES_KEPT = 500_000
NEAR = 1e-4
POLISH = 10
# Newton's last step may change parameters (of standardised features) by rounding alone: nothing is computed anew.
SAME = 1e-13
NOTHING_TO_GAIN = 1e-6


@dataclass(frozen=True)
class _Block:
    """Consecutive rows from ``start`` and their lines; ``row`` counts from there, ``first`` holds first lines."""

    start: int
    design: np.ndarray
    row: np.ndarray
    period: np.ndarray
    cause: np.ndarray
    weight: np.ndarray
    first: np.ndarray

    def by_row(self, values: np.ndarray) -> np.ndarray:
        """Sums over the lines, along the last axis, of each row."""
        return np.add.reduceat(values, self.first, axis=-1)

    def spread(self, values: np.ndarray, n_periods: int) -> np.ndarray:
        """Values of the lines as a matrix (rows, periods), 0 where a row has no line."""
        table = np.zeros(self.first.size * n_periods)
        table[self.row * n_periods + self.period] = values
        return table.reshape(-1, n_periods)


@dataclass(frozen=True)
class _State:
    """What the likelihood of a block is made of, at some parameters.

    Attributes
    ----------
    own : ndarray, shape (n_events,)
        Linear predictors of the events that happened.
    log_total : ndarray, shape (n_lines,)
        Logarithm of 1 plus the sum of the exponentials of the linear predictors.
    hazard : ndarray, shape (n_causes, n_lines)
    """

    own: np.ndarray
    log_total: np.ndarray
    hazard: np.ndarray


class PeriodLogit(LikelihoodModel):
    """Weighted log-likelihood of all causes, for statsmodels to maximise.

    The full parameters are, for each cause in turn, the coefficients of the design and those of the period basis. The
    likelihood is maximised over free parameters, of which they are linear functions.

    Parameters
    ----------
    design : ndarray, shape (n_rows, p)
    lines : PersonPeriods
        At least one line for every row of ``design``, rows in ascending order; no row and period twice. ``event`` is 0
        or the position of the cause plus 1. ``weight`` includes the case weights.
    basis : ndarray, shape (n_periods, q)
        Its columns span the constant.
    n_causes : int
    restriction : ndarray, shape (n_full, n_free), optional
        ``full = restriction @ free``; all are free if not given.
    starts : ndarray of int, optional
        Rows at which a block may start (first rows of clusters); any row if not given.
    """

    def __init__(
        self,
        design: np.ndarray,
        lines: PersonPeriods,
        basis: np.ndarray,
        n_causes: int,
        restriction: np.ndarray | None = None,
        starts: np.ndarray | None = None,
    ):
        super().__init__(lines.event.astype(float))
        self.design = design
        self.lines = lines
        self.basis = basis
        self.n_causes = n_causes
        self.restriction = np.eye(self.n_full) if restriction is None else restriction
        self.first_line = np.searchsorted(lines.row, np.arange(design.shape[0] + 1))
        self._kept: dict[int, tuple[bytes, _State]] = {}
        self._last: dict[str, tuple[np.ndarray, Any]] = {}
        self._kept_blocks: list[_Block] | None = None
        self.bounds = _block_bounds(self.first_line, np.arange(design.shape[0]) if starts is None else starts)

    @property
    def n_full(self) -> int:
        """Full parameters of all causes together."""
        return self.n_causes * (self.design.shape[1] + self.basis.shape[1])

    def loglike(self, params: np.ndarray) -> float:
        """Log-likelihood at the free parameters (n_free,)."""
        return float(self._remembered("loglike", self._loglike, params))

    def score(self, params: np.ndarray) -> np.ndarray:
        """Gradient of the log-likelihood by the free parameters, shape (n_free,)."""
        return self._remembered("score", self._score, params).copy()

    def hessian(self, params: np.ndarray) -> np.ndarray:
        """Second derivatives of the log-likelihood by the free parameters, shape (n_free, n_free)."""
        return self._remembered("hessian", self._hessian, params).copy()

    def _remembered(self, what: str, compute: Callable[[np.ndarray], Any], params: np.ndarray) -> Any:
        """What is computed from the full parameters; as it was if they are those of the last call but for rounding."""
        last = self._last.get(what)
        if last is None or not np.abs(params - last[0]).max() <= SAME:
            last = self._last[what] = np.array(params), compute(self.restriction @ params)
        return last[1]

    def _loglike(self, params: np.ndarray) -> float:
        total = 0.0
        for block in self._blocks():
            state = self._state(block, params)
            total -= float(block.weight @ state.log_total)
            total += float(block.weight[block.cause >= 0] @ state.own)
        return total

    def _score(self, params: np.ndarray) -> np.ndarray:
        n_columns = self.design.shape[1]
        gradient = np.zeros((self.n_causes, n_columns + self.basis.shape[1]))
        for block in self._blocks():
            residual = self._residuals(block, params)
            gradient[:, :n_columns] += block.by_row(residual) @ block.design
            for cause in range(self.n_causes):
                by_period = np.bincount(block.period, residual[cause], minlength=self.basis.shape[0])
                gradient[cause, n_columns:] += by_period @ self.basis
        return self.restriction.T @ gradient.ravel()

    def _hessian(self, params: np.ndarray) -> np.ndarray:
        n_periods, n_terms = self.basis.shape
        n_columns = self.design.shape[1]
        size = n_columns + n_terms
        information = np.zeros((self.n_causes, size, self.n_causes, size))
        # Products with ones take a fraction of the time of sums along short axes.
        every_period = np.ones(n_periods)
        for block in self._blocks():
            hazard = self._state(block, params).hazard
            every_row = np.ones(block.first.size)
            weighted = block.weight * hazard
            right = np.empty((size, block.first.size))
            for one in range(self.n_causes):
                for other in range(one + 1):
                    spread = block.spread(weighted[one] * ((one == other) - hazard[other]), n_periods)
                    np.multiply(block.design.T, spread @ every_period, out=right[:n_columns])
                    np.matmul(self.basis.T, spread.T, out=right[n_columns:])
                    part = information[one, :, other]
                    part[:n_columns] += block.design.T @ right.T
                    part[n_columns:, n_columns:] += self.basis.T @ ((every_row @ spread)[:, None] * self.basis)
        for one in range(self.n_causes):
            for other in range(one + 1):
                part = information[one, :, other]
                part[n_columns:, :n_columns] = part[:n_columns, n_columns:].T
                information[other, :, one] = part.T
        return -self.restriction.T @ information.reshape(self.n_full, self.n_full) @ self.restriction

    def cluster_scores(self, params: np.ndarray, cluster: np.ndarray) -> np.ndarray:
        """Sum over clusters of the outer products of their summed scores, shape (n_full, n_full).

        ``params`` are the full parameters, and the scores by them. ``cluster`` (n_rows,) is in ascending order, and
        blocks start at first rows of clusters, so that none is cut.
        """
        n_periods = self.basis.shape[0]
        meat = np.zeros((self.n_full, self.n_full))
        for block, start in zip(self._blocks(), self.bounds[:-1], strict=True):
            residual = self._residuals(block, params)
            summed = block.by_row(residual)
            scores = np.hstack(
                [
                    part
                    for cause in range(self.n_causes)
                    for part in (
                        summed[cause, :, None] * block.design,
                        block.spread(residual[cause], n_periods) @ self.basis,
                    )
                ]
            )
            labels = cluster[start : start + scores.shape[0]]
            first = np.flatnonzero(np.r_[True, labels[1:] != labels[:-1]])
            of_cluster = np.add.reduceat(scores, first, axis=0)
            meat += of_cluster.T @ of_cluster
        return meat

    def _blocks(self) -> Iterable[_Block]:
        """The blocks; kept unless there are very many lines."""
        if len(self.lines) > LINES_KEPT:
            return self._cut()
        if self._kept_blocks is None:
            self._kept_blocks = list(self._cut())
        return self._kept_blocks

    def _cut(self) -> Iterator[_Block]:
        for start, stop in zip(self.bounds[:-1], self.bounds[1:], strict=True):
            own = slice(self.first_line[start], self.first_line[stop])
            yield _Block(
                int(start),
                self.design[start:stop],
                self.lines.row[own] - start,
                self.lines.period[own],
                self.lines.event[own] - 1,
                self.lines.weight[own],
                self.first_line[start:stop] - self.first_line[start],
            )

    def _state(self, block: _Block, params: np.ndarray) -> _State:
        """The block at full parameters; kept for the next call unless there are very many lines."""
        key = np.asarray(params).tobytes()
        kept = self._kept.get(block.start)
        if kept is not None and kept[0] == key:
            return kept[1]
        n_columns = self.design.shape[1]
        of_cause = np.asarray(params).reshape(self.n_causes, -1)
        # np.take costs a sixth of what indexing the second axis does.
        eta = np.take(of_cause[:, :n_columns] @ block.design.T, block.row, axis=1)
        eta += np.take(of_cause[:, n_columns:] @ self.basis.T, block.period, axis=1)
        occurred = np.flatnonzero(block.cause >= 0)
        own, log_total = eta[block.cause[occurred], occurred], log_one_plus_sum(eta.T)
        eta -= log_total
        state = _State(own, log_total, np.exp(eta, out=eta))
        if len(self.lines) <= LINES_KEPT:
            self._kept[block.start] = key, state
        return state

    def _residuals(self, block: _Block, params: np.ndarray) -> np.ndarray:
        """Weighted observed less expected events, shape (causes, lines)."""
        residual = -self._state(block, params).hazard
        occurred = np.flatnonzero(block.cause >= 0)
        residual[block.cause[occurred], occurred] += 1.0
        residual *= block.weight
        return residual


@dataclass(frozen=True)
class Maximum:
    """Where the likelihood is greatest.

    Attributes
    ----------
    params : ndarray, shape (n_full,)
    covariance : ndarray, shape (n_full, n_full)
        Inverse of the information; of lower rank where parameters are restricted.
    log_likelihood : float
    n_iterations : int
    converged : bool
        Whether the likelihood, in its quadratic approximation, has nothing left to gain; with separation it may have
        while coefficients could still grow.
    """

    params: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    n_iterations: int
    converged: bool


def maximise(model: PeriodLogit, start: np.ndarray, max_iter: int, tol: float) -> Maximum:
    """Maximise through statsmodels: a trust region up to the neighbourhood of the maximum, then Newton's method.

    The trust region cannot overshoot, and where a coefficient has no finite estimate it stops at a finite one, when
    nothing is left to gain. Newton's method then gives the digits.

    Parameters
    ----------
    model : PeriodLogit
    start : ndarray, shape (n_full,)
        Within the restriction.
    max_iter : int
        Most iterations of the trust region.
    tol : float
        Newton's method ends when no parameter changes by more.
    """
    free = np.linalg.lstsq(model.restriction, start, rcond=None)[0]
    n_lines = len(model.lines)
    events = np.bincount(model.lines.event, model.lines.weight, minlength=model.n_causes + 1)[1:]
    with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
        # Whether it converged is read from the result; statsmodels' warnings do not say what to do.
        warnings.simplefilter("ignore")
        near = model.fit(
            free,
            method="minimize",
            min_method="trust-exact",
            gtol=NEAR * events.min() / n_lines,
            maxiter=max_iter,
            disp=0,
            skip_hessian=True,
        )
        best, n_iterations = np.asarray(near.params), int(near.mle_retvals["iterations"])
        value = model.loglike(best)
        mean_weight = float(model.lines.weight.mean())
        try:
            newton = model.fit(
                best,
                method="newton",
                maxiter=POLISH,
                tol=tol,
                ridge_factor=1e-10 * mean_weight,
                disp=0,
                skip_hessian=True,
            )
        except np.linalg.LinAlgError:
            newton = None
        if newton is not None and model.loglike(newton.params) >= value - 1e-12 * abs(value):
            best = np.asarray(newton.params)
            n_iterations += int(newton.mle_retvals["iterations"])
            value = model.loglike(best)
    gradient = model.score(best)
    covariance = _inverse(-model.hessian(best))
    to_gain = float(gradient @ covariance @ gradient) / 2
    return Maximum(
        model.restriction @ best,
        model.restriction @ covariance @ model.restriction.T,
        value,
        n_iterations,
        to_gain <= NOTHING_TO_GAIN * mean_weight,
    )


def _inverse(information: np.ndarray) -> np.ndarray:
    """Inverse of a symmetric matrix; directions without information (separation) get a very large variance."""
    values, vectors = np.linalg.eigh(information)
    floor = values[-1] * information.shape[0] * np.finfo(float).eps if values.size else 0.0
    return (vectors / np.maximum(values, floor)) @ vectors.T


def _block_bounds(first_line: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """First rows of the blocks, and the number of rows; about ``LINES_PER_BLOCK`` lines each, begun at ``starts``."""
    n_rows = first_line.size - 1
    wanted = np.searchsorted(first_line, np.arange(0, first_line[-1], LINES_PER_BLOCK))
    positions = np.minimum(np.searchsorted(starts, wanted), starts.size - 1)
    inner = np.unique(starts[positions])
    return np.unique(np.concatenate([[0], inner, [n_rows]]))
