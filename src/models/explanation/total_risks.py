"""Totals of many rows' risks with their errors: what average risks and accumulated local effects are made of."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import ndtri
from sklearn.base import clone

from ..curves.confidence import incidence_bounds
from ..inputs.cluster_levels import check_cluster
from ..numerics.row_totals import RowTotals


@dataclass(frozen=True)
class Refits:
    """Rows of training that a model is fitted to again, families drawn with replacement.

    Attributes
    ----------
    X, y, cluster
        As given to ``fit``.
    n_bootstrap : int
        0 for none.
    random_state : int, Generator or None
    """

    X: Any
    y: Any
    cluster: Any
    n_bootstrap: int
    random_state: Any

    def models(self, model: Any) -> Any:
        """The refitted models, one after the other. A family drawn twice counts twice."""
        if self.y is None:
            raise ValueError("n_bootstrap needs y (and cluster, for families): the outcomes of the rows of X")
        n_rows = len(self.X)
        codes = check_cluster(self.cluster, n_rows, None)
        codes = np.arange(n_rows) if codes is None else np.unique(codes, return_inverse=True)[1]
        n_clusters, generator = int(codes.max()) + 1, np.random.default_rng(self.random_state)
        for _ in range(self.n_bootstrap):
            drawn = np.bincount(generator.integers(n_clusters, size=n_clusters), minlength=n_clusters)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # said of the model itself when it was fitted
                yield clone(model).fit(self.X, self.y, sample_weight=drawn[codes].astype(float))


@dataclass(frozen=True)
class RiskTotals:
    """Totals of risks, or combinations of them.

    Attributes
    ----------
    estimate : ndarray, shape (n_groups, n_times)
    covariance : ndarray, shape (n_times, n_groups, n_groups), or None
        By the delta method.
    draws : ndarray, shape (n_bootstrap, n_groups, n_times), or None
        Of the bootstrap.
    """

    estimate: np.ndarray
    covariance: np.ndarray | None
    draws: np.ndarray | None

    def combined(self, matrix: np.ndarray) -> RiskTotals:
        """Combinations (n_new, n_groups) of the totals."""
        covariance = None if self.covariance is None else matrix @ self.covariance @ matrix.T
        draws = None if self.draws is None else matrix @ self.draws
        return RiskTotals(matrix @ self.estimate, covariance, draws)

    def bounds(self, level: float, *, is_risk: bool) -> np.ndarray:
        """Pointwise interval, shape (n_groups, n_times, 2); NaN where there is none."""
        if self.draws is not None:
            ends: np.ndarray = np.quantile(self.draws, [0.5 - level / 2, 0.5 + level / 2], axis=0)
            return np.moveaxis(ends, 0, -1)
        if self.covariance is None:
            return np.full((*self.estimate.shape, 2), np.nan)
        error = np.sqrt(np.maximum(np.diagonal(self.covariance, axis1=1, axis2=2).T, 0.0))
        if is_risk:
            return np.stack(incidence_bounds(self.estimate, error, level), axis=-1)
        half = ndtri(0.5 + level / 2) * error
        return np.stack([self.estimate - half, self.estimate + half], axis=-1)


def total_risks(
    model: Any,
    rows: pd.DataFrame,
    days: np.ndarray,
    totals: RowTotals,
    *,
    event: int,
    eligible_days: np.ndarray | None,
    refits: Refits | None = None,
) -> RiskTotals:
    """Totals of the rows' risks by each day, with what their errors rest on.

    Parameters
    ----------
    model : IncidenceModel
        Fitted.
    rows : DataFrame, n rows
    days : ndarray, shape (n_times,)
    totals : RowTotals
        How the rows are added up.
    event : int
    eligible_days : ndarray, shape (n,), or None
    refits : Refits, optional
        For errors by the bootstrap in place of the delta method.
    """
    asked = {"event": event, "eligible_days": eligible_days}
    risk = model.predict_cumulative_incidence(rows, days, **asked)
    estimate = totals.of(risk)
    if refits is not None and refits.n_bootstrap:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            draws = [
                totals.of(again.predict_cumulative_incidence(rows, days, **asked)) for again in refits.models(model)
            ]
        return RiskTotals(estimate, None, np.stack(draws))
    chosen = getattr(model, "model_", model)  # of a path
    if not hasattr(chosen, "_covariance_of_totals"):
        return RiskTotals(estimate, None, None)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said by the prediction above
        covariance = chosen._covariance_of_totals(chosen._asked(rows, days, eligible_days, 0.0), event, totals)
    if covariance is not None:
        covariance = np.where(np.isnan(estimate).any(axis=0)[:, None, None], np.nan, covariance)
    return RiskTotals(estimate, covariance, None)
