"""Second moments of the influences of very many rows, which are made, added up by cluster and multiplied in chunks."""

from functools import partial
from typing import NamedTuple

import numpy as np
from numba import njit

from ..numerics.threads import row_chunks, run_all
from .intervals import FAST
from .weighted_gram import gram_of_rows

# Their influences stay in the processor's cache.
CLUSTERS_PER_CHUNK = 1_024


class CellHazard(NamedTuple):
    """What the rows of one stratum do to the hazard of one cause, by cells; J event times, G cells, n rows.

    Attributes
    ----------
    begin : int
        Number of the first event time, from which ``first`` and ``last`` are counted.
    cell : ndarray of int, shape (J,)
    until : ndarray, shape (J + 1, G)
        Sum of the increments in each cell over the first 0, 1, ... J event times, up to a constant of the cell.
    first, last : ndarray of int, shape (n,)
        Event times at which the row is at risk; none where ``last < first``.
    risk, jump : ndarray, shape (n,)
        By how much it lowers each increment, and raises its cell by its own event, at ``last``.
    """

    begin: int
    cell: np.ndarray
    until: np.ndarray
    first: np.ndarray
    last: np.ndarray
    risk: np.ndarray
    jump: np.ndarray


def influence_moments(
    hazards: list[CellHazard], coef: np.ndarray, rows: np.ndarray, starts: np.ndarray, clusters: np.ndarray
) -> np.ndarray:
    """``sum_c v_c v_c'`` with ``v_c`` the influence of cluster c on each cause's cells, then on the coefficients.

    Parameters
    ----------
    hazards : list of CellHazard
    coef : ndarray, shape (n_clusters, q)
    rows : ndarray of int, shape (m,)
        The rows that count, sorted by cluster.
    starts : ndarray of int, shape (n_used,)
        Where in ``rows`` each cluster begins.
    clusters : ndarray of int, shape (n_used,)
        Row of ``coef`` of each of these clusters.
    """
    columns = np.cumsum([0, *(hazard.until.shape[1] for hazard in hazards)])
    n_hazards = int(columns[-1])
    bounds = np.append(starts, rows.size)

    def of_chunk(chunk: slice) -> np.ndarray:
        influence = np.zeros((chunk.stop - chunk.start, n_hazards + coef.shape[1]))
        for hazard, column in zip(hazards, columns[:-1], strict=True):
            _add(*hazard, rows, bounds[chunk.start : chunk.stop + 1], column, influence)
        influence[:, n_hazards:] = coef[clusters[chunk]]
        return gram_of_rows(influence)

    return np.asarray(sum(run_all([partial(of_chunk, chunk) for chunk in row_chunks(starts.size, CLUSTERS_PER_CHUNK)])))


@njit(cache=True, nogil=True, fastmath=FAST)
def _add(begin, cell, until, first, last, risk, jump, rows, bounds, column, influence):
    """Add the influences of the rows ``bounds[c] : bounds[c + 1]`` to ``influence[c]``, from ``column`` on."""
    n_cells = until.shape[1]
    for cluster in range(bounds.size - 1):
        to = influence[cluster, column : column + n_cells]
        for position in range(bounds[cluster], bounds[cluster + 1]):
            row = rows[position]
            before, after = until[max(first[row] - begin, 0)], until[max(last[row] + 1 - begin, 0)]
            for one in range(n_cells):
                to[one] += risk[row] * (before[one] - after[one])
            if jump[row] != 0.0:
                to[cell[last[row] - begin]] += jump[row]
