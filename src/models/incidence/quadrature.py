r"""Cumulative incidences of very many rows without a sum over all event times for each.

The probability :math:`S_\theta(t_j-)` of no event before the j-th event time depends on a row by its relative risks
:math:`\theta` alone, and smoothly. So a few event times give it at all others (see
``numerics/interpolative_decomposition.py``),

.. math:: S_\theta(t_j-) = \sum_r S_\theta(t_{j_r}-)\, C_{rj}, \qquad
    F_k(t) = \theta_k \sum_r S_\theta(t_{j_r}-) \sum_{t_j \le t} C_{rj}\, dH_{0k}(t_j),

where the last sum is the same for all rows. In the exponential form S at the chosen times is an exponential of
:math:`\theta' H`. In the product-limit form its logarithm is a sum of :math:`\log(1 - \theta' dH_i)`, which in turn a
few :math:`i` give.

The event times are chosen for the region of linear predictors in which the rows of the training data lay, and the
result is compared with the exact sums at other points of the region; it is used only where they differ by less than
``LARGEST_ERROR``. Rows outside the region, with hazards of one day near or above the bounds below, are for the exact
sum. Whether a row is does not depend on the other rows.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from scipy.linalg import qr

from ..numerics.fixed_blocks import column_sum, row_products
from ..numerics.interpolative_decomposition import choose_columns, column_weights
from .exact_sums import Jumps, sum_incidence
from .predictor_region import PredictorRegion, predictor_region

# Largest difference of an incidence from the exact sum that is accepted.
LARGEST_ERROR = 1e-9


class Attempt(NamedTuple):
    """Radius of the region in standard deviations, tolerance of the choice by the error allowed, points per cause."""

    radius: float
    share: float
    n_points: int


# Of normal predictors of three causes, 15 rows in a million lie beyond a radius of 5, and 3 in a hundred beyond 3.
ATTEMPTS = (Attempt(5.0, 0.1, 160), Attempt(4.0, 0.01, 320), Attempt(3.0, 0.01, 160))
# With more the exact sum would hardly take longer.
MOST_TIMES = 256
# Sum of a row's hazards over all times: with more nobody is left.
LARGEST_HAZARD = 40.0
# Hazards of one time: above 1 they share what was left; log(1 - u) is smooth only well below 1.
LARGEST_INCREMENT = {"exponential": 1.0, "product_limit": 0.4}
# Event times among which is chosen; points for each cause, and times, at which the result is checked.
N_CANDIDATES = 400
N_CHECKS = 64
N_POSITIONS = 16
# Sums over weights that are kept.
SUMS_KEPT = 64
# Rows whose numbers are held at once, and numbers of one array when times are many.
ROWS_PER_BLOCK = 4096
BLOCK = 4_000_000


@dataclass(frozen=True)
class Quadrature:
    """The chosen event times; J event times, r chosen ones, K causes.

    Attributes
    ----------
    jumps : Jumps
        Those up to the last day for which it is made.
    form : str
    region : PredictorRegion
    nodes : ndarray of int, shape (r,)
        Chosen event times.
    weights : ndarray, shape (r, J)
        C.
    hazard : ndarray, shape (K, q)
        In the exponential form the cumulative hazards before the chosen times (q = r), in the product-limit form the
        increments whose logarithms give those of all.
    logarithms : ndarray, shape (q, r), or None
        How they give the logarithm of S before the chosen times; only in the product-limit form.
    made : dict
        Sums that were asked for before.
    """

    jumps: Jumps
    form: str
    region: PredictorRegion
    nodes: np.ndarray
    weights: np.ndarray
    hazard: np.ndarray
    logarithms: np.ndarray | None
    made: dict[tuple[int, bytes], np.ndarray] = field(default_factory=dict, repr=False, compare=False)

    def covers(self, relative_risk: np.ndarray) -> np.ndarray:
        """Whether each row's relative risks (n, K) lie where it holds, shape (n,)."""
        with np.errstate(divide="ignore", invalid="ignore"):
            inside = self.region.contains(np.log(relative_risk))
        return inside & (_excess(self._bounds, relative_risk) <= 1.0)

    @cached_property
    def _bounds(self) -> np.ndarray:
        return _hazard_bounds(self.jumps, self.form)

    @property
    def candidates(self) -> np.ndarray:
        """Event times spread evenly, of which some can be chosen."""
        return _spread_positions(self.jumps.hazard)

    def points(self) -> np.ndarray:
        """Relative risks (n, K) that are spread over where it holds."""
        n_points = N_CHECKS * len(self.jumps.hazard)
        return _relative_risks(self.jumps, self.form, self.region.points(n_points))

    def free_before_nodes(self, relative_risk: np.ndarray) -> np.ndarray:
        """S just before each chosen time, shape (n, r)."""
        values = row_products(relative_risk, -self.hazard)
        if self.logarithms is not None:
            np.log1p(values, out=values)
            values = row_products(values, self.logarithms)
        return np.exp(values, out=values)

    def sums(self, cause: int, position: np.ndarray) -> np.ndarray:
        """What S at the chosen times is multiplied by to give the incidence after the first ``position`` (P,) times.

        ``position`` ascends; shape (P, r).
        """
        key = (cause, position.tobytes())
        if key not in self.made:
            if len(self.made) >= SUMS_KEPT:
                self.made.clear()
            parts = np.zeros((position.size, self.nodes.size))
            for number, (begin, end) in enumerate(pairwise(np.concatenate([[0], position]))):
                parts[number] = self.weights[:, begin:end] @ self.jumps.hazard[cause, begin:end]
            self.made[key] = np.cumsum(parts, axis=0)
        return self.made[key]

    def incidence(self, relative_risk: np.ndarray, position: np.ndarray, causes: list[int]) -> np.ndarray:
        """Incidence of some causes together after the first ``position`` (n, m) or (1, m) event times, shape (n, m)."""
        asked, place = np.unique(position, return_inverse=True)
        place = place.reshape(position.shape)
        tables = [self.sums(cause, asked) for cause in causes]
        result = np.zeros((len(relative_risk), position.shape[1]))
        for begin in range(0, len(relative_risk), ROWS_PER_BLOCK):
            rows = slice(begin, begin + ROWS_PER_BLOCK)
            free = self.free_before_nodes(relative_risk[rows])
            for cause, table in zip(causes, tables, strict=True):
                if len(position) == 1:
                    part = free @ table[place[0]].T
                else:
                    columns = [np.einsum("nr,nr->n", free, table[column]) for column in place[rows].T]
                    part = np.stack(columns, axis=1)
                result[rows] += relative_risk[rows, cause, None] * part
        return np.clip(result, 0.0, 1.0, out=result)


def build_quadrature(jumps: Jumps, form: str, moments: np.ndarray) -> Quadrature | None:
    """The quadrature over all event times of ``jumps``, or None where no few of them give all within the bounds.

    Parameters
    ----------
    jumps : Jumps
    form : {"exponential", "product_limit"}
    moments : ndarray, shape (K + 1, K)
        Mean and covariance of the linear predictors, see :mod:`.predictor_region`.
    """
    n_causes = len(jumps.hazard)
    for radius, share, n_points in ATTEMPTS:
        region = predictor_region(moments, radius)
        points = region.points(n_points * n_causes)
        checks = region.points(N_CHECKS * n_causes, skip=len(points))
        found = _build(jumps, form, region, _relative_risks(jumps, form, points), share * LARGEST_ERROR)
        if found is not None and _largest_error(found, _relative_risks(jumps, form, checks)) <= LARGEST_ERROR:
            return found
    return None


def _build(jumps: Jumps, form: str, region: PredictorRegion, points: np.ndarray, tolerance: float) -> Quadrature | None:
    candidates = _spread_positions(jumps.hazard)
    parts = [part[:, _within(candidates, begin, part.shape[1])] for begin, part in _free_blocks(jumps, form, points)]
    free = np.concatenate(parts, axis=1)
    chosen = choose_columns(free, tolerance, MOST_TIMES)
    if chosen.size == MOST_TIMES:
        return None
    nodes, used = candidates[chosen], _independent_rows(free[:, chosen])
    at_nodes = free[used][:, chosen]
    weights = [column_weights(at_nodes, part) for _, part in _free_blocks(jumps, form, points[used])]
    if form == "exponential":
        hazard, logarithms = (np.cumsum(jumps.hazard, axis=1) - jumps.hazard)[:, nodes], None
    else:
        found = _logarithms(jumps, points, candidates, nodes, tolerance)
        if found is None:
            return None
        hazard, logarithms = found
    return Quadrature(jumps, form, region, nodes, np.concatenate(weights, axis=1), hazard, logarithms)


def _logarithms(
    jumps: Jumps, points: np.ndarray, candidates: np.ndarray, nodes: np.ndarray, tolerance: float
) -> tuple[np.ndarray, np.ndarray] | None:
    """Increments (K, q), and how the logarithms of 1 less their hazards give those of S before the nodes, (q, r)."""
    logs = np.log1p(-(points @ jumps.hazard[:, candidates]))
    chosen = choose_columns(logs, tolerance / jumps.time.size, MOST_TIMES)
    if chosen.size == MOST_TIMES:
        return None
    used = _independent_rows(logs[:, chosen])
    at_chosen, until = logs[used][:, chosen], np.zeros((chosen.size, jumps.time.size + 1))
    step = _step(used)
    for begin in range(0, jumps.time.size, step):
        part = np.log1p(-(points[used] @ jumps.hazard[:, begin : begin + step]))
        until[:, begin + 1 : begin + 1 + part.shape[1]] = column_weights(at_chosen, part)
    np.cumsum(until, axis=1, out=until)
    return jumps.hazard[:, candidates[chosen]], until[:, nodes]


def _hazard_bounds(jumps: Jumps, form: str) -> np.ndarray:
    """Shares of the bounds of hazards that relative risks of 1 take, shape (K, 2)."""
    bounds = [jumps.hazard.sum(axis=1) / LARGEST_HAZARD, jumps.hazard.max(axis=1) / LARGEST_INCREMENT[form]]
    return np.stack(bounds, axis=1)


def _excess(bounds: np.ndarray, relative_risk: np.ndarray) -> np.ndarray:
    """By what relative risks (n, K) would have to be divided for their hazards to be within the bounds, shape (n,)."""
    with np.errstate(over="ignore", invalid="ignore"):
        first, second = (column_sum(relative_risk.T, weights) for weights in bounds.T)
        return np.maximum(first, second)


def _relative_risks(jumps: Jumps, form: str, predictors: np.ndarray) -> np.ndarray:
    """Relative risks of predictors (n, K), made smaller where their hazards are out of bounds."""
    relative_risk = np.exp(predictors)
    return relative_risk / np.maximum(_excess(_hazard_bounds(jumps, form), relative_risk), 1.0)[:, None]


def _free_blocks(jumps: Jumps, form: str, points: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """S just before each event time at each point, shape (n_points, n_times) for one block of times after the other."""
    n_times, step = jumps.time.size, _step(points)
    until = np.zeros((len(points), 1))
    for begin in range(0, n_times, step):
        change = -(points @ jumps.hazard[:, begin : begin + step])
        if form == "product_limit":
            np.log1p(change, out=change)
        after = np.cumsum(change, axis=1)
        after += until
        yield begin, np.exp(np.concatenate([until, after[:, :-1]], axis=1))
        until = after[:, -1:]


def _step(points: np.ndarray) -> int:
    return max(1, BLOCK // len(points))


def _within(positions: np.ndarray, begin: int, size: int) -> np.ndarray:
    return positions[(positions >= begin) & (positions < begin + size)] - begin


def _spread_positions(hazard: np.ndarray) -> np.ndarray:
    """Event times spread evenly by number and by hazard, ascending; all of them where they are few."""
    n_times = hazard.shape[1]
    if n_times <= N_CANDIDATES:
        return np.arange(n_times)
    cumulative = np.cumsum(hazard, axis=1)
    share = (cumulative / np.maximum(cumulative[:, -1:], np.finfo(float).tiny)).mean(axis=0)
    even = np.linspace(0.0, 1.0, N_CANDIDATES // 2)
    by_hazard = np.minimum(np.searchsorted(share, even), n_times - 1)
    by_number = np.rint(even * (n_times - 1)).astype(np.int64)
    return np.unique(np.concatenate([by_hazard, by_number, hazard.argmax(axis=1)]))


def _independent_rows(matrix: np.ndarray) -> np.ndarray:
    """Rows that determine the weights of the columns, and as many more, so that rounding is averaged."""
    picked = qr(matrix.T, mode="r", pivoting=True)[1][: matrix.shape[1]]
    others = np.setdiff1d(np.arange(len(matrix)), picked)
    return np.concatenate([picked, others[:: max(1, others.size // max(1, picked.size))]])


def _largest_error(found: Quadrature, checks: np.ndarray) -> float:
    """Largest difference from the exact sums at other points (n, K), over causes and some times."""
    n_times = found.jumps.time.size
    position = np.unique(np.linspace(1, n_times, N_POSITIONS).astype(np.int64))
    times = np.broadcast_to(found.jumps.time[position - 1], (len(checks), position.size))
    differences = [
        found.incidence(checks, position[None], [cause]) - sum_incidence(found.jumps, checks, times, cause, found.form)
        for cause in range(len(found.jumps.hazard))
    ]
    return float(np.abs(differences).max())
