"""The influence of the rows of training on whatever follows from the hazard of a Cox model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np

from ..estimator.design import TrainingRows
from ..incidence.hazard_moments import cause_influence
from .model import CoxPH


class HazardSlopes(NamedTuple):
    """How Q quantities move with the hazard of one stratum; J event times, p features.

    Attributes
    ----------
    time, hazard : ndarray, shape (J,)
        Event times, those of the model among them, and the increments of the baseline hazard there.
    by_increment : ndarray, shape (Q, J)
    by_feature : ndarray, shape (Q, p)
        Sums over rows of the derivative by the linear predictor times the features.
    """

    time: np.ndarray
    hazard: np.ndarray
    by_increment: np.ndarray
    by_feature: np.ndarray


def hazard_influence(
    model: CoxPH,
    event: int,
    rows: TrainingRows,
    slopes: Mapping[int, HazardSlopes],
    *,
    factor: np.ndarray,
    target: np.ndarray,
) -> np.ndarray:
    """Influence of the targets of the rows on the quantities, shape (Q, n_targets).

    It is the derivative by the weights of rows, of baseline and coefficients, ties included.

    Parameters
    ----------
    model : CoxPH
        Fitted to ``rows``, unpenalised.
    event : int
        The code of its event in them.
    rows : TrainingRows
        n rows.
    slopes : dict of int to HazardSlopes
        By stratum.
    factor : ndarray, shape (n,)
        By what the influence of each row is multiplied before those of a target are added up: its weight.
    target : ndarray of int, shape (n,)
    """
    from .kernels.row_influence import CauseFit, cause_rows

    stratum, n_targets = rows.design.stratum_of_each, int(target.max()) + 1
    found = cause_rows(
        rows.design.matrix,
        rows.outcome,
        CauseFit(event, model.coef_, model.naive_covariance_, model.center_, model.offset_center_),
        weight=rows.weight,
        stratum=stratum,
        offset=rows.design.offset,
        factor=factor,
        target=target,
        ties=model.ties,
        std_error="jackknife",
    )
    result = 0.0
    for code, (time, hazard, by_increment, by_feature) in slopes.items():
        begin, end = np.searchsorted(found.rows.stratum, [code, code + 1])
        steps = np.searchsorted(time, found.rows.time[begin:end])
        by_coef = by_feature - np.outer(by_increment @ hazard, model.center_)
        by_coef -= by_increment[:, steps] @ found.mean[begin:end]
        result = result + by_coef @ found.rows.coef.T
        own = np.flatnonzero(stratum == code)
        values = cause_influence(found.rows, code, time, own).of(by_increment, slice(None))
        result += np.stack([np.bincount(target[own], column, n_targets) for column in values.T])
    return np.asarray(result)
