"""Weighting: risks by level among children who were made alike by weights."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..caller_warnings import warn
from ..models.inputs.cluster_levels import check_cluster
from ..models.inputs.given_days import as_days
from ..models.inputs.labels import label_codes, refuse_other_order
from ..models.inputs.outcome import Outcome, as_numbers, check_outcome
from ..models.metrics.state_weights import weights_of
from ..parameter_checks import check_event_of, require_choice, shown
from .assumptions import COMMON, OF_WEIGHTS
from .censoring import CoxCensoring
from .length_weights import LengthWeights
from .result import EffectResult, RiskCurve

CURVE_POINTS = 60
ERRORS = ("influence", "leave_one_out")


def weighted_risk(
    y: Any,
    treatment: Any,
    weights: Any,
    times: Any,
    *,
    censoring: Any = None,
    X: Any = None,
    cluster: Any = None,
    event: int = 1,
    errors: str = "influence",
    level: float = 0.95,
    reference: str | None = None,
) -> EffectResult:
    r"""Risk had everybody had each level of a treatment, by inverse probability weighting.

    Without ``censoring``, the Aalen-Johansen estimate of each level's weighted rows, which allows for delayed entry.
    Rows that are censored on their first day (a plan that ended because the family moved away) show no outcome, and
    which these are differs between levels: they are left out, the weights fitted without them, and the risks are of the
    others. With a model of censoring that gives :math:`G(t \mid x)`

    .. math:: \hat R_a(t) = \frac{1}{n} \sum_i \frac{1\{A_i = a\}}{e_a(x_i)}
        \frac{1\{T_i \le t, \text{event}\}}{G(T_i- \mid x_i)}

    for plain weights of :func:`plan_length_weights`, as ``riskRegression::ate`` (IPTW); for weights that are trimmed,
    of overlap, of a density ratio or given as numbers, divided by the sum of the level's weights in place of n.

    Errors are those of influence functions in which the weights, and the censoring, count as estimated from the same
    rows: derivatives of the whole by the weights of rows, added up by cluster. ``ate`` takes neither clusters nor
    delayed entry; its errors of the censoring differ from the derivative where days tie.

    These errors are too small where a level has few children for the columns of the weights' model, because children
    pull the weights to themselves: with 4 children of a level a column, 95 % intervals held the truth in some 87 of 100
    simulated stores, with 10 to 20 in 90 to 94. ``errors="leave_one_out"`` has in place of the derivative what leaving
    each row out would change, to one Newton step of the weights' model: 92, and 94 to 96 (``python -m
    benchmarks.effects effect-none``).

    Parameters
    ----------
    y : DataFrame with n_rows rows
        As for a model: ``entry`` (optional), ``duration``, ``event``.
    treatment : array, shape (n_rows,)
        The level of each row.
    weights : LengthWeights, or array of shape (n_rows,)
        Numbers count as known.
    times : float or array, shape (n_times,)
        Days.
    censoring : CoxPH, optional
        For censoring that depends on features: ``CoxPH(event=0)`` is fitted to ``X``, with being censored its event;
        one that is fitted must be so to the same rows.
    X : DataFrame, n_rows rows, optional
        The features that a model of censoring reads, the treatment among them.
    cluster : array, shape (n_rows,), optional
        Families.
    event : int
    errors : {"influence", "leave_one_out"}
        What ``influence`` holds of each row: the derivative by its weight, or the change were it left out, which is the
        better one below some 20 children of a level a column.
    level : float
        Coverage of the intervals.
    reference : str, optional
        The level that contrasts are against by default.

    Returns
    -------
    EffectResult

    Raises
    ------
    ValueError
        Numbers of rows differ, rows have delayed entry and a model of censoring is given, or an argument breaks a rule.

    References
    ----------
    Robins and Rotnitzky (1992); Ozenne, Scheike, Staerk and Gerds (2020), Biometrical Journal 62:751; Lunceford and
    Davidian (2004), Statistics in Medicine 23:2937, for errors with estimated weights; Efron and Stein (1981), Annals
    of Statistics 9:586, for those of leaving rows out.

    Examples
    --------
    >>> import numpy as np, pandas as pd, secondplan as sp
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"age": rng.uniform(0, 17, 400)})
    >>> band = np.where(rng.random(400) < 1 / (1 + np.exp(0.2 * X["age"] - 1.5)), "short", "long")
    >>> y = pd.DataFrame({"duration": rng.exponential(600, 400).round(), "event": rng.integers(0, 3, 400)})
    >>> found = sp.weighted_risk(y, band, sp.plan_length_weights(X, band), [365, 730])
    >>> found.table.shape
    (4, 6)
    """
    require_choice("errors", errors, ERRORS)
    refuse_other_order(y=y, treatment=treatment, cluster=cluster)
    given = weights if isinstance(weights, LengthWeights) else _known(weights)
    n_rows = len(given)
    outcome = check_outcome(y, n_rows=n_rows)
    levels, codes = label_codes(treatment, n_rows, "treatment")
    days, code = as_days(times, "times"), check_event_of(event, outcome.events)
    clusters = check_cluster(cluster, n_rows, None)
    target = np.arange(n_rows) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    left_out = outcome.never_followed if censoring is None else np.zeros(n_rows, dtype=bool)
    given = given.without(left_out, leave_one_out=errors == "leave_one_out")
    if censoring is None:
        estimate = partial(_product_limits, outcome, codes, len(levels), given, code)
    else:
        modelled = CoxCensoring.of(censoring, X, outcome, given.sample_weight)
        estimate = partial(_by_censoring, outcome, codes, len(levels), given, code, modelled)
    risk, influence = sums_by_cluster(*estimate(days), target)
    if np.isnan(risk).any():
        warn("nobody of a level is under observation on the last of these days: its risk there is not known (NaN)")
    seen = (outcome.event == code)[:, None] & (outcome.duration[:, None] <= days)
    counts = np.array([seen[codes == one].sum(axis=0) for one in range(len(levels))])

    def curve(until: float) -> RiskCurve:
        grid = np.linspace(0.0, until, CURVE_POINTS + 1)
        return RiskCurve(grid, *sums_by_cluster(*estimate(grid), target))

    left = of_whom(outcome) if censoring is None else ""
    whom = "everybody" if given.estimand == "ate" else "the children who could have had any level"
    return EffectResult(
        tuple(map(str, levels)),
        days,
        risk,
        influence,
        curve=curve,
        estimand=f"risk of event {code} had {whom} had each level, weighted{left}",
        assumptions=(*COMMON, *OF_WEIGHTS),
        n_children=n_rows - int(left_out.sum()),
        counts=counts,
        level=level,
        reference=reference,
    )


def _known(weights: Any) -> LengthWeights:
    """Weights that are given as numbers, and so count as known."""
    values = as_numbers(weights, "weights")
    if values.ndim != 1 or not np.all(np.isfinite(values) & (values >= 0)):
        raise ValueError(f"weights must be LengthWeights, or one number not below 0 a row; got {shown(weights)}")
    none, ones = np.empty((values.size, 0)), np.ones(values.size)
    empty: Any = None
    return LengthWeights(
        values, (), np.zeros(values.size, dtype=int), empty, empty, empty, "given", "ate", False, None,
        None, none, none, ones,
    )  # fmt: skip


def _product_limits(
    outcome: Outcome, codes: np.ndarray, n_levels: int, given: LengthWeights, event: int, days: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Weighted Aalen-Johansen estimates by level (L, m), and the influence of rows (L, m, n)."""
    together = given.weights * given.sample_weight
    risk, influence = np.full((n_levels, days.size), np.nan), np.full((n_levels, days.size, codes.size), np.nan)
    for level in range(n_levels):
        rows = np.flatnonzero((codes == level) & (together > 0))
        states_of = weights_of(outcome.take(rows), together[rows], None)
        last, share = outcome.take(rows).followed_until, together[rows] / together[rows].sum()
        for place, day in enumerate(days):
            if day > last:
                continue
            states = states_of.states(float(day), event)
            mass = np.where(states.had, states.mass, 0.0)
            own = np.zeros(codes.size)
            own[rows] = states.through_weights(mass)
            risk[level, place] = mass.sum()
            through = given.moved_by_rows(own, given.log_slopes)
            if given.leave_one_out:  # the others then share what it weighed
                own[rows] = np.divide(own[rows], 1.0 - share, out=np.zeros(rows.size), where=share < 1.0)
            influence[level, place] = own + through
    return risk, influence


def _by_censoring(
    outcome: Outcome,
    codes: np.ndarray,
    n_levels: int,
    given: LengthWeights,
    event: int,
    censoring: CoxCensoring,
    days: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Means by level of outcomes weighted for treatment and censoring (L, m), and the influence of rows (L, m, n)."""
    weights, slopes = given.per_probability() if given.is_plain else (given.weights, given.log_slopes)
    free = censoring.free_before_own_day()
    risk, own = np.full((n_levels, days.size), np.nan), np.zeros((n_levels, days.size, codes.size))
    by_hazard = np.zeros_like(own)
    for level in range(n_levels):
        is_level = codes == level
        counted = given.sample_weight * weights * is_level
        share = given.sample_weight if given.is_plain else counted
        for place, day in enumerate(days):
            if day > outcome.followed_until:
                continue
            had = (outcome.event == event) & (outcome.duration <= day)
            value = np.divide(1.0, free, out=np.zeros(free.size), where=had)
            risk[level, place] = counted @ value / share.sum()
            less = 0.0 if given.is_plain else risk[level, place]
            moved = counted * (value - less) / share.sum()
            own[level, place] = moved if not given.is_plain else moved - share * risk[level, place] / share.sum()
            own[level, place] += given.moved_by_rows(moved, slopes)
            by_hazard[level, place] = counted * value / share.sum()
    flat = by_hazard.reshape(-1, codes.size)
    own += censoring.influence_of_own_day(flat, given.sample_weight).reshape(own.shape)
    return risk, np.where(np.isnan(risk)[..., None], np.nan, own)


def of_whom(outcome: Outcome) -> str:
    """Whose risks these are, where rows of whom no outcome could be seen were left out."""
    return "; of those followed after the plan's end" if outcome.never_followed.any() else ""


def sums_by_cluster(risk: np.ndarray, influence: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The risks as they are, and the influence of rows (L, m, n) added up by the code of each row's cluster."""
    n_targets = int(target.max()) + 1
    if n_targets == target.size and np.array_equal(target, np.arange(target.size)):
        return risk, influence
    flat = influence.reshape(-1, target.size)
    sums = np.stack([np.bincount(target, row, n_targets) for row in flat])
    return risk, sums.reshape(*risk.shape, n_targets)
