"""Doubly robust risks: right if the model of the risk is, or that of how long plans last."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from sklearn.base import clone

from ..caller_warnings import warn
from ..models import CoxPH
from ..models.curves.confidence import check_interval
from ..models.features.encoder import as_frame
from ..models.inputs.cluster_levels import check_cluster
from ..models.inputs.folds import deal_folds
from ..models.inputs.given_days import as_days
from ..models.inputs.labels import label_codes, refuse_other_order
from ..models.inputs.outcome import Outcome, check_outcome
from ..models.numerics.blas_threads import one_blas_thread
from ..parameter_checks import check_event_of, require_choice, shown
from .assumptions import COMMON, DOUBLY_ROBUST
from .augmented_risks import LevelData, inverse_probability, risk_parts, risks_of_all
from .censoring import CoxCensoring
from .length_weights import LengthWeights
from .levels import rows_by_level
from .result import EffectResult, RiskCurve
from .weighted import CURVE_POINTS, ERRORS, of_whom, sums_by_cluster


def doubly_robust_risk(
    model: Any,
    weights: Any,
    X: Any,
    y: Any,
    times: Any,
    *,
    treatment: str,
    censoring: Any = None,
    folds: Any = None,
    cluster: Any = None,
    event: int = 1,
    errors: str = "influence",
    eligible_days: Any = None,
    level: float = 0.95,
    recompute: Mapping[str, Callable[..., Any]] | None = None,
    hold: Any = None,
    reference: str | None = None,
    random_state: Any = None,
) -> EffectResult:
    r"""Risk had everybody had each level of a treatment, right if either of two models is (augmented weighting).

    .. math:: \hat R_a(t) = \frac{1}{n} \sum_i \left[ F(t \mid a, x_i) + \frac{1\{A_i = a\}}{e_a(x_i)} \left(
        \frac{1\{T_i \le t, \text{event}\}}{G(T_i- \mid x_i)} - F(t \mid A_i, x_i) + \int_0^{T_i \wedge t}
        \frac{F(t \mid A_i, x_i) - F(u \mid A_i, x_i)}{S(u- \mid A_i, x_i)\, G(u- \mid x_i)} dM_i^c(u) \right) \right]

    with F and S of the outcome model, e of the weights, and G and the martingale :math:`M^c` of the model of censoring.
    The same as ``riskRegression::ate`` (AIPTW) where no two rows are censored on one day; its older versions are wrong
    for tied censoring times. It refuses clusters, which are added up here. Rows that are censored on day 0 (a plan that
    ended because the family moved away) show no outcome: all models are fitted without them, and risks are of the
    others.

    For a :class:`CauseSpecificCox` without folds, plain weights of :func:`plan_length_weights` and a Cox model of
    censoring, errors are those of the influence function of the whole: the derivative by the weights of rows, with all
    three models fitted again. For others, and with ``folds``, they take the models as known, which is right for large
    samples where both are right. With few children of a level for the columns of the weights, see ``errors`` of
    :func:`weighted_risk`.

    Parameters
    ----------
    model : IncidenceModel
        Of the risk, with the treatment among its features. Where ``folds`` are given it is fitted to parts of the rows;
        otherwise to all of them, unless it is fitted.
    weights : LengthWeights, or scikit-learn classifier
        Plain weights for ``X[treatment]`` (no trimming, not of overlap), whose case weights count throughout; or a
        classifier of it, which is given all other columns, encoded.
    X : DataFrame, n_rows rows
    y : DataFrame, n_rows rows
        ``duration``, ``event``; no delayed entry.
    times : float or array, shape (n_times,)
        Days.
    treatment : str
        A column of few levels.
    censoring : CoxPH, optional
        By default ``CoxPH(event=0)`` on the columns of ``X``.
    folds : int, or splitter, optional
        Cross-fitting: all models are fitted to the families of the other folds. A number of folds, or an object with
        ``split(X, y, groups)``, such as ``FamilyKFold``. Needed for models that fit their own rows closely (trees).
    cluster : array, shape (n_rows,), optional
        Families, which no fold parts.
    event : int
    errors : {"influence", "leave_one_out"}
        The second has, where the weights count as estimated, what leaving each row out of their model would change.
    eligible_days : float or array, shape (n_rows,), optional
        Days to the 18th birthday.
    level : float
        Coverage of the intervals.
    recompute, hold : optional
        Columns that follow from plan length, as in :func:`standardised_risk`.
    reference : str, optional
        The level that contrasts are against by default.
    random_state : int, Generator or None
        Of the folds.

    Returns
    -------
    EffectResult
        Risks are not forced between 0 and 1, nor to rise.

    Raises
    ------
    ValueError
        Rows have delayed entry, the weights are not those of the rows, or an argument breaks a rule.

    References
    ----------
    Robins, Rotnitzky and Zhao (1994), JASA 89:846; Ozenne, Scheike, Staerk and Gerds (2020), Biometrical Journal
    62:751; Chernozhukov et al. (2018), Econometrics Journal 21:C1, for cross-fitting.

    Examples
    --------
    >>> import numpy as np, pandas as pd, secondplan as sp
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"age": rng.uniform(0, 17, 300)})
    >>> X["short"] = rng.random(300) < 1 / (1 + np.exp(0.2 * X["age"] - 1.5))
    >>> y = pd.DataFrame({"duration": rng.exponential(600, 300), "event": rng.integers(0, 3, 300)})
    >>> weights = sp.plan_length_weights(X[["age"]], X["short"])
    >>> found = sp.doubly_robust_risk(sp.CauseSpecificCox(), weights, X, y, [365], treatment="short")
    >>> found.difference("False")["level"].tolist()
    ['True']
    """
    check_interval(level, "log")
    require_choice("errors", errors, ERRORS)
    refuse_other_order(X=X, y=y, cluster=cluster, eligible_days=eligible_days)
    frame = as_frame(X)
    outcome = check_outcome(y, n_rows=len(frame))
    if treatment not in frame.columns:
        raise ValueError(f"{shown(treatment)} is no column of X")
    levels, codes = label_codes(frame[treatment], len(frame), treatment)
    _check(weights, codes, levels, outcome)
    days, code = as_days(times, "times"), check_event_of(event, outcome.events)
    clusters = check_cluster(cluster, len(frame), None)
    target = np.arange(len(frame)) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    rows = rows_by_level(
        frame, treatment, levels, used=list(frame.columns), recompute=recompute, hold=hold, eligible_days=eligible_days
    )
    weights, case_weight = _of_those_followed(weights, outcome, errors == "leave_one_out")
    given = rows.frames, rows.eligible_days, eligible_days
    data = LevelData(frame, *given, outcome, codes, days, code, treatment, case_weight)
    left = CoxPH(event=0) if censoring is None else clone(censoring) if outcome.never_followed.any() else censoring
    seed = int(np.random.default_rng(random_state).integers(2**31))  # one, so that a curve has the same folds
    with one_blas_thread():
        if folds is None:
            model = model if hasattr(model, "feature_names_in_") else data.fit(model)
            left = CoxCensoring.of(left, frame, outcome, case_weight)

    def estimate(days: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        asked = replace(data, days=days)
        with one_blas_thread():
            if folds is None:
                risk, influence = risks_of_all(model, weights, left, asked)
            else:
                risk, influence = _cross_fitted(model, weights, left, asked, folds, target, seed)
        return sums_by_cluster(risk, influence, target)

    def curve(until: float) -> RiskCurve:
        grid = np.linspace(0.0, until, CURVE_POINTS + 1)
        return RiskCurve(grid, *estimate(grid))

    risk, influence = estimate(days)
    seen = (outcome.event == code)[:, None] & (outcome.duration[:, None] <= days)
    if np.isnan(risk).any():
        warn("nobody is under observation on the last of these days: risks there are not known (NaN)")
    return EffectResult(
        rows.names,
        days,
        risk,
        influence,
        curve=curve,
        estimand=f"risk of event {code} had everybody had each level of {treatment}, doubly robust{of_whom(outcome)}",
        assumptions=(*COMMON, *DOUBLY_ROBUST),
        n_children=int((~outcome.never_followed).sum()),
        counts=np.array([seen[codes == one].sum(axis=0) for one in range(len(levels))]),
        level=level,
        reference=reference,
    )


def _of_those_followed(weights: Any, outcome: Outcome, leave_one_out: bool) -> tuple[Any, np.ndarray]:
    """The weights fitted without the rows of whom no outcome could be seen, and case weights, 0 of these."""
    if isinstance(weights, LengthWeights):
        fitted = weights.without(outcome.never_followed, leave_one_out)
        return fitted, fitted.sample_weight
    return weights, (~outcome.never_followed).astype(float)


def _cross_fitted(
    model: Any, weights: Any, censoring: Any, data: LevelData, folds: Any, target: np.ndarray, random_state: Any
) -> tuple[np.ndarray, np.ndarray]:
    """The same with models fitted to the families of the other folds."""
    n_rows = len(data.frame)
    each = np.empty((len(data.frames), n_rows, data.days.size))
    for train, test in _splits(folds, data, target, random_state):
        learnt, asked = data.take(train), data.take(test)
        fitted = learnt.fit(model)
        modelled = CoxCensoring.of(clone(censoring), learnt.frame, learnt.outcome, learnt.case_weight).model
        matrix = modelled._design(asked.frame).matrix
        risk = np.exp((matrix - modelled.center_) @ modelled.coef_)
        hazard = np.diff(modelled.baseline_hazard_, prepend=0.0)
        parts = risk_parts(fitted, modelled.baseline_time_, hazard, risk, asked)
        each[:, test] = parts.risks(inverse_probability(weights, learnt, asked), asked.codes)
    risk = np.einsum("n,lnm->lm", data.share, each)
    return risk, np.moveaxis(each - risk[:, None], 1, 2) * data.share


def _splits(
    folds: Any, data: LevelData, target: np.ndarray, random_state: Any
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    if hasattr(folds, "split"):
        yield from folds.split(data.frame, data.outcome.event, groups=target)
        return
    fold = deal_folds(data.outcome.event == data.event, target, folds, random_state)
    for one in range(folds):
        yield np.flatnonzero(fold != one), np.flatnonzero(fold == one)


def _check(weights: Any, codes: np.ndarray, levels: list[Any], outcome: Outcome) -> None:
    if outcome.has_delayed_entry:
        raise ValueError(
            "rows have delayed entry, whom weights for censoring do not stand for: use standardised_risk, or "
            "weighted_risk without a model of censoring"
        )
    if isinstance(weights, LengthWeights):
        if not weights.is_plain:
            raise ValueError(
                "doubly robust risks take plain weights by level: not trimmed, of overlap or a density ratio"
            )
        if list(map(str, weights.levels)) != list(map(str, levels)) or not np.array_equal(weights.level_of_row, codes):
            raise ValueError("weights are not those of the rows: their levels differ from the treatment's")
    elif not hasattr(weights, "predict_proba") and not hasattr(weights, "fit"):
        raise ValueError(f"weights must be those of plan_length_weights, or a classifier; got {shown(weights)}")
