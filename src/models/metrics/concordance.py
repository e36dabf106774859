"""Concordance of predicted risk with who has the event first, under competing risks and censoring."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from ...parameter_checks import require_choice
from ..inputs.distinct_days import DistinctDays
from ..inputs.outcome import Outcome
from .inputs import check_metric_inputs, warn_metric
from .ranks import Ranks
from .state_weights import States, StateWeights, warn_of_lost_day, weights_of

KINDS = ("wolbers", "uno", "harrell")
# Pairs of which both states at the horizon are known, weighted by their masses: where censoring depends on covariates.
BY_STATES = "states"
# The power in which the weight of a case's event enters its pairs, where they are with later rows only.
POWERS = {"uno": 2, "harrell": 0}


def concordance_index(
    y: Any,
    risk: Any,
    *,
    event: int = 1,
    horizon: float | None = None,
    censoring: Any = None,
    sample_weight: Any = None,
    kind: str = "wolbers",
) -> float:
    r"""Probability that of two rows the one that has the event first, by ``horizon``, was given the higher risk.

    .. math:: P\bigl(r_i > r_j \mid T_i \le \tau, \delta_i = k;\ T_i < T_j \text{ or } \delta_j \notin \{0, k\}\bigr)

    A row with a competing event never has the event: it comes after every case. Pairs weigh by the inverse probability
    that both are seen: :math:`1 / (G(T_i-) G(T_i))` where ``j`` is observed past the event of ``i`` (or censored on
    that day), :math:`1 / (G(T_i-) G(T_j-))` where ``j`` had a competing event by then. Two events on the same day are
    not a pair; equal risks count one half. Sorted counting, :math:`O(n \log n)`.

    Parameters
    ----------
    y : DataFrame or anything that ``check_outcome`` takes, n rows
        Rows with delayed entry count from their entry on.
    risk : array, shape (n,)
        Any number that is higher where the event is likelier; usually the risk by ``horizon``.
    event : int
        The event :math:`k` that is predicted.
    horizon : float, optional
        Only events by this day make pairs. Weights grow without bound as follow-up ends, so name a horizon wherever one
        is meant; by default the end of follow-up.
    censoring, sample_weight
        As for :func:`~.brier.brier_score`.
    kind : {"wolbers", "uno", "harrell"}
        ``"wolbers"`` is the above. The others compare a case only with rows still free of *every* event on its day, or
        censored or gone by a competing event on that day, so with :math:`T_i < T_j` alone: ``"uno"`` weighs the pair by
        :math:`1 / G(T_i-)^2` and does not depend on how rows were censored; ``"harrell"`` counts each pair that is seen
        once, and so does.

    Returns
    -------
    float
        NaN, with a warning, where no pair can be compared.

    References
    ----------
    Wolbers, Blanche, Koller, Witteman and Gerds (2014), Concordance for prognostic models with competing risks,
    Biostatistics 15. Agrees with ``pec::cindex`` for competing risks. Uno, Cai, Pencina, D'Agostino and Wei (2011), On
    the C-statistics for evaluating overall adequacy of risk prediction procedures with censored survival data,
    Statistics in Medicine 30. Harrell's agrees with ``survival::concordance`` where competing events are censored.

    Examples
    --------
    >>> concordance_index({"duration": [1, 2, 3], "event": [1, 2, 1]}, [0.3, 0.1, 0.2])
    1.0
    """
    require_choice("kind", kind, KINDS)
    given = check_metric_inputs(y, risk, [0.0], event=event, sample_weight=sample_weight, probabilities=False)
    weights = weights_of(given.outcome, given.weight, censoring)
    warn_of_lost_day(weights)
    last = np.inf if horizon is None else float(horizon)
    value = concordance_value(Pairs(weights, event), Ranks(given.risk[:, 0]), last, kind).value
    if np.isnan(value):
        warn_metric("no two rows can be compared: the concordance index is NaN")
    return value


class Pairs:
    """Who can be compared with whom, for any predicted risk.

    Parameters
    ----------
    weights : StateWeights
        Of n rows.
    event : int

    Attributes
    ----------
    end, come : ndarray of int, shape (n,)
        Twice the place of a row's last day and of its entry among the distinct days; odd numbers lie between days.
    """

    def __init__(self, weights: StateWeights, event: int) -> None:
        self.weights, self.outcome, self.event = weights, weights.outcome, event
        outcome: Outcome = weights.outcome
        n_rows = len(outcome)
        days = DistinctDays(np.concatenate((outcome.duration, np.maximum(outcome.entry, 0.0))))
        self.end = 2 * days.place[:n_rows]
        self.come = np.where(outcome.entry >= 0, 2 * days.place[n_rows:], -1)

    @cached_property
    def own(self) -> np.ndarray:
        """Rows with the event of interest, boolean, shape (n,)."""
        return self.outcome.event == self.event

    @cached_property
    def competing(self) -> np.ndarray:
        """Rows with a competing event, boolean, shape (n,)."""
        return (self.outcome.event > 0) & ~self.own

    @cached_property
    def after_own_day(self) -> np.ndarray:
        """Weight of a row still observed after the day of each row, shape (n,)."""
        return self.weights.after_own_day()

    def states_at(self, time: float) -> States:
        """The states of the rows at a horizon."""
        return self.weights.states(time, self.event)


@dataclass(frozen=True)
class ConcordanceValue:
    """A concordance, and what its influence is made of.

    Attributes
    ----------
    value : float
    """

    value: float
    _pairs: Pairs
    _rank: np.ndarray
    _count: _Count
    _horizon: float

    def influence(self) -> np.ndarray:
        r"""Influence of each row, :math:`w_j\,d\theta / dw_j`, shape (n,)."""
        if np.isnan(self.value):
            return np.full(self._rank.size, np.nan)
        return _influence(self._pairs, self._rank, self._count, self.value, self._horizon)


def concordance_value(pairs: Pairs, ranks: Ranks, horizon: float, kind: str) -> ConcordanceValue:
    """Concordance of ranked risks of n rows with events by ``horizon``; NaN without a pair."""
    rank = ranks.rank
    count = _count_pairs(pairs, rank, horizon, kind)
    total = count.of_case @ (count.total_later + count.total_gone)
    if not total > 0:
        return ConcordanceValue(float("nan"), pairs, rank, count, horizon)
    beaten = count.of_case @ (count.beaten_later + count.beaten_gone)
    return ConcordanceValue(float(beaten / total), pairs, rank, count, horizon)


@dataclass(frozen=True)
class _Count:
    """Pairs of each of ``m`` cases.

    ``case`` (m,) are rows; ``of_case`` (m,) is the weight of each pair that is its own; ``beaten_later`` and
    ``total_later`` (m,) sum over rows that are still observed, with the factor ``of_later`` (m,), ``beaten_gone`` and
    ``total_gone`` over the rows ``gone`` that had a competing event, each with the factor ``of_gone``. ``weight`` (n,)
    is that of the other row of a pair; ``leave`` (n,) is where rows cease to be later.
    """

    weight: np.ndarray
    case: np.ndarray
    of_case: np.ndarray
    of_later: np.ndarray
    beaten_later: np.ndarray
    total_later: np.ndarray
    gone: np.ndarray
    of_gone: np.ndarray
    beaten_gone: np.ndarray
    total_gone: np.ndarray
    kind: str
    leave: np.ndarray


def _count_pairs(pairs: Pairs, rank: np.ndarray, horizon: float, kind: str) -> _Count:
    # What compiles is loaded only where pairs are counted.
    from .rank_sums import weight_below, weight_of_lower

    outcome, weight, at_event = pairs.outcome, pairs.weights.weight, pairs.weights.at_event
    is_case, tied_later = pairs.own & (outcome.duration <= horizon), outcome.event == 0
    if kind == "wolbers":
        # Nobody is left after the last day of follow-up where somebody is censored then: its cases cannot be weighted.
        is_case &= np.isfinite(pairs.after_own_day)
    elif kind != BY_STATES:
        tied_later = tied_later | pairs.competing
    else:
        weight = pairs.states_at(horizon).mass
    case = np.flatnonzero(is_case)
    position, case_rank = pairs.end[case], rank[case]
    leave = pairs.end + tied_later
    # All rows, without those that have left and those yet to come.
    everybody = weight_of_lower(rank, weight, case_rank)
    early = np.flatnonzero(leave <= position.max(initial=-1))
    left = weight_below(leave[early], rank[early], weight[early], position, case_rank)
    late = _late(pairs, kind)
    absent = weight_below(-pairs.come[late], rank[late], weight[late], -position - 1, case_rank)
    lower, tied, total = (a - b - c for a, b, c in zip(everybody, left, absent, strict=True))
    beaten, none = lower + 0.5 * tied, np.zeros(case.size)
    if kind in POWERS:
        of_case = weight[case] * at_event[case] ** POWERS[kind]
        return _Count(weight, case, of_case, none + 1.0, beaten, total, case[:0], none[:0], none, none, kind, leave)
    of_event, of_later = (
        (at_event, pairs.after_own_day[case]) if kind == "wolbers" else (np.ones(rank.size), none + 1.0)
    )
    gone = np.flatnonzero(pairs.competing & (pairs.end <= position.max(initial=-1)))
    of_gone = of_event[gone]
    before = weight_below(pairs.end[gone], rank[gone], weight[gone] * of_gone, position, case_rank)
    return _Count(
        weight,
        case,
        weight[case] * of_event[case],
        of_later,
        of_later * beaten,
        of_later * total,
        gone,
        of_gone,
        before.lower + 0.5 * before.tied,
        before.total,
        kind,
        leave,
    )


def _late(pairs: Pairs, kind: str) -> np.ndarray:
    """Rows that are in no pair with cases before their entry; where states weigh, all of known state are in all."""
    return np.flatnonzero(pairs.come >= 0) if kind != BY_STATES else np.empty(0, dtype=np.int64)


def _influence(pairs: Pairs, rank: np.ndarray, count: _Count, value: float, horizon: float) -> np.ndarray:
    """Influence of each row on a concordance, shape (n,)."""
    case, weight = count.case, count.weight
    total = float(count.of_case @ (count.total_later + count.total_gone))
    through_later = count.of_case * (count.beaten_later - value * count.total_later) / total
    of_case = through_later + count.of_case * (count.beaten_gone - value * count.total_gone) / total
    result = np.zeros(rank.size)
    result[case] = of_case
    # The other row of each pair: cases on the days from its entry to before it leaves, with higher risks.
    factor = count.of_case * count.of_later / total
    until = _beating(case, pairs, rank, factor, count.leave - 1, np.arange(rank.size), value)
    late = _late(pairs, count.kind)
    until[late] -= _beating(case, pairs, rank, factor, pairs.come[late] - 1, late, value)
    result += weight * until
    events, own_day = np.zeros(rank.size), np.zeros(rank.size)
    if count.kind in POWERS:
        events[case] = POWERS[count.kind] * of_case
        return result + pairs.weights.gradient(events) if events.any() else result
    gone = count.gone
    after = _beating(case, pairs, rank, count.of_case / total, None, gone, value)
    after -= _beating(case, pairs, rank, count.of_case / total, pairs.end[gone] - 1, gone, value)
    of_gone = weight[gone] * count.of_gone * after
    result[gone] += of_gone
    if count.kind == BY_STATES:
        return pairs.states_at(horizon).through_weights(result)
    events[case], own_day[case] = of_case, through_later
    events[gone] += of_gone
    return result + pairs.weights.gradient(events, own_day=own_day)


def _beating(
    case: np.ndarray,
    pairs: Pairs,
    rank: np.ndarray,
    factor: np.ndarray,
    position: np.ndarray | None,
    rows: np.ndarray,
    value: float,
) -> np.ndarray:
    """For each of ``rows``, the ``factor`` (m,) of cases at or before its ``position`` that beat it, less the expected.

    None is after all cases.
    """
    from .rank_sums import WeightBelow, weight_below, weight_of_lower

    found = np.zeros(rows.size)

    def fill(chosen: np.ndarray, sums: WeightBelow) -> None:
        found[chosen] = (1.0 - value) * sums.total - sums.lower - 0.5 * sums.tied

    of_cases = pairs.end[case]
    at_end = np.arange(rows.size) if position is None else np.flatnonzero(position >= of_cases.max(initial=-1))
    fill(at_end, weight_of_lower(rank[case], factor, rank[rows[at_end]]))
    if position is not None:
        sooner = np.flatnonzero(position < of_cases.max(initial=-1))
        fill(sooner, weight_below(of_cases, rank[case], factor, position[sooner], rank[rows[sooner]]))
    return found
