"""The standard errors of one stratum's incidences: exact sums for few rows, a quadrature for many."""

import numpy as np

from .error_quadrature import FINE_TOLERANCE, TOLERANCE, ErrorQuadrature
from .exact_sums import event_positions
from .influence_error import UncertainHazards, incidence_error
from .sums import IncidenceSums

# What the exact standard errors pass over from which a quadrature is made: they would take as long as making it.
NUMBERS_FOR_QUADRATURE = 1_500_000
# Rows times event times from which fewer digits do.
NUMBERS_FOR_SPEED = 4_000_000
# Rows over the same event times for which the quadratic form of a quadrature is worth its making.
LEAST_ROWS = 32
# Probability of being free of events when the incidence begins, below which a row is summed exactly.
LEAST_FREE = 0.4


class IncidenceErrors:
    """Standard errors for hazards that jump, with the quadratures that were made for them.

    Parameters
    ----------
    hazards : UncertainHazards
    sums : IncidenceSums
        Of the same hazards.
    """

    def __init__(self, hazards: UncertainHazards, sums: IncidenceSums):
        self.hazards = hazards
        self._sums = sums
        self._made: dict[tuple[int, int, float], ErrorQuadrature | None] = {}

    def error(
        self, distance: np.ndarray, relative_risk: np.ndarray, times: np.ndarray, since: np.ndarray, cause: int
    ) -> np.ndarray:
        """Standard errors, shape (n, m), as :func:`.influence_error.incidence_error`.

        Those of many rows are within 1e-4 of that, relatively, or within 1e-5 where they are small; those of fewer, for
        which there is time, within 1e-5 and 1e-7.
        """
        last = event_positions(self.hazards.jumps, times)
        n_used = int(last.max(initial=0))
        quadrature = None
        is_worth_it = times.size * self.hazards.moments.n_passed(n_used) >= NUMBERS_FOR_QUADRATURE
        if is_worth_it and not self._sums.exactly:
            is_many = len(times) * n_used >= NUMBERS_FOR_SPEED
            quadrature = self._quadrature(n_used, cause, TOLERANCE if is_many else FINE_TOLERANCE)
        if quadrature is None:
            return incidence_error(self.hazards, distance, relative_risk, times, since, cause, self._sums.form)
        first = np.where(since > 0, event_positions(self.hazards.jumps, since), 0)
        if len(last) == 1 and np.all(first == first[0]):
            groups = [(np.hstack([first[0], last[0]]), np.arange(len(times)))]
        else:
            groups = _groups(np.hstack([first, np.broadcast_to(last, times.shape)]))
        covered = quadrature.covers(relative_risk) & self._is_likely_reached(relative_risk, first)
        result, done = np.empty(times.shape), np.zeros(len(times), dtype=bool)
        for (begin, *ends), rows in groups:
            own = rows if covered[rows].all() else rows[covered[rows]]
            if own.size >= LEAST_ROWS:
                chosen = slice(None) if own.size == len(times) else own
                windows = [(int(begin), int(end)) for end in ends]
                result[chosen] = quadrature.error(distance[:, chosen], relative_risk[chosen], windows)
                done[chosen] = ~np.isnan(result[chosen]).any(axis=1)
        left = np.flatnonzero(~done)
        if left.size:
            part = distance[:, left], relative_risk[left], times[left], since[left]
            result[left] = incidence_error(self.hazards, *part, cause, self._sums.form)
        return result

    def _is_likely_reached(self, relative_risk: np.ndarray, first: np.ndarray) -> np.ndarray:
        """Whether a row is likely enough to be free of events at its first event time, shape (n,).

        What comes after is divided by that probability, and with it the error of a quadrature.
        """
        if not first.any():
            return np.ones(len(relative_risk), dtype=bool)
        until = np.pad(np.cumsum(self.hazards.jumps.hazard, axis=1), ((0, 0), (1, 0)))
        hazard = np.einsum("nk,kn->n", relative_risk, until[:, np.broadcast_to(first, (len(relative_risk), 1))[:, 0]])
        return hazard <= -np.log(LEAST_FREE)

    def _quadrature(self, n_used: int, cause: int, tolerance: float) -> ErrorQuadrature | None:
        found = self._sums.quadrature(n_used)
        if found is None:
            return None
        key = n_used, cause, tolerance
        if key not in self._made:
            self._made.clear()
            self._made[key] = ErrorQuadrature(self.hazards, found, cause, tolerance)
        return self._made[key]


def _groups(windows: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows (positions) that share their windows (n, 1 + m), each with the windows."""
    distinct, group = np.unique(windows, axis=0, return_inverse=True)
    order = np.argsort(group.ravel(), kind="stable")
    bounds = np.searchsorted(group.ravel()[order], np.arange(1, len(distinct)))
    return list(zip(distinct, np.split(order, bounds), strict=True))
