"""The Cox model along a path of elastic-net penalties, its strength chosen by cross-validation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.utils.validation import check_is_fitted

from ...caller_warnings import warn, without_repeats
from ...parameter_checks import require_choice
from ...progress import track
from ..estimator.asked import Asked
from ..estimator.design import TrainingRows
from ..estimator.likelihood_criteria import LikelihoodCriteria
from ..estimator.one_event import OneEventModel
from ..features.encoder import FeatureEncoder
from ..features.penalty_factors import feature_factors
from ..inputs.folds import check_folds, deal_folds
from ..inputs.labels import refuse_other_order
from ..inputs.other_spellings import explains_other_calls
from .model import TIES, CoxPH

CHOICES = ("lambda_min", "lambda_1se")
# With fewer rows per fold, risk sets within it are too small (glmnet's limit).
LEAST_ROWS_UNGROUPED = 10


class CoxElasticNetCV(LikelihoodCriteria, OneEventModel):
    r"""Cox model with an elastic-net penalty whose strength is chosen by grouped cross-validation, as ``cv.glmnet``.

    .. math:: \max_\beta \; \frac{\ell(\beta)}{\sum_i w_i}
        - \lambda \sum_j f_j \left( \rho |b_j| + (1 - \rho) b_j^2 / 2 \right)

    with b the coefficients of the features divided by their standard deviation, :math:`\rho` the ``l1_ratio`` (glmnet's
    alpha) and f the penalty factors. The path runs from the strength at which every coefficient is 0 downwards. A fold
    is judged by its partial-likelihood deviance for each of its events: that of all rows less that of the rows outside
    the fold, at coefficients fitted outside it.

    Parameters
    ----------
    event : int
        Code of the event; others count as censored, as in ``CoxPH``.
    ties : {"breslow", "efron"}
        Breslow's is glmnet's.
    strata, offset : str or list of str, str; optional
        Columns of ``X``, as in ``CoxPH``.
    l1_ratio : float
        1 is lasso, 0 is ridge.
    lambdas : array, shape (n_lambdas,), optional
        Strengths; by default ``n_lambdas`` of them from the data, down to ``lambda_min_ratio`` times the largest. The
        path then ends early once little is left to explain, and each fold follows strengths of its own, read at those
        of the whole by linear interpolation: so does glmnet.
    n_lambdas : int
    lambda_min_ratio : float, optional
        By default 1e-4, or 1e-2 with fewer rows than features.
    penalty_factor : mapping of str to float, optional
        Factors by column of ``X`` or by feature; 1 where not named, 0 unpenalised, infinite left out. They are scaled
        to mean 1.
    standardize : bool
        Penalise the coefficients of standardised features, as above; else of the features as they are.
    select : {"lambda_min", "lambda_1se"}
        The strength at which the model predicts: the least deviance, or the largest strength within one standard error
        of it.
    n_folds : int
        Folds to make where ``fit`` is given none. Clusters stay whole, and each fold gets its share of the events.
    random_state : int, Generator or None
        Deals the folds.
    grouped : bool
        As above; False: risk sets within the fold left out.
    encoder : FeatureEncoder, optional
    horizon : float
        Days at which ``predict`` states the risk.

    Attributes
    ----------
    lambdas_ : ndarray, shape (n_lambdas,)
        From the largest down.
    coef_path_ : DataFrame
        Coefficients on the features' own scale, one row per strength, one column per feature.
    deviance_ratio_ : ndarray, shape (n_lambdas,)
        Share of the null deviance that the model explains in training.
    null_deviance_ : float
    cv_mean_, cv_std_error_ : ndarray, shape (n_lambdas,)
        Mean deviance of an event left out, the folds weighted by their events, and its standard error.
    fold_deviance_ : DataFrame
        One row per strength, one column per fold.
    lambda_min_, lambda_1se_ : float
    model_ : CoxPH
        Fitted to all rows at the chosen strength; predictions, ``coef_`` and ``summary_`` are its.

    References
    ----------
    Simon, Friedman, Hastie and Tibshirani (2011), Regularization Paths for Cox's Proportional Hazards Model via
    Coordinate Descent; van Houwelingen and others (2006) for the deviance of a fold. Conventions are those of R's
    glmnet 4.1, its bringing of weights to mean 1 within each set of rows included. Rows censored on the day of an event
    are at risk on it; glmnet loses some of them at times of 256 and more (divide all times by a power of 2 to see it
    agree). With delayed entry its search can end short of the maximum, so that the penalised likelihood of its
    coefficients is below that of ours. For ridge it gives coefficients of 0 at the first strength, which are not 0.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(1)
    >>> X = rng.normal(size=(200, 4))
    >>> y = {"duration": 400 * rng.exponential(np.exp(-X[:, 0])), "event": np.ones(200, dtype=int)}
    >>> model = CoxElasticNetCV(n_folds=5, select="lambda_1se").fit(X, y)
    >>> model.coef_.round(2).tolist()
    [0.69, 0.0, 0.0, 0.0]
    >>> model.to_frame().columns.tolist()
    ['n_features', 'deviance_ratio', 'cv_mean', 'cv_std_error', 'cv_lower', 'cv_upper']
    """

    _column_parameters: ClassVar[dict[str, str]] = {"strata": "strata", "offset": "offset"}
    _of_training: ClassVar[tuple[str, ...]] = ("_training",)
    _bundle_attributes: ClassVar[tuple[str, ...]] = (
        "lambdas_",
        "coef_path_",
        "deviance_ratio_",
        "null_deviance_",
        "cv_mean_",
        "cv_std_error_",
        "fold_deviance_",
        "lambda_min_",
        "lambda_1se_",
        "model_",
    )

    _is_penalised: ClassVar[bool] = True

    def __init__(
        self,
        event: int = 1,
        ties: str = "breslow",
        strata: str | list[str] | None = None,
        offset: str | None = None,
        l1_ratio: float = 1.0,
        lambdas: Any = None,
        n_lambdas: int = 100,
        lambda_min_ratio: float | None = None,
        penalty_factor: Mapping[str, float] | None = None,
        standardize: bool = True,
        select: str = "lambda_min",
        n_folds: int = 10,
        random_state: Any = 0,
        grouped: bool = True,
        encoder: FeatureEncoder | None = None,
        horizon: float = 730.0,
    ) -> None:
        self.event = event
        self.ties = ties
        self.strata = strata
        self.offset = offset
        self.l1_ratio = l1_ratio
        self.lambdas = lambdas
        self.n_lambdas = n_lambdas
        self.lambda_min_ratio = lambda_min_ratio
        self.penalty_factor = penalty_factor
        self.standardize = standardize
        self.select = select
        self.n_folds = n_folds
        self.random_state = random_state
        self.grouped = grouped
        self.encoder = encoder
        self.horizon = horizon

    @explains_other_calls
    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, cluster: Any = None, foldid: Any = None) -> Self:
        """Fit the path, cross-validate it, and fit the model at the strength that ``select`` names.

        Parameters
        ----------
        X, y, sample_weight, cluster
            As in :meth:`IncidenceModel.fit`; the rows of a cluster (the outer one of two levels) are never divided
            between folds.
        foldid : array, shape (n_rows,), optional
            Fold of each row; by default ``n_folds`` are dealt at random.

        Raises
        ------
        ValueError
            No event, or fewer than folds; folds without an event or that divide a cluster; or the input breaks a rule.
        """
        self.__dict__.pop("model_", None)
        refuse_other_order(X=X, foldid=foldid)
        self._foldid = foldid
        with without_repeats():
            try:
                super().fit(X, y, sample_weight=sample_weight, cluster=cluster)
            finally:
                del self._foldid
            self._training = {"X": X, "y": y, "sample_weight": sample_weight, "cluster": cluster}
            self.model_ = self._model_at(self._strength(self.select))
        return self

    @property
    def coef_(self) -> np.ndarray:
        """Coefficients at the chosen strength, shape (p,)."""
        check_is_fitted(self)
        return self.model_.coef_

    @property
    def covariance_(self) -> np.ndarray:
        """Covariance of the coefficients at the chosen strength, for the chosen features as if given, shape (p, p)."""
        check_is_fitted(self)
        return self.model_.covariance_

    @property
    def log_likelihood_(self) -> tuple[float, float]:
        """Log partial likelihood, null and at the chosen strength; a penalised fit has no ``aic_`` and ``bic_``."""
        check_is_fitted(self)
        return self.model_.log_likelihood_

    def _fitted_log_likelihood(self) -> float:
        return self.model_._fitted_log_likelihood()

    @property
    def summary_(self) -> pd.DataFrame:
        """As :attr:`CoxPH.summary_`, at the chosen strength; standard errors as if its features had been given."""
        check_is_fitted(self)
        return self.model_.summary_

    def model(self, at: str | float = "lambda_1se") -> CoxPH:
        """The model at one strength, fitted to all rows.

        Parameters
        ----------
        at : {"lambda_min", "lambda_1se"} or float

        Raises
        ------
        ValueError
            The model was loaded and ``at`` is not the strength that it was fitted for: the training rows are needed.
        """
        check_is_fitted(self)
        strength = self._strength(at)
        if strength == self.model_.alpha:
            return self.model_
        if getattr(self, "_training", None) is None:
            raise ValueError("another strength needs the training rows, which a saved or copied model does not hold")
        return self._model_at(strength)

    def to_frame(self) -> pd.DataFrame:
        """The cross-validation, one row per strength: n_features, deviance_ratio, cv_mean, cv_std_error and limits one
        standard error away."""
        check_is_fitted(self)
        return pd.DataFrame(
            {
                "n_features": (self.coef_path_.to_numpy() != 0).sum(axis=1),
                "deviance_ratio": self.deviance_ratio_,
                "cv_mean": self.cv_mean_,
                "cv_std_error": self.cv_std_error_,
                "cv_lower": self.cv_mean_ - self.cv_std_error_,
                "cv_upper": self.cv_mean_ + self.cv_std_error_,
            },
            index=pd.Index(self.lambdas_, name="lambda"),
        )

    def plot(self, kind: str = "cv", ax: Any = None) -> Any:
        """Draw the cross-validated deviance (``"cv"``) or the coefficients (``"path"``) by strength; return axes."""
        check_is_fitted(self)
        marks = {"lambda_min": self.lambda_min_, "lambda_1se": self.lambda_1se_}
        if kind == "cv":
            from ...plots import plot_penalty_cv

            return plot_penalty_cv(self.to_frame(), marks, ax=ax)
        if kind == "path":
            from ...plots import plot_penalty_path

            return plot_penalty_path(self.coef_path_, marks, ax=ax)
        raise ValueError(f"kind must be cv or path, got {kind!r}")

    def predict_cumulative_incidence(
        self, X: Any, times: Any, *, event: int = 1, eligible_days: Any = None, elapsed: Any = 0.0
    ) -> np.ndarray:
        """Incidence at the chosen strength, as :meth:`CoxPH.predict_cumulative_incidence`."""
        check_is_fitted(self)
        return self.model_.predict_cumulative_incidence(
            X, times, event=event, eligible_days=eligible_days, elapsed=elapsed
        )

    def predict_event_free(self, X: Any, times: Any, *, eligible_days: Any = None, elapsed: Any = 0.0) -> np.ndarray:
        """Probability of no event at the chosen strength, as :meth:`CoxPH.predict_event_free`."""
        check_is_fitted(self)
        return self.model_.predict_event_free(X, times, eligible_days=eligible_days, elapsed=elapsed)

    def predict_cumulative_hazard(self, X: Any, times: Any, **options: Any) -> Any:
        """Cumulative hazard at the chosen strength; parameters and result are those of
        :meth:`CoxPH.predict_cumulative_hazard`."""
        check_is_fitted(self)
        return self.model_.predict_cumulative_hazard(X, times, **options)

    def warn_of_unsaved(self) -> None:
        """As that of the chosen model."""
        self.model_.warn_of_unsaved()

    def predict_cumulative_incidence_interval(self, X: Any, times: Any, **options: Any) -> np.ndarray:
        """Interval at the chosen strength as if it and its features had been given; parameters and result are those of
        :meth:`CoxPH.predict_cumulative_incidence_interval`."""
        check_is_fitted(self)
        return self.model_.predict_cumulative_incidence_interval(X, times, **options)

    def _asked_incidence(self, asked: Asked, event: int) -> np.ndarray:
        return self.model_._asked_incidence(asked, event)

    def __sklearn_is_fitted__(self) -> bool:
        """Whether ``fit`` went through to its end."""
        return hasattr(self, "model_")

    def _fit(self, rows: TrainingRows) -> None:
        from .kernels.path import PathOptions, cox_path
        from .kernels.path_folds import PathData, cross_validate

        self._check_parameters()
        outcome, weight = rows.outcome, rows.weight_of_each
        is_event = self._has_event(outcome, weight, "Cox")
        fold = self._folds(rows, is_event & (weight > 0))
        options = PathOptions(
            l1_ratio=self.l1_ratio,
            penalty_factor=feature_factors(self.penalty_factor, self.encoder_),
            lambdas=None if self.lambdas is None else np.unique(np.asarray(self.lambdas, dtype=float))[::-1],
            n_lambdas=self.n_lambdas,
            min_ratio=self.lambda_min_ratio,
            standardize=self.standardize,
            efron=self.ties == "efron",
        )
        design = rows.design
        data = PathData(
            design.matrix, outcome.entry, outcome.duration, is_event, weight, design.stratum_of_each, design.offset
        )
        whole = data.rows(slice(None), options)
        path = cox_path(whole, options)
        n_folds = int(fold.max()) + 1
        folds = track(range(n_folds), "Cross-validating the penalty", total=n_folds)
        found = cross_validate(data, whole, path, options, fold, grouped=self._is_grouped(fold), folds=folds)
        if not found.converged:
            warn("some fits along the path did not converge; give larger lambdas")
        self.events_ = (int(self.event),)
        self.lambdas_, self.deviance_ratio_ = path.lambdas, path.deviance_ratio
        self.null_deviance_ = path.null_deviance
        index = pd.Index(path.lambdas, name="lambda")
        self.coef_path_ = pd.DataFrame(path.coef, index=index, columns=self.feature_names_out_)
        self.cv_mean_, self.cv_std_error_ = found.mean, found.std_error
        self.fold_deviance_ = pd.DataFrame(found.by_fold.T, index=index)
        best = int(np.argmin(found.mean))
        near = found.mean <= found.mean[best] + found.std_error[best]
        self.lambda_min_ = float(path.lambdas[best])
        self.lambda_1se_ = float(path.lambdas[np.argmax(near)])

    def _folds(self, rows: TrainingRows, counted: np.ndarray) -> np.ndarray:
        if self._foldid is not None:
            return check_folds(rows.of_given(self._foldid), counted, rows.cluster)
        return deal_folds(counted, rows.cluster, self.n_folds, self.random_state)

    def _is_grouped(self, fold: np.ndarray) -> bool:
        if self.grouped or fold.size / (fold.max() + 1) >= LEAST_ROWS_UNGROUPED:
            return self.grouped
        warn(f"grouped=True is used, since folds have fewer than {LEAST_ROWS_UNGROUPED} rows each")
        return True

    def _strength(self, at: str | float) -> float:
        if isinstance(at, str):
            if at not in CHOICES:
                raise ValueError(f"a strength is a number or one of {', '.join(CHOICES)}, got {at!r}")
            return float(getattr(self, f"{at}_"))
        return float(at)

    def _model_at(self, strength: float) -> CoxPH:
        model = CoxPH(
            event=self.event,
            ties=self.ties,
            strata=self.strata,
            offset=self.offset,
            alpha=strength,
            l1_ratio=self.l1_ratio,
            penalty_factor=self.penalty_factor,
            standardize=self.standardize,
            encoder=self.encoder,
            horizon=self.horizon,
        )
        return model.advising("give larger lambdas").fit(**self._training)

    def _check_parameters(self) -> None:
        require_choice("ties", self.ties, TIES)
        if not 0.0 <= self.l1_ratio <= 1.0:
            raise ValueError(f"l1_ratio must be between 0 and 1, got {self.l1_ratio}")
        self._check_event()
        require_choice("select", self.select, CHOICES)
        if self.lambda_min_ratio is not None and not 0.0 < self.lambda_min_ratio < 1.0:
            raise ValueError(f"lambda_min_ratio must be between 0 and 1, got {self.lambda_min_ratio}")
        if isinstance(self.n_lambdas, bool) or not isinstance(self.n_lambdas, int) or self.n_lambdas < 1:
            raise ValueError(f"n_lambdas must be a whole number of at least 1, got {self.n_lambdas!r}")
        if self.lambdas is not None:
            given = np.asarray(self.lambdas, dtype=float)
            if given.ndim != 1 or given.size == 0 or not np.isfinite(given).all() or (given < 0).any():
                raise ValueError(
                    f"lambdas must be numbers in one dimension, finite and not negative; got shape {given.shape} with "
                    f"{int((~(np.isfinite(given) & (given >= 0))).sum())} that are not"
                )
