"""Risk bands: how a child's risk compares with the average."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from ..errors import InputError
from ..models.estimator.average_risk import average_over

if TYPE_CHECKING:
    from ..models.estimator.base import IncidenceModel


@dataclass(frozen=True)
class RiskBands:
    """Bands of risk by multiples of a yardstick.

    The defaults are: ``low`` below half of it, ``average`` from half to one and a half times, ``high`` from one and a
    half to three times, ``very high`` from three times on. They order attention; they are no thresholds for a decision.
    A child's band does not depend on who else is in the file.

    Attributes
    ----------
    yardstick : float or None
        A risk, between 0 and 1. None: the average risk in training over the child's own window, given that as many
        days have passed (:func:`yardsticks`); where it is not known, or is 0, the child has no band.
    multiples : tuple of float
        Ascending cut points.
    labels : tuple of str
        One more than cut points.
    """

    yardstick: float | None = None
    multiples: tuple[float, ...] = (0.5, 1.5, 3.0)
    labels: tuple[str, ...] = ("low", "average", "high", "very high")

    def __post_init__(self) -> None:
        """Check that the bands are bands."""
        if self.yardstick is not None and not 0.0 < self.yardstick <= 1.0:
            raise InputError(f"bands: the yardstick must be a risk above 0 and up to 1, got {self.yardstick}")
        cut_points = list(self.multiples)
        are_cuts = cut_points and cut_points == sorted(set(cut_points)) and cut_points[0] > 0
        if not are_cuts or len(self.labels) != len(cut_points) + 1:
            raise InputError(
                "bands: multiples must be above 0 and ascend, and there must be one more label than multiples, got "
                f"{self.multiples} and {len(self.labels)} labels"
            )

    @classmethod
    def parse(cls, text: str) -> RiskBands:
        """Bands in words: multiples alone (``0.5,1.5,3``), or with labels (``low,0.5,average,1.5,high``).

        Examples
        --------
        >>> RiskBands.parse("usual,2,raised").labels
        ('usual', 'raised')
        """
        words = [word.strip() for word in text.split(",")]
        numbers, labels = words, RiskBands.labels
        if len(words) % 2 and not _is_number(words[0]):
            numbers, labels = words[1::2], tuple(words[::2])
        if not all(map(_is_number, numbers)) or not all(labels) or any(map(_is_number, labels)):
            raise InputError(
                "bands: give multiples (0.5,1.5,3), or labels and multiples by turns (low,0.5,average,2,up)"
            )
        return cls(None, tuple(map(float, numbers)), labels)

    def assign(self, risk: np.ndarray, yardsticks: np.ndarray | float) -> pa.DictionaryArray:
        """The label of each risk (n,); null where it, or its yardstick, is not known."""
        measure = np.broadcast_to(yardsticks if self.yardstick is None else self.yardstick, risk.shape)
        code = np.zeros(len(risk), dtype=np.int32)
        for multiple in self.multiples:
            code += risk >= multiple * measure
        is_unknown = np.isnan(risk) | ~(measure > 0)
        return pa.DictionaryArray.from_arrays(pa.array(code, mask=is_unknown), pa.array(self.labels))


def yardsticks(model: IncidenceModel, since: np.ndarray, until: np.ndarray) -> np.ndarray:
    """The average risk in training from a day without event (n,) to another (n,); NaN where it is not known."""
    average = average_over(model.average_curve_, since, until)
    # The curve is straight between days that lie apart; at the horizon the average itself is known.
    return np.where((since == 0) & (until == model.horizon), model.average_risk_, average)


def _is_number(word: str) -> bool:
    try:
        float(word)
        return True
    except ValueError:
        return False
