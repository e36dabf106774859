"""The influence of training rows on hazards and coefficients of fitted Cox models, on which errors of curves rest.

The causes of one set of rows are taken together; a Cox model of one event is one cause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..estimator.design import TrainingRows
from ..incidence.hazard_moments import CellMoments, RowMoments, row_moments
from ..incidence.moments import are_kept, cell_moments

if TYPE_CHECKING:
    from .kernels.row_influence import CauseFit

# Influences of rows are kept in the process that fitted the model up to this many numbers: 16 MB.
NUMBERS_KEPT = 2_000_000
NUMBERS_OF_A_ROW = 4


class FittedInfluence(NamedTuple):
    """By stratum: moments in cells, whether a saved model holds them, and the influences themselves (None: many rows).

    ``means`` are each cause's hazard times (mean of x at risk - center), shape (n_steps, p).
    """

    moments: list[dict[str, Any]]
    is_kept: np.ndarray
    rows: list[RowMoments] | None
    means: list[np.ndarray]

    @property
    def kept(self) -> list[dict[str, Any]]:
        """What a saved model holds: the moments of the strata that are kept, and nothing of the others."""
        return [moments if kept else {} for moments, kept in zip(self.moments, self.is_kept, strict=True)]

    def of(self, stratum: int) -> RowMoments | CellMoments:
        """The best that the process that fitted the model has of a stratum."""
        return CellMoments(**self.moments[stratum]) if self.rows is None else self.rows[stratum]


def fitted_influence(
    rows: TrainingRows, fits: list[CauseFit], *, ties: str, std_error: str, horizon: float
) -> FittedInfluence:
    """Influences on each cause; ``std_error`` is that of :class:`.cause_specific.model.CauseSpecificCox`.

    Around ``horizon``, and the days of :data:`.incidence_moments.CUTS`, the moments are most exact.
    """
    from .kernels.row_influence import cause_rows, row_factor

    n_rows = len(rows.outcome)
    stratum = rows.design.stratum_of_each
    target = np.arange(n_rows) if rows.cluster is None else rows.cluster
    found = [
        cause_rows(
            rows.design.matrix,
            rows.outcome,
            fit,
            weight=rows.weight,
            stratum=stratum,
            offset=rows.design.offset,
            factor=row_factor(rows.weight, rows.cluster, n_rows),
            target=target,
            ties=ties,
            std_error=std_error,
        )
        for fit in fits
    ]
    causes = [cause.rows for cause in found]
    are_few = sum(cause.coef.size + NUMBERS_OF_A_ROW * n_rows for cause in causes) <= NUMBERS_KEPT
    kept = row_moments(causes, stratum, target) if are_few else None
    counts = children_by_stratum(rows, int(stratum.max()) + 1)
    moments = cell_moments(causes, stratum, target, horizon=horizon)
    return FittedInfluence(moments, are_kept(causes, counts), kept, [cause.mean for cause in found])


def children_by_stratum(rows: TrainingRows, n_strata: int) -> np.ndarray:
    """Rows of a weight above 0 in each stratum, shape (n_strata,)."""
    counted = slice(None) if rows.weight is None else rows.weight > 0
    return np.bincount(rows.design.stratum_of_each[counted], minlength=n_strata)
