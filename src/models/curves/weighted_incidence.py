r"""Aalen-Johansen on whole days with weights that change during follow-up, and the influence of each spell on it.

A person's follow-up is cut into spells (start, stop] of one weight each. With :math:`R(u)` the weight at risk on day u
and :math:`N_1, N` the weights of the event of interest and of any event on it,

.. math:: F(t) = \sum_{u \le t} S(u-) \frac{N_1(u)}{R(u)}, \qquad S(u) = \prod_{v \le u} (1 - N(v) / R(v)).

Linear functionals :math:`A = \sum_v V(v) F(v)` are what is asked for: the risk by a day (V is 1 on that day) or the
area beneath F until a day (V is 1 on each day before it). A spell's influence is the derivative of A in the logarithm
of its weight: exact, so that whatever the weights depend on is allowed for by the chain rule.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

OTHER_EVENT = 2
EVENT = 1


@dataclass(frozen=True)
class DayIncidence:
    """A weighted incidence on days 0, 1, ..., each field of shape (n_days,).

    Attributes
    ----------
    incidence : ndarray
        NaN from the first day on which nobody is at risk while the event is still possible.
    before : ndarray
        Event-free just before each day.
    at_risk : ndarray
        Weight at risk.
    hazard, other_hazard : ndarray
        Share of it with the event of interest, and with another.
    """

    incidence: np.ndarray
    before: np.ndarray
    at_risk: np.ndarray
    hazard: np.ndarray
    other_hazard: np.ndarray


def day_incidence(
    start: np.ndarray, stop: np.ndarray, kind: np.ndarray, weight: np.ndarray, n_days: int
) -> DayIncidence:
    """The weighted incidence of the event of interest.

    Parameters
    ----------
    start, stop : ndarray of int, shape (n,)
        Days; at risk on (start, stop].
    kind : ndarray of int, shape (n,)
        What happens on day ``stop``: 0 nothing, 1 the event of interest, 2 another event.
    weight : ndarray, shape (n,)
    n_days : int
        Days 0 to ``n_days - 1``.
    """
    begin, end = np.minimum(start + 1, n_days), np.minimum(stop + 1, n_days)
    change = np.bincount(begin, weight, n_days + 1) - np.bincount(end, weight, n_days + 1)
    at_risk = np.cumsum(change)[:n_days]
    number = np.bincount(np.minimum(stop, n_days), minlength=n_days + 1)[:n_days]
    n_at_risk = np.cumsum(np.bincount(begin, minlength=n_days + 1) - np.bincount(end, minlength=n_days + 1))[:n_days]
    hazards = []
    for code in (EVENT, OTHER_EVENT):
        rows = (kind == code) & (stop < n_days)
        events = np.bincount(stop[rows], weight[rows], n_days)
        hazards.append(np.divide(events, at_risk, out=np.zeros(n_days), where=(number > 0) & (at_risk > 0)))
    total = np.minimum(hazards[0] + hazards[1], 1.0)
    event_free = np.cumprod(1.0 - total)
    before = np.append(1.0, event_free[:-1])
    incidence = np.cumsum(before * hazards[0])
    unknown = (n_at_risk <= 0) & (before > 1e-12)
    unknown[0] = False  # day 0 is before everybody's first day at risk
    return DayIncidence(
        np.where(np.maximum.accumulate(unknown), np.nan, incidence), before, at_risk, hazards[0], hazards[1]
    )


def spell_influence(
    found: DayIncidence,
    start: np.ndarray,
    stop: np.ndarray,
    kind: np.ndarray,
    weight: np.ndarray,
    functionals: np.ndarray,
) -> np.ndarray:
    """Derivatives of functionals of the incidence in the logarithm of each spell's weight.

    Parameters
    ----------
    found : DayIncidence
        Of these spells.
    start, stop, kind, weight : ndarray, shape (n,)
    functionals : ndarray, shape (k, n_days)
        V of the module's description.

    Returns
    -------
    ndarray, shape (k, n)
    """
    n_days = found.incidence.size
    incidence = np.nan_to_num(found.incidence)
    later = np.cumsum(functionals[:, ::-1], axis=1)[:, ::-1]
    risk_later = np.cumsum((functionals * incidence)[:, ::-1], axis=1)[:, ::-1]
    free = 1.0 - found.hazard - found.other_hazard
    # What is lost of later events when a day's hazard of any event rises; nothing is left where it is 1.
    lost = np.divide(risk_later - later * incidence, free, out=np.zeros_like(later), where=free > 1e-12)
    by_kind = np.zeros((3, *later.shape))
    by_kind[EVENT] = later * found.before - lost
    by_kind[OTHER_EVENT] = -lost
    share = np.divide(1.0, found.at_risk, out=np.zeros(n_days), where=found.at_risk > 0)
    drift = np.cumsum((by_kind[EVENT] * found.hazard + by_kind[OTHER_EVENT] * found.other_hazard) * share, axis=1)
    at_stop = by_kind * share
    begin, end = np.minimum(start, n_days - 1), np.minimum(stop, n_days - 1)
    seen = np.where(stop < n_days, kind, 0)
    return np.array([weight * (at_stop[seen, k, end] - (drift[k, end] - drift[k, begin])) for k in range(len(later))])
