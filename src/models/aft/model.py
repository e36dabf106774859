"""Parametric accelerated failure time models, one per cause."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from scipy.linalg import block_diag
from scipy.special import ndtr, ndtri
from sklearn.exceptions import ConvergenceWarning

from ...caller_warnings import warn
from ...parameter_checks import require_choice
from ..estimator.delta_interval import DeltaIntervalModel
from ..estimator.design import Design, TrainingRows
from ..estimator.fit_problems import known_end_remedy, listed, warn_of_dropped
from ..estimator.likelihood_criteria import LikelihoodCriteria
from ..features.encoder import FeatureEncoder
from ..numerics.information import positive_inverse
from .incidence import event_free_gradient, incidence, incidence_gradient
from .likelihood import FIXED_SCALE, HAZARDS, collinear_columns, fit_aft

ZERO_DURATION_DAYS = 0.5
INTERCEPT, LOG_SIGMA = "(intercept)", "(log sigma)"
# A standard error this many times the spread of the outcome's location means that the likelihood is flat in it.
FLAT = 100.0
# Errors of log time as small as this are no errors: the likelihood has no maximum.
SMALLEST_SIGMA = 1e-4


class ParametricAFT(LikelihoodCriteria, DeltaIntervalModel):
    r"""Accelerated failure time: features stretch or shrink the time to each event by a constant factor.

    For each cause k, the other causes and the known end censored,

    .. math:: \log T_k = x^\top \beta_k + \beta_{k0} + \sigma_k \varepsilon,

    with extreme-value (Weibull; exponential where :math:`\sigma_k = 1`), normal (lognormal) or logistic (loglogistic)
    errors, fitted by maximum likelihood on rows that may enter late. The cumulative incidence combines the hazards
    :math:`h_k` of all causes,

    .. math:: F_k(t \mid x) = \int_0^t h_k(u \mid x) \exp\Bigl(-\sum_j H_j(u \mid x)\Bigr) du,

    integrated to about ten digits. Newton's method goes from the exponential distribution without features to the
    maximum with features, the one that lifelines' regressions approach, and gives the standard errors.
    Time is continuous here: a duration of 0 days counts as half a day.

    Coefficients without a finite estimate, or determined by other columns, are warned of by name. Events that features
    fit exactly, or that all fall on the last day, are an error: the likelihood has no maximum.

    Parameters
    ----------
    distribution : {"weibull", "exponential", "lognormal", "loglogistic"}
    known_end_event : int, optional
        Code of an end whose date is known beforehand (the 18th birthday): such rows count as censored, and
        predictions take ``eligible_days`` instead.
    horizon : float
        Days at which ``predict`` and ``score`` state the risk.
    encoder : FeatureEncoder, optional

    Attributes
    ----------
    events_ : tuple of int
        Causes that are modelled: those that occur.
    coef_ : DataFrame
        Coefficients of log time, one row per feature, one column per cause.
    intercept_, sigma_ : Series indexed by cause
    covariance_ : dict of int to DataFrame
        By cause, of features, intercept and log sigma (0 where sigma is 1); the sandwich, by cluster or by row, where
        ``cluster`` was given or a weight is not a whole number (as in R's ``coxph``).
    joint_covariance_ : ndarray, shape (n_causes * (p + 2), n_causes * (p + 2))
        The same of all causes together, cause after cause: what intervals of incidences rest on. Between causes it is 0
        unless the covariances are sandwiches.
    summary_ : DataFrame
        Indexed by (event, feature): coef, se, robust_se (NaN without a sandwich), lower, upper, time_ratio,
        hazard_ratio (Weibull, exponential), z, p. ``time_ratio`` is :math:`\exp(\beta)`: above 1, later events.
    log_likelihood_ : Series indexed by cause
        Of the duration itself (not of its logarithm).

    Notes
    -----
    Estimates and errors are those of ``survreg`` in R's package survival; with weights and clusters together survival
    3.5 leaves the weights out of the sandwich, which they are in here.

    References
    ----------
    Kalbfleisch and Prentice, The Statistical Analysis of Failure Time Data, 2nd edition, sections 3.2 and 8.2.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"x": rng.normal(size=200)})
    >>> y = pd.DataFrame({"duration": rng.exponential(400, 200), "event": rng.integers(0, 3, 200)})
    >>> ParametricAFT().fit(X, y).predict_cumulative_incidence(X.iloc[:2], [91, 365]).shape
    (2, 2)
    """

    ratio_name: ClassVar[str] = "time ratio"
    _goes_on: ClassVar[bool] = True
    _bundle_attributes: ClassVar[tuple[str, ...]] = (
        "coef_",
        "intercept_",
        "sigma_",
        "joint_covariance_",
        "summary_",
        "log_likelihood_",
    )

    def __init__(
        self,
        distribution: str = "weibull",
        known_end_event: int | None = None,
        horizon: float = 730.0,
        encoder: FeatureEncoder | None = None,
    ):
        self.distribution = distribution
        self.known_end_event = known_end_event
        self.horizon = horizon
        self.encoder = encoder

    def _fit(self, rows: TrainingRows) -> None:
        require_choice("distribution", self.distribution, HAZARDS)
        rows = replace(rows, cluster=rows.robust_groups).of_positive_weight()
        causes = rows.outcome.without(self.known_end_event).events
        if not causes:
            raise ValueError("no row has an event to model; an accelerated failure time model needs at least one")
        fits = {cause: self._fit_cause(rows, cause) for cause in causes}
        names = [*self.feature_names_out_, INTERCEPT, LOG_SIGMA]
        theta = pd.DataFrame({cause: fit["theta"] for cause, fit in fits.items()}, index=names)
        self.events_ = causes
        self.coef_ = theta.iloc[:-2]
        self.intercept_ = theta.loc[INTERCEPT]
        self.sigma_ = np.exp(theta.loc[LOG_SIGMA])
        self.log_likelihood_ = pd.Series({cause: fit["log_likelihood"] for cause, fit in fits.items()})
        if rows.cluster is None:
            self.joint_covariance_ = block_diag(*(fit["covariance"] for fit in fits.values()))
        else:
            influence = np.hstack([fit["influence"] for fit in fits.values()])
            self.joint_covariance_ = influence.T @ influence
        tables = {cause: self._table(fit, names, robust=rows.cluster is not None) for cause, fit in fits.items()}
        self.summary_ = pd.concat(tables, names=["event", "feature"])
        warn_of_dropped(self.encoder_)

    def _fit_cause(self, rows: TrainingRows, cause: int) -> dict[str, Any]:
        """Estimates and covariances of one cause on the scale of the design, shape (p + 2,) and (p + 2, p + 2)."""
        design, outcome, weight = rows.design.matrix, rows.outcome.keep_event(cause), rows.weight_of_each
        entry = np.maximum(outcome.entry, 0.0)
        duration = np.where(outcome.duration == 0, ZERO_DURATION_DAYS, outcome.duration)
        is_event = outcome.event == 1
        has_scale = self.distribution not in FIXED_SCALE
        if has_scale and duration[is_event].min() == duration.max():
            raise ValueError(
                f"event {cause}: all its events are on the last day that is observed; no spread to estimate"
            )
        kept = ~collinear_columns(design, weight)
        if not kept.all():
            self._warn(cause, "held at 0, because they do not vary or those before them determine them", ~kept)
        mean = np.average(design[:, kept], axis=0, weights=weight)
        spread = np.sqrt(np.average((design[:, kept] - mean) ** 2, axis=0, weights=weight))
        scaled = (design[:, kept] - mean) / spread
        starts = [_start_from_rate(entry, duration, is_event, weight)]
        if has_scale and np.any(entry > 0):
            # The likelihood may then rise towards a hazard of 1 / t, far from its maximum.
            starts.append(_start_from_events(duration, is_event, weight))
        found = max(
            (
                fit_aft(
                    self.distribution, scaled, entry, duration, is_event, weight, np.r_[np.zeros(kept.sum()), start]
                )
                for start in starts
            ),
            key=lambda fit: fit.log_likelihood,
        )
        if np.exp(found.theta[-1]) < SMALLEST_SIGMA:
            remedy = known_end_remedy(self, cause) or "leave features out"
            raise ValueError(
                f"event {cause}: too few events for these features, which fit their times exactly; {remedy}"
            )
        model_based = positive_inverse(found.information)
        if not has_scale:
            model_based[-1, -1] = 0.0
        # The scale of weights changes standard errors, and says nothing about the likelihood.
        errors = np.sqrt(np.diag(model_based) * weight.mean())
        flat = np.zeros(kept.size, dtype=bool)
        flat[np.flatnonzero(kept)] = errors[:-2] > FLAT * max(1.0, np.exp(found.theta[-1]))
        if flat.any():
            remedy = known_end_remedy(self, cause)
            what = "without a finite estimate (no event where they are high, or where they are low)"
            self._warn(cause, f"{what}; {remedy}" if remedy else what, flat)
        elif not found.converged:
            self._warn(cause, "not at the maximum of the likelihood; results may be inexact", kept)
        back = _to_original_scale(kept, mean, spread)
        fit = {"theta": back @ found.theta, "log_likelihood": found.log_likelihood}
        fit["covariance"] = back @ model_based @ back.T
        if rows.cluster is not None:
            fit["influence"] = _by_cluster(found.scores, rows.cluster) @ model_based @ back.T
        return fit

    def _warn(self, cause: int, what: str, columns: np.ndarray) -> None:
        warn(f"event {cause}: coefficients {what}: {listed(self.feature_names_out_[columns])}", ConvergenceWarning)

    def _table(self, fit: dict[str, Any], names: list[str], *, robust: bool) -> pd.DataFrame:
        coef, se = fit["theta"][:-2], _errors(fit["covariance"])[:-2]
        robust_se = np.linalg.norm(fit["influence"], axis=0)[:-2] if robust else np.full(coef.size, np.nan)
        error = robust_se if robust else se
        z = np.divide(coef, error, out=np.zeros(coef.size), where=error > 0)
        table = {"coef": coef, "se": se, "robust_se": robust_se}
        table |= {"lower": coef - ndtri(0.975) * error, "upper": coef + ndtri(0.975) * error}
        with np.errstate(over="ignore"):
            table["time_ratio"] = np.exp(coef)
            if self.distribution in ("weibull", "exponential"):
                table["hazard_ratio"] = np.exp(-coef / np.exp(fit["theta"][-1]))
        return pd.DataFrame(table | {"z": z, "p": 2.0 * ndtr(-np.abs(z))}, index=names[:-2])

    def _standardised_log_time(self, design: np.ndarray, times: np.ndarray) -> np.ndarray:
        """z of each cause, shape (n_causes, n_rows, n_times)."""
        with np.errstate(divide="ignore"):
            log_time = np.log(times)
        location = design @ self.coef_.to_numpy() + self.intercept_.to_numpy()
        return (log_time - location.T[:, :, None]) / self.sigma_.to_numpy()[:, None, None]

    @property
    def covariance_(self) -> dict[int, pd.DataFrame]:
        """Covariance of each cause's coefficients, intercept and log sigma."""
        names = [*self.coef_.index, INTERCEPT, LOG_SIGMA]
        n_each = len(names)
        blocks = {cause: slice(n_each * k, n_each * (k + 1)) for k, cause in enumerate(self.events_)}
        return {
            cause: pd.DataFrame(self.joint_covariance_[own, own], index=names, columns=names)
            for cause, own in blocks.items()
        }

    def _n_parameters(self) -> pd.Series:
        return pd.Series({cause: int((np.diag(own) > 0).sum()) for cause, own in self.covariance_.items()})

    def _n_events(self) -> pd.Series:
        return pd.Series({cause: self.event_counts_[cause] for cause in self.events_})

    def _incidence(self, design: Design, times: np.ndarray, event: int) -> np.ndarray:
        z = self._standardised_log_time(design.matrix, times)
        by_cause = incidence(self.distribution, z.reshape(len(z), -1), self.sigma_.to_numpy())
        return by_cause[self.events_.index(event)].reshape(times.shape)

    def _event_free(self, design: Design, times: np.ndarray) -> np.ndarray:
        hazard = HAZARDS[self.distribution]
        return np.exp(-np.sum([hazard(z)[0] for z in self._standardised_log_time(design.matrix, times)], axis=0))

    def _parameter_covariance(self) -> np.ndarray:
        return self.joint_covariance_

    def _incidence_gradient(self, design: Design, times: np.ndarray, event: int) -> np.ndarray:
        z, cause = self._standardised_log_time(design.matrix, times), self.events_.index(event)
        slopes = incidence_gradient(self.distribution, z.reshape(len(z), -1), self.sigma_.to_numpy(), cause)
        return _by_parameter(design.matrix, *(slope.reshape(z.shape) for slope in slopes))

    def _event_free_gradient(self, design: Design, times: np.ndarray) -> np.ndarray:
        z = self._standardised_log_time(design.matrix, times)
        slopes = event_free_gradient(self.distribution, z.reshape(len(z), -1), self.sigma_.to_numpy())
        return _by_parameter(design.matrix, *(slope.reshape(z.shape) for slope in slopes))


def _start_from_rate(
    entry: np.ndarray, duration: np.ndarray, is_event: np.ndarray, weight: np.ndarray
) -> tuple[float, float]:
    """Log of the mean days at risk per event, and log sigma 0: the exponential distribution, in closed form."""
    return float(np.log(weight @ (duration - np.minimum(entry, duration)) / (weight @ is_event))), 0.0


def _start_from_events(duration: np.ndarray, is_event: np.ndarray, weight: np.ndarray) -> tuple[float, float]:
    """Mean of log time, and log of its standard deviation, over the rows with the event."""
    log_time, share = np.log(duration[is_event]), weight[is_event] / weight[is_event].sum()
    mean = share @ log_time
    return float(mean), float(np.log(max(np.sqrt(share @ (log_time - mean) ** 2), 1e-3)))


def _to_original_scale(kept: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    """Matrix from parameters of centred and scaled kept columns to those of all columns as they are."""
    positions = np.flatnonzero(kept)
    matrix = np.zeros((kept.size + 2, positions.size + 2))
    matrix[positions, np.arange(positions.size)] = 1.0 / spread
    matrix[-2, : positions.size] = -mean / spread
    matrix[-2, -2] = matrix[-1, -1] = 1.0
    return matrix


def _errors(covariance: np.ndarray) -> np.ndarray:
    """Standard errors, shape (p,); rounding can leave a variance just below 0."""
    return np.sqrt(np.maximum(np.diag(covariance), 0.0))


def _by_parameter(design: np.ndarray, by_location: np.ndarray, by_log_sigma: np.ndarray) -> np.ndarray:
    """Gradient in coefficients, intercept and log sigma, cause after cause, shape (n_rows, n_times, n_parameters).

    ``by_location`` and ``by_log_sigma`` have shape (n_causes, n_rows, n_times).
    """
    n_features = design.shape[1]
    gradient = np.empty((*by_location.shape[1:], len(by_location), n_features + 2))
    for cause, slope in enumerate(by_location):
        gradient[:, :, cause, :n_features] = slope[:, :, None] * design[:, None, :]
    gradient[..., -2], gradient[..., -1] = np.moveaxis(by_location, 0, -1), np.moveaxis(by_log_sigma, 0, -1)
    return gradient.reshape(*by_location.shape[1:], -1)


def _by_cluster(scores: np.ndarray, cluster: np.ndarray) -> np.ndarray:
    """Summed scores of each cluster, shape (n_clusters, n_parameters)."""
    summed = np.zeros((int(cluster.max()) + 1, scores.shape[1]))
    np.add.at(summed, cluster, scores)
    return summed
