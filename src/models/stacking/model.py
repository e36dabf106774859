"""Stacking: a weighted mean of the risks of other models, the weights chosen by cross-validation."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import clone

from ...caller_warnings import warn
from ..estimator.asked import Asked
from ..estimator.base import IncidenceModel
from ..estimator.design import Design, TrainingRows
from ..estimator.fit_problems import LEFT_OUT, warn_of_dropped
from ..estimator.scored_rows import Change, Wanted
from ..features.encoder import FeatureEncoder, as_frame
from ..inputs.given_days import as_days
from ..inputs.other_spellings import explains_other_calls
from .inner_folds import inner_folds
from .parts import check_strata, encoder_of_all, part_models, rules_of, shared_known_end
from .simplex_weights import simplex_weights


@dataclass(frozen=True)
class StackedDesign(Design):
    """Rows as each model of a stack takes them.

    Attributes
    ----------
    parts : tuple of Design
    frame : DataFrame or None
        The rows as they came.
    """

    parts: tuple[Design, ...] = ()
    frame: pd.DataFrame | None = None

    def __getitem__(self, rows: Any) -> StackedDesign:
        """Some of the rows, by a slice, positions or a mask."""
        frame = None if self.frame is None else self.frame.iloc[rows]
        return StackedDesign(self.matrix[rows], parts=tuple(part[rows] for part in self.parts), frame=frame)


class StackedIncidence(IncidenceModel):
    r"""A weighted mean of the cumulative incidences of other models, with weights by cross-validation (super learner).

    .. math:: F(t \mid x) = \sum_m w_m F_m(t \mid x), \qquad w_m \ge 0, \quad \sum_m w_m = 1

    The weights are those with the least Brier score of risks for rows that the models were not fitted to, averaged over
    ``times``. Folds keep families together; censoring, competing events and delayed entry are weighted as in
    ``evaluate_risks``. Models with a weight are then fitted to all rows. Where one model is right and there are many
    rows, it gets the weight; else the mean is about as good as the best of them, or better.

    There are no intervals: they would have to tell how far the models err together, and how uncertain the weights are.

    Parameters
    ----------
    models : mapping of str to model
        The models by name, not fitted: ``{"Cox": CauseSpecificCox(), "trees": BoostedHazard()}``. A model may have
        ``strata`` of one column; ``offset`` is not taken.
    times : sequence of float, optional
        Days at which the Brier score counts; by default half the horizon and the horizon, or the last day followed.
    n_folds : int
    random_state : int, Generator or None
        Deals the folds. They depend on what the rows are, and not on their order.
    known_end_event : int, optional
        Code of an end whose date is known beforehand (the 18th birthday): counted as censoring for all models. By
        default what its models have.
    horizon : float
        Days at which ``predict`` and ``score`` state the risk.
    encoder : FeatureEncoder, optional
        For the models that have none of their own. What it does about missing values and unseen levels all do; by
        default, what any encoder of the models does.

    Attributes
    ----------
    weights_ : DataFrame, indexed by model
        ``weight``, and ``brier_<day>``: Brier score of the model's risks for rows that it was not fitted to.
    models_ : dict of str to model
        The models with a weight above 0, fitted to all rows.
    events_ : tuple of int
        Events that all of these model.
    times_ : ndarray, shape (n_times,)
        Days at which the Brier score counted.

    References
    ----------
    van der Laan, Polley and Hubbard (2007), Super Learner, Statistical Applications in Genetics and Molecular Biology
    6:25; Polley and van der Laan (2011), Super Learning for Right-Censored Data, in Targeted Learning; Golmakani and
    Polley (2020), Super Learner for Survival Data Prediction, International Journal of Biostatistics 16:2.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from secondplan import AalenJohansen, CauseSpecificCox
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"x": rng.normal(size=400)})
    >>> duration = rng.exponential(500 * np.exp(-X["x"]))
    >>> y = pd.DataFrame({"duration": np.minimum(duration, 900), "event": np.where(duration > 900, 0, 1)})
    >>> stack = StackedIncidence({"average": AalenJohansen(), "Cox": CauseSpecificCox()}).fit(X, y)
    >>> stack.weights_["weight"].round(2).to_dict()
    {'average': 0.04, 'Cox': 0.96}
    """

    _bundle_attributes: ClassVar[tuple[str, ...]] = ("models_", "weights_", "times_")

    def __init__(
        self,
        models: Mapping[str, IncidenceModel] | None = None,
        *,
        times: Sequence[float] | None = None,
        n_folds: int = 5,
        random_state: int | np.random.Generator | None = 0,
        known_end_event: int | None = None,
        horizon: float = 730.0,
        encoder: FeatureEncoder | None = None,
    ) -> None:
        self.models = models
        self.times = times
        self.n_folds = n_folds
        self.random_state = random_state
        self.known_end_event = known_end_event
        self.horizon = horizon
        self.encoder = encoder

    @explains_other_calls
    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, cluster: Any = None) -> Self:
        """Choose the weights by cross-validation, and fit the models that have one to all rows.

        Parameters
        ----------
        X, y, sample_weight, cluster
            As in :meth:`IncidenceModel.fit`; the rows of a cluster (the outer one of two levels) are never divided
            between folds.

        Raises
        ------
        ValueError
            No models, or one that a stack cannot take; fewer events than folds; a model cannot be fitted, or the input
            breaks a rule.
        """
        self._frame = as_frame(X)
        try:
            return super().fit(X, y, sample_weight=sample_weight, cluster=cluster)
        finally:
            del self._frame

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Parameters; with ``deep`` the models by name, and theirs as ``name__parameter``."""
        params: dict[str, Any] = super().get_params(deep=deep)
        for name, model in self._named.items() if deep else ():
            params |= {name: model, **{f"{name}__{key}": value for key, value in model.get_params().items()}}
        return params

    def set_params(self, **params: Any) -> Self:
        """Set parameters, models by name, or theirs as ``name__parameter``."""
        named = {name: params.pop(name) for name in list(params) if name in self._named}
        if named:
            self.models = {**self._named, **named}
        super().set_params(**params)
        return self

    @property
    def why_never_saved(self) -> str:
        """The reason of the first model that can never be saved."""
        return next(filter(None, (model.why_never_saved for model in self._named.values())), "")

    @property
    def _named(self) -> Mapping[str, IncidenceModel]:
        return self.models if isinstance(self.models, Mapping) else {}

    @property
    def _is_penalised(self) -> bool:  # type: ignore[override]
        return all(model._is_penalised or getattr(model, "alpha", 0.0) > 0 for model in self._named.values())

    @property
    def _goes_on(self) -> bool:  # type: ignore[override]
        return all(model._goes_on for model in self.models_.values())

    def _fit(self, rows: TrainingRows) -> None:
        frame = self._frame.iloc[rows.of_given(np.arange(len(self._frame)))].reset_index(drop=True)
        if not np.any(rows.weight_of_each[rows.outcome.event == 1] > 0):
            raise ValueError("no row has event 1 (and a weight above 0)")
        parts = part_models(self.models, self.encoder, rules_of(self.encoder_))
        check_strata(parts, self.encoder_)
        outcome = rows.outcome.without(self._known_end())
        rows = TrainingRows(rows.design, outcome, rows.weight, rows.cluster)
        counted = np.arange(len(rows)) if rows.weight is None else np.flatnonzero(rows.weight > 0)
        table, days = self._chosen(parts, frame.iloc[counted].reset_index(drop=True), rows[counted])
        self.weights_, self.times_ = table, days
        kept = table.index[table["weight"] > 0]
        warn_of_dropped(self.encoder_)
        self.models_ = {name: _fit_whole(name, parts[name], frame, rows) for name in kept}
        common = set.intersection(*(set(model.events_) for model in self.models_.values()))
        self.events_ = tuple(sorted(common))

    def _chosen(
        self, parts: dict[str, IncidenceModel], frame: pd.DataFrame, rows: TrainingRows
    ) -> tuple[pd.DataFrame, np.ndarray]:
        """Weights and Brier scores of the models, and the days at which they were measured."""
        from ..metrics.state_weights import ProductLimitWeights

        fold = inner_folds(rows, self.n_folds, self.random_state)
        days = self._days(rows, fold)
        risk = np.stack([out_of_fold_risk(name, part, frame, rows, fold, days) for name, part in parts.items()])
        weights = ProductLimitWeights(rows.outcome, rows.weight_of_each)
        states = [weights.states(float(day), 1) for day in days]
        is_known = np.array([bool(np.isfinite(state.mass).all()) for state in states])
        is_known &= ~np.isnan(risk).any(axis=(0, 1))
        if not is_known.any():
            raise ValueError(f"no day among {_listed(days)} at which every model states the risk of every row")
        if not is_known.all():
            warn(
                f"some model states no risk by day {_listed(days[~is_known])}: these days do not count for the weights"
            )
        gram, brier = np.zeros((len(parts), len(parts))), {}
        for position in np.flatnonzero(is_known):
            state = states[position]
            error = risk[:, :, position] - state.had
            square = (error * state.mass) @ error.T
            gram += square / is_known.sum()
            brier[f"brier_{days[position]:g}"] = np.diag(square)
        table = pd.DataFrame({"weight": simplex_weights(gram), **brier}, index=pd.Index(list(parts), name="model"))
        return table, days[is_known]

    def _days(self, rows: TrainingRows, fold: np.ndarray) -> np.ndarray:
        """The days at which risks are measured, up to the last that is followed in the training of each fold."""
        last = min(rows.outcome.take(fold != number).followed_until for number in np.unique(fold))
        last = min(last, rows.outcome.followed_until)
        if self.times is None:
            return np.unique(np.minimum([self.horizon / 2.0, self.horizon], last))
        days = np.unique(as_days(self.times, "times"))
        if not np.any(days <= last):
            raise ValueError(
                f"times: rows are followed to day {last:g} only, no day of {_listed(days)} can be measured"
            )
        if days[-1] > last:
            warn(f"times: rows are followed to day {last:g} only, later ones do not count for the weights")
        return days[days <= last]

    def _changed_risks(
        self, asked: Asked, risk: np.ndarray, event: int, changes: list[Change], wanted: Wanted | None
    ) -> np.ndarray:
        """The rows are encoded anew, by each of the models."""
        assert isinstance(asked.design, StackedDesign) and asked.design.frame is not None
        found = np.empty((len(changes), len(asked)))
        for result, change in zip(found, changes, strict=True):
            changed = self._design(change.of_frame(asked.design.frame, self.encoder_))
            part = replace(asked.at_last(asked.design.matrix), design=changed)
            result[:] = self.risk_of_rows(part, event)[:, 0]
        return found

    def _known_end(self) -> int | None:
        return shared_known_end(self._named) if self.known_end_event is None else self.known_end_event

    def _as_counted(self, outcome: Any) -> Any:
        return outcome.without(self._known_end())

    def _unfitted_encoder(self) -> FeatureEncoder:
        return encoder_of_all(self.models, self.encoder)

    def _design(self, X: Any) -> Design:
        frame = as_frame(X)
        parts = tuple(model._design(frame) for model in self.models_.values())
        return StackedDesign(np.empty((len(frame), 0)), parts=parts, frame=frame)

    def _last_days_followed(self, rows: TrainingRows) -> np.ndarray:
        ends = [float(model.follow_up_.min()) for model in self.models_.values() if not model._goes_on]
        return np.array([min(ends)]) if ends else super()._last_days_followed(rows)

    def _last_day(self, design: Design) -> np.ndarray:
        """Of the models whose curves end, the first end."""
        assert isinstance(design, StackedDesign)
        models = zip(self.models_.values(), design.parts, strict=True)
        ends = [model._last_day(part) for model, part in models if not model._goes_on]
        return np.minimum.reduce(np.broadcast_arrays(*ends)) if ends else self.follow_up_

    def _incidence(self, design: Design, times: np.ndarray, event: int) -> np.ndarray:
        return self._mean(design, lambda model, part: np.clip(model._incidence(part, times, event), 0.0, 1.0))

    def _event_free(self, design: Design, times: np.ndarray) -> np.ndarray:
        return self._mean(design, lambda model, part: model._event_free(part, times))

    def _still_free(self, design: Design, times: np.ndarray) -> np.ndarray:
        return self._mean(design, lambda model, part: model._still_free(part, times))

    def _mean(self, design: Design, value: Any) -> np.ndarray:
        assert isinstance(design, StackedDesign)
        shares = self.weights_["weight"]
        total: np.ndarray = np.zeros(())
        for (name, model), part in zip(self.models_.items(), design.parts, strict=True):
            total = total + float(shares[name]) * value(model, part)
        return total


def out_of_fold_risk(
    name: str, model: IncidenceModel, frame: pd.DataFrame, rows: TrainingRows, fold: np.ndarray, days: np.ndarray
) -> np.ndarray:
    """Risks of event 1 of each row by a model fitted to the other folds, shape (n_rows, n_days).

    Levels that the other folds do not have count as the reference, strata of curves as all rows together. What models
    warn of is said when they are fitted to all rows.
    """
    risk = np.full((len(rows), days.size), np.nan)
    for number in np.unique(fold):
        train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        part = clone(model)
        part.encoder.set_params(unseen="reference")
        if hasattr(part, "unseen"):
            part.set_params(unseen="marginal")
        weight = None if rows.weight is None else rows.weight[train]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                part.fit(frame.iloc[train], rows.outcome.take(train), sample_weight=weight)
                risk[test] = part.predict_cumulative_incidence(frame.iloc[test], days, event=1)
            except ValueError as error:
                raise ValueError(f"{name}, fold {number + 1} of {fold.max() + 1}: {error}") from error
    return risk


def _fit_whole(name: str, model: IncidenceModel, frame: pd.DataFrame, rows: TrainingRows) -> IncidenceModel:
    """The model fitted to all rows; its warnings name it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fitted = clone(model).fit(frame, rows.outcome, sample_weight=rows.weight, cluster=rows.cluster)
    for warning in caught:
        if not str(warning.message).startswith(LEFT_OUT):  # said of the stack's own encoder
            warn(f"{name}: {warning.message}", warning.category)
    return fitted


def _listed(days: Iterable[float]) -> str:
    return ", ".join(f"{day:g}" for day in days)
