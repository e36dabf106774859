"""Risks of all strategies from weighted copies: once with influence functions, or many times with clusters redrawn."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

import numpy as np

from ...models.curves.weighted_incidence import DayIncidence, day_incidence, spell_influence
from ...models.numerics.blas_threads import one_blas_thread
from ...plans.strategies import Strategy
from ...progress import track
from .copies import Copies, make_copies, number_rows
from .departure_models import DepartureModel, Known, month_models, review_models
from .weighting import (
    CopyWeights,
    Delays,
    Fitted,
    copy_weights,
    delays_of,
    fit_models,
    influence_through_models,
)


@dataclass(frozen=True)
class Emulation:
    """What does not change from draw to draw.

    Attributes
    ----------
    known : Known
    shared : tuple of DepartureModel
        Of ending at reviews and in months.
    models : tuple of DepartureModel
        These and the windows of strategies that end plans.
    copies : tuple of Copies
        One a strategy.
    delays : Delays
    n_days : int
        Days of the risks, from 0.
    truncate : float or None
        As of ``emulate_trial``.
    """

    known: Known
    shared: tuple[DepartureModel, ...]
    models: tuple[DepartureModel, ...]
    copies: tuple[Copies, ...]
    delays: Delays
    n_days: int
    truncate: float | None

    @property
    def strategies(self) -> tuple[Strategy, ...]:
        """In the order of the copies."""
        return tuple(each.strategy for each in self.copies)

    def with_strategies(self, strategies: Sequence[Strategy]) -> Emulation:
        """The same people and models with other strategies."""
        models, copies = list(self.shared), []
        numbers = number_rows(self.shared, self.known.decisions.person.size)
        n_rows = numbers.n_rows
        for strategy in strategies:
            made, own = make_copies(strategy, self.known, numbers, n_rows, self.delays.grace_days)
            copies.append(made)
            if own is not None:
                models.append(own)
                n_rows += own.line.size
        return replace(self, models=tuple(models), copies=tuple(copies))


def prepare(
    known: Known, strategies: Sequence[Strategy], grace_days: int, n_days: int, truncate: float | None
) -> Emulation:
    """Models and copies of all strategies."""
    shared = (*review_models(known), *month_models(known))
    delays = delays_of(known.decisions, grace_days)
    return Emulation(known, shared, shared, (), delays, n_days, truncate).with_strategies(strategies)


@dataclass(frozen=True)
class Estimate:
    """Risks by strategy and what they came from.

    Attributes
    ----------
    fitted : Fitted
    weights : tuple of CopyWeights
    largest : tuple of float
        At which each strategy's weights were cut; infinite where they were not.
    curves : tuple of DayIncidence
    """

    fitted: Fitted
    weights: tuple[CopyWeights, ...]
    largest: tuple[float, ...]
    curves: tuple[DayIncidence, ...]

    @property
    def risk(self) -> np.ndarray:
        """By strategy and day, shape (n_strategies, n_days)."""
        return np.array([curve.incidence for curve in self.curves])


@one_blas_thread()
def estimate(
    emulation: Emulation, weight: np.ndarray | None = None, start: Fitted | None = None, largest: Sequence[float] = ()
) -> Estimate:
    """Fit the models and weigh the copies, with case weights of persons (n,); cut at ``largest``, if it is given."""
    people = emulation.known.people
    case = np.ones(len(people)) if weight is None else weight
    fitted = fit_models(list(emulation.models), emulation.delays, case, start)
    weights, cuts, curves = [], [], []
    for place, copies in enumerate(emulation.copies):
        cut = largest[place] if largest else largest_weight(copy_weights(copies, fitted), emulation.truncate)
        own = copy_weights(copies, fitted, cut)
        total = own.weight * case[copies.person]
        weights.append(own)
        cuts.append(cut)
        curves.append(day_incidence(copies.start, copies.stop, copies.kind, total, emulation.n_days))
    return Estimate(fitted, tuple(weights), tuple(cuts), tuple(curves))


def largest_weight(weights: CopyWeights, truncate: float | None) -> float:
    """At which weights are cut: a weight of 1 or more as it is, a share below 1 as a quantile of those that moved."""
    if truncate is None:
        return np.inf
    if truncate >= 1:
        return float(truncate)
    moved = weights.weight[weights.log_weight != 0.0]
    return float(np.quantile(moved, truncate)) if moved.size else np.inf


@one_blas_thread()
def cluster_influence(emulation: Emulation, found: Estimate, functionals: np.ndarray) -> np.ndarray:
    """Influence of clusters on functionals (k, n_days) of each strategy's risk, shape (n_strategies, k, n_clusters)."""
    people = emulation.known.people
    result = np.empty((len(emulation.copies), len(functionals), people.n_clusters))
    for place, copies in enumerate(emulation.copies):
        weights, cut = found.weights[place], found.largest[place]
        spells = copies.start, copies.stop, copies.kind
        direct = spell_influence(found.curves[place], *spells, weights.weight, functionals)
        own = influence_through_models(
            copies, weights, direct, list(emulation.models), found.fitted, emulation.delays, len(people), cut
        )
        for k in range(len(functionals)):
            by_person = own[k] + np.bincount(copies.person, direct[k], len(people))
            result[place, k] = np.bincount(people.cluster, by_person, people.n_clusters)
    return result


@one_blas_thread()
def bootstrap_risks(
    emulation: Emulation, found: Estimate, n_draws: int, rng: np.random.Generator, n_jobs: int
) -> np.ndarray:
    """Risks with clusters drawn anew, shape (n_draws, n_strategies, n_days).

    Each draw is a number of times for each cluster; the tables stay, and all models are fitted again from where they
    ended with all clusters once.
    """
    people = emulation.known.people
    seeds = rng.spawn(n_draws)

    def draw(place: int) -> np.ndarray:
        times = np.bincount(seeds[place].integers(0, people.n_clusters, people.n_clusters), minlength=people.n_clusters)
        given = found.largest if emulation.truncate is None or emulation.truncate >= 1 else ()
        return estimate(emulation, times[people.cluster].astype(float), found.fitted, given).risk

    with ThreadPoolExecutor(max(n_jobs, 1)) as pool:
        return np.array(list(track(pool.map(draw, range(n_draws)), "Drawing families anew", total=n_draws)))
