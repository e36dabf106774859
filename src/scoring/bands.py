"""Risk bands: how a child's risk compares with the average."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..errors import InputError
from ..models.inputs.follow_up import FollowUpWarning
from .cases import special_columns

if TYPE_CHECKING:
    from ..models.estimator.base import IncidenceModel

AVERAGE_OF_TRAINING = "average risk of the children in training"
TYPICAL_CASE = "risk of a typical case: the median or most frequent value of every feature"
STATED = "stated by the caller"
NOT_KNOWN = "not known, as training was not followed to the last horizon: no case has a band"


@dataclass(frozen=True)
class RiskBands:
    """Bands of risk by multiples of a yardstick.

    The defaults are: ``low`` below half of it, ``average`` from half to one and a half times, ``high`` from one and a
    half to three times, ``very high`` from three times on. They order attention; they are no thresholds for a decision.
    The yardstick is a property of the model, so that a child's band does not depend on who else is in the file. Where
    it is not known, nobody has a band.

    Attributes
    ----------
    yardstick : float or None
        A risk, between 0 and 1; None where it is not known.
    meaning : str
        What the yardstick is.
    multiples : tuple of float
        Ascending cut points.
    labels : tuple of str
        One more than cut points.
    """

    yardstick: float | None
    meaning: str = STATED
    multiples: tuple[float, ...] = (0.5, 1.5, 3.0)
    labels: tuple[str, ...] = ("low", "average", "high", "very high")

    def __post_init__(self) -> None:
        """Check that the bands are bands."""
        if self.yardstick is not None and not 0.0 <= self.yardstick <= 1.0:
            raise InputError(f"bands: the yardstick must be a risk between 0 and 1, got {self.yardstick}")
        if len(self.labels) != len(self.multiples) + 1 or list(self.multiples) != sorted(set(self.multiples)):
            raise InputError(
                "bands: multiples must ascend, and there must be one more label than multiples, got "
                f"{self.multiples} and {len(self.labels)} labels"
            )

    @classmethod
    def of(cls, model: IncidenceModel, day: float) -> RiskBands:
        """The bands of a model by the risk at ``day``.

        The yardstick is ``model.average_risk_``, the incidence in training, at ``model.horizon``; at another day it is
        a typical case's risk.

        Raises
        ------
        InputError
            ``day`` is not the model's horizon, and the model has strata or an offset: a typical case is not defined.
        """
        if day == model.horizon:
            return cls._known(model.average_risk_, AVERAGE_OF_TRAINING)
        if special_columns(model):
            raise InputError("bands: a model with strata or an offset has no typical case; give bands with a yardstick")
        typical = pd.DataFrame({name: [value] for name, value in model.encoder_.reference_.items()}, index=[0])
        for name, column in model.encoder_.columns_.items():
            typical[name] = typical[name].astype("string" if column.kind == "categorical" else float)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FollowUpWarning)
            risk = model.predict_cumulative_incidence(typical, [day])
        return cls._known(float(risk[0, 0]), TYPICAL_CASE)

    @classmethod
    def _known(cls, risk: float, meaning: str) -> RiskBands:
        return cls(None, NOT_KNOWN) if isnan(risk) else cls(risk, meaning)

    def assign(self, risk: np.ndarray) -> np.ndarray:
        """The label of each risk, shape (n,); None where it, or the yardstick, is not known."""
        if self.yardstick is None:
            return np.full(len(risk), None, dtype=object)
        cut_points = np.array(self.multiples) * self.yardstick
        labels = np.array(self.labels, dtype=object)[np.searchsorted(cut_points, risk, side="right")]
        labels[np.isnan(risk)] = None
        return labels
