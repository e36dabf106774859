"""The Cox proportional hazards model of one event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from ...caller_warnings import warn
from ...parameter_checks import require_choice
from ..curves.confidence import check_interval
from ..estimator.coefficient_table import chi_squared_table, coefficient_table, wald_statistic
from ..estimator.design import TrainingRows
from ..estimator.fit_problems import fit_problems, warn_of_dropped
from ..features.encoder import FeatureEncoder
from ..features.penalty_factors import feature_factors
from ..inputs.cluster_levels import nested_levels
from ..inputs.other_spellings import explains_other_calls
from ..numerics.blas_threads import one_blas_thread
from .diagnostics import (
    FittedCox,
    concordance,
    residual_table,
    robust_covariance,
    score_statistics,
)
from .profile import profile_table
from .proportionality import ProportionalityTest, proportionality_table
from .saved_errors import CoxErrors

TIES = ("efron", "breslow")
ENTRY_CONVENTIONS = ("r", "statsmodels")
STD_ERRORS = (None, "survfit", "jackknife")


class CoxPH(CoxErrors):
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
    penalty_factor : mapping of str to float, optional
        Multiplies the penalty, by column of ``X`` or by feature; 1 where not named, 0 unpenalised, infinite left out.
        Scaled to mean 1, as in glmnet.
    standardize : bool
        False: b above are the coefficients of the features as they are.
    firth : bool
        Add Firth's penalty, half the log determinant of the information: estimates stay finite where the event is
        separated, and are less biased in small samples. ``log_likelihood_`` contains it; for intervals see
        :meth:`profile_likelihood`. Not together with ``alpha``.
    entry_convention : {"r", "statsmodels"}
        Whether a row that comes under observation on the day of another row's event is at risk on that day: not in R's
        survival, on ``(entry, duration]``; it is in statsmodels' PHReg, on ``[entry, duration]``. With several rows a
        child only the first counts each child once.
    encoder : FeatureEncoder, optional
    horizon : float
        Days at which ``predict`` states the risk.
    std_error : {"survfit", "jackknife"}, optional
        Standard errors of hazards, survival and incidence; ``jackknife`` by default where ``cluster`` is given to
        ``fit`` or a weight is not a whole number, else ``survfit``. ``survfit``: as R's ``survfit.coxph``, which with
        clusters takes the robust covariance of the coefficients, but for the baseline hazard the variance of
        independent rows, and leaves out the covariance of the two: 95 % intervals held 92.3 % of simulated truths with
        siblings, and with weights they change with the scale of these. ``jackknife``: the derivative of the fit by the
        weight of a row, of baseline and coefficients together, added up by cluster before it is squared.

    Attributes
    ----------
    coef_ : ndarray, shape (p,)
    covariance_, naive_covariance_ : ndarray, shape (p, p)
        The inverse information; the first is the sandwich instead when ``cluster`` is given to ``fit`` or a weight is
        not a whole number (as in R).
    covariance_by_level_ : dict of str to ndarray, shape (p, p)
        Where ``cluster`` has two nested levels: the sandwich by each, the inner level first. That of the outer level,
        ``covariance_``, allows for any dependence at both; it needs many more clusters than features.
    log_likelihood_ : tuple of float
        Null and fitted.
    baseline_ : BaselineHazard
        At the mean of the features and of the offset.
    baseline_cumulative_hazard_ : Series, or DataFrame with one column per stratum
        At features and offset 0, by day.
    hazard_moments_ : list of dict
        What ``jackknife`` errors rest on, by stratum: sums over all rows, by groups of events; made when first asked
        for. Empty for a stratum of which a saved model keeps nothing, and with ``survfit``.
    martingale_residuals_ : ndarray, shape (n_rows,)
        NaN in rows that are at risk on no day. Not saved.
    summary_ : DataFrame
        One row per feature: coef, se, robust_se, lower, upper, hazard_ratio, hazard_ratio_lower, hazard_ratio_upper, z,
        p.
    n_events_, n_iterations_ : int

    Notes
    -----
    Conventions and results are those of ``coxph`` in R's package survival. Where survival 3.5 differs: its robust score
    test takes the offset as 0; ``basehaz(centered = FALSE)`` leaves the offset at its mean; weighted Schoenfeld
    residuals get the weights of other rows, as it does not bring the weights into the order of the residuals.

    References
    ----------
    Therneau and Grambsch (2000), Modeling Survival Data; Efron (1977); Lin and Wei (1989) for the sandwich;
    Reid and Crepeau (1985), Biometrika 72:1, for the influence of a row on the baseline hazard.

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
        *("coef_", "covariance_", "naive_covariance_", "is_robust_", "log_likelihood_", "score_statistic_"),
        *("robust_score_statistic_", "covariance_by_level_", "n_events_", "n_iterations_", "has_competing_events_"),
        *("strata_", "center_", "offset_center_", "baseline_time_", "baseline_stratum_", "baseline_hazard_"),
        *("baseline_variance_", "mean_steps_", "mean_values_", "mean_error_", "hazard_moments_"),
    )
    _of_training: ClassVar[tuple[str, ...]] = (
        *("_training", "_row_moments", "_exact_mean", "_scores", "_concordance", "martingale_residuals_"),
    )

    def __init__(
        self,
        event: int = 1,
        ties: str = "efron",
        strata: str | list[str] | None = None,
        offset: str | None = None,
        alpha: float = 0.0,
        l1_ratio: float = 0.0,
        penalty_factor: Mapping[str, float] | None = None,
        standardize: bool = True,
        firth: bool = False,
        entry_convention: str = "r",
        encoder: FeatureEncoder | None = None,
        horizon: float = 730.0,
        std_error: str | None = None,
    ) -> None:
        self.event = event
        self.ties = ties
        self.strata = strata
        self.offset = offset
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.penalty_factor = penalty_factor
        self.standardize = standardize
        self.firth = firth
        self.entry_convention = entry_convention
        self.encoder = encoder
        self.horizon = horizon
        self.std_error = std_error

    @explains_other_calls
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
        if np.ndim(cluster) == 2:
            rows, fitted = self._rows_of_training("cluster"), self._fitted()
            levels = {name: rows.of_given(labels) for name, labels in nested_levels(cluster, rows.n_given).items()}
            inner, outer = levels
            self.covariance_by_level_ = {
                inner: robust_covariance(rows, fitted, pd.factorize(levels[inner])[0]),
                outer: self.covariance_,
            }
        warn_of_dropped(self.encoder_)
        return self

    @property
    def summary_(self) -> pd.DataFrame:
        """Coefficients, 95 % intervals, hazard ratios and tests, one row per feature."""
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
        """Tests that all coefficients are 0: likelihood ratio, Wald, score; statistic, df, p.

        With clusters the Wald test is robust, and there is a robust score test; the others take rows as independent.
        """
        check_is_fitted(self)
        null, fitted = self.log_likelihood_
        statistics = {
            "likelihood ratio": 2.0 * (fitted - null),
            "Wald": wald_statistic(self.coef_, self.covariance_),
            "score": self.score_statistic_,
        }
        if self.is_robust_:
            statistics["robust score"] = self.robust_score_statistic_
        return chi_squared_table(statistics, int((np.diag(self.covariance_) > 0).sum()))

    @cached_property
    def score_statistic_(self) -> float:
        """Score statistic of the test that all coefficients are 0."""
        return self._scores[0]

    @cached_property
    def robust_score_statistic_(self) -> float:
        """The same by the scores of the clusters, NaN without clusters."""
        return self._scores[1]

    @cached_property
    def _scores(self) -> tuple[float, float]:
        return score_statistics(self._rows_of_training("the score test"), self._fitted())

    @property
    def concordance_(self) -> float:
        r"""Harrell's concordance of the linear predictor with the order of events in training, as R's ``concordance``.

        The weighted share of pairs, each a row with the event at t and a row of its stratum at risk at t that lasts
        longer, in which the first has the higher linear predictor; a half where they are equal. NaN without a pair.
        """
        return self._concordance[0]

    @property
    def concordance_std_error_(self) -> float:
        """Standard error of ``concordance_`` by the infinitesimal jackknife, over clusters where there are some."""
        return self._concordance[1]

    @cached_property
    def _concordance(self) -> tuple[float, float]:
        return concordance(self._rows_of_training("concordance_"), self._fitted())

    @one_blas_thread()
    def residuals(
        self, kind: str = "martingale", *, weighted: bool | None = None, collapse: Any = None
    ) -> np.ndarray | pd.Series | pd.DataFrame:
        """Residuals of the training rows, as R's ``residuals.coxph``.

        Parameters
        ----------
        kind : {"martingale", "deviance", "score", "schoenfeld", "scaledsch", "dfbeta", "dfbetas"}
            ``dfbeta``: approximate change of each coefficient by leaving the row out; ``dfbetas``: the same in standard
            errors. ``scaledsch``: Schoenfeld residuals scaled so that their mean is the coefficient.
        weighted : bool, optional
            Multiply by the case weights; by default only for ``dfbeta`` and ``dfbetas``.
        collapse : array, shape (n_rows,), optional
            Which rows are of one child: residuals are added up by its values. Deviance residuals are computed from
            weighted and added up numbers of events, observed and expected (R's are NaN for some of these).

        Returns
        -------
        ndarray, shape (n_rows,), for martingale and deviance; otherwise a DataFrame with one column per feature and one
        row per training row, or, for ``schoenfeld`` and ``scaledsch``, one row per event in order of stratum
        (categories in their own order, other values sorted; so R's order for the same levels), day and row, with the
        day as index. With ``collapse`` a Series or DataFrame with one row per value of it, sorted.

        Raises
        ------
        ValueError
            The kind is not known, or the model was loaded: a saved model holds no training rows.
        """
        rows = self._rows_of_training("residuals")
        return residual_table(rows, self._fitted(), kind, weighted=weighted, collapse=collapse)

    @one_blas_thread()
    def test_proportional_hazards(self, transform: str = "km", *, terms: bool = True) -> ProportionalityTest:
        """Score test that each coefficient does not change with time, as ``cox.zph`` of R's survival 3.

        Parameters
        ----------
        transform : {"km", "rank", "identity", "log"}
            Time scale against which a coefficient could change: 1 - Kaplan-Meier (unweighted), rank, days, log days.
        terms : bool
            Test the features of a column of ``X`` (levels of a category, splines) together; False: each by itself.

        Returns
        -------
        ProportionalityTest
            DataFrame with a row for each column of ``X`` or feature, and ``GLOBAL``: chisq, df, p. Its ``plot()`` draws
            the scaled Schoenfeld residuals with a smooth line.

        Raises
        ------
        ValueError
            The transform is not known, the fit is penalised, or the model was loaded.
        """
        if self.alpha > 0 or self.firth:
            raise ValueError("the test of proportional hazards is not defined for a penalised fit (alpha > 0, firth)")
        rows = self._rows_of_training("test_proportional_hazards")
        groups = self.encoder_.groups_
        if not terms:
            groups = {name: [position] for position, name in enumerate(self.feature_names_out_)}
        return proportionality_table(rows, self._fitted(), transform, groups)

    @one_blas_thread()
    def profile_likelihood(self, *, level: float = 0.95) -> pd.DataFrame:
        """Intervals and tests of single coefficients by the profile likelihood, Firth's penalty included if it is.

        Those of Wald in ``summary_`` are poor in small samples and near separation, where the likelihood is skew: with
        ``firth=True`` these are the ones to state (as R's ``coxphf``).

        Parameters
        ----------
        level : float

        Returns
        -------
        DataFrame
            One row per feature: coef, lower, upper (infinite where the likelihood does not fall far enough, as under
            separation without a penalty), hazard_ratio_lower, hazard_ratio_upper, and the likelihood-ratio test that
            the coefficient is 0: chisq (1 degree of freedom), p.

        Raises
        ------
        ValueError
            The fit has a penalty ``alpha``, clusters or weights that are no counts (a likelihood knows nothing of
            them), or the model was loaded.

        References
        ----------
        Heinze and Schemper (2001), A solution to the problem of monotone likelihood in Cox regression, Biometrics 57.

        Examples
        --------
        >>> X = pd.DataFrame({"x": [0, 0, 0, 1, 1, 1]})
        >>> y = pd.DataFrame({"duration": [1, 2, 3, 4, 5, 6], "event": [1, 1, 1, 0, 0, 1]})
        >>> CoxPH(firth=True).fit(X, y).profile_likelihood()[["lower", "upper"]].round(3).to_numpy().tolist()
        [[-7.486, -0.157]]
        """
        check_interval(level, "log")
        rows = self._rows_of_training("profile_likelihood")
        if self.alpha > 0 or self.is_robust_:
            raise ValueError("the profile likelihood is not defined with alpha > 0, clusters or fractional weights")
        return profile_table(rows, self._fitted(), level, firth=self.firth)

    def _fit(self, rows: TrainingRows) -> None:
        from .kernels.fit import fit_cox

        self._check_parameters()
        outcome, cluster = rows.outcome, rows.cluster
        if self.entry_convention == "statsmodels":
            outcome = replace(outcome, entry=np.nextafter(outcome.entry, -np.inf))
        rows = replace(rows, outcome=outcome, cluster=rows.robust_groups)
        is_event = self._has_event(outcome, rows.weight, "Cox")
        fit = fit_cox(
            rows.design.matrix,
            outcome.entry,
            outcome.duration,
            is_event,
            weight=rows.weight,
            stratum=rows.design.strata,
            offset=rows.design.offset,
            cluster=rows.cluster,
            ties=self.ties,
            alpha=self.alpha,
            l1_ratio=self.l1_ratio,
            penalty_factor=feature_factors(self.penalty_factor, self.encoder_),
            standardize=self.standardize,
            firth=self.firth,
        )
        self.events_, self.strata_ = (int(self.event),), list(rows.design.labels)
        self.has_competing_events_ = bool(np.any((outcome.event > 0) & ~is_event))
        self.coef_, self.covariance_, self.naive_covariance_ = fit.coef, fit.covariance, fit.naive_covariance
        self.is_robust_, self.covariance_by_level_ = rows.cluster is not None, {}
        self.log_likelihood_ = fit.log_likelihood
        if fit.score_statistics is not None:
            self._scores = fit.score_statistics
        self.n_events_, self.n_iterations_ = fit.n_events, fit.n_iterations
        self.center_, self.offset_center_ = fit.center, fit.offset_center
        self.baseline_time_, self.baseline_stratum_ = fit.time, fit.time_stratum
        self.baseline_hazard_, self.baseline_variance_ = fit.cumulative_hazard, fit.hazard_variance
        self._exact_mean = fit.cumulative_mean
        self.martingale_residuals_ = rows.to_given(fit.martingale_residuals)
        if self.std_error == "survfit" or (self.std_error is None and rows.cluster is None):
            self.hazard_moments_ = []
        self._training = rows
        for message in fit_problems(fit, self.feature_names_out_, *self._remedies, without=self._asked_zero):
            warn(message)
        if cluster is not None:
            n_clusters, n_estimated = cluster.max() + 1, int((np.diag(self.naive_covariance_) > 0).sum())
            if n_clusters <= n_estimated:
                warn(
                    f"{n_clusters} clusters for {n_estimated} coefficients: robust errors are unreliable, and their "
                    "joint tests have no meaning"
                )

    def _fitted(self) -> FittedCox:
        return FittedCox(self.event, self.ties, self.coef_, self.naive_covariance_, self.feature_names_out_)

    def _check_parameters(self) -> None:
        for name, choices in (
            ("entry_convention", ENTRY_CONVENTIONS),
            ("std_error", STD_ERRORS),
            ("ties", TIES),
        ):
            require_choice(name, getattr(self, name), choices)
        if self.firth and self.alpha > 0:
            raise ValueError("firth and alpha > 0 are two penalties: choose one")
        if not 0.0 <= self.alpha < np.inf:
            raise ValueError(f"alpha must be a finite number, not negative; got {self.alpha}")
        if not 0.0 <= self.l1_ratio <= 1.0:
            raise ValueError(f"l1_ratio must be between 0 and 1, got {self.l1_ratio}")
        self._check_event()
