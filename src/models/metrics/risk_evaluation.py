"""Metrics of several models on the same rows, with errors and differences: ``evaluate_risks``."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from ...parameter_checks import shown
from .censoring import learnt_elsewhere
from .censoring_model import LateModelWeights, ModelWeights
from .decision_curve import check_thresholds
from .inputs import MetricInputs, check_evaluation
from .metric_bounds import holm_within, metric_bounds, normal_p_value
from .metric_table import Choices, scale_of
from .precision import check_k
from .risk_estimates import CURVE, KNOWN, NULL_MODEL, Estimate, Key, Task, estimate_all
from .state_weights import KnownWeights, StateWeights


@dataclass(frozen=True)
class RiskEvaluation:
    """Metrics of several models on the same rows, with errors and differences.

    Attributes
    ----------
    table : DataFrame
        ``model, metric, time, estimate, std_error, lower, upper``, a row for each model, metric and time; the null
        model, ``AalenJohansen``, gives every row the Aalen-Johansen incidence of the rows.
    differences : DataFrame
        ``model, reference, metric, time, difference, std_error, lower, upper, p_value, p_adjusted``: the metric of the
        model less that of the reference, each pair of models once, and each against the null model. ``p_adjusted`` is
        Holm's, over all pairs and times of a metric.
    level : float
        Coverage of the intervals.
    n, n_clusters : int
        Rows that were used, and their clusters (rows where no ``cluster`` was given).
    n_events : int
        Rows seen to have the event.
    landmark : float or None
        Day from which times count.
    """

    table: pd.DataFrame
    differences: pd.DataFrame
    level: float
    n: int
    n_clusters: int
    n_events: int
    landmark: float | None
    _rows: MetricInputs = field(repr=False)
    _influence: dict[tuple[str, str, float], np.ndarray] = field(repr=False)

    def influence(self, model: str, metric: str, time: float) -> np.ndarray:
        r"""Influence of each row on an estimate, :math:`n\,w_i\,d\hat\theta / dw_i`, shape (n_given,).

        The variance of the estimate is the sum over clusters of squared sums of it, divided by :math:`n^2`. Rows that
        were not used have 0.

        Raises
        ------
        KeyError
            There is no such estimate, or it has no influence function.
        """
        key = (model, metric, float(time))
        if key not in self._influence:
            raise KeyError(f"no influence function of {metric} of {model} at time {float(time):g}")
        result = np.zeros(self._rows.n_given)
        result[self._rows.rows] = self._rows.n_given * self._influence[key]
        return result

    def __repr__(self) -> str:
        """What was evaluated, and the estimates with their intervals."""
        since = "" if self.landmark is None else f" free of events on day {self.landmark:g}"
        percent = f"{100 * self.level:g} %"
        shown = self.table.copy()
        shown["time"] = shown["time"].map("{:g}".format)
        cells = [
            f"{row.estimate:.4f}" + (f" ({row.lower:.4f} to {row.upper:.4f})" if np.isfinite(row.lower) else "")
            for row in shown.itertuples()
        ]
        wide = shown.assign(cell=cells).pivot_table(
            index=["metric", "time"], columns="model", values="cell", aggfunc="first", sort=False
        )
        clusters = "" if self.n_clusters == self.n else f" in {self.n_clusters} clusters"
        return (
            f"{self.n} rows{since}{clusters}, {self.n_events} with the event; estimates with {percent} intervals\n"
            + wide[list(dict.fromkeys(shown["model"]))].to_string()
        )

    def plot(self, metric: str = "brier", ax: Any = None) -> Any:
        """One metric by time, with intervals, a line for each model; returns the axes."""
        from ...plots.metrics_by_time import plot_metric

        if metric not in set(self.table["metric"]):
            raise ValueError(f"metric must be one of {', '.join(dict.fromkeys(self.table['metric']))}; got {metric!r}")
        return plot_metric(self.table[self.table["metric"] == metric], ax=ax)


def evaluate_risks(
    risks: Mapping[str, Any],
    y: Any,
    times: Any,
    *,
    event: int = 1,
    metrics: Sequence[str] = ("brier", "ipa", "auc"),
    cluster: Any = None,
    sample_weight: Any = None,
    censoring: Any = None,
    level: float = 0.95,
    landmark: float | None = None,
    threshold: float = 0.1,
    k: float = 0.1,
    n_bootstrap: int = 0,
    random_state: Any = None,
    X: Any = None,
) -> RiskEvaluation:
    r"""Measure the predicted risks of several models on the same rows, with errors, intervals and all differences.

    The estimand of every metric is that of all children from day 0 (or from the landmark on), none of them censored or
    yet to enter. Standard errors come from influence functions, :math:`\sqrt{\sum_c (\sum_{i \in c} \phi_i)^2} / n`
    with :math:`\phi_i = n w_i\,d\hat\theta / dw_i`, in which the weights for censoring and entry are estimated, not
    known (unless ``censoring`` says so); nothing is divided by n - 1. Risks are taken as given: the chance of the fit
    is not in it.

    Rows with delayed entry count from their entry on: an event on day u weighs :math:`S(u-) / Y(u)` and a row still
    observed after the time :math:`S(t) / Y(t+)`, with the product limit :math:`S` of no event of any kind and
    :math:`Y` at risk (``models/metrics/state_weights.py``). That asks that entry and censoring together do not depend
    on outcome and risk, and that somebody is observed from early on. Without delayed entry it is
    :math:`1 / (n G(u-))` and :math:`1 / (n G(t))`, as in ``riskRegression::Score``.

    Parameters
    ----------
    risks : dict of str to array, shape (n, n_times), or (n,) for one time
        Predicted cumulative incidence of ``event``, 0 to 1, by model. A model that is called ``AalenJohansen`` takes
        the place of the null model.
    y : DataFrame or anything that ``check_outcome`` takes, n rows
    times : array, shape (n_times,)
        Days; from the landmark on, if there is one.
    event : int
    metrics : sequence of str
        ``brier, integrated_brier`` (mean over the days from the first time to the last), ``ipa, auc, concordance``
        (Wolbers'), ``concordance_uno, concordance_harrell, observed_expected, calibration_intercept,
        calibration_slope, net_benefit`` (at ``threshold``), ``log_score``; without errors, unless by ``n_bootstrap``:
        ``calibration_errors`` (``ici, e50, e90``), ``average_precision``, ``top_k`` (``precision_at_k, recall_at_k``);
        ``d_calibration``, a test, whose ``p_value`` is one more column of the table.
    cluster : array, shape (n,), optional
        Rows that share a value, such as the family, are not independent.
    sample_weight : array, shape (n,), optional
        Case weights: 2 is the same as the row twice; rows of weight 0 are left out.
    censoring : CensoringDistribution, outcomes or model, optional
        By default censoring is learnt from the rows themselves, by the reverse Kaplan-Meier. The outcomes of training
        rows (``duration``, ``event``, maybe ``entry``), or what :func:`~.censoring.fit_censoring` made of them, are
        taken as known: the standard errors are those given these rows. With delayed entry they must be rows that came
        under observation as those that are evaluated did. A model lets censoring depend on ``X``: one that is not
        fitted, such as ``CoxPH(event=0)``, is fitted to the rows (being censored is its event; a Cox model's own error
        is part of the standard errors, that of others is not); one fitted to ``event == 0`` elsewhere is taken as
        known. With a model ``concordance`` is over pairs whose states are both known at the horizon, each row by its
        own weight; with delayed entry, how often children enter must not depend on ``X``.
    level : float
        Coverage of the intervals: symmetric on the logit scale for metrics between 0 and 1, on that of the logarithm
        for those above 0, of log(1 - IPA) for the IPA.
    landmark : float, optional
        Evaluate the rows that are observed and free of events after this day; ``times`` and risks are from then on
        (``predict_cumulative_incidence(..., elapsed=landmark)``). Risks of the other rows are not read.
    threshold : float
        Risk at which one acts, for ``net_benefit``.
    k : int or float
        Rows with the highest risks that are chosen, or below 1 the part of all, for ``top_k``.
    n_bootstrap : int
        Draws of clusters, with replacement, for metrics without influence function: their errors are those of the
        draws. Quantiles of the draws would be beside the estimate, as the distance of noisier curves is larger (ICI,
        E50, E90). A progress bar is shown on a terminal and in a notebook.
    random_state : int, Generator or None
        For the draws.
    X : DataFrame or array, n rows, optional
        What a model of censoring reads.

    Returns
    -------
    RiskEvaluation
        ``.table``, ``.differences``, ``.influence(model, metric, time)``, ``.plot(metric)``. NaN, with a warning, past
        the last follow-up.

    Raises
    ------
    ValueError
        Shapes differ, a risk is missing or outside 0 to 1, or a metric is not known.

    References
    ----------
    Blanche, Proust-Lima, Loubère, Berr, Dartigues and Jacqmin-Gadda (2015), Quantifying and comparing dynamic
    predictive accuracy of joint models for longitudinal marker and time-to-event in presence of censoring and competing
    risks, Biometrics 71. Wang (1991), Nonparametric estimation from cross-sectional survival data, Journal of the
    American Statistical Association 86, for weights under left truncation. The errors of each metric are tested
    against derivatives by the case weights. Those of ``Score`` are near them: they are approximate where days are tied
    or few remain at risk, and those of its AUC count no competing event but the second.

    Examples
    --------
    >>> y = {"duration": [10, 20, 30, 40] * 9, "event": [1, 2, 1, 0] * 9}
    >>> found = evaluate_risks({"ours": [0.6, 0.2, 0.5, 0.3] * 9}, y, [30], metrics=["auc"])
    >>> found.table.round(3)[["model", "metric", "estimate", "std_error"]]
               model metric  estimate  std_error
    0           ours    auc       1.0        0.0
    1  AalenJohansen    auc       0.5        0.0
    """
    wanted = _check_metrics(metrics)
    check_thresholds(np.array([threshold]))
    check_k(k)
    if int(n_bootstrap) != n_bootstrap or n_bootstrap < 0 or n_bootstrap == 1:
        raise ValueError(f"n_bootstrap must be 0 or a number of draws, two at least; got {shown(n_bootstrap)}")
    if not 0 < level < 1:
        raise ValueError(f"level must be between 0 and 1, got {level}")
    given = check_evaluation(
        risks, y, times, event=event, cluster=cluster, sample_weight=sample_weight, landmark=landmark
    )
    weigh = _weigh(censoring, X, given, landmark, wanted)
    task = Task(event, wanted, weigh, Choices(threshold, k), n_bootstrap, random_state)
    estimates = estimate_all(given, task)
    return RiskEvaluation(
        _table(estimates, level),
        _differences(estimates, level),
        level,
        given.rows.size,
        int(np.count_nonzero(np.bincount(given.cluster))),
        int(np.sum(given.outcome.event == event)),
        landmark,
        given,
        {key: found.influence for key, found in estimates.items() if found.influence is not None},
    )


def _weigh(
    censoring: Any, X: Any, given: MetricInputs, landmark: float | None, wanted: tuple[str, ...]
) -> Callable[[MetricInputs], StateWeights | None]:
    """What weighs the rows, where that is not the rows themselves.

    Raises
    ------
    ValueError
        ``X`` is missing or of another length, or pairs cannot be weighted.
    """
    if censoring is None:
        return lambda rows: None
    if not hasattr(censoring, "fit"):
        known = learnt_elsewhere(censoring)
        later = known if landmark is None else known.since(landmark)
        return lambda rows: KnownWeights(rows.outcome, rows.weight, later)
    if X is None or len(X) != given.n_given:
        raise ValueError(f"a model of censoring needs X, with {given.n_given} rows; got {0 if X is None else len(X)}")
    if "concordance_uno" in wanted:
        raise ValueError("concordance_uno needs one censoring distribution for all; with a model ask for concordance")

    def by_model(rows: MetricInputs) -> StateWeights:
        part = X.iloc[rows.rows] if isinstance(X, pd.DataFrame) else np.asarray(X)[rows.rows]
        kind = LateModelWeights if rows.outcome.has_delayed_entry else ModelWeights
        return kind(rows.outcome, rows.weight, censoring, part, landmark or 0.0)

    return by_model


def _check_metrics(metrics: Sequence[str]) -> tuple[str, ...]:
    names = (metrics,) if isinstance(metrics, str) else tuple(metrics)
    unknown = [name for name in names if name not in KNOWN]
    if unknown or not names:
        raise ValueError(f"metrics must be some of {', '.join(KNOWN)}; got {', '.join(map(repr, unknown)) or 'none'}")
    return tuple(dict.fromkeys(names))


def _table(estimates: Mapping[Key, Estimate], level: float) -> pd.DataFrame:
    records = []
    for (model, metric, time), found in estimates.items():
        error = _std_error(found)
        lower, upper = metric_bounds(found.value, error, level, scale_of(metric))
        records.append((model, metric, time, found.value, error, lower, upper))
    table = pd.DataFrame(records, columns=["model", "metric", "time", "estimate", "std_error", "lower", "upper"])
    tests = [found.p_value for found in estimates.values()]
    if any(p_value is not None for p_value in tests):
        table["p_value"] = [float("nan") if p_value is None else p_value for p_value in tests]
    return table


def _differences(estimates: Mapping[Key, Estimate], level: float) -> pd.DataFrame:
    """Each pair of models once, the null model last, so that it is always the reference."""
    columns = ["model", "reference", "metric", "time", "difference", "std_error", "lower", "upper", "p_value"]
    models = list(dict.fromkeys(model for model, _, _ in estimates))
    models = [model for model in models if model != NULL_MODEL] + [NULL_MODEL]
    records = []
    for metric, time in dict.fromkeys((metric, time) for _, metric, time in estimates):
        if metric == CURVE:
            continue
        for model, reference in combinations(models, 2):
            one, other = estimates[model, metric, time], estimates[reference, metric, time]
            difference = _subtract(one, other)
            error = _std_error(difference)
            lower, upper = metric_bounds(difference.value, error, level, "identity")
            p_value = normal_p_value(difference.value, error)
            records.append((model, reference, metric, time, difference.value, error, lower, upper, p_value))
    table = pd.DataFrame(records, columns=columns)
    return table.assign(p_adjusted=holm_within(table["p_value"], table["metric"]))


def _subtract(one: Estimate, other: Estimate) -> Estimate:
    def part(name: str) -> np.ndarray | None:
        first, second = getattr(one, name), getattr(other, name)
        return None if first is None or second is None else first - second

    return Estimate(one.value - other.value, cluster_sums=part("cluster_sums"), draws=part("draws"))


def _std_error(found: Estimate) -> float:
    if found.cluster_sums is not None:
        return float(np.sqrt(found.cluster_sums @ found.cluster_sums))
    if found.draws is not None and np.isfinite(found.draws).sum() > 1:
        return float(np.nanstd(found.draws, ddof=1))
    return float("nan")
