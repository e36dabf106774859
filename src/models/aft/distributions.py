"""Which parametric shape fits the time to an event: lifelines' univariate fits, side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning

from ...caller_warnings import warn
from ...parameter_checks import check_event
from ..curves.confidence import check_interval, hazard_bounds
from ..curves.nonparametric import nelson_aalen
from ..curves.tables import as_html, as_text
from ..inputs.at_risk import rows_at_risk
from ..inputs.case_weights import are_counts
from ..inputs.labels import refuse_other_order
from ..inputs.other_spellings import explains_other_calls
from ..inputs.outcome import Outcome, outcome_from_arrays
from .univariate_fits import SHAPES, THREE_PARAMETERS, YARDSTICK, UnivariateFit, UnivariateTimes, fit_shapes

CURVE_DAYS = 200
NELSON_AALEN = "Nelson-Aalen"
# Differences in AIC, in the words of Burnham and Anderson (2002), section 2.6.
NO_EVIDENCE, HARDLY_ANY_SUPPORT = 2.0, 10.0


@dataclass(frozen=True)
class DistributionComparison:
    """Parametric shapes fitted to the time to one event, against each other and against Nelson-Aalen.

    Attributes
    ----------
    table : DataFrame
        One row per distribution, best AIC first, the yardstick last: ``log_likelihood``, ``n_parameters``, ``aic``,
        ``bic``, ``aic_difference`` (to the best shape; below 2 is no evidence), ``outside`` (share of the days with an
        event on which its cumulative hazard lies outside the interval of Nelson-Aalen) and ``verdict`` in words. NaN
        where lifelines' search failed.
    parameters : DataFrame
        Indexed by (distribution, parameter), as lifelines names them, times in days: ``estimate``, ``std_error``,
        ``lower``, ``upper`` (of what is positive symmetric for the logarithm); NaN where the likelihood is flat.
    cumulative_hazards : DataFrame
        ``distribution``, ``day``, ``estimate``, ``lower``, ``upper``: of Nelson-Aalen at the days of its steps, of each
        fit at evenly spread days; intervals are symmetric for the logarithm, of fits by the delta method.
    event : int
        Code of the event; other events count as censoring.
    n_rows : int
    n_events : float
        Their weight, where weights were given.
    level : float
        Of the intervals.
    notes : tuple of str
        What to know before reading the numbers.
    at_risk : callable
        The weighted number at risk just before each of the days that it is given.
    """

    table: pd.DataFrame
    parameters: pd.DataFrame
    cumulative_hazards: pd.DataFrame
    event: int
    n_rows: int
    n_events: float
    level: float
    notes: tuple[str, ...]
    at_risk: Callable[[Any], np.ndarray] = field(repr=False)

    def plot(self, ax: Any = None, **options: Any) -> Any:
        """Draw the cumulative hazards beside Nelson-Aalen; options as in :func:`secondplan.plot_distributions`."""
        from ...plots import plot_distributions

        return plot_distributions(self, ax=ax, **options)

    def _shown(self) -> tuple[str, pd.DataFrame]:
        title = f"Time to event {self.event}: {self.n_rows:,} rows, {self.n_events:,.10g} events"
        digits = {"log_likelihood": 2, "aic": 2, "bic": 2, "aic_difference": 2, "outside": 2}
        return "\n".join([title, *self.notes]), self.table.round(digits)

    def __repr__(self) -> str:
        return as_text(*self._shown())

    def _repr_html_(self) -> str:
        return as_html(*self._shown())


@explains_other_calls
def compare_distributions(
    duration: Any,
    event: Any,
    *,
    entry: Any = None,
    sample_weight: Any = None,
    event_of_interest: int = 1,
    level: float = 0.95,
) -> DistributionComparison:
    r"""Which parametric shape fits the time to an event, by likelihood and against Nelson-Aalen.

    Exponential, Weibull, lognormal, loglogistic and generalised gamma distributions are fitted by maximum likelihood
    (by lifelines) to the time to one event, other events counting as censoring: the hazard :math:`h` of that cause,
    whose integral :math:`H(t) = \int_0^t h(u)\,du` is set against Nelson-Aalen's. (With competing events
    :math:`1 - \exp(-H)` is no risk: for that fit :class:`ParametricAFT` with the shape found here.) A hazard that is
    constant within eight spans of like many events serves as yardstick: it follows any shape roughly.

    Parameters
    ----------
    duration, event, entry : array, shape (n_rows,)
        As in :func:`.outcome.check_outcome`, in days; a row is at risk on ``(entry, duration]``. Time is continuous
        here: a duration of 0 days counts as half a day, which ``notes`` says.
    sample_weight : array, shape (n_rows,), optional
        Case weights, not negative. Whole numbers count repeated rows; others are brought to mean 1, and errors are
        robust, so that nothing depends on their scale.
    event_of_interest : int
        Code of the event.
    level : float
        Coverage of the intervals.

    Returns
    -------
    DistributionComparison
        ``table``, ``parameters``, ``cumulative_hazards``, ``notes``, and ``plot()``. Log likelihoods are of the days
        themselves, so that they compare with those of :class:`ParametricAFT`; BIC counts rows, by weight.

    Warns
    -----
    ConvergenceWarning
        A shape could not be fitted; its row in the table is NaN.

    Raises
    ------
    ValueError
        No row has the event, or all of them have it on the last day, so that there is no spread to estimate; or see
        :func:`.outcome.check_outcome`.
    ModuleNotFoundError
        lifelines is not installed: it comes with the extra ``lifelines``.

    References
    ----------
    Davidson-Pilon (2019), lifelines: survival analysis in Python, Journal of Open Source Software 4(40), 1317.
    Burnham and Anderson (2002), Model Selection and Multimodel Inference, 2nd edition, section 2.6.

    Examples
    --------
    >>> import numpy as np
    >>> days = 500 * np.random.default_rng(0).weibull(2.0, 300)
    >>> found = compare_distributions(np.minimum(days, 700), days < 700)
    >>> found.table.index[0]
    'weibull'
    """
    check_interval(level, "log")
    refuse_other_order(duration=duration, event=event, entry=entry, sample_weight=sample_weight)
    check_event(event_of_interest, "event_of_interest")
    given = rows_at_risk(outcome_from_arrays(duration, event, entry), sample_weight)
    outcome = given.outcome
    weight = np.ones(len(outcome)) if given.weight is None else given.weight
    outcome, weight = outcome.of_weight(given.weight).keep_event(event_of_interest), weight[weight > 0]
    weight = weight if are_counts(weight) else weight / weight.mean()
    times = UnivariateTimes.of(outcome, weight)
    if not times.is_event.any():
        raise ValueError(f"no row has event {event_of_interest}, so that no distribution can be fitted to its days")
    if times.event_times[0] == times.duration.max():
        raise ValueError(
            f"event {event_of_interest}: all its events are on the last day that is observed; no spread to estimate"
        )
    begin = max(float(outcome.entry.min()), 0.0)
    days = np.linspace(begin, outcome.duration.max(), CURVE_DAYS + 1)[1:]
    fits = fit_shapes(times, begin, np.r_[times.event_times, days], level)
    if not fits.keys() & SHAPES.keys():
        raise ValueError(f"event {event_of_interest}: lifelines could fit none of {', '.join(SHAPES)} to its days")
    missing = [
        name for name in SHAPES if name not in fits and (name != THREE_PARAMETERS or times.suffice_for_three_parameters)
    ]
    failed = [
        f"{name}: not fitted; lifelines' search for the maximum of its likelihood did not converge." for name in missing
    ]
    flat = [
        f"{name}: the likelihood is flat at its maximum, so that it has no intervals."
        for name, fit in fits.items()
        if not np.all(np.isfinite(fit.parameters))
    ]
    for message in (*failed, *flat):
        warn(message, ConvergenceWarning)
    steps, band, at_risk = _nelson_aalen(outcome, weight, times.event_times, level)
    table = _table(fits, missing, float(weight.sum()))
    n_steps = times.event_times.size
    for name, fit in fits.items():
        at_events = fit.hazard[:n_steps]
        table.loc[name, "outside"] = np.mean((at_events < band["lower"]) | (at_events > band["upper"]))
    curves = [
        steps,
        *(_curve(name, days, fit.hazard[n_steps:], fit.error[n_steps:], level) for name, fit in fits.items()),
    ]
    return DistributionComparison(
        table=table,
        parameters=pd.concat({name: fit.parameters for name, fit in fits.items()}, names=["distribution", "parameter"]),
        cumulative_hazards=pd.concat(curves, ignore_index=True),
        event=event_of_interest,
        n_rows=len(outcome),
        n_events=float(weight @ outcome.event),
        level=level,
        notes=(*_notes_on_days(outcome, begin), *failed, *flat, *_notes_on_fits(table, times)),
        at_risk=at_risk,
    )


def _nelson_aalen(
    outcome: Outcome, weight: np.ndarray, event_times: np.ndarray, level: float
) -> tuple[pd.DataFrame, pd.DataFrame, Callable[[Any], np.ndarray]]:
    """Nelson-Aalen as a curve of the result, at the days that distributions are fitted to, and its numbers at risk."""
    own = outcome.to_frame()
    curve = nelson_aalen(own["duration"], own["event"], entry=own["entry"], sample_weight=weight)
    steps = curve.times[curve.n_events > 0]
    table = curve.at(steps, level=level).reset_index().drop(columns="std_error")
    table.insert(0, "distribution", NELSON_AALEN)
    return table, curve.at(event_times, level=level), curve.at_risk


def _curve(name: str, days: np.ndarray, hazard: np.ndarray, error: np.ndarray, level: float) -> pd.DataFrame:
    with np.errstate(over="ignore"):
        lower, upper = hazard_bounds(hazard, error, level)
    return pd.DataFrame({"distribution": name, "day": days, "estimate": hazard, "lower": lower, "upper": upper})


def _table(fits: dict[str, UnivariateFit], missing: list[str], n_rows: float) -> pd.DataFrame:
    """The criteria of each fit, best AIC first, what failed after it, the yardstick last."""
    shapes = [name for name in SHAPES if name in fits]
    shapes.sort(key=lambda name: fits[name].aic)
    best = fits[shapes[0]].aic
    rows: dict[str, dict[str, Any]] = {}
    for name in [*shapes, *missing, *([YARDSTICK] if YARDSTICK in fits else [])]:
        fit = fits.get(name)
        if fit is None:
            rows[name] = {"verdict": "not fitted"}
            continue
        difference = fit.aic - best
        verdict = "yardstick, no shape" if name == YARDSTICK else _in_words(difference)
        rows[name] = {
            "log_likelihood": fit.log_likelihood,
            "n_parameters": len(fit.parameters),
            "aic": fit.aic,
            "bic": len(fit.parameters) * np.log(n_rows) - 2.0 * fit.log_likelihood,
            "aic_difference": difference,
            "outside": np.nan,
            "verdict": verdict,
        }
    table = pd.DataFrame.from_dict(rows, orient="index").rename_axis("distribution")
    return table.astype({"n_parameters": "Int64"})


def _in_words(difference: float) -> str:
    if difference == 0:
        return "best by AIC"
    if difference < NO_EVIDENCE:
        return "as good: a difference below 2 is no evidence"
    return "less well supported" if difference <= HARDLY_ANY_SUPPORT else "hardly any support"


def _notes_on_days(outcome: Outcome, begin: float) -> list[str]:
    n_first_day, notes = int(((outcome.duration == 0) & (outcome.event == 1)).sum()), []
    if n_first_day:
        notes.append(f"{n_first_day:,} events on day 0 count at half a day, as distributions have none at 0.")
    if begin > 0:
        notes.append(f"Nobody is observed before day {begin:g}: cumulative hazards are counted from there.")
    return notes


def _notes_on_fits(table: pd.DataFrame, times: UnivariateTimes) -> list[str]:
    notes = []
    if not times.suffice_for_three_parameters:
        notes.append(f"{THREE_PARAMETERS}: not fitted; it takes events on four days or more.")
    ahead = -table["aic_difference"].get(YARDSTICK, np.nan)
    if ahead > NO_EVIDENCE:
        notes.append(
            f"No shape follows the hazard well: the {YARDSTICK} yardstick is ahead of the best by {ahead:.1f} in AIC. "
            "RoystonParmar or DiscreteTimeHazard suppose no shape."
        )
    return notes
