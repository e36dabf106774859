"""The days by which risks are stated, and from where they count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from ..errors import InputError
from ..parameter_checks import require_choice

Origin = Literal["scoring_day", "plan_end"]
HORIZONS = (91, 182, 365, 730)


@dataclass(frozen=True)
class Horizons:
    """Horizons, checked.

    Attributes
    ----------
    days : tuple of m floats
        Ascending.
    origin : {"scoring_day", "plan_end"}
        Where they count from: the day on which a case stands, or the end of its plan.
    """

    days: tuple[float, ...]
    origin: Origin = "scoring_day"

    @classmethod
    def of(cls, times: Sequence[float], origin: Origin) -> Horizons:
        """Horizons as numbers.

        Raises
        ------
        InputError
            They are none, not finite, not above 0, or do not ascend; or the origin is none of the two.
        """
        require_choice("origin", origin, get_args(Origin))
        days = tuple(float(day) for day in np.ravel(np.asarray(times, dtype=float)))
        if not days or not np.all(np.isfinite(days)) or days[0] <= 0 or np.any(np.diff(days) <= 0):
            raise InputError(f"times must be days above 0 that ascend, got {', '.join(map(str, days)) or 'none'}")
        return cls(days, origin)

    @property
    def from_today(self) -> bool:
        """Whether they count from the day on which a case stands."""
        return self.origin == "scoring_day"

    @property
    def names(self) -> list[str]:
        """The days as columns are called by them."""
        return [f"{day:g}" for day in self.days]

    def after_plan_end(self, elapsed: np.ndarray) -> np.ndarray:
        """The horizons in days after each plan's end, shape (n, m); ``elapsed`` has shape (n,)."""
        days = np.broadcast_to(np.array(self.days), (len(elapsed), len(self.days)))
        return elapsed[:, None] + days if self.from_today else days
