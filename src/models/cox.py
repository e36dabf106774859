"""The Cox proportional hazards model of one event."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd
from scipy.stats import chi2, norm
from sklearn.utils.validation import check_is_fitted

from .base import ROWS_PER_CHUNK, IncidenceModel, _per_row, _row_times
from .baseline import (
    BaselineHazard,
    cumulative_hazard,
    cumulative_hazard_error,
    fill_means,
    kept_means,
    survival_bounds,
)
from .confidence import check_interval
from .features import FeatureEncoder
from .outcome import Outcome
from .strata import learn_strata, match_strata, refuse_unseen

TIES = ("efron", "breslow")
RESIDUALS = ("martingale", "deviance", "score", "schoenfeld", "dfbeta")
TRANSFORMS = ("km", "rank", "identity", "log")


class TrainingRows(NamedTuple):
    """What residuals need of the data; kept in the process that fitted the model, never saved or pickled."""

    design: np.ndarray
    outcome: Outcome
    weight: np.ndarray | None
    stratum: np.ndarray | None
    offset: np.ndarray | None


class CoxPH(IncidenceModel):
    r"""Hazard of one event, proportional in the features.

    .. math:: h(t \mid x) = h_0(t)\, e^{x'\beta}

    Other events count as censored: the hazard ratios are cause-specific. The incidence ``1 - exp(-H)`` is then that of
    a world without the other events; for the real one use ``CauseSpecificCox``.

    Parameters
    ----------
    event : int
        Code of the event.
    ties : {"efron", "breslow"}
        Approximation for events on the same day. Efron's is accurate with many ties.
    strata : str or list of str, optional
        Columns of ``X``: each combination of their values has a baseline hazard of its own, and no coefficient.
    offset : str, optional
        Column of ``X`` that is added to the linear predictor with coefficient 1.
    alpha : float
        Strength of the penalty ``alpha (l1_ratio |b|_1 + (1 - l1_ratio) |b|_2^2 / 2)`` on the log likelihood divided by
        the sum of weights; b are the coefficients of the features divided by their standard deviation (as in glmnet).
    l1_ratio : float
        0 is ridge, 1 is lasso. With a lasso part, standard errors hold for the chosen features as if given.
    encoder : FeatureEncoder, optional
    horizon : float
        Days at which ``predict`` states the risk.

    Attributes
    ----------
    coef_ : ndarray, shape (p,)
    covariance_, naive_covariance_ : ndarray, shape (p, p)
        The inverse information; the first is the sandwich instead when ``cluster`` is given to ``fit`` or a weight is
        not a whole number (as in R).
    log_likelihood_ : tuple of float
        Null and fitted.
    baseline_ : BaselineHazard
        At the mean of the features and of the offset.
    baseline_cumulative_hazard_ : Series, or DataFrame with one column a stratum
        At features and offset 0, by day.
    martingale_residuals_ : ndarray, shape (n_rows,)
        Not saved.
    summary_ : DataFrame
        One row a feature: coef, se, robust_se, lower, upper, hazard_ratio, hazard_ratio_lower, hazard_ratio_upper, z,
        p.
    n_events_, n_iterations_ : int

    References
    ----------
    Therneau and Grambsch (2000), Modeling Survival Data; Efron (1977); Lin and Wei (1989) for the sandwich. Conventions
    and results are those of ``coxph`` in R's package survival.

    Examples
    --------
    >>> import pandas as pd
    >>> X = pd.DataFrame({"age": [3.0, 7.0, 2.0, 11.0, 5.0, 9.0]})
    >>> y = pd.DataFrame({"duration": [5, 8, 3, 9, 4, 6], "event": [1, 0, 1, 1, 0, 1]})
    >>> model = CoxPH().fit(X, y)
    >>> round(float(model.coef_[0]), 4)
    -0.6048
    """

    _column_parameters: ClassVar[tuple[str, ...]] = ("strata", "offset")
    _bundle_attributes: ClassVar[tuple[str, ...]] = (
        "coef_",
        "covariance_",
        "naive_covariance_",
        "is_robust_",
        "log_likelihood_",
        "score_statistic_",
        "n_events_",
        "n_iterations_",
        "has_competing_events_",
        "strata_",
        "center_",
        "offset_center_",
        "baseline_time_",
        "baseline_stratum_",
        "baseline_hazard_",
        "baseline_variance_",
        "mean_steps_",
        "mean_values_",
    )

    def __init__(
        self,
        event: int = 1,
        ties: str = "efron",
        strata: str | list[str] | None = None,
        offset: str | None = None,
        alpha: float = 0.0,
        l1_ratio: float = 0.0,
        encoder: FeatureEncoder | None = None,
        horizon: float = 730.0,
    ) -> None:
        self.event = event
        self.ties = ties
        self.strata = strata
        self.offset = offset
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.encoder = encoder
        self.horizon = horizon

    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, cluster: Any = None) -> Self:
        """Fit the model; parameters are those of :meth:`IncidenceModel.fit`.

        Warns, naming the columns, of constant and collinear columns (coefficient 0 or none) and of separation, and when
        the fit does not converge.

        Raises
        ------
        ValueError
            No row has the event, or the input breaks a rule.
        """
        super().fit(X, y, sample_weight=sample_weight, cluster=cluster)
        asked = set(self.encoder_.drop or ())
        dropped = [str(name) for name in self.encoder_.dropped_ if name not in asked]
        if dropped:
            warnings.warn(f"constant in training, without a coefficient: {', '.join(dropped)}", stacklevel=2)
        return self

    @property
    def baseline_(self) -> BaselineHazard:
        """The baseline at the mean of the features and of the offset."""
        return BaselineHazard(
            self.baseline_time_,
            self.baseline_stratum_,
            self.baseline_hazard_,
            self.baseline_variance_,
            self._exact_mean if hasattr(self, "_exact_mean") else self.saved_mean(),
            self.center_,
        )

    def saved_mean(self) -> np.ndarray:
        """The baseline's running sum of means as a saved model has it, shape (n_steps, n_features)."""
        return fill_means(self.baseline_stratum_, self.baseline_hazard_, self.mean_steps_, self.mean_values_)

    @property
    def baseline_cumulative_hazard_(self) -> pd.Series | pd.DataFrame:
        """Cumulative hazard at features 0 and offset 0 by day; with strata one column each."""
        values = self.baseline_.at_zero(self.coef_, self.offset_center_)
        if self.strata is None:
            index = pd.Index(self.baseline_time_, name="day")
            return pd.Series(values, index=index, name="cumulative_hazard")
        columns = {
            label: pd.Series(values[own], index=self.baseline_time_[own])
            for label, own in ((label, self.baseline_stratum_ == code) for code, label in enumerate(self.strata_))
        }
        return pd.DataFrame(columns).sort_index().ffill().fillna(0.0).rename_axis("day")

    @property
    def summary_(self) -> pd.DataFrame:
        """Coefficients, 95 % intervals, hazard ratios and tests, one row a feature."""
        check_is_fitted(self)
        naive = np.sqrt(np.diag(self.naive_covariance_))
        error = np.sqrt(np.diag(self.covariance_))
        z = np.divide(self.coef_, error, out=np.zeros_like(error), where=error > 0)
        half = norm.ppf(0.975) * error
        with np.errstate(over="ignore"):
            ratios = np.exp([self.coef_, self.coef_ - half, self.coef_ + half])
        return pd.DataFrame(
            {
                "coef": self.coef_,
                "se": naive,
                "robust_se": error if self.is_robust_ else np.full_like(error, np.nan),
                "lower": self.coef_ - half,
                "upper": self.coef_ + half,
                "hazard_ratio": ratios[0],
                "hazard_ratio_lower": ratios[1],
                "hazard_ratio_upper": ratios[2],
                "z": z,
                "p": 2.0 * norm.sf(np.abs(z)),
            },
            index=pd.Index(self.feature_names_out_, name="feature"),
        )

    @property
    def global_tests_(self) -> pd.DataFrame:
        """Tests that all coefficients are 0: likelihood ratio, Wald (robust with clusters), score; statistic, df, p."""
        check_is_fitted(self)
        used = np.diag(self.covariance_) > 0
        n_used = int(used.sum())
        wald = 0.0
        if n_used:
            wald = float(self.coef_[used] @ np.linalg.pinv(self.covariance_[np.ix_(used, used)]) @ self.coef_[used])
        null, fitted = self.log_likelihood_
        statistics = np.array([2.0 * (fitted - null), wald, self.score_statistic_])
        index = pd.Index(["likelihood ratio", "Wald", "score"], name="test")
        p_values = chi2.sf(statistics, n_used) if n_used else np.ones(3)
        return pd.DataFrame({"statistic": statistics, "df": n_used, "p": p_values}, index=index)

    def predict(self, X: Any) -> np.ndarray:
        """Risk of ``event`` by ``horizon`` days, shape (n_rows,)."""
        return self.predict_cumulative_incidence(X, [self.horizon], event=self.event)[:, 0]

    def score(self, X: Any, y: Any) -> float:
        """Index of prediction accuracy for ``event`` at ``horizon``, as :meth:`IncidenceModel.score`."""
        from .metrics import index_of_prediction_accuracy

        risk = self.predict(X)[:, None]
        return float(index_of_prediction_accuracy(y, risk, [self.horizon], event=self.event)[0])

    def predict_cumulative_incidence(
        self, X: Any, times: Any, *, event: int = 1, eligible_days: Any = None, elapsed: Any = 0.0
    ) -> np.ndarray:
        """Incidence ``1 - exp(-H)`` of the event if no other event existed, shape (n_rows, n_times).

        Parameters are those of :meth:`IncidenceModel.predict_cumulative_incidence`. Warns if the training data had
        other events: use ``CauseSpecificCox`` for the incidence among them.
        """
        check_is_fitted(self)
        self._warn_of_competing_events()
        return super().predict_cumulative_incidence(X, times, event=event, eligible_days=eligible_days, elapsed=elapsed)

    def predict_cumulative_hazard(self, X: Any, times: Any) -> np.ndarray:
        """Cumulative hazard of each row by each day, shape (n_rows, n_times)."""
        check_is_fitted(self)
        design = self._design(X)
        return self._hazard(*design, _row_times(times, len(design[0]), None))

    def predict_cumulative_incidence_interval(
        self,
        X: Any,
        times: Any,
        *,
        event: int | None = None,
        level: float = 0.95,
        interval: str = "log",
        eligible_days: Any = None,
        elapsed: Any = 0.0,
    ) -> np.ndarray:
        """Interval of the incidence ``1 - exp(-H)`` by the delta method, as R's ``survfit.coxph``.

        Parameters
        ----------
        X, times, eligible_days, elapsed
            As in :meth:`predict_cumulative_incidence`.
        event : int, optional
            The model's own event, which is the default.
        level : float
            Coverage.
        interval : {"plain", "log", "log-log"}
            Scale of the event-free probability on which the interval is symmetric.

        Returns
        -------
        ndarray, shape (n_rows, n_times, 2)
            Lower and upper bound.
        """
        check_is_fitted(self)
        if event is not None and event != self.event:
            raise ValueError(f"event {event} is not modelled; the model's events are {self.event}")
        check_interval(level, interval)
        self._warn_of_competing_events()
        design = self._design(X)
        n_rows = len(design[0])
        row_times = _row_times(times, n_rows, eligible_days)
        since = _per_row(elapsed, n_rows, "elapsed")[:, None]
        bounds = np.empty((*row_times.shape, 2))
        for begin in range(0, n_rows, ROWS_PER_CHUNK):
            rows = slice(begin, begin + ROWS_PER_CHUNK)
            part = self._arguments(*(array[rows] for array in design))
            hazard, error = cumulative_hazard_error(
                self.baseline_, self.coef_, self.covariance_, *part, row_times[rows], since[rows]
            )
            lower, upper = survival_bounds(hazard, error, level, interval)
            bounds[rows] = np.stack([1.0 - upper, 1.0 - lower], axis=-1)
        return bounds

    def residuals(self, kind: str = "martingale", *, weighted: bool | None = None) -> np.ndarray | pd.DataFrame:
        """Residuals of the training rows, as R's ``residuals.coxph``.

        Parameters
        ----------
        kind : {"martingale", "deviance", "score", "schoenfeld", "dfbeta"}
            ``dfbeta``: approximate change of each coefficient by leaving the row out.
        weighted : bool, optional
            Multiply by the case weights; by default only for ``dfbeta``.

        Returns
        -------
        ndarray, shape (n_rows,), for martingale and deviance; otherwise a DataFrame with one column a feature and one
        row a training row, or, for ``schoenfeld``, one row an event in order of stratum and day, with the day as index.

        Raises
        ------
        ValueError
            The kind is not known, or the model was loaded: a saved model holds no training rows.
        """
        from .engine.cox_residuals import cox_residuals

        if kind not in RESIDUALS:
            raise ValueError(f"kind must be one of {', '.join(RESIDUALS)}, got {kind!r}")
        rows = self._rows_of_training("residuals")
        values, day = cox_residuals(
            kind,
            rows.design,
            rows.outcome.entry,
            rows.outcome.duration,
            rows.outcome.event == self.event,
            coef=self.coef_,
            naive_covariance=self.naive_covariance_,
            weight=rows.weight,
            stratum=rows.stratum,
            offset=rows.offset,
            ties=self.ties,
            weighted=kind == "dfbeta" if weighted is None else weighted,
        )
        if values.ndim == 1:
            return values
        index = None if day is None else pd.Index(day, name="day")
        return pd.DataFrame(values, columns=self.feature_names_out_, index=index)

    def test_proportional_hazards(self, transform: str = "km") -> pd.DataFrame:
        """Score test that each coefficient does not change with time, as ``cox.zph`` of R's survival 3.

        Parameters
        ----------
        transform : {"km", "rank", "identity", "log"}
            Time scale against which a coefficient could change: 1 - Kaplan-Meier (unweighted), rank, days, log days.

        Returns
        -------
        DataFrame
            One row a column of ``X`` and ``GLOBAL``: chisq, df, p.

        Raises
        ------
        ValueError
            The transform is not known, the fit is penalised, or the model was loaded.
        """
        from .engine.proportional_hazards import proportional_hazards_test, time_transform

        if transform not in TRANSFORMS:
            raise ValueError(f"transform must be one of {', '.join(TRANSFORMS)}, got {transform!r}")
        if self.alpha > 0:
            raise ValueError("the test of proportional hazards is not defined for a penalised fit (alpha > 0)")
        rows = self._rows_of_training("test_proportional_hazards")
        is_event = rows.outcome.event == self.event
        # A row of weight 0 counts for nothing, the time scale included.
        counted = np.ones(is_event.size, dtype=bool) if rows.weight is None else rows.weight > 0
        scale = np.zeros(is_event.size)
        scale[counted] = time_transform(
            rows.outcome.entry[counted], rows.outcome.duration[counted], is_event[counted], transform
        )
        used = np.diag(self.naive_covariance_) > 0
        groups = {name: [c for c in columns if used[c]] for name, columns in self.encoder_.groups_.items()}
        groups = {name: columns for name, columns in groups.items() if columns}
        statistics = proportional_hazards_test(
            rows.design,
            rows.outcome.entry,
            rows.outcome.duration,
            is_event,
            scale,
            list(groups.values()),
            coef=self.coef_,
            weight=rows.weight,
            stratum=rows.stratum,
            offset=rows.offset,
            ties=self.ties,
        )
        df = np.array([*(len(columns) for columns in groups.values()), int(used.sum())])
        index = pd.Index([*groups, "GLOBAL"], name="term")
        return pd.DataFrame({"chisq": statistics, "df": df, "p": chi2.sf(statistics, df)}, index=index)

    def __getstate__(self) -> dict[str, Any]:
        """State for pickling: without training rows and their residuals."""
        state = dict(super().__getstate__())
        state.pop("_training", None)
        state.pop("_exact_mean", None)
        state.pop("martingale_residuals_", None)
        return state

    def _fit(
        self,
        design: np.ndarray,
        outcome: Outcome,
        sample_weight: np.ndarray | None,
        cluster: np.ndarray | None,
        **special: Any,
    ) -> None:
        from .engine.cox_fit import fit_cox

        self._check_parameters()
        stratum = None
        self.strata_: list[str] = []
        if "strata" in special:
            self.strata_, stratum = learn_strata(special["strata"], self._strata_columns())
        offset = _offset(special.get("offset"))
        is_event = outcome.event == self.event
        weighted = is_event if sample_weight is None else is_event & (sample_weight > 0)
        if not weighted.any():
            raise ValueError(f"no row has event {self.event} (and a weight above 0); a Cox model cannot be fitted")
        # Weights that are no counts of rows make the inverse information meaningless; R's coxph does the same.
        is_fractional = sample_weight is not None and bool(np.any(sample_weight != np.round(sample_weight)))
        groups = np.arange(len(outcome)) if cluster is None and is_fractional else cluster
        fit = fit_cox(
            design,
            outcome.entry,
            outcome.duration,
            is_event,
            weight=sample_weight,
            stratum=stratum,
            offset=offset,
            cluster=groups,
            ties=self.ties,
            alpha=self.alpha,
            l1_ratio=self.l1_ratio,
        )
        self.events_ = (int(self.event),)
        self.has_competing_events_ = bool(np.any((outcome.event > 0) & ~is_event))
        self.coef_, self.covariance_, self.naive_covariance_ = fit.coef, fit.covariance, fit.naive_covariance
        self.is_robust_ = groups is not None
        self.log_likelihood_, self.score_statistic_ = fit.log_likelihood, fit.score_statistic
        self.n_events_, self.n_iterations_ = fit.n_events, fit.n_iterations
        self.center_, self.offset_center_ = fit.center, fit.offset_center
        self.baseline_time_, self.baseline_stratum_ = fit.time, fit.time_stratum
        self.baseline_hazard_, self.baseline_variance_ = fit.cumulative_hazard, fit.hazard_variance
        self._exact_mean = fit.cumulative_mean
        self.mean_steps_ = kept_means(fit.time_stratum)
        self.mean_values_ = fit.cumulative_mean[self.mean_steps_]
        self.martingale_residuals_ = fit.martingale_residuals
        self._training = TrainingRows(design, outcome, sample_weight, stratum, offset)
        self._warn_of_columns(fit)

    def _incidence(self, design: np.ndarray, *rest: Any) -> np.ndarray:
        *special, times, _ = rest
        return -np.expm1(-self._hazard(design, *special, times))

    def _event_free(self, design: np.ndarray, *rest: Any) -> np.ndarray:
        return np.exp(-self._hazard(design, *rest))

    def _hazard(self, design: np.ndarray, *rest: Any) -> np.ndarray:
        *special, times = rest
        return cumulative_hazard(self.baseline_, self.coef_, *self._arguments(design, *special), times)

    def _arguments(self, design: np.ndarray, *special: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Design, offset and code of the stratum by row."""
        columns = list(special)
        stratum = np.zeros(len(design), dtype=np.int64)
        if self.strata is not None:
            stratum = match_strata(columns.pop(0), self._strata_columns(), self.strata_)
            refuse_unseen(stratum, self._strata_columns())
        offset = _offset(columns.pop(0)) if self.offset is not None else None
        return design, np.zeros(len(design)) if offset is None else offset - self.offset_center_, stratum

    def _strata_columns(self) -> list[str]:
        return [self.strata] if isinstance(self.strata, str) else list(self.strata or [])

    def _rows_of_training(self, what: str) -> TrainingRows:
        check_is_fitted(self)
        rows = getattr(self, "_training", None)
        if rows is None:
            raise ValueError(
                f"{what} needs the training rows, which a saved or copied model does not hold; fit it again"
            )
        return rows

    def _check_parameters(self) -> None:
        if self.ties not in TIES:
            raise ValueError(f"ties must be one of {', '.join(TIES)}, got {self.ties!r}")
        if not 0.0 <= self.alpha < np.inf:
            raise ValueError(f"alpha must be a finite number, not negative; got {self.alpha}")
        if not 0.0 <= self.l1_ratio <= 1.0:
            raise ValueError(f"l1_ratio must be between 0 and 1, got {self.l1_ratio}")
        if self.event < 1:
            raise ValueError(f"event must be a code of 1 or more (0 is censoring), got {self.event}")

    def _warn_of_columns(self, fit: Any) -> None:
        def names(chosen: np.ndarray) -> str:
            return ", ".join(map(str, self.feature_names_out_[chosen]))

        if fit.constant.any():
            warnings.warn(
                f"no variation among the rows at risk, coefficient left at 0: {names(fit.constant)}", stacklevel=4
            )
        if fit.collinear.any():
            warnings.warn(
                f"determined by the features before them (collinear), coefficient left at 0: {names(fit.collinear)}",
                stacklevel=4,
            )
        if fit.diverging.any():
            warnings.warn(
                f"the event is separated by these features, their coefficients have no finite estimate: "
                f"{names(fit.diverging)}; merge rare levels, drop them, or set alpha > 0",
                stacklevel=4,
            )
        if not fit.converged:
            warnings.warn(
                f"the fit did not converge in {fit.n_iterations} iterations; check the features or set alpha > 0",
                stacklevel=4,
            )

    def _warn_of_competing_events(self) -> None:
        if self.has_competing_events_:
            warnings.warn(
                "the training data have competing events, which CoxPH counts as censored: this incidence is too high; "
                "use CauseSpecificCox",
                stacklevel=3,
            )


def _offset(values: Any) -> np.ndarray | None:
    """The offset column as numbers, shape (n_rows,)."""
    if values is None:
        return None
    try:
        numbers = np.asarray(values, dtype=float).reshape(len(values))
    except (TypeError, ValueError):
        raise ValueError("offset must name one numeric column") from None
    n_bad = int((~np.isfinite(numbers)).sum())
    if n_bad:
        raise ValueError(f"offset: missing or infinite in {n_bad} of {numbers.size} rows")
    return numbers
