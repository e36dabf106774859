r"""Fitted models of departure, the weights of copies that follow from them, and the influence of persons on both.

Those who stay at a review stand for all who came to it: their weights should sum to the number of all. With fitted
chances :math:`\hat p` they do not quite. The prior of the authorities' coefficients, which keeps them finite, makes
:math:`\sum 1 / \hat p` over plans that were ended too small, as where an authority ended few, its chance is raised. So
each model's odds are raised or lowered, by one factor for plans that were ended and by one for those that went on,
until the sums are right (Hajek's normalisation).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
from scipy.special import expit, logit

from ...models.numerics.ridge_logit import fit_ridge_logit, information
from ...models.numerics.threads import run_all
from .copies import FORCED, GOES, STAYS, UNTOLD, Copies
from .decisions import REVIEW, Decisions
from .departure_models import DepartureModel

# A chance of departing of one would make a weight infinite.
SMALLEST_CHANCE = 1e-9
# A model whose sums are further off (by e to this) is of too few plans for one factor to mend it.
MOST_SHIFT = 0.5
# Newton decrement, in squared standard errors: beside the spread of draws nothing.
DECREMENT_OF_DRAWS = 1e-7


@dataclass(frozen=True)
class Fitted:
    """Fitted models of departure.

    Attributes
    ----------
    theta : list of ndarray
        Coefficients of each model.
    probability : ndarray, shape (n_rows,)
        Of all models' rows, one model after the other.
    shift : ndarray, shape (n_rows,)
        Logarithms of the factors of the odds that weights are made from.
    delay_share : ndarray, shape (grace_days + 1,)
        Share of the endings at reviews that are recorded fewer than 0, 1, ... days after.
    converged : bool
    """

    theta: list[np.ndarray]
    probability: np.ndarray
    shift: np.ndarray
    delay_share: np.ndarray
    converged: bool


@dataclass(frozen=True)
class Delays:
    """Endings at reviews: whose each is (k,), and how many days after the review it is recorded (k,)."""

    person: np.ndarray
    days: np.ndarray
    grace_days: int

    def share_below(self, weight: np.ndarray) -> np.ndarray:
        """Weighted share of delays below 0, 1, ..., ``grace_days`` days."""
        total = np.bincount(self.days, weight[self.person], self.grace_days + 1)
        all_of_them = total.sum()
        return np.append(0.0, np.cumsum(total)[:-1]) / (all_of_them if all_of_them > 0 else 1.0)


def delays_of(decisions: Decisions, grace_days: int) -> Delays:
    """The delays of all endings at reviews."""
    lines = np.flatnonzero(decisions.ended & (decisions.kind == REVIEW))
    return Delays(decisions.person[lines], decisions.delay[lines], grace_days)


def fit_models(models: list[DepartureModel], delays: Delays, weight: np.ndarray, start: Fitted | None = None) -> Fitted:
    """Fit all models with case weights of persons (n,); from where another fit ended only as far as a draw needs."""

    def fit(place: int) -> tuple[np.ndarray, bool, np.ndarray, np.ndarray]:
        model = models[place]
        case = model.fitted * weight[model.person]
        if start is None:
            theta, converged = fit_ridge_logit(model.rows, case)
        else:
            theta, converged = fit_ridge_logit(model.rows, case, start.theta[place], DECREMENT_OF_DRAWS)
        eta = model.rows.linear_predictor(theta)
        return theta, converged, expit(eta), _shift(model, case, eta)

    found = run_all([partial(fit, place) for place in range(len(models))])
    theta, converged, *parts = zip(*found, strict=True) if found else ((), (), (), ())
    probability, shift = (np.concatenate(part) if part else np.zeros(0) for part in parts)
    return Fitted(list(theta), probability, shift, delays.share_below(weight), all(converged))


def _shift(model: DepartureModel, case: np.ndarray, eta: np.ndarray) -> np.ndarray:
    """What to add to the log odds ``eta`` (k,) so that rows of either outcome have weights that sum to all rows."""
    ended = model.rows.outcome > 0
    n_ended, n_others = case @ ended, case @ ~ended
    if not model.is_of_ending or n_ended == 0 or n_others == 0:
        return np.zeros(eta.size)
    odds = _odds_against(model, case, eta)
    shift = np.where(ended, np.log((odds @ ended) / n_others), np.log(n_ended / (odds @ ~ended)))
    return shift if np.all(np.abs(shift) <= MOST_SHIFT) else np.zeros(eta.size)


def _odds_against(model: DepartureModel, case: np.ndarray, eta: np.ndarray) -> np.ndarray:
    """Odds against the outcome of each row (k,), times its case weight."""
    most = -np.log(SMALLEST_CHANCE)
    return case * np.exp(np.where(model.rows.outcome > 0, -1.0, 1.0) * np.clip(eta, -most, most))


def _through_shift(
    model: DepartureModel, probability: np.ndarray, shift: np.ndarray, by_row: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """From derivatives in the shifted log odds of the rows (k,): those in the fitted ones, and in the rows' weights."""
    case, ended = model.fitted, model.rows.outcome > 0
    if not shift.any():
        return by_row, np.zeros(by_row.size)
    n_ended, n_others = case @ ended, case @ ~ended
    odds = _odds_against(model, case, logit(probability))
    of_others, of_ended = by_row[~ended].sum(), by_row[ended].sum()
    own = odds * np.where(ended, of_ended / (odds @ ended), of_others / (odds @ ~ended))
    return by_row - own, np.where(ended, own + case * of_others / n_ended, -own - case * of_ended / n_others)


@dataclass(frozen=True)
class CopyWeights:
    """Weights of a strategy's spells, and what moves them.

    Attributes
    ----------
    log_weight : ndarray, shape (s,)
        Before they are cut.
    weight : ndarray, shape (s,)
    by_row, by_other : ndarray, shape (k,)
        Derivative of each term in the log odds of its rows.
    by_share : ndarray, shape (k,)
        Derivative of each term in its share.
    """

    log_weight: np.ndarray
    weight: np.ndarray
    by_row: np.ndarray
    by_other: np.ndarray
    by_share: np.ndarray


def copy_weights(copies: Copies, fitted: Fitted, largest: float = np.inf) -> CopyWeights:
    """Weights of the spells, cut at ``largest``."""
    terms = copies.terms
    # A row of -1 is the last one's, which its form does not use.
    chances = np.clip(fitted.probability, SMALLEST_CHANCE, 1.0 - SMALLEST_CHANCE)
    chances = np.append(expit(logit(chances) + fitted.shift), 0.5)
    p, other = chances[terms.row], chances[terms.other]
    share = np.where(terms.share_days > 0, fitted.delay_share[terms.share_days], terms.share)
    stays, forced = 1.0 - p * (1.0 - share), other + (1.0 - other) * p
    forms = [terms.form == form for form in (STAYS, FORCED, UNTOLD, GOES)]
    term = np.select(forms, [np.log(stays) - np.log1p(-p), np.log(forced) - np.log(p), np.log1p(-other), -np.log(p)])
    log_weight = np.cumsum(np.bincount(terms.spell, term, copies.person.size))
    first = np.flatnonzero(np.diff(copies.person, prepend=-1))
    before = np.append(0.0, log_weight)[first]
    log_weight = log_weight - np.repeat(before, np.diff(first, append=copies.person.size))
    of_row = [
        p - p * (1.0 - p) * (1.0 - share) / stays,
        (1.0 - other) * p * (1.0 - p) / forced - (1.0 - p),
        0.0 * p,
        p - 1.0,
    ]
    of_other = [other * (1.0 - other) * (1.0 - p) / forced, -other]
    return CopyWeights(
        log_weight,
        np.minimum(np.exp(log_weight), largest),
        np.select(forms, of_row),
        np.select(forms[1:3], of_other, 0.0),
        np.where(forms[0], p / stays, 0.0),
    )


def influence_through_models(
    copies: Copies,
    weights: CopyWeights,
    spell_influence: np.ndarray,
    models: list[DepartureModel],
    fitted: Fitted,
    delays: Delays,
    n: int,
    largest: float = np.inf,
) -> np.ndarray:
    """Influence of persons (k, n) on functionals by way of the estimated weights.

    Parameters
    ----------
    copies : Copies
    weights : CopyWeights
    spell_influence : ndarray, shape (k, s)
        Derivatives in the logarithm of each spell's weight.
    models : list of DepartureModel
    fitted : Fitted
        With all weights 1.
    delays : Delays
    n : int
        Persons.
    largest : float
        At which weights are cut: those that are do not move.
    """
    moves = spell_influence * (np.exp(weights.log_weight) <= largest)
    # A term counts in its own spell and in the person's later ones.
    last = np.flatnonzero(np.diff(copies.person, append=-1))
    reached = np.cumsum(moves, axis=1)
    size = np.diff(last, prepend=-1)
    later = np.repeat(reached[:, last], size, axis=1) - reached + moves
    of_term = later[:, copies.terms.spell]
    result = np.zeros((len(moves), n))
    begin = 0
    row = np.concatenate([copies.terms.row, copies.terms.other])
    by_row = np.concatenate([of_term * weights.by_row, of_term * weights.by_other], axis=1)
    for model in models:
        end = begin + model.line.size
        own = (row >= begin) & (row < end)
        if own.any():
            probability = fitted.probability[begin:end]
            matrix = information(model.rows, model.fitted, probability)
            residual = model.fitted * (model.rows.outcome - probability)
            for place in range(len(moves)):
                of_rows = np.bincount(row[own] - begin, by_row[place, own], end - begin)
                of_rows, direct = _through_shift(model, probability, fitted.shift[begin:end], of_rows)
                moved = model.rows.products(matrix.solve(model.rows.sums(of_rows)))
                result[place] += np.bincount(model.person, residual * moved + direct, n)
        begin = end
    return result + _through_delays(copies, weights, of_term, delays, fitted, n)


def _through_delays(
    copies: Copies, weights: CopyWeights, of_term: np.ndarray, delays: Delays, fitted: Fitted, n: int
) -> np.ndarray:
    result = np.zeros((len(of_term), n))
    of = np.flatnonzero(copies.terms.share_days > 0)
    if not of.size or not delays.days.size:
        return result
    size = fitted.delay_share.size
    for place in range(len(of_term)):
        by_days = np.bincount(copies.terms.share_days[of], (of_term[place] * weights.by_share)[of], size)
        # Each ending moves each share by (below - share) / number of endings.
        reach = np.append(np.cumsum(by_days[::-1])[::-1], 0.0)
        moved = (reach[delays.days + 1] - by_days @ fitted.delay_share) / delays.days.size
        result[place] = np.bincount(delays.person, moved, n)
    return result
