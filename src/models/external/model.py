"""A model of another library, or a pair of functions, among the models of a comparison."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from inspect import signature
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from ...errors import BundleError
from ..estimator.base import IncidenceModel
from ..estimator.design import Design, TrainingRows
from ..features.encoder import FeatureEncoder
from .cause_rows import rows_of_cause
from .functions import FunctionRisks, fit_functions, name_of
from .hazards import CauseHazard, CauseSpecificRisks
from .lifelines_fitters import fit_lifelines, is_lifelines_fitter
from .proportional_hazards import ProportionalHazards
from .statsmodels_phreg import fit_phreg
from .survival_estimators import fit_survival_estimator, is_survival_estimator

TAKEN = (
    "ExternalModel takes a lifelines regression fitter, statsmodels' PHReg, an estimator with scikit-survival's "
    "methods, a mapping of event to one of these, or two functions, ExternalModel(fit, predict)"
)


class ExternalModel(IncidenceModel):
    r"""A model of lifelines, statsmodels or scikit-survival, or two functions, in a comparison with our models.

    A fitter models the hazard of one event with the others as censoring, so that it is fitted to each event, and the
    cause-specific hazards together make the cumulative incidence, :math:`F_k(t) = \int_0^t e^{-H(u-)}\,dH_k(u)` with H
    the hazard of all events: competing events compete, whatever the library knows of them.

    What is fitted holds rows of its training. So this model is never saved, registered or made champion; in MLflow its
    measures and charts stand among the others'. A copy of it is not fitted.

    Parameters
    ----------
    fitter : fitter, class, function or mapping
        One of these; it is copied, and stays as it is.

        - A lifelines regression fitter: ``CoxPHFitter()``, ``WeibullAFTFitter()``,
          ``GeneralizedGammaRegressionFitter()``, ``AalenAdditiveFitter()``, ...
        - ``PHReg`` of statsmodels, or a function that makes one: ``functools.partial(PHReg, ties="efron")``.
        - An estimator with ``fit(X, y)``, ``y`` a structured array, and ``predict_cumulative_hazard_function`` or
          ``predict_survival_function``, as scikit-survival's.
        - A mapping of event to one of these; an event that is not named has a hazard without features (Nelson-Aalen),
          which suits an event that is too rare for a regression. Give seeds yourself: a comparison seeds one fitter
          whose ``random_state`` is None, but none within a mapping.
        - A function ``fit(X, y)`` that gives a state of any kind, with ``predict_function``. ``y`` has ``duration``,
          ``event`` and, where rows have delayed entry, ``entry``; keywords ``sample_weight`` and ``cluster`` are given
          if it takes them.
    predict_function : callable, optional
        ``predict_function(state, X, times)`` with ascending days: risks of event 1, shape (n_rows, n_times); NaN where
        it states none. Only with a function.
    fit_options : mapping, optional
        Further keywords of the fitter's ``fit``: ``{"ancillary": True}``.
    known_end_event : int, optional
        Code of an end whose date is known beforehand (the 18th birthday). It gets no hazard: such rows count as
        censored, and predictions take ``eligible_days`` instead.
    horizon : float
        Days at which ``predict`` and ``score`` state the risk.
    encoder : FeatureEncoder, optional
        Makes the columns of numbers that all of these get, as for our models.

    Attributes
    ----------
    events_ : tuple of int
        The events with a hazard; (1,) for functions.
    fitters_ : dict of int to fitter
        By event, what the library fitted; the state of functions under 1. None for a hazard without features.

    Notes
    -----
    Delayed entry is handed on to lifelines' ``entry_col`` and statsmodels' ``entry`` and refused, in one line, where a
    fitter has no place for it (``AalenAdditiveFitter``, scikit-survival); functions get it in ``y``. The baseline
    hazards of ``CoxPHFitter`` and ``PHReg`` leave entries out. They are made again with them (Breslow's estimate, which
    is theirs where nobody comes late); where a ``formula`` of ``CoxPHFitter`` rules that out, delayed entry is refused.
    Its ``strata`` are refused too: all columns are features here. ``PHReg`` counts a row that enters on the day of an
    event as at risk on it; entries are handed over a little later, so that it is not, as in all our models. A duration
    of 0 days is half a day for distributions. Clusters go to ``cluster_col`` and ``groups`` where there are; they move
    standard errors alone.

    With ``CoxPHFitter()`` and distinct event times risks are those of ``CauseSpecificCox()`` to 1e-6. With tied ones
    lifelines puts Breslow's baseline hazard to Efron's coefficients: for whole days and thousands of children the
    difference is below 1e-3.

    An error of the library is one line with the library and the kind of the error, as messages may quote values.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from lifelines import WeibullAFTFitter
    >>> rng = np.random.default_rng(0)
    >>> X = pd.DataFrame({"x": rng.normal(size=200)})
    >>> y = pd.DataFrame({"duration": rng.exponential(400, 200), "event": rng.integers(0, 3, 200)})
    >>> model = ExternalModel(WeibullAFTFitter()).fit(X, y)
    >>> model.predict_cumulative_incidence(X.iloc[:2], [91, 365]).shape
    (2, 2)
    """

    _of_training: ClassVar[tuple[str, ...]] = ("fitters_", "_risks")
    # Some are penalised, and some are not: that is the library's to say.
    _is_penalised: ClassVar[bool] = True
    events_: tuple[int, ...]
    _risks: FunctionRisks | CauseSpecificRisks

    def __init__(
        self,
        fitter: Any,
        predict_function: Callable[..., Any] | None = None,
        *,
        fit_options: Mapping[str, Any] | None = None,
        known_end_event: int | None = None,
        horizon: float = 730.0,
        encoder: FeatureEncoder | None = None,
    ) -> None:
        self.fitter = fitter
        self.predict_function = predict_function
        self.fit_options = fit_options
        self.known_end_event = known_end_event
        self.horizon = horizon
        self.encoder = encoder

    @property
    def library(self) -> str:
        """What it is a model of: ``"lifelines CoxPHFitter"``."""
        if self.predict_function is not None:
            return name_of(self.fitter, self.predict_function)
        if isinstance(self.fitter, Mapping):
            names = dict.fromkeys(_name(fitter) for fitter in self.fitter.values() if fitter is not None)
            return ", ".join(names) or "no fitter"
        return _name(self.fitter)

    @property
    def why_never_saved(self) -> str:
        """The reason, in words, why it is never saved, registered or made champion."""
        return f"a model of another library ({self.library}) holds rows of its training and cannot be kept as data"

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """It is never saved.

        Raises
        ------
        BundleError
            Always.
        """
        raise BundleError(f"ExternalModel is never saved: {self.why_never_saved}")

    def __getstate__(self) -> dict[str, Any]:
        """State of copies: the parameters, as what was fitted holds rows of training."""
        return {name: value for name, value in super().__getstate__().items() if not name.endswith("_")}

    @property
    def _goes_on(self) -> bool:  # type: ignore[override]
        return self._risks.goes_on

    def _fit(self, rows: TrainingRows) -> None:
        rows = replace(rows, outcome=rows.outcome.without(self.known_end_event))
        events = rows.outcome.of_weight(rows.weight).events
        names = self.encoder_.get_feature_names_out()
        if self.predict_function is not None:
            if not callable(self.fitter) or not callable(self.predict_function) or self.fit_options:
                raise ValueError(f"with predict_function both are functions, and fit_options is not used; {TAKEN}")
            counted = rows.of_positive_weight()
            features = pd.DataFrame(counted.design.matrix, columns=[str(name) for name in names])
            self.events_ = (1,)
            state, self._risks = fit_functions(self.fitter, self.predict_function, counted, features, self.library)
            self.fitters_ = {1: state}
            return
        if 1 not in events:
            raise ValueError("no row has event 1 (and a weight above 0)")
        self.events_ = events
        fitters = self.fitter if isinstance(self.fitter, Mapping) else dict.fromkeys(events, self.fitter)
        unknown = [event for event in fitters if event not in events]
        if unknown:
            raise ValueError(f"fitter names events that no row has: {', '.join(map(str, unknown))}; there are {events}")
        self.fitters_, hazards = {}, []
        for event in events:
            part = rows_of_cause(rows, names, event)
            self.fitters_[event], hazard = _fit_cause(fitters.get(event), part, self.fit_options or {})
            hazards.append(hazard)
        self._risks = CauseSpecificRisks(hazards)

    def _incidence(self, design: Design, times: np.ndarray, event: int) -> np.ndarray:
        return self._risks.incidence(self._features(design), times, self.events_.index(event))

    def _event_free(self, design: Design, times: np.ndarray) -> np.ndarray:
        if isinstance(self._risks, FunctionRisks):
            return self._still_free(design, times)
        return 1.0 - self._risks.incidence(self._features(design), times, None)

    def _still_free(self, design: Design, times: np.ndarray) -> np.ndarray:
        return self._risks.free(self._features(design), times)

    def _features(self, design: Design) -> pd.DataFrame:
        return pd.DataFrame(design.matrix, columns=[str(name) for name in self.feature_names_out_])


def _fit_cause(fitter: Any, rows: Any, options: Mapping[str, Any]) -> tuple[Any, CauseHazard]:
    """What was fitted to the rows of one event, and the hazard that it states."""
    if fitter is None:
        return None, ProportionalHazards(rows, np.zeros(rows.features.shape[1]))
    name = _name(fitter)
    if callable(fitter) and not hasattr(type(fitter), "fit"):  # a class or a function
        if not isinstance(fitter, type) or "endog" in signature(fitter).parameters:
            return fit_phreg(fitter, rows, options, name)
        try:
            fitter = fitter()
        except TypeError:
            raise ValueError(f"{name}: the class needs arguments; give an instance") from None
    if is_lifelines_fitter(fitter):
        return fit_lifelines(fitter, rows, options, name)
    if is_survival_estimator(fitter):
        return fit_survival_estimator(fitter, rows, options, name)
    raise ValueError(f"{TAKEN}; got {name}")


def _name(fitter: Any) -> str:
    """The library and the name of a fitter, a class, a partial of one, or a function."""
    fitter = getattr(fitter, "func", fitter)
    named = fitter if isinstance(fitter, type) or hasattr(fitter, "__qualname__") else type(fitter)
    library = str(getattr(named, "__module__", "")).partition(".")[0]
    return f"{library} {named.__name__}" if library not in ("", "__main__", "builtins") else named.__name__
