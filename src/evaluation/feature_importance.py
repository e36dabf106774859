"""How much worse a model predicts when a feature is taken from other children: permutation importance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from ..caller_warnings import warn, without_repeats
from ..models.explanation.column_effect import some_rows
from ..models.features.encoder import as_frame
from ..models.inputs.cluster_levels import check_cluster
from ..models.inputs.given_days import as_days
from ..models.metrics import evaluate_risks
from ..models.metrics.metric_bounds import holm, metric_bounds, normal_p_value
from ..parameter_checks import require_choice, shown
from .fitting import predict_risk

LOWER_IS_BETTER = ("brier", "integrated_brier", "log_score")
METRICS = (*LOWER_IS_BETTER, "ipa", "auc", "concordance", "concordance_uno", "concordance_harrell", "net_benefit")
COLUMNS = ["feature", "time", "importance", "std_error", "lower", "upper", "p_value", "p_adjusted", "finding"]
NEEDED, NOISE, HARMFUL = "worse without it", "not distinguishable from 0", "better without it"


@dataclass(frozen=True)
class FeatureImportance:
    """How much worse the metric is when a feature tells nothing of the child.

    Attributes
    ----------
    table : DataFrame
        ``feature, time, importance, std_error, lower, upper, p_value, p_adjusted, finding``, most important first.
        ``importance`` is positive where the model is worse without the feature, whichever way the metric runs;
        ``p_adjusted`` is Holm's over the features and times, and ``finding`` says in words what it leaves at the level.
    metric : str
    score : DataFrame
        ``time, estimate``: the metric with all features as they are.
    n, n_clusters, n_events : int
        Rows, their families, and second plans among them.
    n_repeats : int
    level : float
    """

    table: pd.DataFrame
    metric: str
    score: pd.DataFrame
    n: int
    n_clusters: int
    n_events: int
    n_repeats: int
    level: float

    def __repr__(self) -> str:
        """What was measured, and the table."""
        found = ", ".join(f"{row.estimate:.4f} by day {row.time:g}" for row in self.score.itertuples())
        return (
            f"permutation importance: {self.metric} {found}; {self.n:,} children in {self.n_clusters:,} families, "
            f"{self.n_events:,} with a second plan; {self.n_repeats} permutations, {100 * self.level:g} % intervals\n"
            + self.table.to_string(index=False, float_format="{:.4f}".format, formatters={"time": "{:g}".format})
        )

    def plot(self, time: float | None = None, *, ax: Any = None, **options: Any) -> Any:
        """Draw the importances by one of the times with their intervals; see :func:`secondplan.plot_importance`."""
        from ..plots import plot_importance

        return plot_importance(self, time, ax=ax, **options)


@dataclass(frozen=True)
class _Rows:
    """The rows of a cohort, or what was given in its place."""

    X: pd.DataFrame
    y: Any
    cluster: Any
    eligible_days: pd.Series = field(repr=False)

    def __len__(self) -> int:
        return len(self.X)


def permutation_importance(
    model: Any,
    X: Any,
    y: Any = None,
    *,
    features: Sequence[str] | Mapping[str, Sequence[str]] | None = None,
    metric: str = "brier",
    times: Any = None,
    n_repeats: int = 10,
    cluster: Any = None,
    eligible_days: Any = None,
    level: float = 0.95,
    random_state: Any = 0,
) -> FeatureImportance:
    r"""How much worse the risks of second plans are when a feature's values come from other children.

    .. math:: I_j = \frac{1}{R} \sum_r \left[ M(F \text{ with column } j \text{ permuted}) - M(F) \right]

    for a metric M of which less is better, and the other way round for the others. Families are put in random order
    and each child is given the value of the child some places further on, never of its own family: siblings, who are
    alike, mostly get what siblings have. The model is not fitted again: a feature that others could replace is as
    important as the model has made it, and two that say the same share their importance; give them as one
    (``features={"length": ["plan_length_days", "plan_length_band"]}``).

    The standard error is that of the paired difference, by the influence of each child on the metric, both as the one
    that is measured and as the one whose value is lent, summed by family. It is large enough for the chance of the
    permutations too.

    Give rows that the model was not fitted to: on rows of training a feature that was learnt by heart is important.

    Parameters
    ----------
    model : IncidenceModel
        Fitted or loaded; anything that has ``predict_cumulative_incidence``.
    X : Cohort, or DataFrame or ndarray with n rows
        A cohort brings outcomes, families and eligible days with it.
    y : DataFrame or anything that ``check_outcome`` takes, n rows, optional
        Outcomes, where ``X`` is no cohort.
    features : sequence of str, or mapping of str to sequence of str, optional
        Columns, or groups of columns that are permuted together, by name; by default each column of the model.
    metric : str
        ``brier, integrated_brier, log_score, ipa, auc, concordance, concordance_uno, concordance_harrell`` or
        ``net_benefit``, as in :func:`~secondplan.evaluate_risks`.
    times : float or array, shape (n_times,), optional
        Days; the model's ``horizon`` if not given.
    n_repeats : int
        Permutations of each feature.
    cluster : array, shape (n,), optional
        Families, where ``X`` is no cohort.
    eligible_days : array, shape (n,), optional
        Days to the 18th birthday, where ``X`` is no cohort.
    level : float
        Coverage of the intervals, and 1 less the level at which a feature is found to matter.
    random_state : int, Generator or None
        Each feature has permutations of its own, whatever the others.

    Returns
    -------
    FeatureImportance
        With ``table`` and ``plot()``.

    Warns
    -----
    UserWarning
        The rows are those that the model was fitted to.

    Raises
    ------
    ValueError
        A feature is no column, the metric is not known, or more than half of the rows are of one family.

    References
    ----------
    Breiman (2001), Random forests, Machine Learning 45. Fisher, Rudin and Dominici (2019), All models are wrong, but
    many are useful, Journal of Machine Learning Research 20, for its definition as a U-statistic.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from secondplan import CoxPH
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"length": rng.uniform(30, 800, 400), "noise": rng.normal(size=400)})
    >>> y = pd.DataFrame({"duration": rng.exponential(np.exp(X["length"] / 150)), "event": 1})
    >>> model = CoxPH(horizon=20).fit(X[:200], y[:200])
    >>> permutation_importance(model, X[200:], y[200:]).table["finding"].tolist()
    ['worse without it', 'not distinguishable from 0']
    """
    require_choice("metric", metric, METRICS)
    if not n_repeats >= 1:
        raise ValueError(f"n_repeats must be 1 or more, got {n_repeats}")
    rows = _rows(X, y, cluster, eligible_days)
    groups = _groups(model, rows.X, features)
    _warn_of_training(model, rows.X)
    days = as_days(model.horizon if times is None else times, "times")
    codes = check_cluster(rows.cluster, len(rows), None)
    families = np.arange(len(rows)) if codes is None else np.unique(codes, return_inverse=True)[1]
    generators = np.random.default_rng(random_state).spawn(len(groups))
    sign = 1.0 if metric in LOWER_IS_BETTER else -1.0
    at = days[-1:] if metric == "integrated_brier" else days
    records = []
    with without_repeats():
        risk = predict_risk(model, rows, days)  # type: ignore[arg-type]
        for (name, columns), generator in zip(groups.items(), generators, strict=True):
            lenders = [_lenders(families, generator) for _ in range(n_repeats)]
            others = {
                f"permuted {place}": _permuted(model, rows, columns, own, days) for place, own in enumerate(lenders)
            }
            found = evaluate_risks(
                {"as it is": risk, **others}, rows.y, days, metrics=[metric], cluster=rows.cluster, level=level
            )
            estimates = found.table.set_index(["model", "time"])["estimate"]
            for time in at:
                importance = sign * np.mean([estimates[other, time] - estimates["as it is", time] for other in others])
                influence, as_it_is = np.zeros(len(rows)), found.influence("as it is", metric, time)
                for other, own in zip(others, lenders, strict=True):
                    # The difference, for the lender too: what else moves the one who is measured cancels.
                    change = found.influence(other, metric, time) - as_it_is
                    influence += (change + np.bincount(own, change, len(rows))) / n_repeats
                error = float(np.linalg.norm(np.bincount(families, influence))) / len(rows)
                bounds = metric_bounds(importance, error, level, "identity")
                records.append((name, time, importance, error, *bounds, normal_p_value(importance, error)))
    table = pd.DataFrame(records, columns=COLUMNS[:-2])
    table["p_adjusted"] = holm(table["p_value"].to_numpy())
    clear = table["p_adjusted"] < 1 - level
    table["finding"] = np.where(clear, np.where(table["importance"] > 0, NEEDED, HARMFUL), NOISE)
    order = table.groupby("feature")["importance"].transform("max")
    table = table.iloc[np.lexsort([table["time"], -order])].reset_index(drop=True)
    score = pd.DataFrame({"time": at, "estimate": [estimates["as it is", time] for time in at]})
    return FeatureImportance(table, metric, score, found.n, found.n_clusters, found.n_events, n_repeats, level)


def _rows(X: Any, y: Any, cluster: Any, eligible_days: Any) -> _Rows:
    if hasattr(X, "keys") and hasattr(X, "eligible_days") and hasattr(X, "y"):
        if y is not None or cluster is not None or eligible_days is not None:
            raise ValueError("a cohort brings y, cluster and eligible_days with it: leave them out")
        return _Rows(X.X, X.y, X.cluster, X.eligible_days)
    if y is None:
        raise ValueError("y is needed where X is no cohort: the outcomes of its rows")
    frame = as_frame(X)
    days = np.broadcast_to(np.inf if eligible_days is None else np.asarray(eligible_days, dtype=float), len(frame))
    return _Rows(frame, y, cluster, pd.Series(days, index=frame.index))


def _groups(model: Any, X: pd.DataFrame, features: Any) -> dict[str, list[str]]:
    if features is None:
        features = getattr(model, "feature_names_in_", X.columns)
        strata = getattr(model, "strata", None) or []
        features = [*features, *([strata] if isinstance(strata, str) else strata)]
    groups = (
        {name: list(columns) for name, columns in features.items()}
        if isinstance(features, Mapping)
        else {name: [name] for name in ([features] if isinstance(features, str) else features)}
    )
    unknown = [column for columns in groups.values() for column in columns if column not in X.columns]
    if unknown:
        raise ValueError(f"features: {shown(unknown[0])} is no column of X")
    if not groups:
        raise ValueError(f"{type(model).__name__} uses no feature")
    return groups


def _warn_of_training(model: Any, X: pd.DataFrame) -> None:
    kept = getattr(model, "_some_rows", None)
    if isinstance(kept, pd.DataFrame) and getattr(model, "n_rows_", None) == len(X) and some_rows(X).equals(kept):
        warn(
            "these are the rows that the model was fitted to, where a feature that was learnt by heart is important; "
            "give others, such as the test cohort of TemporalSplit"
        )


def _lenders(families: np.ndarray, generator: np.random.Generator) -> np.ndarray:
    """For each row the row whose value it is given, shape (n,): a permutation in which no family lends to itself."""
    sizes = np.bincount(families)
    n_rows, largest = families.size, int(sizes.max())
    if 2 * largest > n_rows:
        raise ValueError(f"{largest} of {n_rows} rows are of one family: no other can lend each of them a value")
    rank = generator.permutation(sizes.size)
    order = np.lexsort([generator.random(n_rows), rank[families]])
    lenders = np.empty(n_rows, dtype=np.int64)
    lenders[order] = np.roll(order, -int(generator.integers(largest, n_rows - largest + 1)))
    return lenders


def _permuted(model: Any, rows: _Rows, columns: list[str], lenders: np.ndarray, days: np.ndarray) -> np.ndarray:
    lent = {column: rows.X[column].iloc[lenders].set_axis(rows.X.index) for column in columns}
    return predict_risk(model, _Rows(rows.X.assign(**lent), rows.y, rows.cluster, rows.eligible_days), days)  # type: ignore[arg-type]
