"""Cause-specific Cox models, combined into cumulative incidences."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.special import ndtr
from sklearn.utils.validation import check_is_fitted

from ...caller_warnings import warn
from ...parameter_checks import require_choice
from ..cox.model import TIES, CoxPH
from ..curves.confidence import check_interval, probability_bounds
from ..estimator.asked import Asked
from ..estimator.base import ROWS_PER_CHUNK, require_event
from ..estimator.conditioning import FAINT
from ..estimator.design import Design, TrainingRows
from ..estimator.fit_problems import known_end_remedy, warn_of_dropped
from ..estimator.unstated import warn_of_unstated
from ..features.encoder import FeatureEncoder
from ..incidence.exact_sums import FORMS, product_limit, total_hazard
from ..incidence.influence_error import incidence_covariance
from ..incidence.predictor_region import predictor_moments
from ..incidence.simultaneous import simultaneous_quantile
from ..inputs.follow_up import flat_until
from ..numerics.blas_threads import one_blas_thread
from .by_cause import ByCause
from .errors import are_as_r
from .scored_rows import CauseSpecificScores
from .total_influence import CauseSpecificTotals

STD_ERRORS = ("riskregression", "jackknife")


class CauseSpecificCox(ByCause, CauseSpecificScores, CauseSpecificTotals):
    r"""Risk of each event with the others competing, from one Cox model per cause.

    .. math:: F_k(t \mid x) = \sum_{t_j \le t} S(t_j- \mid x)\, e^{x'\beta_k}\, dH_{0k}(t_j)

    where S is the probability that no event has happened yet: :math:`\exp(-\sum_k H_k)` in the exponential form,
    :math:`\prod (1 - \sum_k dH_k)` in the product-limit form. The coefficients are those of the causes' hazards among
    those still free of all events; how a feature moves the risk depends on all causes together.

    Parameters
    ----------
    ties : {"efron", "breslow"}
    strata : str or list of str, optional
        Columns of ``X``: each combination of their values has baseline hazards of its own, and no coefficient.
    form : {"exponential", "product_limit"}
        With ``product_limit`` and no features the incidence is exactly the Aalen-Johansen estimate.
    known_end_event : int, optional
        Code of an end whose date is known beforehand (the 18th birthday). It gets no hazard: such rows leave the risk
        sets as censored, and predictions take ``eligible_days`` instead.
    horizon : float
        Days at which ``predict`` and ``score`` state the risk.
    encoder : FeatureEncoder, optional
    columns_by_event : dict of int to list of str, optional
        Columns of ``X`` that the hazard of an event depends on, where it does not depend on all: a rare event cannot
        carry many coefficients. Its coefficients of the others are 0, without error.
    std_error : {"riskregression", "jackknife"}
        Influence functions on which intervals and standard errors of the incidence rest. They agree where no two rows
        have the same event on the same day. ``riskregression``: as R's ``predict(CSC, se = TRUE)``, in which a day
        with several events adds to the compensator of the coefficients once; days shared by many events make its
        errors too small or too large, by a few per cent for days and more where times are coarse. ``jackknife``: the
        derivative of the fit by the weight of a row, ties included, which leaving out rows one by one bears out.

    Attributes
    ----------
    events_ : tuple of int
        Causes that are modelled: those that occur.
    cause_models_ : dict of int to CoxPH
        The fitted model of each cause, with its residuals and tests.
    coef_ : DataFrame
        One row per feature, one column per cause.
    covariance_ : dict of int to ndarray, shape (p, p)
        Cluster-robust where ``cluster`` was given, robust where a weight is not a whole number.
    summary_ : DataFrame
        The summary of each cause's model, indexed by (event, feature).
    log_likelihood_, aic_, bic_ : Series indexed by cause
        Of the partial likelihood; ``bic_`` counts the events.
    baseline_cumulative_hazard_ : DataFrame
        Cumulative hazards at features 0 by day; a column per cause, or (cause, stratum).
    moments_ : list of dict
        What intervals rest on, by stratum: sums over all rows, by groups of events. Computed when first asked for.
        Empty for a stratum of which a saved model keeps nothing.
    is_as_r_ : ndarray of bool, shape (n_strata,)
        Whether errors from the plan's end on are exactly R's, from every row, which a saved model does not hold.
    predictor_moments_ : ndarray, shape (n_causes + 1, n_causes)
        Mean and covariance of the causes' linear predictors in training.

    Notes
    -----
    The probability of no event is 1 minus the incidences of all causes, in both forms. In the exponential form this
    differs a little from :math:`\exp(-\sum_k H_k)`, and where nearly everybody has had some event the incidences, each
    at most 1, can add up to more than 1 (as in riskRegression); in the product-limit form they cannot. The fewer rows
    are at risk for each event of a day, the more: by 0.01 among 200 patients, by 0.1 for hospital stays in whole days.
    Where a row's hazards of one day add up to more than 1 (heavy ties among the last rows at risk), they share in
    proportion what was left before it; riskRegression lets the incidences jump by more.
    Times that differ by rounding only (relatively by about 1e-8) are one time, as in R's ``coxph`` and ``survfit``;
    riskRegression sums over them at full precision, so round them before comparing.

    References
    ----------
    Benichou and Gail (1990), Biometrics 46:813; Ozenne et al. (2017), The R Journal 9(2):440 (riskRegression, whose
    ``predict(CSC)`` gives the same numbers).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"x": rng.normal(size=200)})
    >>> y = pd.DataFrame({"duration": rng.exponential(400, 200), "event": rng.integers(0, 3, 200)})
    >>> CauseSpecificCox().fit(X, y).predict_cumulative_incidence(X.iloc[:2], [91, 365]).shape
    (2, 2)
    """

    _column_parameters: ClassVar[dict[str, str]] = {"strata": "strata"}
    # The sums are no rows, but are made again sooner than they are copied; not those over windows, which scoring makes.
    _of_training: ClassVar[tuple[str, ...]] = (
        *("_training", "_influence", "_sums_by_stratum", "_errors_by_stratum", "_windows_made"),
    )
    _bundle_attributes: ClassVar[tuple[str, ...]] = (
        *("cause_models_", "strata_", "moments_", "is_as_r_", "predictor_moments_"),
    )

    def __init__(
        self,
        ties: str = "efron",
        strata: str | list[str] | None = None,
        form: str = "exponential",
        known_end_event: int | None = None,
        horizon: float = 730.0,
        encoder: FeatureEncoder | None = None,
        std_error: str = "riskregression",
        columns_by_event: Mapping[int, Sequence[str]] | None = None,
    ) -> None:
        self.ties = ties
        self.strata = strata
        self.form = form
        self.known_end_event = known_end_event
        self.horizon = horizon
        self.encoder = encoder
        self.std_error = std_error
        self.columns_by_event = columns_by_event

    @property
    def baseline_cumulative_hazard_(self) -> pd.DataFrame:
        """Cumulative hazards at features 0 by day, a column per cause or (cause, stratum); NaN past the follow-up."""
        hazards = {cause: model.baseline_cumulative_hazard_ for cause, model in self.cause_models_.items()}
        return flat_until(pd.concat(hazards, axis=1), np.tile(self.follow_up_, len(hazards)))

    @one_blas_thread()
    def predict_cumulative_incidence_interval(
        self,
        X: Any,
        times: Any,
        *,
        event: int = 1,
        level: float = 0.95,
        eligible_days: Any = None,
        elapsed: Any = 0.0,
    ) -> np.ndarray:
        r"""Interval of the cumulative incidence, symmetric on the scale :math:`\log(-\log F)`.

        The standard error is that of :meth:`predict_cumulative_incidence_std_error`: it covers what the estimates leave
        open, not whether the model is right. The bounds are ``absRisk.lower`` and ``absRisk.upper`` of riskRegression's
        ``predict(CSC, se = TRUE)``.

        Parameters
        ----------
        X, times, event, eligible_days, elapsed
            As in :meth:`predict_cumulative_incidence`.
        level : float
            Coverage, pointwise.

        Returns
        -------
        ndarray, shape (n_rows, n_times, 2)
            Lower and upper bound; both are the incidence where it is 0 or 1.

        Raises
        ------
        ValueError
            The level is not between 0 and 1, or an argument breaks a rule of :meth:`predict_cumulative_incidence`.
        """
        check_is_fitted(self)
        check_interval(level, "log-log")
        require_event(event, self.events_)
        return self._asked_interval(self._asked(X, times, eligible_days, elapsed), event, level)

    def _asked_interval(self, asked: Asked, event: int, level: float) -> np.ndarray:
        incidence, error = self._asked_incidence(asked, event), self._asked_error(asked, event)
        bounds = np.empty((*error.shape, 2))
        for rows, _ in asked.chunks(ROWS_PER_CHUNK):
            bounds[rows] = np.stack(probability_bounds(incidence[rows], error[rows], level, "log-log"), axis=-1)
        return bounds

    @one_blas_thread()
    def predict_cumulative_incidence_std_error(
        self, X: Any, times: Any, *, event: int = 1, eligible_days: Any = None, elapsed: Any = 0.0
    ) -> np.ndarray:
        """Standard error of the cumulative incidence, by its influence function.

        By default it is ``absRisk.se`` of riskRegression's ``predict(CSC, se = TRUE)`` in both forms. It is the
        infinitesimal jackknife's where no two events of a cause share a day, and with ``std_error="jackknife"``
        always; in the product-limit form but for a factor 1 / (1 - dH) of a day, left out as in riskRegression.
        Robust, and cluster-robust where ``cluster`` was given to ``fit``; delayed entry and weights are accounted for
        as in the fit.

        It rests on sums of influences over groups of 6 events of a cause and more, so that a saved model has the same:
        from 1,000 children on it is within 0.02 % of the exact one at 91, 182, 365 and 730 days and the horizon, and
        mostly within 1 % between; with fewer children or events of a cause it is within 15 %. It is exact where it
        would be R's (``riskregression``, no clusters, no weights, no ``elapsed``) in strata of fewer than 1,000
        children, and in those of fewer than 200 or with 1 to 5 events of a cause; a saved model does not state these
        (NaN, with a warning).

        Parameters
        ----------
        X, times, event, eligible_days, elapsed
            As in :meth:`predict_cumulative_incidence`.

        Returns
        -------
        ndarray, shape (n_rows, n_times)
            Infinite where relative risks are too large for numbers.

        Raises
        ------
        ValueError
            An argument breaks a rule of :meth:`predict_cumulative_incidence`.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> X, y = rng.normal(size=(200, 1)), {"duration": np.arange(200.0), "event": rng.integers(0, 3, 200)}
        >>> model = CauseSpecificCox().fit(X, y)
        >>> model.predict_cumulative_incidence_std_error(X[:2], [30, 150]).shape
        (2, 2)
        """
        check_is_fitted(self)
        require_event(event, self.events_)
        return self._asked_error(self._asked(X, times, eligible_days, elapsed), event)

    @one_blas_thread()
    def predict_cumulative_incidence_band(
        self,
        X: Any,
        times: Any,
        *,
        event: int = 1,
        level: float = 0.95,
        eligible_days: Any = None,
        elapsed: Any = 0.0,
        n_simulations: int = 10_000,
        random_state: int | np.random.Generator | None = 0,
    ) -> np.ndarray:
        r"""Band for a row's incidences at all ``times`` together, symmetric on the scale :math:`\log(-\log F)`.

        The quantile of :math:`\max_t |\hat F(t) - F(t)| / \hat{se}(t)` is that of normal variables with the covariance
        of the influence functions at these times, by simulation. It is made row by row, for few rows.

        Parameters
        ----------
        X, event, eligible_days, elapsed
            As in :meth:`predict_cumulative_incidence`.
        times : array, shape (n_times,)
            A grid over the days for which the band is meant, such as the days of events among them.
        level : float
            Coverage of all times together.
        n_simulations : int
        random_state : int, Generator or None

        Returns
        -------
        ndarray, shape (n_rows, n_times, 2)
            Lower and upper bound; both are the incidence where it is 0 or 1.

        Raises
        ------
        ValueError
            The level is not between 0 and 1, or an argument breaks a rule of :meth:`predict_cumulative_incidence`.

        References
        ----------
        Scheike and Zhang (2008), Biometrical Journal 50:1; Ozenne et al. (2017), The R Journal 9(2):440.

        Examples
        --------
        >>> rng = np.random.default_rng(0)
        >>> X, y = rng.normal(size=(200, 1)), {"duration": np.arange(200.0), "event": rng.integers(0, 3, 200)}
        >>> CauseSpecificCox().fit(X, y).predict_cumulative_incidence_band(X[:2], [30, 90, 150]).shape
        (2, 3, 2)
        """
        check_is_fitted(self)
        check_interval(level, "log-log")
        require_event(event, self.events_)
        asked = self._asked(X, times, eligible_days, elapsed)
        incidence, design = self._asked_incidence(asked, event), asked.design
        draws = np.random.default_rng(random_state).standard_normal((n_simulations, asked.times.shape[1]))
        risk, cause = self._relative_risk(design.matrix), self.events_.index(event)
        bounds = np.empty((*asked.times.shape, 2))
        for code, rows in design.by_stratum():
            for row in np.arange(len(design))[rows]:
                errors = self._errors(code, bool(self._is_by_row(code, asked.since[row])[0]))
                if errors is None:
                    bounds[row] = np.nan
                    continue
                distance = self._distances(design.matrix[[row]])
                covariance = incidence_covariance(
                    errors.hazards,
                    distance,
                    risk[[row]],
                    asked.times[row],
                    float(asked.since[row, 0]),
                    cause,
                    self.form,
                )
                error, quantile = simultaneous_quantile(covariance, draws, level)
                # Without any error, as after the last event, the band is the incidence whatever the level.
                together = 1.0 - 2.0 * ndtr(-quantile) if error.any() else level
                bounds[row] = np.stack(probability_bounds(incidence[row], error, together, "log-log"), axis=-1)
        # Past the follow-up neither model knows the incidence, which was said.
        warn_of_unstated(np.where(np.isnan(incidence), 0.0, bounds[..., 0]))
        return asked.finished(bounds)

    def _fit(self, rows: TrainingRows) -> None:
        for name, choices in (("form", FORMS), ("ties", TIES), ("std_error", STD_ERRORS)):
            require_choice(name, getattr(self, name), choices)
        rows = replace(rows, outcome=rows.outcome.without(self.known_end_event))
        causes = rows.outcome.of_weight(rows.weight).events
        if not causes:
            raise ValueError("no row has an event to model (and a weight above 0)")
        self.events_, self.strata_ = causes, list(rows.design.labels)
        self.cause_models_ = {cause: self._fit_cause(cause, rows) for cause in causes}
        counted = slice(None) if rows.weight is None else rows.weight > 0
        self.predictor_moments_ = predictor_moments(self._predictors(rows.design.matrix)[counted])
        self.is_as_r_ = are_as_r(rows, self.std_error)
        self._training = rows
        warn_of_dropped(self.encoder_)

    def _fit_cause(self, cause: int, rows: TrainingRows) -> CoxPH:
        # Intervals rest on the influences of all causes together: those of one are not needed.
        model = CoxPH(cause, self.ties, self.strata, encoder=self.encoder, horizon=self.horizon, std_error="survfit")
        model.advising(known_end_remedy(self, cause))
        left_out = self._left_out(cause)
        if left_out.any():
            # Without variation a column gets no coefficient, and nothing else changes.
            matrix = np.where(left_out, 0.0, rows.design.matrix)
            rows = replace(rows, design=replace(rows.design, matrix=matrix))
            model.leaving_out(left_out)
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model.fit_encoded(rows, self.encoder_, None if self.known_end_event is None else self.average_risk_)
        for warning in caught:
            warn(f"event {cause}: {warning.message}", warning.category)
        return model

    def _incidence(self, design: Design, times: np.ndarray, event: int) -> np.ndarray:
        return self._summed(design, times, self.events_.index(event))

    def _incidence_since(self, design: Design, times: np.ndarray, since: np.ndarray, event: int) -> np.ndarray:
        incidence = super()._incidence_since(design, times, since, event)
        incidence[self._is_flat(design, times, since, event)] = 0.0
        return incidence

    def _event_free(self, design: Design, times: np.ndarray) -> np.ndarray:
        free = 1.0 - self._summed(design, times, None)
        faint = np.asarray((free < FAINT).any(axis=1))
        if self.form == "product_limit" and faint.any():
            relative_risk = self._relative_risk(design.matrix)
            for code, rows in design.by_stratum():
                own = np.arange(len(design))[rows]
                own = own[faint[own]]
                exact = product_limit(self._sums(code).jumps, relative_risk[own], times[own])
                free[own] = np.where(free[own] < FAINT, exact, free[own])
        return free

    def _still_free(self, design: Design, times: np.ndarray) -> np.ndarray:
        """The S of the sum, so that the sum goes on from that day as if it began there."""
        if self.form == "product_limit":
            return self._event_free(design, times)
        relative_risk = self._relative_risk(design.matrix)
        result = np.empty(times.shape)
        for code, rows in design.by_stratum():
            result[rows] = total_hazard(self._sums(code).jumps, relative_risk[rows], times[rows])
        return np.exp(-result)

    def _asked_error(self, asked: Asked, event: int) -> np.ndarray:
        """Standard error of the incidence given no event so far, by chunks of rows."""
        error = np.empty(asked.times.shape)
        for rows, part in asked.chunks(ROWS_PER_CHUNK):
            error[rows] = self._incidence_error(part.design, part.times, part.since, event)
        warn_of_unstated(error)
        return asked.finished(error)

    def _summed(self, design: Design, times: np.ndarray, cause: int | None) -> np.ndarray:
        """Incidence of the cause at this position, or of all, shape (n_rows, n_times)."""
        relative_risk = self._relative_risk(design.matrix)
        result = np.empty(times.shape)
        for code, rows in design.by_stratum():
            result[rows] = self._sums(code).incidence(relative_risk[rows], times[rows], cause)
        return result
