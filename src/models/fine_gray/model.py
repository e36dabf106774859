"""The Fine-Gray model: how features move the cumulative incidence of one event among others."""

from __future__ import annotations

import warnings
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from ...caller_warnings import warn
from ...parameter_checks import require_choice
from ..cox.model import TIES, CoxPH
from ..estimator.coefficient_table import chi_squared_table, coefficient_table, wald_statistic
from ..estimator.design import Design, TrainingRows
from ..estimator.fit_problems import fit_problems, warn_of_dropped
from ..estimator.unstated import warn_of_unsaved
from ..features.encoder import FeatureEncoder
from ..incidence import moments
from ..inputs.other_spellings import explains_other_calls
from .prediction import FineGrayPrediction

if TYPE_CHECKING:
    from .kernels.fit import FineGrayErrors

CONVENTIONS = ("crr", "finegray")
# Up to so many rows what the errors are made of is kept until they are asked for.
ROWS_KEPT = 20_000


class FineGray(FineGrayPrediction):
    r"""Cumulative incidence of one event with the others competing, proportional on the subdistribution hazard.

    .. math:: F(t \mid x) = 1 - \exp\left(-\Lambda_0(t)\, e^{x'\beta}\right)

    A positive coefficient raises the risk at every horizon, which those of ``CauseSpecificCox`` need not do. Rows that
    had another event stay at risk, with the weight :math:`G(t-)H(t-) / (G(T-)H(T-))` of still being under observation;
    G is the distribution of censoring, H that of delayed entry. The eighteenth birthday counts as any other event.

    Parameters
    ----------
    event : int
        Code of the event of interest; every other code competes with it.
    ties : {"breslow", "efron"}
        Approximation for events of interest on the same day.
    censoring_ties : {"crr", "finegray"}
        Which of two conventions holds, where an event and a censoring fall on one day, and for the standard errors.

        ``crr``, as ``cmprsk::crr``: a row whose event falls on the day counts as at risk of being censored then. The
        covariance takes account of the estimated distributions of censoring and of entry; with ``cluster`` the
        influences of a cluster are added up. Case weights count in these distributions.

        ``finegray``, as ``survival::finegray`` followed by ``coxph(..., cluster = id)``: events leave before
        censorings of the same day. The covariance is the sandwich that takes the weights as known. As there, case
        weights do not count in the distributions of censoring and entry.
    censoring_strata : str or list of str, optional
        Columns of ``X``: each combination of their values has its own distributions of censoring and entry, and weight
        0 after its last day (as in R). They get no coefficient, and new rows need not have them; for a column that is
        a covariate as well, give a copy of it under another name.
    horizon : float
        Days at which ``predict`` and ``score`` state the risk.
    encoder : FeatureEncoder, optional

    Attributes
    ----------
    coef_ : ndarray, shape (p,)
        Logarithms of the subdistribution hazard ratios.
    covariance_, naive_covariance_ : ndarray, shape (p, p)
        The sandwich described above, and the inverse information, which is not valid for inference.
    log_likelihood_ : tuple of float
        Null and fitted, of the weighted partial likelihood.
    baseline_cumulative_hazard_ : Series
        Subdistribution hazard at features 0, by day.
    summary_ : DataFrame
        One row per feature, with the columns of ``CoxPH.summary_``; ``robust_se`` is that of ``covariance_``.
    event_free_model_ : CoxPH
        Of all events together, with the same features; fitted when it is first needed.
    error_parts_ : dict of str to ndarray
        What intervals rest on, by groups of events; empty where a saved model must not hold it, with too few children.
    n_events_, n_iterations_ : int

    Notes
    -----
    The model says nothing of the other events. Where a probability of no event at all is needed (``elapsed``,
    ``predict_event_free``) it comes from a Cox model of all events together, and is at most ``1 - F``. The two models
    do not follow from each other: prefer ``CauseSpecificCox`` where risks given some days without an event matter.

    Whole-numbered weights without clusters count as repeated rows, as in ``CoxPH``.

    With ``censoring_strata`` each convention is that of R too. In ``crr`` (``cengroup``) the part of the covariance
    that comes from the estimated censoring of a stratum is summed over the events of that stratum only, although all
    rows share one hazard; it is a small part (standard errors differ by 0.01 to 0.5 % in our examples). In ``finegray``
    (``strata()``, followed by ``coxph`` without them) the weights of rows that had another event are lost between two
    changes of their stratum's distributions if no row of the stratum has the event there: prefer ``crr``. Two faults of
    survival 3.5 are not copied: it gives the case weights of other rows to all strata but the first, and leaves out
    strata in which nobody has the event.

    Times that differ by rounding only (relatively by about 1e-8) are one time, as in ``finegray``; ``crr`` takes them
    at full precision, so round them before comparing.

    References
    ----------
    Fine and Gray (1999), JASA 94:496; Geskus (2011), Biometrics 67:39 (delayed entry).

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"x": rng.normal(size=200)})
    >>> y = pd.DataFrame({"duration": rng.exponential(400, 200), "event": rng.integers(0, 3, 200)})
    >>> model = FineGray().fit(X, y)
    >>> model.predict_cumulative_incidence(X.iloc[:2], [91, 365]).shape
    (2, 2)
    """

    ratio_name: ClassVar[str] = "subdistribution hazard ratio"
    _of_training: ClassVar[tuple[str, ...]] = (
        *("_training", "_training_sum", "_errors_of_fit", "_errors", "_n_children", "_exact_mean"),
    )
    _bundle_attributes: ClassVar[tuple[str, ...]] = (
        "coef_",
        "covariance_",
        "naive_covariance_",
        "log_likelihood_",
        "n_events_",
        "n_iterations_",
        "center_",
        "baseline_time_",
        "baseline_hazard_",
        "error_parts_",
        "event_free_model_",
    )

    def __init__(
        self,
        event: int = 1,
        ties: str = "breslow",
        censoring_ties: str = "crr",
        censoring_strata: str | list[str] | None = None,
        horizon: float = 730.0,
        encoder: FeatureEncoder | None = None,
    ) -> None:
        self.event = event
        self.ties = ties
        self.censoring_ties = censoring_ties
        self.censoring_strata = censoring_strata
        self.horizon = horizon
        self.encoder = encoder

    @explains_other_calls
    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, cluster: Any = None) -> Self:
        """Fit the model; parameters are those of :meth:`IncidenceModel.fit`.

        Warns, naming the columns, of constant and collinear columns (coefficient 0 or none) and of separation; when the
        fit does not converge; and when nobody was under observation for some days between event days, so that the
        weights are not known there.

        Raises
        ------
        ValueError
            No row has the event, or the input breaks a rule.
        """
        super().fit(X, y, sample_weight=sample_weight, cluster=cluster)
        warn_of_dropped(self.encoder_)
        return self

    @property
    def summary_(self) -> pd.DataFrame:
        """Coefficients, 95 % intervals, subdistribution hazard ratios and tests, one row per feature."""
        check_is_fitted(self)
        return coefficient_table(
            self.coef_, self.covariance_, self.naive_covariance_, self.feature_names_out_, is_robust=True
        )

    @property
    def global_tests_(self) -> pd.DataFrame:
        """Tests that all coefficients are 0: Wald, and the likelihood ratio, only a guide as the weights are estimated.

        A DataFrame with the columns statistic, df, p.
        """
        check_is_fitted(self)
        null, fitted = self.log_likelihood_
        statistics = {
            "likelihood ratio": 2.0 * (fitted - null),
            "Wald": wald_statistic(self.coef_, self.covariance_),
        }
        return chi_squared_table(statistics, int((np.diag(self.covariance_) > 0).sum()))

    @cached_property
    def covariance_(self) -> np.ndarray:  # type: ignore[override]
        """The sandwich, shape (p, p), computed when it is first asked for; so is all that intervals need."""
        return self._errors.covariance

    @cached_property
    def error_parts_(self) -> dict[str, np.ndarray]:  # type: ignore[override]
        """What intervals rest on besides ``covariance_``; empty where a saved model must not hold it."""
        is_kept = self._n_children >= moments.LEAST_CHILDREN and self.n_events_ >= moments.FEWEST_EVENTS
        return self._own_error_parts if is_kept else {}

    @property
    def _own_error_parts(self) -> dict[str, np.ndarray]:
        """The same whatever the number of children; empty in a saved model."""
        return self._errors.parts if hasattr(self, "_n_children") else {}

    @cached_property
    def _errors(self) -> FineGrayErrors:
        if not hasattr(self, "_errors_of_fit"):  # a fit to many rows asks before it is over
            check_is_fitted(self)
        found = self._errors_of_fit()
        del self._errors_of_fit
        return found

    @cached_property
    def event_free_model_(self) -> CoxPH:  # type: ignore[override]
        """Cox model of all events together; fitted when first needed, to the rows of the fit."""
        check_is_fitted(self)
        return self._fit_event_free()

    def warn_of_unsaved(self) -> None:
        """Warn if a saved model will give no intervals."""
        if hasattr(self, "_n_children"):
            warn_of_unsaved(np.array([self._n_children]), np.array([bool(self.error_parts_)]))

    def _fit(self, rows: TrainingRows) -> None:
        from .kernels.fit import fit_fine_gray

        self._check_parameters()
        outcome, matrix = rows.outcome, rows.design.matrix
        is_event = self._has_event(outcome, rows.weight, "Fine-Gray")
        fit = fit_fine_gray(
            matrix,
            outcome.entry,
            outcome.duration,
            np.where(is_event, 1, np.where(outcome.event > 0, 2, 0)),
            weight=rows.weight,
            censoring_stratum=rows.design.strata,
            cluster=rows.cluster,
            ties=self.ties,
            convention=self.censoring_ties,
            horizon=self.horizon,
        )
        self.events_ = (int(self.event),)
        self.coef_, self.naive_covariance_ = fit.coef, fit.naive_covariance
        self.log_likelihood_ = fit.log_likelihood
        self.n_events_, self.n_iterations_ = fit.n_events, fit.n_iterations
        self.center_, self.baseline_time_ = fit.center, fit.time
        self.baseline_hazard_, self._exact_mean = fit.cumulative_hazard, fit.cumulative_mean
        self._n_children = len(rows.of_positive_weight())
        self._errors_of_fit = fit.errors
        if len(rows) > ROWS_KEPT:
            _ = self._errors
        self._training, self._training_sum = rows, float(matrix.sum())
        for message in fit_problems(fit, self.feature_names_out_):
            warn(message)
        if fit.n_unseen_days:
            warn(
                f"nobody was left under observation before the entries of {fit.n_unseen_days} days: the weights of "
                "rows that had other events before are not known there, and are kept; leave out the first days"
            )

    def _fit_event_free(self) -> CoxPH:
        rows = self._training
        if float(rows.design.matrix.sum()) != self._training_sum:
            raise ValueError("the array X was changed since the fit; fit the model again")
        # Of its probabilities alone; nobody asks for their errors.
        model = CoxPH(ties=self.ties, encoder=self.encoder, horizon=self.horizon, std_error="survfit")
        outcome = replace(rows.outcome, event=(rows.outcome.event > 0).astype(np.int64))
        rows = TrainingRows(Design(rows.design.matrix), outcome, rows.weight)
        with warnings.catch_warnings():
            # What is wrong with the columns was said when the model itself was fitted.
            warnings.simplefilter("ignore", UserWarning)
            model.fit_encoded(rows, self.encoder_, self.average_risk_)
        _ = model.mean_error_
        model.__dict__.pop("_training", None)
        return model

    def _influence_along(
        self,
        directions: list[tuple[np.ndarray, np.ndarray]],
        rows: TrainingRows,
        factor: np.ndarray,
        target: np.ndarray,
    ) -> np.ndarray:
        """Influence of the targets of the training rows on totals of risks with these derivatives, (Q, n_targets)."""
        from .kernels.total_influence import fine_gray_influence

        by_increment, by_coef = (np.concatenate(parts) for parts in zip(*directions, strict=True))
        return fine_gray_influence(
            rows.design.matrix,
            rows.outcome,
            self.coef_,
            self.naive_covariance_,
            by_increment,
            by_coef,
            event=self.event,
            weight=rows.weight_of_each,
            censoring_stratum=rows.design.strata,
            factor=factor,
            target=target,
            ties=self.ties,
            convention=self.censoring_ties,
        )

    def _check_parameters(self) -> None:
        for name, choices in (("ties", TIES), ("censoring_ties", CONVENTIONS)):
            require_choice(name, getattr(self, name), choices)
        self._check_event()
