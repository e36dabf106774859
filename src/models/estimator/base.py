"""The interface that every model of the incidence of events obeys."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, partial
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.utils.validation import check_is_fitted

from ...parameter_checks import check_event, shown
from ..explanation.column_effect import some_rows
from ..features.encoder import FeatureEncoder, as_frame
from ..inputs.at_risk import rows_at_risk
from ..inputs.follow_up import last_days_followed, past_follow_up, warn_past_follow_up
from ..inputs.labels import refuse_other_order
from ..inputs.offset import offset_values
from ..inputs.other_spellings import explains_other_calls
from ..inputs.outcome import Outcome, check_outcome
from ..inputs.strata import learn_strata, match_strata, refuse_unseen
from ..numerics.blas_threads import one_blas_thread
from .asked import Asked, checked_times, per_row
from .average_risk import TrainingAverages, averages_of
from .conditioning import divide, is_faint, not_before
from .design import Design, TrainingRows, special_columns
from .plausibility import check_plausible
from .scored_rows import LEFT_OUT, ScoredRows
from .views import ModelViews

ROWS_PER_CHUNK = 50_000
COMMON_ATTRIBUTES = (
    *("encoder_", "events_", "feature_names_in_", "feature_names_out_", "n_features_in_", "n_rows_"),
    *("average_risk_", "average_curve_", "follow_up_", "event_counts_", "days_at_risk_"),
)


class IncidenceModel(ModelViews, TrainingAverages, ScoredRows):
    """Base of the models: checks, encoding, horizons, conditioning and eligibility are the same for all.

    A model implements ``_fit(rows)``, ``_incidence(design, times, event)`` and ``_event_free(design, times)``, where
    ``times`` has shape (n_rows, n_times) and may differ by row, and names in ``_bundle_attributes`` the fitted
    attributes of its own that describe it without a row of the training data, and in ``_of_training`` those that hold
    rows or could be made from them: no copy has these. What is computed when first asked for is a
    ``functools.cached_property``, which a fit forgets and a saved model is given. A model that uses columns of ``X``
    for anything but covariates names in ``_column_parameters`` the parameters that name these columns, and the field
    of :class:`.design.Design` that each fills. One with strata keeps their names, ``design.labels``, as ``strata_``.
    One whose curves have a formula that goes on past the last day that was followed says so by ``_goes_on``; those of
    the others are not known there.
    """

    _bundle_attributes: ClassVar[tuple[str, ...]] = ()
    _of_training: ClassVar[tuple[str, ...]] = ()
    _column_parameters: ClassVar[Mapping[str, str]] = {}
    # scikit-learn's name for what is passed on unasked: weights given to a search count in its scores too.
    __metadata_request__score: ClassVar[dict[str, bool]] = {"sample_weight": True}
    _goes_on: ClassVar[bool] = False
    # Whether more features than rows have a best fit.
    _is_penalised: ClassVar[bool] = False
    horizon: float
    encoder: FeatureEncoder | None
    strata_: list[str]
    follow_up_: np.ndarray
    # Aggregates of the training cohort as JSON holds them, for those who watch drift; kept with a saved model.
    training_profile_: dict[str, Any]

    @explains_other_calls
    def fit(self, X: Any, y: Any, *, sample_weight: Any = None, cluster: Any = None) -> Self:
        """Fit the model.

        Parameters
        ----------
        X : DataFrame or ndarray, shape (n_rows, n_columns)
            Features known on the day the index plan ended.
        y : DataFrame with n_rows rows
            ``duration`` (days), ``event`` (0 censored, 1, 2, ...) and, where observation begins late, ``entry`` (days).
        sample_weight : array, shape (n_rows,), optional
            Case weights, not negative. Whole numbers count repeated rows. With any other weights errors are robust, by
            row, so that they do not depend on the scale of the weights.
        cluster : array, shape (n_rows,), or DataFrame, shape (n_rows, 2), optional
            Rows that share a value are not independent (siblings); standard errors become cluster-robust. Two columns
            are nested levels (family and authority): errors are those of the outer level, which allow for both.

        Raises
        ------
        ValueError
            Outcomes, weights or features break a rule; the message names the column and the number of rows. Rows are
            matched by position: that ``X`` and another frame have the same index in another order is refused too.
        """
        made = [name for name in vars(self) if isinstance(getattr(type(self), name, None), cached_property)]
        for name in ("n_rows_", "training_profile_", *LEFT_OUT, *self._of_training, *made):
            self.__dict__.pop(name, None)
        _check_horizon(self.horizon)
        # A block, as a decorator would stand between the caller and the warnings given in its name.
        with one_blas_thread():
            frame, named = self._split_columns(X)
            refuse_other_order(X=X, y=y, sample_weight=sample_weight, cluster=cluster)
            outcome = check_outcome(y, n_rows=len(frame))
            given = rows_at_risk(outcome, sample_weight, cluster)
            frame, named = given.of_given(frame), {field: given.of_given(part) for field, part in named.items()}
            encoder = self._unfitted_encoder()
            # The array itself where all of it is covariates: the types of a frame's columns take longer to look at.
            matrix = encoder.fit_design(X if isinstance(X, np.ndarray) and X.shape == frame.shape else frame)
            rows = TrainingRows(_learnt_design(matrix, named), given.outcome, given.weight, given.cluster, given.kept)
            is_penalised = self._is_penalised or getattr(self, "alpha", 0.0) > 0
            check_plausible(rows, self.horizon, is_penalised=is_penalised)
            self._some_rows = some_rows(X)
            return self.fit_encoded(rows, encoder)

    def fit_encoded(self, rows: TrainingRows, encoder: FeatureEncoder, average_risk: float | None = None) -> Self:
        """Fit to rows that are checked and encoded, as :meth:`fit` does and models do that are made of others.

        Parameters
        ----------
        rows : TrainingRows
        encoder : FeatureEncoder
            The fitted encoder that made their design.
        average_risk : float, optional
            ``average_risk_``, where it is not that of these rows; such a model has no ``average_curve_``.
        """
        self.encoder_ = encoder
        self.feature_names_in_ = encoder.feature_names_in_
        self.n_features_in_ = self.feature_names_in_.size
        self.feature_names_out_ = encoder.get_feature_names_out()
        if average_risk is None:
            self._averages = partial(averages_of, rows.outcome, rows.weight, self.horizon)
        else:
            self.average_risk_, self.average_curve_ = average_risk, np.empty((3, 0))
        counted = rows.outcome.of_weight(rows.weight)
        self.event_counts_ = {code: int((counted.event == code).sum()) for code in (0, *counted.events)}
        self.days_at_risk_ = float(rows.weight_of_each @ (rows.outcome.duration - np.maximum(rows.outcome.entry, 0.0)))
        self._fit(rows)
        self.follow_up_ = self._last_days_followed(rows)
        self.n_rows_ = len(rows)
        kept: TrainingRows | None = getattr(self, "_training", None)
        if kept is None or kept.outcome is not rows.outcome:
            _ = self.average_risk_  # now, so that outcomes are not kept for its sake
        return self

    @one_blas_thread()
    def predict_cumulative_incidence(
        self,
        X: Any,
        times: Any,
        *,
        event: int = 1,
        eligible_days: Any = None,
        elapsed: Any = 0.0,
    ) -> np.ndarray:
        r"""Cumulative incidence :math:`P(T \le t, \text{event} \mid T > s, x)` of an event, the others competing.

        With :math:`s = 0` nothing is known of the row yet, and events on day 0 count.

        Parameters
        ----------
        X : DataFrame or ndarray, shape (n_rows, n_columns)
        times : array, shape (n_times,) or (n_rows, n_times)
            Days after the plan's end, of all rows or of each.
        event : int
            Code of the event.
        eligible_days : float or array, shape (n_rows,), optional
            Days from the plan's end to the 18th birthday: the curve is flat after that day. Infinite where the
            birthday is not known.
        elapsed : float or array, shape (n_rows,)
            Days :math:`s` for which the row is known to have been free of events; times up to it have incidence 0.

        Returns
        -------
        ndarray, shape (n_rows, n_times)
            Non-decreasing in time, between 0 and 1. NaN past ``follow_up_``, the last day on which anybody of the row's
            stratum was observed in training, unless nobody was censored; parametric models go on.

        Warns
        -----
        FollowUpWarning
            Rows have a day past the last follow-up; the message counts them and names the last day.

        Raises
        ------
        ValueError
            The event is not modelled, or features, times, ``eligible_days`` or ``elapsed`` break a rule.
        """
        check_is_fitted(self)
        require_event(event, self.events_)

        return self._asked_incidence(self._asked(X, times, eligible_days, elapsed), event)

    @one_blas_thread()
    def predict_event_free(self, X: Any, times: Any, *, eligible_days: Any = None, elapsed: Any = 0.0) -> np.ndarray:
        r"""Probability :math:`P(T > t \mid T > s, x)` of no event; with the incidences of all ``events_`` it sums to 1.

        Parameters
        ----------
        X : DataFrame or ndarray, shape (n_rows, n_columns)
        times : array, shape (n_times,)
            Days after the plan's end.
        eligible_days, elapsed : float or array, shape (n_rows,)
            As in :meth:`predict_cumulative_incidence`.

        Returns
        -------
        ndarray, shape (n_rows, n_times)
            NaN where the incidence is.
        """
        check_is_fitted(self)
        return self._asked_event_free(self._asked(X, times, eligible_days, elapsed))

    def is_past_follow_up(self, X: Any, times: Any, *, eligible_days: Any = None, elapsed: Any = 0.0) -> np.ndarray:
        """Whether a prediction is past the last follow-up in training: NaN, or of a parametric model an extrapolation.

        Parameters
        ----------
        X : DataFrame or ndarray, shape (n_rows, n_columns)
        times : array, shape (n_times,)
            Days after the plan's end.
        eligible_days, elapsed : float or array, shape (n_rows,)
            As in :meth:`predict_cumulative_incidence`.

        Returns
        -------
        ndarray of bool, shape (n_rows, n_times)
        """
        check_is_fitted(self)
        design, row_times, since = self._arguments(X, times, eligible_days, elapsed)
        return past_follow_up(self._last_day(design), row_times, since)

    def predict(self, X: Any) -> np.ndarray:
        """Risk of event 1, or of the one event that the model is of, by ``horizon`` days, shape (n_rows,)."""
        return self.predict_cumulative_incidence(X, [self.horizon], event=self._stated_event)[:, 0]

    def score(self, X: Any, y: Any, *, sample_weight: Any = None) -> float:
        """Index of prediction accuracy of :meth:`predict`: 1 - Brier / Brier of Aalen-Johansen at ``horizon``.

        Parameters
        ----------
        X, y
            As in :meth:`fit`.
        sample_weight : array, shape (n_rows,), optional
            Case weights. In a search that scikit-learn routes metadata through, weights that are passed count here too.

        Returns
        -------
        float
            1 for perfect predictions, 0 for none better than everybody's average risk; NaN, with a warning, where
            nobody is observed until ``horizon``, here or in training.
        """
        from ..metrics import index_of_prediction_accuracy

        refuse_other_order(X=X, y=y, sample_weight=sample_weight)
        risk, options = self.predict(X)[:, None], {"event": self._stated_event, "sample_weight": sample_weight}
        if np.isnan(risk).any():
            return float("nan")
        return float(index_of_prediction_accuracy(y, risk, [self.horizon], **options)[0])

    @property
    def why_never_saved(self) -> str:
        """Why it can never be saved, registered or made champion, in words; empty for a model that can."""
        return ""

    @property
    def _stated_event(self) -> int:
        """The event whose risk ``predict`` states and ``score`` judges."""
        return 1

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the model as a bundle (JSON and npz, no code, no rows) into the folder ``path``, which is returned.

        A loaded model gives these risks, and these intervals to 1e-6, or NaN where a child could be told from what they
        rest on (``docs/bundles.md``); saving warns with the number of strata and children concerned.
        """
        from .bundle_files import save_bundle

        return save_bundle(self, path, overwrite=overwrite)

    @classmethod
    def saved_attributes(cls) -> tuple[str, ...]:
        """Names of the fitted attributes that a saved model of this class holds."""
        return (*COMMON_ATTRIBUTES, *cls._bundle_attributes)

    def restore(self, attributes: Mapping[str, Any]) -> Self:
        """Take the fitted attributes of a saved model, by name; ValueError where one is missing or not known."""
        if set(attributes) != set(self.saved_attributes()):
            raise ValueError("unknown or missing attribute")
        self.__dict__.update(attributes)
        return self

    def __getstate__(self) -> dict[str, Any]:
        """State for pickling: what a saved model holds is made first, rows of training are left out."""
        if self.__sklearn_is_fitted__():
            for name in self.saved_attributes():
                getattr(self, name)
        left_out = (*LEFT_OUT, *self._of_training)
        return {name: value for name, value in super().__getstate__().items() if name not in left_out}

    def _fit(self, rows: TrainingRows) -> None:
        raise NotImplementedError

    def _incidence(self, design: Design, times: np.ndarray, event: int) -> np.ndarray:
        raise NotImplementedError

    def _event_free(self, design: Design, times: np.ndarray) -> np.ndarray:
        raise NotImplementedError

    def _still_free(self, design: Design, times: np.ndarray) -> np.ndarray:
        """Probability by which incidences after a day are divided, given that the row is free of events on that day."""
        return self._event_free(design, times)

    def _incidence_of_faint(self, design: Design, times: np.ndarray, since: np.ndarray, event: int) -> np.ndarray:
        """Incidence after ``since`` of rows that the model all but rules out to be free of events by then.

        The incidences differ by less than their rounding; the event-free probability keeps its digits. What it leaves
        is shared as the events shared it by each time.
        """
        free = self._event_free(design, times)
        happened = np.clip(1.0 - divide(free, self._event_free(design, since)), 0.0, 1.0)
        return happened * divide(self._incidence(design, times, event), 1.0 - free)

    def _unfitted_encoder(self) -> FeatureEncoder:
        """An encoder of the model's own to fit; a model without covariates overrides it."""
        return FeatureEncoder() if self.encoder is None else clone(self.encoder)

    def _asked(self, X: Any, times: Any, eligible_days: Any, elapsed: Any) -> Asked:
        """The checked arguments of a prediction; a warning where days are past the last follow-up."""
        design, row_times, since = self._arguments(X, times, eligible_days, elapsed)
        return Asked(design, row_times, since, self._unknown(design, row_times, since))

    def _arguments(self, X: Any, times: Any, eligible_days: Any, elapsed: Any) -> tuple[Design, np.ndarray, np.ndarray]:
        refuse_other_order(X=X, eligible_days=eligible_days, elapsed=elapsed)
        design = self._design(X)
        row_times = checked_times(times, len(design), eligible_days)
        return design, row_times, per_row(elapsed, len(design), "elapsed")[:, None]

    def _unknown(self, design: Design, times: np.ndarray, since: np.ndarray) -> np.ndarray | None:
        """Where the model has nothing to say, shape (n_rows, n_times), after a warning; None where it has for all."""
        if not times.size or times.max() <= self.follow_up_.min():
            return None
        last = self._last_day(design)
        past = past_follow_up(last, times, since)
        if not past.any():
            return None
        warn_past_follow_up(past, last, since, goes_on=self._goes_on)
        return None if self._goes_on else past

    def _last_day(self, design: Design) -> np.ndarray:
        """Last day followed in each row's stratum, shape (n_rows, 1), or (1,) where there is one."""
        return self.follow_up_ if self.follow_up_.size == 1 else self.follow_up_[design.stratum_of_each][:, None]

    def _last_days_followed(self, rows: TrainingRows) -> np.ndarray:
        """Last day on which anybody of each stratum was observed, shape (n_strata,); infinite if nobody is censored."""
        counted = rows.of_positive_weight()
        strata = counted.design.strata
        return last_days_followed(self._as_counted(counted.outcome), strata, len(counted.design.labels))

    def _as_counted(self, outcome: Outcome) -> Outcome:
        """The outcomes with what the model counts as censoring."""
        return outcome.without(getattr(self, "known_end_event", None))

    def _asked_incidence(self, asked: Asked, event: int) -> np.ndarray:
        """Incidence of an event given no event so far, by chunks of rows."""
        result = np.empty(asked.times.shape)
        for rows, part in asked.chunks(ROWS_PER_CHUNK):
            result[rows] = self._incidence_since(part.design, part.times, part.since, event)
        return asked.finished(np.clip(result, 0.0, 1.0))

    def _asked_event_free(self, asked: Asked) -> np.ndarray:
        """Probability of no event given none so far, by chunks of rows."""
        result = np.empty(asked.times.shape)
        for rows, part in asked.chunks(ROWS_PER_CHUNK):
            result[rows] = self._event_free_since(part.design, part.times, part.since)
        return asked.finished(np.clip(result, 0.0, 1.0))

    def _incidence_since(self, design: Design, times: np.ndarray, since: np.ndarray, event: int) -> np.ndarray:
        if not np.any(since > 0):
            return self._incidence(design, not_before(times, since), event)
        # At once, as the time that trees and integrals take is that of rows.
        both = self._incidence(design, not_before(times, since, and_since=True), event)
        incidence, still_free = both[:, :-1], self._still_free(design, since)
        later = divide(incidence - both[:, -1:], still_free)
        faint = np.flatnonzero(is_faint(still_free, since))
        if faint.size:
            later[faint] = self._incidence_of_faint(design[faint], times[faint], since[faint], event)
        return np.where(since > 0, np.where(times > since, later, 0.0), incidence)

    def _event_free_since(self, design: Design, times: np.ndarray, since: np.ndarray) -> np.ndarray:
        free = self._event_free(design, times)
        if not np.any(since > 0):
            return free
        at_start, still_free = self._event_free(design, since), self._still_free(design, since)
        later = 1.0 - divide(at_start - free, still_free)
        later = np.where(is_faint(still_free, since), np.clip(divide(free, at_start), 0.0, 1.0), later)
        return np.where(since > 0, np.where(times > since, later, 1.0), free)

    def _split_columns(self, X: Any) -> tuple[pd.DataFrame, dict[str, pd.DataFrame]]:
        """The covariates, and the columns that parameters name, by the field of the design that they fill."""
        frame = as_frame(X)
        named: dict[str, pd.DataFrame] = {}
        used: list[str] = []
        for parameter, columns in special_columns(self).items():
            absent = [column for column in columns if column not in frame.columns]
            if absent:
                raise ValueError(f"{parameter} names columns that X does not have: {', '.join(map(str, absent))}")
            for column in columns:
                n_missing = int(frame[column].isna().sum())
                if n_missing:
                    raise ValueError(f"column {column} ({parameter}): missing in {n_missing} of {len(frame)} rows")
            named[self._column_parameters[parameter]] = frame[columns]
            used += columns
        return (frame.drop(columns=used) if used else frame), named

    def _design(self, X: Any) -> Design:
        """The rows of ``X`` as the fitted model takes them."""
        frame, named = self._split_columns(X)
        matrix = self.encoder_.design(frame)
        strata = self._match_strata(named["strata"]) if "strata" in named else None
        offset = offset_values(named["offset"]) if "offset" in named else None
        return Design(matrix, strata, offset, tuple(self.strata_) if strata is not None else ())

    def _match_strata(self, values: pd.DataFrame) -> np.ndarray:
        """Code of each row's stratum among those of the fit, shape (n_rows,)."""
        codes = match_strata(values.to_numpy(), list(values.columns), self.strata_)
        refuse_unseen(codes, list(values.columns))
        return codes


def _learnt_design(matrix: np.ndarray, named: dict[str, pd.DataFrame]) -> Design:
    """The design of rows of training, from the matrix and the columns that parameters name."""
    offset = offset_values(named["offset"]) if "offset" in named else None
    if "strata" not in named:
        return Design(matrix, None, offset)
    labels, strata = learn_strata(named["strata"], list(named["strata"].columns))
    return Design(matrix, strata, offset, tuple(labels))


def _check_horizon(horizon: Any) -> None:
    if isinstance(horizon, bool) or not isinstance(horizon, int | float | np.number) or not 0 <= horizon < np.inf:
        raise ValueError(f"horizon must be a number of days, finite and not negative, got {shown(horizon)}")


def require_event(event: int, events: tuple[int, ...]) -> None:
    """Refuse what is no code of an event, and an event that the model is not of."""
    if check_event(event) not in events:
        raise ValueError(f"event {event} is not modelled; the model's events are {', '.join(map(str, events))}")
