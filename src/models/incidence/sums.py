"""The incidences of one stratum's rows: exact sums for few, a quadrature for many."""

import numpy as np

from .exact_sums import Jumps, event_positions, sum_incidence
from .quadrature import Quadrature, build_quadrature

# Rows times event times from which a quadrature is made: exact sums of so many take longer than those of more by a
# quadrature that is there. Where rows have times of their own they take longer, and the numbers count so many times.
NUMBERS_FOR_QUADRATURE = 1_200_000
OWN_TIMES = 4
# A quadrature depends on the last event time asked for, which eligible days make differ between parts of the rows.
MOST_KEPT = 4


class IncidenceSums:
    """Incidences for hazards that jump, with the quadratures that were made for them.

    Parameters
    ----------
    jumps : Jumps
    form : {"exponential", "product_limit"}
    moments : ndarray, shape (K + 1, K)
        Mean and covariance of the linear predictors of the training rows.
    exactly : bool
        Never use a quadrature, so that no row's numbers depend on the rows beside it. By default their number decides.
    """

    def __init__(self, jumps: Jumps, form: str, moments: np.ndarray, *, exactly: bool = False):
        self.jumps = jumps
        self.form = form
        self.exactly = exactly
        self._moments = moments
        self._made: dict[int, Quadrature | None] = {}

    def incidence(self, relative_risk: np.ndarray, times: np.ndarray, cause: int | None) -> np.ndarray:
        """Incidence of one cause (None for all together) by each row's times, shape (n, m).

        Within 1e-9 of :func:`.exact_sums.sum_incidence`, which takes ``relative_risk`` (n, K) and
        ``times`` (n, m); never decreasing in time. Whether the exact sum is taken depends on the number of rows and of
        event times, and on the row itself, not on what was asked before.
        """
        position = event_positions(self.jumps, times)
        n_used = int(position.max(initial=0))
        is_worth_it = len(times) * n_used * (1 if len(position) == 1 else OWN_TIMES) >= NUMBERS_FOR_QUADRATURE
        quadrature = self.quadrature(n_used) if is_worth_it and not self.exactly else None
        if quadrature is None:
            return sum_incidence(self.jumps, relative_risk, times, cause, self.form)
        covered = quadrature.covers(relative_risk)
        causes = list(range(len(self.jumps.hazard))) if cause is None else [cause]
        if covered.all():
            return quadrature.incidence(relative_risk, position, causes)
        result = np.empty(times.shape)
        inside = position if len(position) == 1 else position[covered]
        result[covered] = quadrature.incidence(relative_risk[covered], inside, causes)
        outside = ~covered
        result[outside] = sum_incidence(self.jumps, relative_risk[outside], times[outside], cause, self.form)
        return result

    def quadrature(self, n_used: int) -> Quadrature | None:
        """The quadrature over the first ``n_used`` event times or more, made once; None where there is none."""
        if n_used not in self._made:
            if len(self._made) >= MOST_KEPT:
                self._made.clear()
            first = Jumps(self.jumps.time[:n_used], self.jumps.hazard[:, :n_used])
            self._made[n_used] = build_quadrature(first, self.form, self._moments)
        return self._made[n_used]
