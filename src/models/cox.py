"""The Cox proportional hazards model of one event."""

from __future__ import annotations

import warnings
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from .baseline import kept_means
from .coefficient_table import chi_squared_table, coefficient_table, wald_statistic
from .cox_diagnostics import FittedCox, TrainingRows, proportionality_table, residual_table
from .cox_prediction import CoxPrediction, offset_values
from .features import FeatureEncoder
from .fit_problems import fit_problems
from .outcome import Outcome
from .strata import learn_strata

TIES = ("efron", "breslow")


class CoxPH(CoxPrediction):
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
    def summary_(self) -> pd.DataFrame:
        """Coefficients, 95 % intervals, hazard ratios and tests, one row a feature."""
        check_is_fitted(self)
        return coefficient_table(
            self.coef_,
            self.covariance_,
            self.naive_covariance_,
            self.feature_names_out_,
            is_robust=self.is_robust_,
        )

    @property
    def global_tests_(self) -> pd.DataFrame:
        """Tests that all coefficients are 0: likelihood ratio, Wald (robust with clusters), score; statistic, df, p."""
        check_is_fitted(self)
        null, fitted = self.log_likelihood_
        statistics = {
            "likelihood ratio": 2.0 * (fitted - null),
            "Wald": wald_statistic(self.coef_, self.covariance_),
            "score": self.score_statistic_,
        }
        return chi_squared_table(statistics, int((np.diag(self.covariance_) > 0).sum()))

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
        return residual_table(self._rows_of_training("residuals"), self._fitted(), kind, weighted=weighted)

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
        if self.alpha > 0:
            raise ValueError("the test of proportional hazards is not defined for a penalised fit (alpha > 0)")
        rows = self._rows_of_training("test_proportional_hazards")
        return proportionality_table(rows, self._fitted(), transform, self.encoder_.groups_)

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
        offset = offset_values(special.get("offset"))
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
        for message in fit_problems(fit, self.feature_names_out_):
            warnings.warn(message, stacklevel=4)

    def _fitted(self) -> FittedCox:
        return FittedCox(self.event, self.ties, self.coef_, self.naive_covariance_, self.feature_names_out_)

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
