r"""Average risks of rows under several sets of features, with the influence of every cluster on them.

With case weights w and :math:`W = \sum_i w_i`

.. math:: \hat R_a(t) = \frac{1}{W} \sum_i w_i \hat F(t \mid x_i^a), \qquad
    \mathrm{IF}_c = \sum_{i \in c} \frac{w_i}{W} \{\hat F(t \mid x_i^a) - \hat R_a(t)\} +
    \sum_{j \in c} \frac{1}{W} \sum_i w_i\, \mathrm{IF}_j(\hat F(t \mid x_i^a)),

the second sum over the rows j of training: everything that was estimated moves with them. Where the rows averaged over
are those of training the two belong to the same clusters; otherwise they are taken as independent.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import clone

from ...progress import track
from ..inputs.case_weights import are_counts, check_weight
from ..inputs.cluster_levels import check_cluster


@dataclass(frozen=True)
class StandardisedRisks:
    """Average risks of L sets of features by m days.

    Attributes
    ----------
    risk : ndarray, shape (L, m)
    influence : ndarray, shape (L, m, n_clusters), or None
    draws : ndarray, shape (n_draws, L, m), or None
    """

    risk: np.ndarray
    influence: np.ndarray | None = None
    draws: np.ndarray | None = None


@dataclass(frozen=True)
class Averaged:
    """The rows averaged over beside the rows of training, n and n' of them.

    Attributes
    ----------
    weight : ndarray, shape (n,)
    factor : ndarray, shape (n,)
        By what the influence of a row, of a unit of its weight, is multiplied.
    target : ndarray of int, shape (n,)
        Code of its cluster.
    training_factor, training_target : ndarray, shape (n',)
    n_targets : int
    is_training : bool
        Whether the rows are those of training.
    """

    weight: np.ndarray
    factor: np.ndarray
    target: np.ndarray
    training_factor: np.ndarray
    training_target: np.ndarray
    n_targets: int
    is_training: bool


def averaged_rows(model: Any, X: pd.DataFrame, sample_weight: Any, cluster: Any) -> Averaged | None:
    """Whose errors belong together; None for a model that does not hold its rows of training."""
    rows = getattr(model, "_training", None)
    if rows is None or not hasattr(rows, "design"):
        return None
    n_rows, given = len(X), check_weight(sample_weight, len(X))
    weight = np.ones(n_rows) if given is None else given
    is_training = n_rows == rows.n_given and np.array_equal(rows.of_given(model._design(X).matrix), rows.design.matrix)
    target = check_cluster(cluster, n_rows, None)
    own_cluster = rows.cluster if len(np.unique(rows.cluster)) < len(rows) else None  # fractional weights: a row each
    if is_training and target is None and own_cluster is not None:
        if rows.given is not None:
            raise ValueError("some rows are at risk on no day: give cluster, which the model knows of the others only")
        target = own_cluster
    clusters_given = target is not None
    target = np.arange(n_rows) if target is None else np.unique(target, return_inverse=True)[1]
    trained = rows.weight_of_each
    if is_training:
        training_target, n_targets = rows.of_given(target), int(target.max()) + 1
        has_same_weights = np.array_equal(rows.of_given(weight), trained)
        counted = has_same_weights and not clusters_given and are_counts(given)
    else:
        training_target = np.arange(len(rows)) if own_cluster is None else own_cluster
        training_target = training_target + int(target.max()) + 1
        n_targets, counted = int(training_target.max()) + 1, False
    return Averaged(
        weight,
        np.sqrt(weight) if counted else weight,
        target,
        np.sqrt(trained) if counted else trained,
        training_target,
        n_targets,
        is_training,
    )


def standardised_risks(
    model: Any,
    frames: list[pd.DataFrame],
    days: np.ndarray,
    *,
    event: int,
    eligible_days: list[Any],
    averaged: Averaged,
) -> StandardisedRisks:
    """Average risks with influence functions.

    Parameters
    ----------
    model : IncidenceModel
        Fitted, with ``_direction_of_total`` and ``_influence_along``.
    frames : list of L DataFrames, n rows each
        The same rows with other features.
    days : ndarray, shape (m,)
    event : int
    eligible_days : list of L arrays of shape (n,), or None
    averaged : Averaged
    """
    total = averaged.weight.sum()
    share, size = averaged.weight / total, len(averaged.weight)
    risk = np.empty((len(frames), days.size))
    influence = np.zeros((len(frames), days.size, averaged.n_targets))
    directions = []
    for place, (frame, eligible) in enumerate(zip(frames, eligible_days, strict=True)):
        asked = model._asked(frame, days, eligible, 0.0)
        values = model._asked_incidence(asked, event)
        risk[place] = share @ values
        own = (averaged.factor / total)[:, None] * (values - risk[place])
        if averaged.n_targets == size and averaged.is_training:
            influence[place][:, averaged.target] = own.T
        else:
            influence[place] = [np.bincount(averaged.target, column, averaged.n_targets) for column in own.T]
        directions.append(model._direction_of_total(asked, event, share))
    rows = model._training
    through = model._influence_along(directions, rows, averaged.training_factor, averaged.training_target)
    influence.reshape(-1, averaged.n_targets)[:, : through.shape[1]] += through
    return StandardisedRisks(risk, np.where(np.isnan(risk)[..., None], np.nan, influence))


def bootstrapped_risks(
    model: Any,
    frames: list[pd.DataFrame],
    days: np.ndarray,
    *,
    event: int,
    eligible_days: list[Any],
    averaged: Averaged,
    n_bootstrap: int,
    random_state: Any,
) -> StandardisedRisks:
    """The same with draws of clusters, to which the model is fitted again; parameters as above.

    Parameters
    ----------
    n_bootstrap : int
    random_state : int, Generator or None
    """

    def averages(fitted: Any, weight: np.ndarray) -> np.ndarray:
        share = weight / weight.sum()
        found = [
            share @ fitted.predict_cumulative_incidence(frame, days, event=event, eligible_days=eligible)
            for frame, eligible in zip(frames, eligible_days, strict=True)
        ]
        return np.array(found)

    risk = averages(model, averaged.weight)
    if not n_bootstrap:
        return StandardisedRisks(risk)
    draws = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said of the model itself, when it was fitted and above
        for times_drawn in track(_draws(averaged, n_bootstrap, random_state), "Bootstrap", total=n_bootstrap):
            rows = model._training
            weight = rows.weight_of_each * times_drawn[averaged.training_target]
            again = clone(model).fit_encoded(
                replace(rows, weight=weight, cluster=None).of_positive_weight(), model.encoder_
            )
            draws.append(averages(again, averaged.weight * times_drawn[averaged.target]))
    return StandardisedRisks(risk, draws=np.stack(draws))


def _draws(averaged: Averaged, n_bootstrap: int, random_state: Any) -> Iterator[np.ndarray]:
    """How often each cluster was drawn; rows that are not of training are drawn apart from it."""
    generator = np.random.default_rng(random_state)
    first_of_training = 0 if averaged.is_training else int(averaged.target.max()) + 1
    sizes = (
        [averaged.n_targets] if averaged.is_training else [first_of_training, averaged.n_targets - first_of_training]
    )
    for _ in range(n_bootstrap):
        yield np.concatenate([np.bincount(generator.integers(size, size=size), minlength=size) for size in sizes])
