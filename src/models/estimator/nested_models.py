"""The likelihood ratio test between two models, of which one is a special case of the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc
from sklearn.utils.validation import check_is_fitted

from ..curves.tables import as_html, as_text

# Parameters that may differ: they change no likelihood, or are compared by their columns.
NO_MATTER = {"encoder", "horizon", "std_error", "max_iter", "tol", "random_state", "time_varying", "penalty_factor"}
NO_MATTER |= {"standardize", "l1_ratio", "form"}
SAME_DAYS = 1e-9


@dataclass(frozen=True)
class NestedComparison:
    """A likelihood ratio test; ``statistic, p_value, df = compare_nested(...)`` takes it apart.

    Attributes
    ----------
    statistic : float
        Twice the difference of log likelihoods: chi-squared with ``df`` degrees of freedom if the small model holds.
    df : int
        Parameters that the large model has more.
    p_value : float
    table : DataFrame
        One row per event where each has a likelihood of its own, and ``all``: log_likelihood_small,
        log_likelihood_large, statistic, df, p.
    likelihood : str
        Which one: ``"partial likelihood"`` of Cox models, else ``"likelihood"``.
    """

    statistic: float
    df: int
    p_value: float
    table: pd.DataFrame
    likelihood: str

    def __iter__(self) -> Iterator[float]:
        return iter((self.statistic, self.p_value, self.df))

    def _shown(self) -> tuple[str, pd.DataFrame]:
        p_value = "p < 0.0001" if self.p_value < 1e-4 else f"p = {self.p_value:.4f}"
        title = f"Likelihood ratio test ({self.likelihood}): chi-squared {self.statistic:.3f}, {self.df} df, {p_value}"
        return title, self.table.round(4)

    def __repr__(self) -> str:
        return as_text(*self._shown())

    def _repr_html_(self) -> str:
        return as_html(*self._shown())


def compare_nested(small: Any, large: Any) -> NestedComparison:
    r"""Likelihood ratio test whether the additional terms of the larger of two nested models are needed.

    .. math:: 2 \{\ell(\text{large}) - \ell(\text{small})\} \sim \chi^2_{df}

    Both are of one class, fitted to the same rows with the same settings; the columns of ``small`` are among those of
    ``large``, where a number may have become a spline. An exponential ``ParametricAFT`` is nested in a Weibull one.

    Parameters
    ----------
    small, large : fitted models with a likelihood
        ``CoxPH``, ``CauseSpecificCox``, ``RoystonParmar``, ``ParametricAFT``, ``DiscreteTimeHazard``.

    Returns
    -------
    NestedComparison

    Raises
    ------
    ValueError
        The models differ in kind, settings, rows or events, or are not nested; or their likelihood gives no such test:
        penalised fits, robust ones (clusters, fractional weights: use the Wald test of ``summary_``), ``FineGray``
        (weights are estimated).

    Examples
    --------
    >>> import pandas as pd
    >>> from secondplan import CoxPH
    >>> X = pd.DataFrame({"age": [3.0, 7.0, 2.0, 11.0, 5.0, 9.0], "sex": [0, 1, 1, 0, 0, 1]})
    >>> y = pd.DataFrame({"duration": [5, 8, 3, 9, 4, 6], "event": [1, 0, 1, 1, 0, 1]})
    >>> test = compare_nested(CoxPH().fit(X[["age"]], y), CoxPH().fit(X, y))
    >>> test.df, round(test.statistic, 3)
    (1, 0.35)
    """
    for model in (small, large):
        check_is_fitted(model)
    if type(small) is not type(large):
        raise ValueError(f"the models are of different kinds: {type(small).__name__} and {type(large).__name__}")
    for model in (small, large):
        _refuse_without_test(model)
    _refuse_other_settings(small, large)
    _refuse_other_rows(small, large)
    _refuse_not_nested(small, large)
    rows = []
    logs = [_by_event(model._fitted_log_likelihood()) for model in (small, large)]
    counts = [_by_event(model._n_parameters()) for model in (small, large)]
    for event in logs[0].index:
        rows.append((logs[0][event], logs[1][event], int(counts[1][event] - counts[0][event])))
    index = [*logs[0].index] if len(rows) > 1 else []
    if len(rows) > 1:
        rows.append(tuple(sum(column) for column in zip(*rows, strict=True)))
    table = pd.DataFrame(rows, columns=["log_likelihood_small", "log_likelihood_large", "df"], index=[*index, "all"])
    statistic = 2.0 * (table["log_likelihood_large"] - table["log_likelihood_small"])
    table.insert(2, "statistic", np.maximum(statistic, 0.0))
    table["p"] = np.where(table["df"] > 0, chdtrc(np.maximum(table["df"], 1), table["statistic"]), 1.0)
    total = table.loc["all"]
    if total["df"] <= 0:
        raise ValueError("large has no parameter that small does not have")
    partial = hasattr(large, "test_proportional_hazards")
    return NestedComparison(
        statistic=float(total["statistic"]),
        df=int(total["df"]),
        p_value=float(total["p"]),
        table=table.rename_axis("event"),
        likelihood="partial likelihood" if partial else "likelihood",
    )


def _by_event(value: Any) -> pd.Series:
    return value if isinstance(value, pd.Series) else pd.Series({"all": value})


def _refuse_without_test(model: Any) -> None:
    name = type(model).__name__
    if hasattr(model, "event_free_model_") or not hasattr(model, "log_likelihood_"):
        reason = "its weights are estimated" if hasattr(model, "log_likelihood_") else "it has no likelihood"
        raise ValueError(f"{name} gives no likelihood ratio test: {reason}")
    try:
        model._fitted_log_likelihood()
    except AttributeError:
        raise ValueError(f"a penalised {name} (alpha > 0, firth) gives no likelihood ratio test") from None
    if not model.summary_["robust_se"].isna().all():
        raise ValueError(
            f"a {name} with robust errors (clusters, or weights that are no counts) gives no likelihood ratio test: "
            "its rows are not independent; see z and p in summary_"
        )


def _refuse_other_settings(small: Any, large: Any) -> None:
    own, its = small.get_params(deep=False), large.get_params(deep=False)
    if (own.get("distribution"), its.get("distribution")) == ("exponential", "weibull"):
        own["distribution"] = "weibull"
    differ = [name for name in own if name not in NO_MATTER and not _same(own[name], its[name])]
    if differ:
        raise ValueError(f"the models differ in their settings: {', '.join(differ)}")
    if not set(small.get_params(deep=False).get("time_varying") or ()) <= set(its.get("time_varying") or ()):
        raise ValueError("small has effects that vary with time and large does not: time_varying")


def _same(one: Any, other: Any) -> bool:
    return bool(np.array_equal(np.asarray(one, dtype=object), np.asarray(other, dtype=object)))


def _refuse_other_rows(small: Any, large: Any) -> None:
    if small.n_rows_ != large.n_rows_:
        raise ValueError(f"the models are of different rows: {small.n_rows_:,} and {large.n_rows_:,}")
    same_days = abs(small.days_at_risk_ - large.days_at_risk_) <= SAME_DAYS * max(1.0, large.days_at_risk_)
    if small.event_counts_ != large.event_counts_ or small.events_ != large.events_ or not same_days:
        raise ValueError("the models are of different rows: their events, durations or weights differ")


def _refuse_not_nested(small: Any, large: Any) -> None:
    """Refuse terms of ``small`` that ``large`` cannot take on; a number is a special case of its spline."""
    has = set(large.feature_names_out_)
    for name, column in large.encoder_.columns_.items():
        if column.spline is not None and not column.has_missing:
            has.add(name)
    extra = [str(name) for name in small.feature_names_out_ if name not in has]
    if extra:
        raise ValueError(f"small is not nested in large, which has no {', '.join(extra)}")
    for name, column in small.encoder_.columns_.items():
        other = large.encoder_.columns_.get(name)
        if other is not None and column.levels[:1] != other.levels[:1]:
            raise ValueError(f"small is not nested in large: {name} has other levels")
        if other is not None and column.spline is not None and column.spline != other.spline:
            raise ValueError(f"small is not nested in large: the splines of {name} have other knots")
