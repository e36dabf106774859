"""Discrete-time competing risks: a multinomial logit of person-periods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd
from scipy.special import ndtr, ndtri
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.validation import check_is_fitted

from ...caller_warnings import warn
from ...small_counts import count_words
from ..estimator.delta_interval import DeltaIntervalModel
from ..estimator.design import Design, TrainingRows
from ..estimator.fit_problems import known_end_remedy, warn_of_dropped
from ..estimator.likelihood_criteria import LikelihoodCriteria
from ..features.encoder import FeatureEncoder
from .period_incidence import (
    curves_by_blocks,
    event_free_slopes,
    hazards_from_log_odds,
    incidence_slopes,
    n_periods_until,
)
from .person_period import days_used, number_causes, period_ends, person_periods
from .score_influence import score_sums

if TYPE_CHECKING:
    from .fit import DiscreteTimeFit


class DiscreteTimeHazard(LikelihoodCriteria, DeltaIntervalModel):
    r"""Competing events in discrete time: a multinomial logit of what happens in each period, all events jointly.

    Follow-up is cut into periods. In period :math:`k`, given no event before it, event :math:`j` has probability
    :math:`h_{jk}(x)`, with

    .. math:: \log \frac{h_{jk}(x)}{1 - \sum_l h_{lk}(x)} = x' \beta_j + \alpha_{jk}.

    ``exp(beta)`` is the ratio of the odds of the event against no event in a period. It approaches the hazard ratio as
    periods get short or events rare; it is reported as ``odds_ratio``, because it is not a hazard ratio.

    Delayed entry and censoring within a period count by the share of the period under observation (see
    ``person_period.py``). Cause-specific hazards are taken as constant within a period, so that predictions are
    continuous in time, never decrease, and with the event-free probability sum to 1 on every day. An event on day 0
    belongs to the first period. The curves end on the last day observed, or with the last period.

    An event that occurs no more often than there are features has no coefficients: it gets one hazard, the same for all
    rows and periods, with a warning.

    Parameters
    ----------
    period_days : float or sequence of float
        Length of the periods in days, or their last days.
    max_days : float, optional
        Follow-up is used up to the end of the period that holds this day; to the longest duration if not given.
    period_effect : {"spline", "polynomial", "indicator"}
        How :math:`\alpha_{jk}` runs over periods: natural cubic spline or polynomial of the period's middle, or a free
        level for each period.
    period_df : int
        Degrees of freedom of the spline or polynomial beside the constant.
    known_end_event : int, optional
        An event whose date is known beforehand (the 18th birthday): counted as censoring, not modelled.
    max_iter : int
        Most iterations.
    tol : float
        The fit ends when no parameter (of standardised features) changes by more.
    horizon : float
        Days at which ``predict`` states the risk.
    encoder : FeatureEncoder, optional

    Attributes
    ----------
    events_ : tuple of int
        Codes of the modelled events.
    coef_ : ndarray, shape (n_events, n_features)
    covariance_ : ndarray, shape (n_events * (n_features + q), n_events * (n_features + q))
        Of each event's coefficients followed by its ``q`` terms of the period effect, event after event. With
        ``cluster``, or where a weight is not a whole number, the sandwich over the summed scores of clusters or rows,
        without small-sample factor (as ``robust`` of R's coxph).
    naive_covariance_ : ndarray
        The same from the inverse information.
    estimated_ : ndarray of bool, shape (n_events, n_features)
        False where a coefficient is not to be read: the feature is a combination of others (coefficient 0), no finite
        coefficient fits best (separation), or the event is too rare. ``fit`` warns of each.
    summary_ : DataFrame
        One row per event and feature.
    period_ends_ : ndarray, shape (n_periods,)
        Last day of each period.
    period_log_odds_ : ndarray, shape (n_periods, n_events)
        :math:`\alpha_{jk}`, at ``X = 0``.
    period_coef_, period_basis_ : ndarray, shapes (n_events, q) and (n_periods, q)
        ``period_log_odds_ = period_basis_ @ period_coef_.T``.
    log_likelihood_ : ndarray, shape (2,)
        With the period effect only, and fitted.
    n_events_ : ndarray of int, shape (n_events,)
        Events of each kind used in the fit.
    converged_ : bool

    Notes
    -----
    The likelihood is that of statsmodels' ``MNLogit`` on the expanded lines, and statsmodels maximises it; the features
    are never expanded (see ``period_logit.py``). Whole weights count as repeated rows. No row of the
    training data is saved.

    References
    ----------
    Allison (1982), Discrete-time methods for the analysis of event histories, Sociological Methodology 13.
    Tutz and Schmid (2016), Modeling Discrete Time-to-Event Data, chapter 8.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"plan_length_days": rng.uniform(30, 700, 400)})
    >>> y = pd.DataFrame({"duration": rng.exponential(600, 400).round(), "event": rng.integers(0, 3, 400)})
    >>> model = DiscreteTimeHazard(max_days=730).fit(X, y)
    >>> model.predict_cumulative_incidence(X, [365, 730]).shape
    (400, 2)
    """

    ratio_name: ClassVar[str] = "odds ratio"
    _of_training: ClassVar[tuple[str, ...]] = ("_training",)
    _bundle_attributes: ClassVar[tuple[str, ...]] = (
        "events_",
        "period_ends_",
        "coef_",
        "period_log_odds_",
        "period_coef_",
        "period_basis_",
        "covariance_",
        "naive_covariance_",
        "estimated_",
        "is_robust_",
        "log_likelihood_",
        "n_events_",
        "n_iterations_",
        "converged_",
    )

    def __init__(
        self,
        *,
        period_days: float | Sequence[float] = 91,
        max_days: float | None = None,
        period_effect: str = "spline",
        period_df: int = 4,
        known_end_event: int | None = None,
        max_iter: int = 100,
        tol: float = 1e-8,
        horizon: float = 730.0,
        encoder: FeatureEncoder | None = None,
    ):
        self.period_days = period_days
        self.max_days = max_days
        self.period_effect = period_effect
        self.period_df = period_df
        self.known_end_event = known_end_event
        self.max_iter = max_iter
        self.tol = tol
        self.horizon = horizon
        self.encoder = encoder

    def _fit(self, rows: TrainingRows) -> None:
        # Imported here because statsmodels is slow to import and only fitting needs it.
        from .fit import fit_discrete_time

        outcome = rows.outcome.without(self.known_end_event)
        counted = outcome.of_weight(rows.weight)
        ends = period_ends(float(counted.duration.max()), self.period_days, self.max_days)
        events = counted.events
        fitted = fit_discrete_time(
            rows.design.matrix,
            outcome,
            events,
            ends,
            rows.weight,
            rows.robust_groups,
            period_effect=self.period_effect,
            period_df=self.period_df,
            max_iter=self.max_iter,
            tol=self.tol,
        )
        self.events_ = events
        self.period_ends_ = ends
        self.coef_ = fitted.coef
        self.period_log_odds_ = fitted.period_log_odds
        self.period_coef_ = fitted.period_coef
        self.period_basis_ = fitted.period_basis
        self.naive_covariance_ = fitted.covariance
        self.estimated_ = fitted.estimated
        self.is_robust_ = fitted.robust_covariance is not None
        self.covariance_ = fitted.covariance if fitted.robust_covariance is None else fitted.robust_covariance
        self.log_likelihood_ = np.array(fitted.log_likelihood)
        self.n_events_ = fitted.n_events
        self.n_iterations_ = fitted.n_iterations
        self.converged_ = fitted.converged
        self._training = rows
        warn_of_dropped(self.encoder_)
        _warn(fitted, events, self.feature_names_out_, [known_end_remedy(self, event) for event in events])

    def _last_days_followed(self, rows: TrainingRows) -> np.ndarray:
        return days_used(self.period_ends_, self._as_counted(rows.of_positive_weight().outcome))

    @property
    def summary_(self) -> pd.DataFrame:
        """Coefficients of the features, one row per event and feature.

        ``coef`` is the log odds ratio, ``se`` from the information, ``robust_se`` from the sandwich (NaN without
        one), ``lower`` and ``upper`` the 95 % interval of ``coef`` and ``z``, ``p`` its test, from the robust
        error where there is one; ``odds_ratio``, with its interval, is the exponential. Where ``estimated_`` is False,
        errors, intervals and test are NaN.
        """
        check_is_fitted(self)
        coef = self.coef_.ravel()
        model_se = self._errors(self.naive_covariance_)
        robust_se = self._errors(self.covariance_) if self.is_robust_ else np.full(coef.size, np.nan)
        se = robust_se if self.is_robust_ else model_se
        z = coef / se
        reach = ndtri(0.975) * se
        with np.errstate(over="ignore"):  # of a feature in a unit that is far too large, the ratio is infinite
            ratio, lower_ratio, upper_ratio = np.exp(coef), np.exp(coef - reach), np.exp(coef + reach)
        return pd.DataFrame(
            {
                "coef": coef,
                "se": model_se,
                "robust_se": robust_se,
                "lower": coef - reach,
                "upper": coef + reach,
                "odds_ratio": ratio,
                "odds_ratio_lower": lower_ratio,
                "odds_ratio_upper": upper_ratio,
                "z": z,
                "p": 2 * ndtr(-np.abs(z)),
            },
            index=pd.MultiIndex.from_product([self.events_, list(self.feature_names_out_)], names=["event", "feature"]),
        )

    def _n_parameters(self) -> int:
        """Free ones: an event too rare for coefficients has one hazard for all periods, whatever its terms."""
        n_causes, n_features = self.coef_.shape
        width = len(self.naive_covariance_) // n_causes
        count = 0
        for cause in range(n_causes):
            own = self.naive_covariance_[cause * width : (cause + 1) * width, cause * width : (cause + 1) * width]
            terms = own[n_features:, n_features:]
            scale = np.sqrt(np.diag(terms))
            scale[scale == 0] = 1.0
            count += int((np.diag(own)[:n_features] > 0).sum())
            count += int(np.linalg.matrix_rank(terms / np.outer(scale, scale), tol=1e-9, hermitian=True))
        return count

    def _errors(self, covariance: np.ndarray) -> np.ndarray:
        """Standard errors of the features' coefficients, event after event; NaN where not estimated."""
        n_causes, n_features = self.coef_.shape
        variance = np.diag(covariance).reshape(n_causes, -1)[:, :n_features]
        return np.sqrt(np.where(self.estimated_, variance, np.nan)).ravel()

    def _incidence(self, design: Design, times: np.ndarray, event: int) -> np.ndarray:
        cause = self.events_.index(event)
        return curves_by_blocks(self._hazards, design.matrix, self.period_ends_, times, cause)

    def _event_free(self, design: Design, times: np.ndarray) -> np.ndarray:
        return curves_by_blocks(self._hazards, design.matrix, self.period_ends_, times, None)

    def _influence_along(
        self, directions: list[np.ndarray], rows: TrainingRows, factor: np.ndarray, target: np.ndarray
    ) -> np.ndarray:
        """Influence of the targets of the training rows on totals of risks with these gradients, (Q, n_targets).

        The spline's knots count as known.
        """
        lines = person_periods(rows.outcome.without(self.known_end_event), self.period_ends_)
        scores = score_sums(
            rows.design.matrix,
            number_causes(lines, self.events_)[0],
            self.period_log_odds_,
            self.coef_,
            self.period_basis_,
            factor,
            target,
        )
        return np.concatenate(directions) @ (self.naive_covariance_ @ scores.T)

    def _parameter_covariance(self) -> np.ndarray:
        return self.covariance_

    def _gradient_width(self) -> int:
        return max(len(self.covariance_), self.period_log_odds_.size)

    def _incidence_gradient(self, design: Design, times: np.ndarray, event: int) -> np.ndarray:
        needed = n_periods_until(self.period_ends_, times)
        hazards = self._hazards(design.matrix, needed)
        slopes = incidence_slopes(hazards, self.period_ends_[:needed], times, self.events_.index(event))
        return self._by_parameter(design.matrix, slopes)

    def _event_free_gradient(self, design: Design, times: np.ndarray) -> np.ndarray:
        needed = n_periods_until(self.period_ends_, times)
        slopes = event_free_slopes(self._hazards(design.matrix, needed), self.period_ends_[:needed], times)
        return self._by_parameter(design.matrix, slopes)

    def _by_parameter(self, design: np.ndarray, slopes: np.ndarray) -> np.ndarray:
        """From derivatives by log odds to those by the parameters of ``covariance_``, along the last axis."""
        by_coef = slopes.sum(axis=3)[..., None] * design[:, None, None, :]
        by_period = slopes @ self.period_basis_[: slopes.shape[3]]
        return np.concatenate([by_coef, by_period], axis=3).reshape(*slopes.shape[:2], -1)

    def _hazards(self, design: np.ndarray, n_periods: int) -> np.ndarray:
        return hazards_from_log_odds((design @ self.coef_.T)[:, None, :] + self.period_log_odds_[:n_periods])


def _warn(fitted: DiscreteTimeFit, events: tuple[int, ...], names: np.ndarray, remedies: list[str]) -> None:
    if fitted.dependent:
        columns = ", ".join(str(names[column]) for column in fitted.dependent)
        warn(f"features that are constant or combinations of others have coefficient 0: {columns}")
    if fitted.rare:
        causes = ", ".join(f"event {events[cause]} ({count_words(fitted.n_events[cause])})" for cause in fitted.rare)
        warn(
            f"no more events than features: {causes}; everybody is given the same hazard of it. Leave features out, or "
            f"join the event to another one{_joined(remedies[cause] for cause in fitted.rare)}"
        )
    if fitted.unbounded:
        columns = ", ".join(f"{names[column]} (event {events[cause]})" for cause, column in fitted.unbounded)
        warn(
            f"no finite coefficient fits best (separation): {columns}; join levels, leave the feature out, or do not "
            f"read its coefficient{_joined(remedies[cause] for cause, _ in fitted.unbounded)}",
            ConvergenceWarning,
        )
    if not fitted.converged:
        warn(
            "the likelihood was not maximised; raise max_iter, lower period_df, or leave features out",
            ConvergenceWarning,
        )


def _joined(remedies: Iterable[str]) -> str:
    return "".join(f"; {remedy}" for remedy in dict.fromkeys(remedies) if remedy)
