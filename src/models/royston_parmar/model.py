"""Flexible parametric hazards of competing causes: natural cubic splines of the log cumulative hazard."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd

from ...caller_warnings import warn
from ..aft.model import ZERO_DURATION_DAYS
from ..estimator.coefficient_table import coefficient_table
from ..estimator.design import TrainingRows
from ..estimator.fit_problems import fit_problems, known_end_remedy, warn_of_dropped
from ..features.encoder import FeatureEncoder
from ..inputs.other_spellings import explains_other_calls
from ..inputs.outcome import Outcome
from .curve import CauseCurve, curve_state, row_curves
from .fit import CauseFit, ColumnMoments, ExactFitError, column_moments, fit_cause, joint_covariance
from .incidence import is_negative_somewhere
from .likelihood import ROWS_PER_BLOCK
from .prediction import RoystonParmarPrediction
from .spline import LogTimeSpline, given_log_knots, orthogonal_spline, place_log_knots

INTERCEPT, LOG_DAYS = "(intercept)", "(log days)"
REMEDY = "lower df or time_varying"


class RoystonParmar(RoystonParmarPrediction):
    r"""How the hazard of each event itself runs: smooth in time, with effects that may change over time.

    For each cause k, the other causes and the known end censored, the log cumulative hazard is a natural cubic spline
    of log time,

    .. math:: \log H_k(t \mid x) = s(\log t; \gamma_k) + x'\beta_k + \sum_{j \in V} x_j\, s_j(\log t; \delta_{kj}),

    fitted by maximum likelihood on rows that may enter late. Features outside of V have proportional hazards:
    :math:`\exp(\beta)` is their hazard ratio. Those in V (``time_varying``) have a ratio that runs over time:
    :meth:`hazard_ratio`. The cumulative incidence combines the hazards of all causes, to about twelve digits. With one
    degree of freedom and proportional hazards this is the Weibull model.

    Time is continuous here: a duration of 0 days counts as half a day, as in ``ParametricAFT``.

    Parameters
    ----------
    df : int, or dict of int to int
        Degrees of freedom of the baseline spline, by event code where a dict: one more than it has knots inside. Knots
        are at equally spaced quantiles of the log event times, boundary knots at the first and the last. ``aic_`` and
        ``bic_`` help to choose. Fewer are used, with a warning, where the events fall on too few days.
    knots : list of float, optional
        Days of the inner knots, instead of ``df``.
    time_varying : dict of str to int, optional
        Features whose effects change with time, with the degrees of freedom of their own splines (1: the log ratio of
        cumulative hazards is linear in log time): names of the design (``feature_names_out_``), or columns of ``X``,
        which stand for all their features. Such effects are of the feature as it is, not centred.
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
        One row per feature, one column per cause.
    summary_ : DataFrame
        Indexed by (event, feature): coef, se, robust_se, lower, upper, hazard_ratio and its interval, z, p. Of a
        feature that varies with time, ``coef`` is the mean over the events of its log ratio of cumulative hazards, and
        there is no one hazard ratio (NaN).
    terms_ : DataFrame
        Indexed by (event, term): coef, se, robust_se, lower, upper, z, p of all parameters on the basis of Royston and
        Parmar, ``(intercept)``, ``(log days)``, ``(spline 1)``, ..., and ``x: (intercept)``, ``x: (log days)``, ... of
        a feature x that varies.
    covariance_ : dict of int to DataFrame
        Of each cause's ``terms_``; the sandwich where ``cluster`` was given or a weight is not a whole number (as for
        ``CoxPH``).
    joint_covariance_ : ndarray
        Of all causes together, on the orthogonal basis used inside; what intervals of incidences rest on. Between
        causes it is 0 unless a sandwich.
    knots_ : dict of int to ndarray
        Days of all knots of the baseline, the boundary's first and last.
    log_likelihood_, aic_, bic_ : Series indexed by cause
        Of the durations. ``bic_`` counts the events.
    n_events_ : Series indexed by cause
        Sums of weights.

    Notes
    -----
    A cumulative hazard must rise. At the events the likelihood sees to it; elsewhere, mostly for rows unlike those of
    training or with many degrees of freedom, a curve can fall: ``fit`` and predictions warn, and count a negative
    hazard as 0.

    References
    ----------
    Royston and Parmar (2002), Statistics in Medicine 21:2175; Lambert and Royston (2009), Stata Journal 9:265, for
    knots and effects that vary; Hinchliffe and Lambert (2013), BMC Medical Research Methodology 13:13, for competing
    causes. ``terms_`` without the intercepts of features equal those of R's ``flexsurvspline(scale = "hazard")``.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"x": rng.normal(size=300)})
    >>> y = pd.DataFrame({"duration": rng.exponential(400, 300), "event": rng.integers(0, 3, 300)})
    >>> model = RoystonParmar(df=3, time_varying={"x": 1}).fit(X, y)
    >>> model.predict_cumulative_incidence(X.iloc[:2], [91, 365]).shape
    (2, 2)
    >>> list(model.hazard_ratio(X.iloc[[0]], X.iloc[[1]], [30, 365]).columns)
    ['time', 'hazard_ratio', 'lower', 'upper']
    """

    _of_training: ClassVar[tuple[str, ...]] = ("_training",)
    _bundle_attributes: ClassVar[tuple[str, ...]] = (
        "cause_curves_",
        "joint_covariance_",
        "naive_covariance_",
        "is_robust_",
        "log_likelihood_",
        "n_events_",
        "n_estimated_",
        "converged_",
    )

    def __init__(
        self,
        df: int | Mapping[int, int] = 4,
        knots: Sequence[float] | None = None,
        time_varying: Mapping[str, int] | None = None,
        known_end_event: int | None = None,
        horizon: float = 730.0,
        encoder: FeatureEncoder | None = None,
    ) -> None:
        self.df = df
        self.knots = knots
        self.time_varying = time_varying
        self.known_end_event = known_end_event
        self.horizon = horizon
        self.encoder = encoder

    @explains_other_calls
    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, cluster: Any = None) -> Self:
        """Fit the model; parameters are those of :meth:`IncidenceModel.fit`.

        Warns, naming event and columns, of constant and collinear columns (coefficient 0 or none), of separation, of
        degrees of freedom that the data do not have, of hazards that are negative somewhere, and when the fit does not
        converge.

        Raises
        ------
        ValueError
            No row has an event to model, all events of a cause are on the last day observed, features fit the times of
            the events exactly, every row enters late and no level of the cumulative hazard before fits best, or the
            input breaks a rule.
        """
        super().fit(X, y, sample_weight=sample_weight, cluster=cluster)
        warn_of_dropped(self.encoder_)
        return self

    @property
    def coef_(self) -> pd.DataFrame:
        """Coefficients, one row per feature, one column per cause."""
        columns = {event: state["beta"] for event, state in self.cause_curves_.items()}
        return pd.DataFrame(columns, index=self.feature_names_out_)

    @property
    def knots_(self) -> dict[int, np.ndarray]:
        """Days of the knots of each cause's baseline."""
        return {event: np.exp(state["knots"]) for event, state in self.cause_curves_.items()}

    def _fitted_log_likelihood(self) -> pd.Series:
        return self.log_likelihood_

    def _n_parameters(self) -> pd.Series:
        return self.n_estimated_

    @property
    def aic_(self) -> pd.Series:
        """Akaike's criterion by cause: the smaller, the better."""
        return -2.0 * self.log_likelihood_ + 2.0 * self.n_estimated_

    @property
    def bic_(self) -> pd.Series:
        """Schwarz's criterion by cause, with the number of events."""
        return -2.0 * self.log_likelihood_ + np.log(self.n_events_) * self.n_estimated_

    @property
    def summary_(self) -> pd.DataFrame:
        """Coefficients of the features, indexed by (event, feature)."""
        tables = {}
        for event, curve in zip(self.events_, self._curves(), strict=True):
            own = slice(curve.gamma.size, curve.gamma.size + curve.beta.size)
            table = coefficient_table(
                curve.beta,
                self._own_covariance(event)[own, own],
                self.naive_covariance_[event][own, own],
                self.feature_names_out_,
                is_robust=self.is_robust_,
            )
            for group in curve.varying:
                ratios = [name for name in table.columns if name.startswith("hazard_ratio")]
                table.iloc[group.columns, table.columns.get_indexer(ratios)] = np.nan
            tables[event] = table
        return pd.concat(tables, names=["event"])

    @property
    def terms_(self) -> pd.DataFrame:
        """All parameters on the basis of Royston and Parmar, indexed by (event, term)."""
        tables = {}
        for event, curve in zip(self.events_, self._curves(), strict=True):
            matrix, names = _to_royston_parmar(curve, self.feature_names_out_)
            theta = np.concatenate([curve.gamma, curve.beta, *(group.delta.ravel() for group in curve.varying)])
            table = coefficient_table(
                matrix @ theta,
                matrix @ self._own_covariance(event) @ matrix.T,
                matrix @ self.naive_covariance_[event] @ matrix.T,
                np.asarray(names, dtype=object),
                is_robust=self.is_robust_,
            )
            tables[event] = table[["coef", "se", "robust_se", "lower", "upper", "z", "p"]].rename_axis("term")
        return pd.concat(tables, names=["event"])

    @property
    def covariance_(self) -> dict[int, pd.DataFrame]:
        """Covariance of each cause's ``terms_``."""
        covariances = {}
        for event, curve in zip(self.events_, self._curves(), strict=True):
            matrix, names = _to_royston_parmar(curve, self.feature_names_out_)
            covariances[event] = pd.DataFrame(
                matrix @ self._own_covariance(event) @ matrix.T, index=names, columns=names
            )
        return covariances

    def _fit(self, rows: TrainingRows) -> None:
        self._training = rows
        rows = replace(rows, cluster=rows.robust_groups).of_positive_weight()
        design, outcome, weight = rows.design.matrix, rows.outcome, rows.weight_of_each
        causes = outcome.without(self.known_end_event).events
        if not causes:
            raise ValueError("no row has an event to model (and a weight above 0)")
        fits = self._fits_of(rows, causes)
        self.events_ = causes
        self.cause_curves_ = {cause: curve_state(fit.curve) for cause, fit in fits.items()}
        self.naive_covariance_ = {cause: fit.covariance for cause, fit in fits.items()}
        self.joint_covariance_ = joint_covariance(list(fits.values()), rows.cluster)
        self.is_robust_ = rows.cluster is not None
        self.log_likelihood_ = pd.Series({cause: fit.log_likelihood for cause, fit in fits.items()})
        self.n_estimated_ = pd.Series({cause: fit.n_estimated for cause, fit in fits.items()})
        self.n_events_ = pd.Series({cause: float(weight[outcome.event == cause].sum()) for cause in causes})
        self.converged_ = {cause: fit.converged for cause, fit in fits.items()}
        self._warn_of_negative_hazards(fits, design)

    def _fits_of(self, rows: TrainingRows, causes: tuple[int, ...]) -> dict[int, CauseFit]:
        design, groups, weight = rows.design.matrix, self._varying_columns(), rows.weight_of_each
        moments = column_moments(design, weight)
        return {cause: self._fit_cause(cause, design, moments, rows.outcome, weight, groups) for cause in causes}

    def _influence_along(
        self, directions: list[np.ndarray], rows: TrainingRows, factor: np.ndarray, target: np.ndarray
    ) -> np.ndarray:
        """Influence of the targets of the training rows on totals of risks with these gradients, (Q, n_targets).

        The causes are fitted again, as their likelihoods are not kept; knots count as known.
        """
        weight = rows.weight_of_each
        counted = np.flatnonzero(weight > 0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # said by the fit
            fits = self._fits_of(rows.of_positive_weight(), self.events_)
        n_targets, gradient = int(target.max()) + 1, np.concatenate(directions)
        result, begin = np.zeros((len(gradient), n_targets)), 0
        for fit in fits.values():
            own = gradient[:, begin : begin + fit.projection.shape[1]]
            begin += fit.projection.shape[1]
            for place in range(0, counted.size, ROWS_PER_BLOCK):
                chosen = np.arange(place, min(place + ROWS_PER_BLOCK, counted.size))
                scores = fit.likelihood.scores(fit.theta, chosen) @ (fit.projection @ own.T)
                scores *= (factor / np.where(weight > 0, weight, 1.0))[counted[chosen], None]
                for total, values in zip(result, scores.T, strict=True):
                    total += np.bincount(target[counted[chosen]], values, n_targets)
        return result

    def _fit_cause(
        self,
        cause: int,
        design: np.ndarray,
        moments: ColumnMoments,
        outcome: Outcome,
        weight: np.ndarray,
        groups: dict[int, np.ndarray],
    ) -> CauseFit:
        log_time = np.log(np.where(outcome.duration == 0, ZERO_DURATION_DAYS, outcome.duration))
        log_entry = np.full(log_time.size, -np.inf)
        late = outcome.entry > 0
        log_entry[late] = np.log(outcome.entry[late])
        is_event = outcome.event == cause
        if log_time[is_event].min() == log_time.max():
            raise ValueError(
                f"event {cause}: all its events are on the last day that is observed; no spread to estimate"
            )
        try:
            spline = self._spline(cause, log_time[is_event], weight[is_event])
            varying = [
                (self._own_spline(cause, log_time[is_event], weight[is_event], df), columns)
                for df, columns in groups.items()
            ]
            fit = fit_cause(design, moments, log_time, log_entry, is_event, weight, spline, varying)
        except ValueError as error:
            remedy = known_end_remedy(self, cause) or "leave features out"
            advice = f"; {remedy}" if isinstance(error, ExactFitError) else ""
            raise ValueError(f"event {cause}: {error}{advice}") from None
        for message in fit_problems(fit, self.feature_names_out_, known_end_remedy(self, cause), REMEDY):
            warn(f"event {cause}: {message}")
        return fit

    def _spline(self, cause: int, log_time: np.ndarray, weight: np.ndarray) -> LogTimeSpline:
        """The spline of the baseline, from ``knots`` or ``df``."""
        if self.knots is not None:
            return orthogonal_spline(given_log_knots(log_time, self.knots), log_time, weight)
        df = self.df
        if isinstance(df, Mapping):
            if cause not in df:
                raise ValueError("df is a mapping without this event")
            df = df[cause]
        return self._own_spline(cause, log_time, weight, _whole_df(df, "df"))

    def _own_spline(self, cause: int, log_time: np.ndarray, weight: np.ndarray, df: int) -> LogTimeSpline:
        spline = orthogonal_spline(place_log_knots(log_time, weight, df), log_time, weight)
        if spline.df < df:
            warn(
                f"event {cause}: {spline.df} degrees of freedom instead of {df}; its events fall on too few days for "
                "more knots"
            )
        return spline

    def _varying_columns(self) -> dict[int, np.ndarray]:
        """Positions in the design of the features that vary with time, by degrees of freedom."""
        names = [str(name) for name in self.feature_names_out_]
        chosen: dict[int, int] = {}
        for name, df in (self.time_varying or {}).items():
            if name in names:
                columns = [names.index(name)]
            elif name in self.encoder_.groups_:
                columns = self.encoder_.groups_[name]
            else:
                raise ValueError(f"time_varying names {name}, which is neither a feature nor a column of X")
            chosen.update(dict.fromkeys(columns, _whole_df(df, f"time_varying of {name}")))
        return {
            df: np.array(sorted(column for column, own in chosen.items() if own == df), dtype=np.int64)
            for df in sorted(set(chosen.values()))
        }

    def _warn_of_negative_hazards(self, fits: dict[int, CauseFit], design: np.ndarray) -> None:
        for cause, fit in fits.items():
            n_negative = int(is_negative_somewhere([row_curves(fit.curve, design)]).sum())
            if n_negative:
                warn(
                    f"event {cause}: its hazard is negative at some time in {n_negative} of {len(design)} rows, and "
                    f"counts as 0 there; {REMEDY}"
                )


def _whole_df(df: Any, name: str) -> int:
    if isinstance(df, bool) or not isinstance(df, int | np.integer) or df < 1:
        raise ValueError(f"{name} must be a whole number of degrees of freedom, at least 1, got {df!r}")
    return int(df)


def _to_royston_parmar(curve: CauseCurve, names: np.ndarray) -> tuple[np.ndarray, list[str]]:
    """Matrix from the parameters of a curve to those on the basis of Royston and Parmar, and the names of these."""
    feature = [str(name) for name in names]
    baseline = [INTERCEPT, *_spline_terms(curve.spline)]
    matrix = np.eye(curve.n_parameters)
    matrix[: curve.gamma.size, : curve.gamma.size] = curve.spline.to_royston_parmar()
    place, terms, varying = curve.gamma.size + curve.beta.size, [], []
    for group in curve.varying:
        own = group.spline.to_royston_parmar()
        for column in group.columns:
            rows = slice(place, place + group.spline.df)
            matrix[rows, rows] = own[1:, 1:]
            matrix[curve.gamma.size + column, rows] = own[0, 1:]
            terms += [f"{feature[column]}: {term}" for term in _spline_terms(group.spline)]
            varying.append(column)
            place = rows.stop
    for column in varying:
        feature[column] += f": {INTERCEPT}"
    return matrix, [*baseline, *feature, *terms]


def _spline_terms(spline: LogTimeSpline) -> list[str]:
    return [LOG_DAYS, *(f"(spline {number})" for number in range(1, spline.df))]
