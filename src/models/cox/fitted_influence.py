"""The influence of training rows on hazards and coefficients of fitted Cox models, on which errors of curves rest.

The causes of one set of rows are taken together; a Cox model of one event is one cause.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..estimator.design import TrainingRows
from ..incidence.hazard_moments import RowMoments, row_moments
from ..incidence.moments import cell_moments

if TYPE_CHECKING:
    from .kernels.row_influence import CauseFit

# Influences of rows are kept in the process that fitted the model up to this many numbers: 16 MB.
NUMBERS_KEPT = 2_000_000
NUMBERS_OF_A_ROW = 4


class FittedInfluence(NamedTuple):
    """By stratum: the moments that a saved model holds, and the influences themselves, None where the rows are many.

    ``means`` are each cause's hazard times (mean of x at risk - center), shape (n_steps, p).
    """

    moments: list[dict[str, np.ndarray]]
    rows: list[RowMoments] | None
    means: list[np.ndarray]


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
    moments = cell_moments(causes, stratum, target, horizon=horizon)
    return FittedInfluence(moments, kept, [cause.mean for cause in found])
