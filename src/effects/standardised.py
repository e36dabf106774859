"""Standardisation: the average risk of children had the plans of all of them been of one length."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..caller_warnings import warn
from ..models.curves.confidence import check_interval
from ..models.explanation.standardised_risks import (
    Averaged,
    StandardisedRisks,
    averaged_rows,
    bootstrapped_risks,
    standardised_risks,
)
from ..models.features.encoder import as_frame
from ..models.inputs.case_weights import weight_of_each
from ..models.inputs.follow_up import said_once
from ..models.inputs.given_days import as_days
from ..models.inputs.labels import refuse_other_order
from ..models.numerics.blas_threads import one_blas_thread
from .assumptions import COMMON, OF_MODELS
from .levels import LevelRows, rows_by_level
from .result import EffectResult, RiskCurve

# A number with more values than these is no group, of whom events could be counted.
MOST_GROUPS = 12
# Days between 0 and the last of a curve for areas.
CURVE_POINTS = 60


def standardised_risk(
    model: Any,
    X: Any,
    *,
    treatment: str,
    levels: Any,
    times: Any,
    event: int = 1,
    eligible_days: Any = None,
    cluster: Any = None,
    sample_weight: Any = None,
    level: float = 0.95,
    recompute: Mapping[str, Callable[..., Any]] | None = None,
    hold: Any = None,
    reference: str | None = None,
    n_bootstrap: int = 200,
    random_state: Any = None,
) -> EffectResult:
    r"""Average risk of the rows had all of them had each level of a treatment, by standardisation (the g-formula).

    .. math:: R_a(t) = E\{F(t \mid a, L)\}, \qquad
        \hat R_a(t) = \frac{\sum_i w_i \hat F(t \mid a, L_i)}{\sum_i w_i}

    with F the model's cumulative incidence and L the other features. It is the risk had everybody had level a if the
    features hold all that moves both treatment and outcome, the model is right, and every child could have had every
    level (``assumptions``).

    The variance adds up squared influence functions over clusters, of all that is estimated: coefficients, baselines
    and the distribution of L,

    .. math:: \mathrm{IF}_c = \sum_{i \in c} \frac{w_i}{W} \{\hat F(t \mid a, L_i) - \hat R_a\} +
        \sum_{j \in c} \frac{1}{W} \sum_i w_i\, \mathrm{IF}_j(\hat F(t \mid a, L_i)),

    which are derivatives of the whole estimate by the weights of rows, ties, delayed entry and clusters included, in
    both forms of ``CauseSpecificCox``. ``riskRegression::ate`` has the same estimates; it refuses delayed entry and
    clusters, and its errors differ from the derivative by up to 2 % where events share days (a day with several events
    adds to the compensator once) and by about 0.35 % in the product-limit form (a factor 1 / (1 - dH) of a day is
    left out). The weights of ``FineGray(censoring_ties="finegray")`` and the knots of splines count as known. Models
    without influence functions (``BoostedHazard``) are fitted again to draws of clusters.

    Parameters
    ----------
    model : IncidenceModel
        Fitted. One that was loaded gives estimates without intervals: it holds no rows.
    X : DataFrame or ndarray, shape (n_rows, n_columns)
        The rows averaged over. Where they are those of the fit, errors allow for it; others count as other children.
    treatment : str
        A column.
    levels : list, or dict of str
        Values of the treatment; in a dict also functions of the frame, or :class:`ShiftBy`, under their names.
    times : float or array, shape (n_times,)
        Days after the plan's end.
    event : int
    eligible_days : float or array, shape (n_rows,), optional
        Days to the 18th birthday: a row's risk is flat after it.
    cluster : array, shape (n_rows,), optional
        Families; those of the fit if not given, where the rows are the same.
    sample_weight : array, shape (n_rows,), optional
        How much each row counts in the average, such as the case weights of the fit.
    level : float
        Coverage of the intervals.
    recompute : dict of str to callable, optional
        Columns that follow from the treatment, and how: ``function(new, old)`` of the frame with the level and the
        frame as it is; ``eligible_days`` can be one.
    hold : list of str, optional
        Columns that would follow from plan length and are held as they are.
    reference : str, optional
        The level that contrasts are against by default.
    n_bootstrap : int
        Draws for models without influence functions; 0 for none.
    random_state : int, Generator or None

    Returns
    -------
    EffectResult

    Raises
    ------
    ValueError
        The model uses a column that follows from plan length which is neither recomputed nor held, or an argument
        breaks a rule of ``predict_cumulative_incidence``.

    References
    ----------
    Robins (1986), Mathematical Modelling 7:1393; Ozenne, Scheike, Staerk and Gerds (2020), On the estimation of average
    treatment effects with right-censored time to event outcome and competing risks, Biometrical Journal 62:751.

    Examples
    --------
    >>> import numpy as np, pandas as pd, secondplan as sp
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"plan_length_days": rng.uniform(30, 700, 300), "disabled": rng.random(300) < 0.3})
    >>> y = pd.DataFrame({"duration": rng.exponential(600, 300).round(), "event": rng.integers(0, 3, 300)})
    >>> model = sp.CauseSpecificCox().fit(X, y)
    >>> found = sp.standardised_risk(model, X, treatment="plan_length_days", levels=[60, 270], times=[365])
    >>> found.difference("60").columns.tolist()
    ['level', 'reference', 'time', 'estimate', 'std_error', 'lower', 'upper', 'p_value']
    """
    check_is_fitted(model)
    check_interval(level, "log")
    chosen = getattr(model, "model_", model)  # of a path
    refuse_other_order(X=X, eligible_days=eligible_days, cluster=cluster, sample_weight=sample_weight)
    used = [*chosen.encoder_.columns_, *_named(getattr(chosen, "strata", None))]
    rows = rows_by_level(X, treatment, levels, used=used, recompute=recompute, hold=hold, eligible_days=eligible_days)
    if treatment not in used:
        raise ValueError(f"{treatment} is no column that the model uses; these are: {', '.join(used) or 'none'}")
    days = as_days(times, "times")
    with one_blas_thread(), said_once():
        averaged = averaged_rows(chosen, as_frame(X), sample_weight, cluster)
        estimate = partial(
            _estimate, chosen, rows, averaged, event, weight_of_each(sample_weight, len(rows.frames[0])),
            n_bootstrap=n_bootstrap, random_state=_seed(random_state),
        )  # fmt: skip
        found = estimate(days)
    return EffectResult(
        rows.names,
        days,
        found.risk,
        found.influence,
        found.draws,
        partial(_curve, estimate),
        estimand=f"risk of event {event} had everybody had each level of {treatment}, standardised",
        assumptions=(*COMMON, *OF_MODELS),
        n_children=len(rows.frames[0]),
        counts=_events_seen(chosen, averaged, rows, X, treatment, days, event),
        level=level,
        reference=reference,
    )


def _named(columns: Any) -> list[str]:
    return [columns] if isinstance(columns, str) else list(columns or [])


def _seed(random_state: Any) -> Any:
    """One seed for the risks and for their curve, so that both are of the same draws."""
    return int(np.random.default_rng(random_state).integers(2**31))


def _estimate(
    model: Any,
    rows: LevelRows,
    averaged: Averaged | None,
    event: int,
    weight: np.ndarray,
    days: np.ndarray,
    *,
    n_bootstrap: int,
    random_state: Any,
) -> StandardisedRisks:
    asked: dict[str, Any] = {"event": event, "eligible_days": rows.eligible_days}
    if averaged is None:
        warn("the model holds no rows of its training (a loaded one never does): risks have no intervals; fit it again")
        risks = [
            weight @ model.predict_cumulative_incidence(frame, days, event=event, eligible_days=own) / weight.sum()
            for frame, own in zip(rows.frames, rows.eligible_days, strict=True)
        ]
        return StandardisedRisks(np.array(risks))
    if hasattr(model, "_influence_along"):
        return standardised_risks(model, rows.frames, days, averaged=averaged, **asked)
    again = {"n_bootstrap": n_bootstrap, "random_state": random_state}
    return bootstrapped_risks(model, rows.frames, days, averaged=averaged, **asked, **again)


def _curve(estimate: Callable[[np.ndarray], StandardisedRisks], until: float) -> RiskCurve:
    """The risks day by day until ``until``, for areas."""
    days = np.linspace(0.0, until, CURVE_POINTS + 1)
    with one_blas_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # said of the risks themselves
        found = estimate(days)
    return RiskCurve(days, found.risk, found.influence, found.draws)


def _events_seen(
    model: Any, averaged: Averaged | None, rows: LevelRows, X: Any, treatment: str, days: np.ndarray, event: int
) -> np.ndarray | None:
    """Events seen by each day of rows that had each level, where levels are groups of the rows of training."""
    if averaged is None or not averaged.is_training:
        return None
    training, own = model._training, as_frame(X)[treatment]
    is_group = not np.issubdtype(own.dtype, np.number) if isinstance(own.dtype, np.dtype) else True
    if not is_group and own.nunique() > MOST_GROUPS:
        return None
    seen = training.outcome.event == event
    own = np.asarray(training.of_given(own.to_numpy(dtype=object)))
    counts = [
        [int((seen & (training.outcome.duration <= day) & (own == value)).sum()) for day in days]
        for value in rows.values
        if not callable(value) and not hasattr(value, "of")
    ]
    return np.array(counts) if len(counts) == len(rows.names) else None
