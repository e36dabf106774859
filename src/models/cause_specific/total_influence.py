"""The influence of the rows of training on totals of risks by cause-specific Cox models."""

from __future__ import annotations

import numpy as np

from ..estimator.asked import Asked
from ..estimator.design import TrainingRows
from ..incidence.exact_sums import event_positions
from ..incidence.hazard_moments import cause_influence
from ..incidence.sums import NUMBERS_FOR_QUADRATURE
from ..incidence.total_slopes import TotalSlopes, total_slopes
from .errors import CauseSpecificErrors


class CauseSpecificTotals(CauseSpecificErrors):
    """The part of :class:`.model.CauseSpecificCox` that says how totals of risks depend on the rows of training."""

    def _direction_of_total(self, asked: Asked, event: int, weight: np.ndarray) -> dict[int, TotalSlopes]:
        """By stratum, how the weighted total of the rows' incidences by each time moves with hazards and features."""
        design, cause = asked.design, self.events_.index(event)
        risk = self._relative_risk(design.matrix)
        found = {}
        for code, rows in design.by_stratum():
            sums = self._sums(code)
            position = event_positions(sums.jumps, asked.times[rows])
            n_used = int(position.max(initial=0))
            is_worth_it = len(risk[rows]) * n_used >= NUMBERS_FOR_QUADRATURE
            found[code] = total_slopes(
                sums.jumps.hazard,
                risk[rows],
                position,
                weight[rows],
                design.matrix[rows],
                cause,
                self.form,
                sums.quadrature(n_used) if is_worth_it else None,
            )
        return found

    def _influence_along(
        self, directions: list[dict[int, TotalSlopes]], rows: TrainingRows, factor: np.ndarray, target: np.ndarray
    ) -> np.ndarray:
        """Influence of the targets of the training rows on the totals, one direction after the other, (Q, n_targets).

        Parameters
        ----------
        directions : list of dict
            From :meth:`_direction_of_total`.
        rows : TrainingRows
        factor : ndarray, shape (n,)
            By what the influence of each row is multiplied before those of a target are added up.
        target : ndarray of int, shape (n,)
        """
        from ..cox.kernels.row_influence import CauseFit, cause_rows

        stratum, n_targets = rows.design.stratum_of_each, int(target.max()) + 1
        by_stratum = {code: _joined(directions, code) for code in {code for one in directions for code in one}}
        result = 0.0
        for place, (cause, model) in enumerate(self.cause_models_.items()):
            found = cause_rows(
                rows.design.matrix,
                rows.outcome,
                CauseFit(cause, model.coef_, model.naive_covariance_, model.center_),
                weight=rows.weight,
                stratum=stratum,
                offset=None,
                factor=factor,
                target=target,
                ties=self.ties,
                std_error="jackknife",
            )
            for code, slopes in by_stratum.items():
                jumps, slope = self._sums(code).jumps, slopes.by_increment[place]
                begin, end = np.searchsorted(found.rows.stratum, [code, code + 1])
                steps = np.searchsorted(jumps.time, found.rows.time[begin:end])
                by_coef = slopes.by_feature[:, place] - np.outer(slope @ jumps.hazard[place], model.center_)
                by_coef -= slope[:, steps] @ found.mean[begin:end]
                result = result + by_coef @ found.rows.coef.T
                own = np.flatnonzero(stratum == code)
                values = cause_influence(found.rows, code, jumps.time, own).of(slope, slice(None))
                result += np.stack([np.bincount(target[own], column, n_targets) for column in values.T])
        return np.asarray(result)


def _joined(directions: list[dict[int, TotalSlopes]], code: int) -> TotalSlopes:
    """The slopes of all totals in one stratum; those of totals without a row in it are 0."""
    like = next(one[code] for one in directions if code in one)
    none = TotalSlopes(np.zeros_like(like.by_increment), np.zeros_like(like.by_feature))
    parts = [one.get(code, none) for one in directions]
    return TotalSlopes(
        np.concatenate([part.by_increment for part in parts], axis=1),
        np.concatenate([part.by_feature for part in parts]),
    )
