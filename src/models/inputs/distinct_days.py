"""The distinct days of a column and each row's place among them: counted, not sorted, where days are whole numbers."""

import numpy as np


class DistinctDays:
    """Sorted distinct days; T of them.

    Parameters
    ----------
    days : ndarray, shape (n,)
        Finite; any numbers, whole or not.

    Attributes
    ----------
    distinct : ndarray, shape (T,)
    place : ndarray of int, shape (n,)
        Where each row's day is among them.

    Examples
    --------
    >>> days = DistinctDays(np.array([7.0, 2.0, 7.0]))
    >>> days.distinct.tolist(), days.place.tolist()
    ([2.0, 7.0], [1, 0, 1])
    """

    def __init__(self, days: np.ndarray) -> None:
        self._until: np.ndarray | None = None
        self._origin = float(days.min())
        if days.max() - self._origin <= 2 * days.size + 1000:
            day = self._whole(days)
            if day is not None:
                seen = np.bincount(day) > 0
                self._until = np.cumsum(seen)
                self.distinct = np.flatnonzero(seen) + self._origin
                self.place = (self._until - 1)[day]
                return
        self.distinct, self.place = np.unique(days, return_inverse=True)

    def next_place(self, days: np.ndarray) -> np.ndarray:
        """Number of distinct days at or before each day, so the place of the first one after it, shape of ``days``."""
        # Below 0, a sum with the origin could round a day up to the next.
        if self._until is not None and days.size and 0 <= self._origin <= days.min():
            return self._until[np.minimum(days - self._origin, self._until.size - 1).astype(np.int64)]
        return np.searchsorted(self.distinct, days, side="right")

    def _whole(self, days: np.ndarray) -> np.ndarray | None:
        """Whole days since the first, or None where one of them is not whole."""
        since = days - self._origin if self._origin else days
        day = since.astype(np.int64)
        return day if (day == since).all() else None
