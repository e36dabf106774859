"""The influence of the rows of training on totals of risks by cause-specific Cox models."""

from __future__ import annotations

import numpy as np

from ..cox.hazard_influence import HazardSlopes, hazard_influence
from ..estimator.asked import Asked
from ..estimator.design import TrainingRows
from ..incidence.exact_sums import event_positions
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
        by_stratum = {code: _joined(directions, code) for code in {code for one in directions for code in one}}
        result = np.zeros(())
        for place, (cause, model) in enumerate(self.cause_models_.items()):
            slopes = {
                code: HazardSlopes(
                    self._sums(code).jumps.time,
                    self._sums(code).jumps.hazard[place],
                    found.by_increment[place],
                    found.by_feature[:, place],
                )
                for code, found in by_stratum.items()
            }
            result = result + hazard_influence(model, cause, rows, slopes, factor=factor, target=target)
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
