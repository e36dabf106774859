"""Target-trial emulation: what if plans had not been ended before some months, or had been ended by then?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...caller_warnings import warn
from ...given_dates import given_date
from ...parameter_checks import require_choice, shown
from ...plans.snapshot import take_snapshot
from ...plans.store import Plans
from ...plans.strategies import EndBy, NaturalCourse, NotBefore, Strategy
from ...small_counts import count_words
from ..result import EffectResult, RiskCurve
from .covariates import TIME_VARYING, as_columns, check_covariates, known_at
from .decisions import MONTH, REVIEW, find_decisions, find_reviews
from .departure_models import Known
from .diagnostics import balance_table, events_by_day, model_table, weight_table
from .estimation import Emulation, Estimate, bootstrap_risks, cluster_influence, estimate, prepare
from .people import find_people
from .protocol import assumptions, natural_first, protocol_table

CLUSTERS = ("family_id", "child_id", "la_code")
DEFAULT_STRATEGIES = (NotBefore(months=3), NotBefore(months=6), EndBy(months=12))
# Reviews of the first year are kept whatever the strategies, so that minimum lengths of up to 12 months can be asked.
LEAST_DAYS = 365
ESTIMAND = "risk of a second plan from the start of the first, had all plans followed the strategy"
MUCH = 0.01


@dataclass(frozen=True, repr=False, eq=False)
class EmulatedTrial:
    """A trial of strategies for when plans end, emulated from records.

    Attributes
    ----------
    risk : EffectResult
        Risks by strategy, with ``.table``, ``.difference()``, ``.ratio()``, ``.time_lost()``, ``.avoided()``; the
        reference is the natural course.
    flow : DataFrame
        Who takes part: step, n_left_out, n_remaining, reason.
    protocol : DataFrame
        component, target, emulation.
    weights : DataFrame
        Distribution of the weights by strategy and day; see :func:`.diagnostics.weight_table`.
    balance : DataFrame
        Standardised differences at reviews, before and after weighting; see :func:`.diagnostics.balance_table`.
    models : DataFrame
        The models of departure and the range of their chances; see :func:`.diagnostics.model_table`.
    covariates : DataFrame
        covariate, known (``at the start``, ``at each review``), in_weights.
    emulation, found : object
        What other strategies are estimated from. They hold one line per child: for use within the authority.
    level : float
    """

    risk: EffectResult
    flow: pd.DataFrame
    protocol: pd.DataFrame
    weights: pd.DataFrame
    balance: pd.DataFrame
    models: pd.DataFrame
    covariates: pd.DataFrame
    emulation: Emulation
    found: Estimate
    level: float

    def plot(self, ax: Any = None) -> Any:
        """Risks by day since the plan's start, one line per strategy; see :func:`secondplan.plot_strategies`."""
        from ...plots import plot_strategies

        return plot_strategies(self._curves(), self.risk.table, at_risk=self.weights, ax=ax)

    def plot_weights(self, ax: Any = None) -> Any:
        """The weights over time; see :func:`secondplan.plot_trial_weights`."""
        from ...plots import plot_trial_weights

        return plot_trial_weights(self.weights, ax=ax)

    def plot_balance(self, ax: Any = None) -> Any:
        """Balance before and after weighting, by review; see :func:`secondplan.plot_trial_balance`."""
        from ...plots import plot_trial_balance

        return plot_trial_balance(self.balance, ax=ax)

    def _curves(self) -> pd.DataFrame:
        days = np.arange(self.emulation.n_days)
        return pd.DataFrame(self.found.risk.T, index=pd.Index(days, name="day"), columns=list(self.risk.levels))

    def __repr__(self) -> str:
        return f"Emulated trial of {count_words(len(self.emulation.known.people))} children\n{self.risk!r}"

    def _repr_html_(self) -> str:
        parts = [self.risk._repr_html_(), self.protocol.to_html(index=False)]
        return f"<p>Emulated trial of {count_words(len(self.emulation.known.people))} children.</p>{''.join(parts)}"


def emulate_trial(
    plans: Plans,
    strategies: Sequence[Strategy] = DEFAULT_STRATEGIES,
    *,
    covariates: Sequence[str] | None = None,
    grace_days: int = 14,
    times: Sequence[int] = (365, 730, 1095),
    truncate: float | None = None,
    bootstrap: int | None = None,
    cluster: str = "family_id",
    level: float = 0.95,
    as_of: Any = None,
    n_jobs: int = 1,
    random_state: int = 0,
) -> EmulatedTrial:
    r"""Emulate a trial of strategies for when first plans end, by cloning, censoring and weighting.

    Follow-up begins on the day the plan starts. Each child is copied for each strategy; a copy leaves when somebody
    ends its plan against the strategy (or does not end it), and those that stay are weighted by one over the chance of
    staying given what was known at each review. Care, leaving and the 18th birthday compete, and are never departures.
    How strategies are read at reviews, months and deadlines is told in :mod:`secondplan.effects.trial.copies`.

    Parameters
    ----------
    plans : Plans
    strategies : sequence of NotBefore and EndBy
        The natural course is added, as the reference.
    covariates : list of str, optional
        What the models of departure adjust for; all that is known by default. ``trial.covariates`` lists them. Time in
        the plan, since the last review, and the date are always in them.
    grace_days : int
        An ending recorded so many days after a review is that review's decision, also where the review was the last in
        time for an ``EndBy``, whose own ``grace_days`` are as many, or not given.
    times : sequence of int
        Days after the plan's start at which risks are stated.
    truncate : float, optional
        The largest weight: larger ones are cut to it (1 or more), or to this quantile (below 1) of the weights that are
        not 1. Cut weights leave some bias for less variance. Errors take the place of the cut as given.
    bootstrap : int, optional
        Draw the clusters anew so many times, with all models fitted again; by default errors come from influence
        functions, which allow for estimated weights and are much faster.
    cluster : {"family_id", "child_id", "la_code"}
        What is not independent.
    level : float
        Coverage of the intervals.
    as_of : date, optional
        As though the extract had been made on that day.
    n_jobs : int
        Draws of the bootstrap side by side.
    random_state : int
        Of the bootstrap.

    Returns
    -------
    EmulatedTrial

    Raises
    ------
    ValueError
        A strategy, covariate or choice is not known, or a number is out of range.
    EmptyCohortError
        Nobody can take part.

    Notes
    -----
    Against the generator's truth (``benchmarks/results/trial.md``), in 40 stores of 60,000 children of
    ``confounding-measured``: the mean difference from the natural course is within 0.001 of it for ``NotBefore``; for
    ``EndBy(months=12)`` at 1,095 days it is 0.0020 (Monte Carlo error 0.0010) below 0.123. With what is known at the
    start only, these are off by up to 0.006 and 0.053. Where few plans stand for many, as under ``EndBy``, an estimate
    that is too low has too small an error: intervals of contrasts allow for that (see ``EffectResult.small_sample``),
    and hold the truth in 93 to 96 % of 500 stores of 12,000 children without an effect of length; in the 40 stores, of
    ``EndBy`` at two and three years, in 85 and 88 % (error 6). One council is too small for ``EndBy``: its intervals
    hold the truth in 78 to 85 % of 60 stores of 1,500 children and in 46 to 71 % of 150 stores of 300 (errors 4 to 5),
    those of ``NotBefore`` in 94 to 97 % (``python -m benchmarks.trial effect-none --children 300 --stores 150``).

    References
    ----------
    Hernán (2018), American Journal of Epidemiology 187:1606. Cain et al. (2010), International Journal of Biostatistics
    6(2):18. Robins and Finkelstein (2000), Biometrics 56:779. Hall (1992), Journal of the Royal Statistical Society B
    54:221. Pan and Wall (2002), Statistics in Medicine 21:1429.

    Examples
    --------
    >>> from secondplan import emulate_trial, NotBefore, simulate
    >>> trial = emulate_trial(simulate(n_children=400), [NotBefore(months=3)], times=[365])
    >>> trial.risk.table["strategy"].tolist()
    ['natural course', 'no ending before 3 months']
    >>> trial.risk.difference().shape
    (1, 8)
    """
    given = natural_first(_check_strategies(strategies))
    require_choice("cluster", cluster, CLUSTERS)
    days = _check_times(times)
    _check_numbers(grace_days, truncate, bootstrap, n_jobs)
    _check_grace(given, grace_days)
    snapshot = take_snapshot(plans, None if as_of is None else given_date(as_of, "as_of"))
    people, flow, period_of_plan = find_people(snapshot, cluster)
    if cluster == "la_code" and people.n_clusters < 2:
        raise ValueError("cluster='la_code' needs two authorities or more for errors, the data hold one: use family_id")
    until = max([LEAST_DAYS, *(strategy.days for strategy in given if not isinstance(strategy, NaturalCourse))])
    reviews = find_reviews(people, snapshot.reviews, period_of_plan, until + grace_days)
    decisions = find_decisions(people, reviews, grace_days, until + grace_days)
    known = known_at(people, decisions, snapshot, period_of_plan)
    use = check_covariates(known, covariates)
    lines = np.unique(decisions.record, return_index=True)[1]
    columns = as_columns(known, decisions.kind[lines] == REVIEW)
    emulation = prepare(Known(people, decisions, columns, use), given, grace_days, max(days) + 1, truncate)
    found = estimate(emulation)
    _warn(emulation, found, days)
    listed = pd.DataFrame({"covariate": known.columns})
    listed["known"] = np.where(listed["covariate"].isin(TIME_VARYING), "at each review", "at the start")
    listed["in_weights"] = listed["covariate"].isin(use)
    errors = "errors from influence functions" if bootstrap is None else f"errors from {bootstrap} draws of clusters"
    return EmulatedTrial(
        risk=effect_of(emulation, found, days, level, bootstrap, n_jobs, random_state),
        flow=flow,
        protocol=protocol_table(given, days, grace_days, use, errors),
        weights=weight_table(emulation, found),
        balance=balance_table(emulation, found),
        models=model_table(emulation, found),
        covariates=listed,
        emulation=emulation,
        found=found,
        level=level,
    )


def effect_of(
    emulation: Emulation,
    found: Estimate,
    times: Sequence[int],
    level: float,
    bootstrap: int | None = None,
    n_jobs: int = 1,
    random_state: int = 0,
) -> EffectResult:
    """The result of an emulation, with errors."""
    names = tuple(strategy.name for strategy in emulation.strategies)
    at = np.asarray(times, dtype=int)
    draws = influence = None
    if bootstrap is None:
        functionals = np.zeros((at.size, emulation.n_days))
        functionals[np.arange(at.size), at] = 1.0
        influence = cluster_influence(emulation, found, functionals)
    else:
        draws = bootstrap_risks(emulation, found, bootstrap, np.random.default_rng(random_state), n_jobs)

    def curve(until: float) -> RiskCurve:
        if until > emulation.n_days - 1:
            raise ValueError(f"until must be at most {emulation.n_days - 1}, the last of times, got {shown(until)}")
        every = np.arange(emulation.n_days)
        if draws is not None:
            return RiskCurve(every.astype(float), found.risk, draws=draws, is_step=True)
        # One step from day 0 of the mean risk has the area, and its influence the area's.
        share = np.clip(until - every, 0.0, 1.0)[None] / until
        mean = np.where(share > 0, found.risk, 0.0) @ share[0]
        return RiskCurve(np.zeros(1), mean[:, None], cluster_influence(emulation, found, share), is_step=True)

    return EffectResult(
        levels=names,
        times=at,
        risk=found.risk[:, at],
        influence=influence,
        draws=None if draws is None else draws[:, :, at],
        curve=curve,
        estimand=ESTIMAND,
        assumptions=assumptions(emulation.strategies, emulation.known.use),
        n_children=len(emulation.known.people),
        counts=events_by_day(emulation.copies, times),
        level=level,
        level_name="strategy",
        reference=NaturalCourse().name,
        small_sample=True,
    )


def _check_strategies(strategies: Any) -> list[Strategy]:
    given = list(strategies) if isinstance(strategies, list | tuple) else [strategies]
    wrong = [each for each in given if not isinstance(each, NaturalCourse | NotBefore | EndBy)]
    if wrong or not given:
        came = shown(wrong[0]) if wrong else "none"
        raise ValueError(f"strategies must be a list of NotBefore(months=...) and EndBy(months=...), got {came}")
    if len(set(given)) < len(given):
        raise ValueError(f"strategies must differ, got {len(given)} of which {len(set(given))} are different")
    return given


def _check_times(times: Any) -> list[int]:
    given = np.atleast_1d(np.asarray(times))
    if given.ndim != 1 or not given.size or given.dtype.kind not in "if" or not np.all(given == np.floor(given)):
        raise ValueError(f"times must be whole days after the plan's start, got {shown(times)}")
    if given.min() < 1 or np.any(np.diff(given) <= 0):
        raise ValueError("times must be ascending and at least 1")
    return [int(day) for day in given]


def _check_numbers(grace_days: Any, truncate: Any, bootstrap: Any, n_jobs: Any) -> None:
    for name, value, least in (("grace_days", grace_days, 0), ("bootstrap", bootstrap, 2), ("n_jobs", n_jobs, 1)):
        if name == "bootstrap" and value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
            raise ValueError(f"{name} must be a whole number of {least} or more, got {shown(value)}")
    if truncate is not None and (isinstance(truncate, bool) or not np.isreal(truncate) or not truncate > 0):
        raise ValueError(
            f"truncate must be a largest weight of 1 or more, or a quantile below 1, got {shown(truncate)}"
        )


def _check_grace(strategies: Sequence[Strategy], grace_days: int) -> None:
    for strategy in strategies:
        own = strategy.grace_days if isinstance(strategy, EndBy) else 0
        if own not in (0, grace_days):
            raise ValueError(
                f"EndBy has {own} days of grace, the trial {grace_days}: give both the same grace_days, or EndBy none"
            )


def _warn(emulation: Emulation, found: Estimate, times: Sequence[int]) -> None:
    n = len(emulation.known.people)
    if not found.fitted.converged:
        warn("a model of departure did not converge: its weights may be off; give fewer covariates")
    for copies, curve in zip(emulation.copies, found.curves, strict=True):
        name = copies.strategy.name
        if copies.n_unsupported > MUCH * n:
            warn(
                f"{name}: {copies.n_unsupported / n:.0%} of the plans have no review in time at which they could have "
                "been ended; their copies leave at the deadline without anybody to stand for them"
            )
        unknown = [time for time in times if np.isnan(curve.incidence[time])]
        if unknown:
            warn(
                f"{name}: nobody is followed to day {unknown[0]}, so that the risk is not known; ask for earlier times"
            )
    if not np.any(np.isin(emulation.known.decisions.kind, (REVIEW, MONTH))):
        warn("the data hold neither a review nor a plan that was ended: no strategy differs from the natural course")
