r"""Derivatives of a weighted total of many rows' incidences, by the hazards' increments and the linear predictors.

With weights v, :math:`R(t) = \sum_i v_i F_k(t_i \mid x_i)` has by the increment of cause l at s the derivative

.. math:: W_l(s) = \sum_i v_i e_{il} \left[ 1\{l = k\} S_i(s-) - \frac{F_i(t_i) - F_i(s)}{\kappa_i(s)} \right],
    \qquad s \le t_i,

with :math:`\kappa = 1` in the exponential form and :math:`1 - \sum_l e_{il} d\Lambda_l(s)` in the product-limit form,
and by the linear predictor of row i the derivative :math:`v_i \alpha_{il}`, where
:math:`\sum_i v_i \alpha_{il} = \sum_s W_l(s)\, d\Lambda_l(s)`.

For very many rows S at few event times gives it at all (:mod:`.quadrature`), so that sums over rows are made at these
times only; :math:`1 / \kappa` is a short power series. Rows for which that does not hold are summed one by one.
"""

from dataclasses import dataclass
from itertools import combinations_with_replacement
from math import factorial

import numpy as np

from .exact_sums import free_before, incidence_after, total_increments
from .quadrature import Quadrature

# Rows times event times held at once, few to stay in the processor's cache; and rows of a block of the quadrature.
BLOCK = 100_000
ROWS_PER_BLOCK = 4_096
# What is left out of the power series, relative to its first term, and the most terms.
SERIES_ERROR = 1e-8
MOST_POWERS = 6


@dataclass(frozen=True)
class TotalSlopes:
    """Derivatives of a total at m times; K causes, J event times, p features.

    Attributes
    ----------
    by_increment : ndarray, shape (K, m, J)
    by_feature : ndarray, shape (m, K, p)
        :math:`\\sum_i v_i \\alpha_{il} x_i`.
    """

    by_increment: np.ndarray
    by_feature: np.ndarray


def total_slopes(
    hazard: np.ndarray,
    relative_risk: np.ndarray,
    position: np.ndarray,
    weight: np.ndarray,
    matrix: np.ndarray,
    cause: int,
    form: str,
    quadrature: Quadrature | None = None,
) -> TotalSlopes:
    """The derivatives of ``sum_i weight_i F_cause(t_i | x_i)``.

    Parameters
    ----------
    hazard : ndarray, shape (K, J)
        Increments of the baseline hazards.
    relative_risk : ndarray, shape (n, K)
    position : ndarray of int, shape (n, m) or (1, m)
        Number of event times up to each row's times, or up to those of all rows.
    weight : ndarray, shape (n,)
    matrix : ndarray, shape (n, p)
        Features.
    cause : int
        Position of the cause.
    form : {"exponential", "product_limit"}
    quadrature : Quadrature, optional
        Over these event times or more, for very many rows.
    """
    n_causes, n_times = len(hazard), position.shape[1]
    found = TotalSlopes(np.zeros((n_causes, n_times, hazard.shape[1])), np.zeros((n_times, n_causes, matrix.shape[1])))
    hazard = hazard[:, : int(position.max(initial=0))]
    is_covered = np.zeros(len(weight), dtype=bool)
    if quadrature is not None:
        powers = _n_powers(hazard, relative_risk, form)
        is_covered = quadrature.covers(relative_risk) & (powers <= MOST_POWERS)
        for power in np.unique(powers[is_covered]):
            rows = np.flatnonzero(is_covered & (powers == power))
            if len(position) > 1:  # those that end together one after the other, at all times
                rows = rows[np.lexsort(position[rows].T)]
            last = position[rows] if len(position) > 1 else position
            series = _Series(hazard, int(power))
            own = relative_risk[rows], last, weight[rows], matrix[rows]
            _add_by_quadrature(found, hazard, quadrature, series, cause, *own)
    others = np.flatnonzero(~is_covered)
    n_block = max(1, BLOCK // max(1, int(position.max(initial=0))))
    for begin in range(0, others.size, n_block):
        rows = others[begin : begin + n_block]
        last = position[rows] if len(position) > 1 else np.broadcast_to(position, (rows.size, n_times))
        _add_exactly(found, hazard, relative_risk[rows], last, weight[rows], matrix[rows], cause, form)
    return found


def _add_exactly(
    found: TotalSlopes,
    hazard: np.ndarray,
    relative_risk: np.ndarray,
    last: np.ndarray,
    weight: np.ndarray,
    matrix: np.ndarray,
    cause: int,
    form: str,
) -> None:
    n_used = int(last.max())
    if n_used == 0:
        return
    hazard = hazard[:, :n_used]
    total = total_increments(hazard, relative_risk)
    free = free_before(total, form)
    curve = incidence_after(hazard, relative_risk, total, free, cause)
    kept = np.maximum(1.0 - total, 0.0)
    for column in range(last.shape[1]):
        end = last[:, [column]]
        lost = np.take_along_axis(curve, np.maximum(end - 1, 0), axis=1) - curve
        if form == "product_limit":
            lost = np.divide(lost, kept, out=np.zeros_like(lost), where=kept > 0)
        is_used = np.arange(n_used) < end
        for other in range(len(hazard)):
            slope = np.where(is_used, free - lost if other == cause else -lost, 0.0)
            slope *= (weight * relative_risk[:, other])[:, None]
            found.by_increment[other, column, :n_used] += slope.sum(axis=0)
            found.by_feature[column, other] += (slope @ hazard[other]) @ matrix


@dataclass(frozen=True)
class _Series:
    """The terms of ``1 / (1 - sum_l e_l h_l)`` up to a power: the causes of each, and its coefficients in h (D, J)."""

    terms: list[tuple[int, ...]]
    coefficient: np.ndarray

    def __init__(self, hazard: np.ndarray, n_powers: int) -> None:
        causes = range(len(hazard))
        terms = [term for power in range(n_powers + 1) for term in combinations_with_replacement(causes, power)]
        rows = [_orders(term) * np.prod(hazard[list(term)], axis=0) for term in terms]
        object.__setattr__(self, "terms", terms)
        object.__setattr__(self, "coefficient", np.array(rows))

    def of_rows(self, relative_risk: np.ndarray) -> np.ndarray:
        """The products of relative risks (n, K) that belong to the terms, shape (n, D)."""
        return np.column_stack([np.prod(relative_risk[:, list(term)], axis=1) for term in self.terms])


def _orders(term: tuple[int, ...]) -> float:
    """In how many orders the factors of a term come."""
    return factorial(len(term)) / np.prod([factorial(term.count(one)) for one in set(term)], initial=1.0)


def _n_powers(hazard: np.ndarray, relative_risk: np.ndarray, form: str) -> np.ndarray:
    """Powers that the series of each row takes, shape (n,); many where hazards of one day are large."""
    if form == "exponential":
        return np.zeros(len(relative_risk), dtype=np.int64)
    largest = np.clip(relative_risk @ hazard.max(axis=1, initial=0.0), 1e-300, 0.9)
    return np.ceil(np.log(SERIES_ERROR) / np.log(largest)).astype(np.int64)


def _add_by_quadrature(
    found: TotalSlopes,
    hazard: np.ndarray,
    quadrature: Quadrature,
    series: _Series,
    cause: int,
    relative_risk: np.ndarray,
    position: np.ndarray,
    weight: np.ndarray,
    matrix: np.ndarray,
) -> None:
    n_causes, n_used = hazard.shape
    free = quadrature.weights[:, :n_used]
    after = np.zeros((len(free), n_used + 1))
    np.cumsum(free * hazard[cause], axis=1, out=after[:, 1:])
    columns = [_Ends.of(position[:, column]) for column in range(position.shape[1])]
    lost_by_end = [
        [_lost_of_features(hazard[other], after, column.ends, series) for other in range(n_causes)]
        for column in columns
    ]
    # Sums over rows by their ends; where all rows have the same ends they are the same for all times.
    n_sums = 1 if len(position) == 1 else len(columns)
    left = [np.zeros((columns[one].ends.size, len(free))) for one in range(n_sums)]
    lost = [np.zeros((n_causes, len(series.terms), *table.shape)) for table in left]
    for begin in range(0, len(weight), ROWS_PER_BLOCK):
        part = slice(begin, begin + ROWS_PER_BLOCK)
        risk, x = relative_risk[part], matrix[part]
        nodes, terms = quadrature.free_before_nodes(risk), series.of_rows(risk)
        scales = (weight[part] * risk[:, cause])[:, None] * risk
        groups = [column.groups(part) for column in columns]
        for one in range(n_sums):
            group = groups[one]
            _add_groups(left[one], group, (weight[part] * risk[:, cause])[:, None], nodes)
            for other in range(n_causes):
                _add_groups(lost[one][other], group, scales[:, [other]] * terms, nodes)
        for number, column in enumerate(columns):
            group = groups[number]
            for other in range(n_causes):
                slope = _of_ends(nodes, terms, lost_by_end[number][other], group) * -scales[:, other]
                if other == cause:
                    reached = _of_ends(nodes, np.ones((len(nodes), 1)), after[:, column.ends].T[:, None], group)
                    slope += weight[part] * risk[:, cause] * reached
                found.by_feature[number, other] += slope @ x
    for number, column in enumerate(columns):
        one, active = min(number, n_sums - 1), np.searchsorted(column.ends, np.arange(n_used), side="right")
        found.by_increment[cause, number, :n_used] += np.einsum("sr,rs->s", _from_end_on(left[one])[active], free)
        for other in range(n_causes):
            for coefficient, sums in zip(series.coefficient, lost[one][other], strict=True):
                until_end = np.einsum("ur,ru->u", sums, after[:, column.ends])[:, None]
                until_now = np.einsum("sr,rs->s", _from_end_on(sums)[active], after[:, 1:])
                gone = _from_end_on(until_end)[active, 0] - until_now
                found.by_increment[other, number, :n_used] -= coefficient * gone


@dataclass(frozen=True)
class _Ends:
    """Numbers of event times at which rows end, ascending, and the place of each row among them (one for all)."""

    ends: np.ndarray
    place: np.ndarray

    @classmethod
    def of(cls, position: np.ndarray) -> "_Ends":
        return cls(*np.unique(position, return_inverse=True))

    def groups(self, part: slice) -> "_Groups":
        """Of a block of rows."""
        if self.ends.size > 1:
            return _Groups.of(self.place[part])
        none = np.empty(0, dtype=np.int64)
        return _Groups(0, none, none, none)


def _lost_of_features(hazard: np.ndarray, after: np.ndarray, ends: np.ndarray, series: _Series) -> np.ndarray:
    """What the nodes are multiplied by to give a row's sum of lost incidence times hazard, shape (U, D, r)."""
    result = np.empty((ends.size, len(series.terms), len(after)))
    for term, coefficient in enumerate(series.coefficient):
        step = coefficient * hazard
        total = np.concatenate([[0.0], np.cumsum(step)])[ends]
        passed = np.zeros_like(after)
        np.cumsum(step * after[:, 1:], axis=1, out=passed[:, 1:])
        result[:, term] = (after[:, ends] * total - passed[:, ends]).T
    return result


@dataclass(frozen=True)
class _Groups:
    """The rows of a block by their ends: those of the most frequent one at once, the others by end.

    Eligibility ends few rows before a time; all others have the same end.

    Attributes
    ----------
    common : int
        The most frequent group.
    shared, others : ndarray of int
        Positions of its rows (none where all rows have it), and of the others in the order of their groups.
    group : ndarray of int
        Groups of ``others``.
    """

    common: int
    shared: np.ndarray
    others: np.ndarray
    group: np.ndarray

    @classmethod
    def of(cls, group: np.ndarray) -> "_Groups":
        common = int(np.bincount(group).argmax())
        order = np.argsort(group, kind="stable")
        others = order[group[order] != common]
        return cls(common, np.flatnonzero(group == common), others, group[others])


def _of_ends(nodes: np.ndarray, terms: np.ndarray, by_end: np.ndarray, groups: _Groups) -> np.ndarray:
    """The sum of ``nodes * terms`` with the table of each row's end, shape (n,)."""
    result = np.einsum("nd,nd->n", terms, nodes @ by_end[groups.common].T)
    if groups.others.size:
        own, factor = nodes[groups.others], terms[groups.others]
        parts = (np.einsum("nr,nr->n", own, by_end[groups.group, one]) for one in range(terms.shape[1]))
        result[groups.others] = sum(factor[:, one] * part for one, part in enumerate(parts))
    return result


def _add_groups(sums: np.ndarray, groups: _Groups, factor: np.ndarray, nodes: np.ndarray) -> None:
    """Add ``factor[:, d] * nodes`` to ``sums`` (U, r), or (D, U, r) of D factors, by the rows' groups."""
    table = sums if sums.ndim == 3 else sums[None]
    if not groups.others.size:
        table[:, groups.common] += factor.T @ nodes
        return
    table[:, groups.common] += factor[groups.shared].T @ nodes[groups.shared]
    starts = np.flatnonzero(np.diff(groups.group, prepend=-1))
    own, scale = nodes[groups.others], factor[groups.others]
    for one in range(table.shape[0]):
        table[one, groups.group[starts]] += np.add.reduceat(scale[:, one, None] * own, starts, axis=0)


def _from_end_on(sums: np.ndarray) -> np.ndarray:
    """Sums (U, r) over the groups from each on, with a row of 0 after the last, shape (U + 1, r)."""
    result = np.zeros((len(sums) + 1, sums.shape[1]))
    result[:-1] = np.cumsum(sums[::-1], axis=0)[::-1]
    return result
