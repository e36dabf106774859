"""Which keys have come before, in eight bytes a key."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# Between keys; in no text that people type.
SEPARATOR = "\x1f"


class SeenKeys:
    """Finds rows whose keys came before, in this chunk or an earlier one.

    Keys are kept as 64-bit hashes in sorted arrays. Among a million rows, the chance that two different keys share a
    hash (and the later row is rejected as a duplicate) is about one in thirty million.
    """

    def __init__(self) -> None:
        self._runs: list[np.ndarray] = []

    def add(self, keys: Mapping[str, pa.Array]) -> np.ndarray:
        """Remember the keys of a chunk, columns of text; whether each row's keys came before, shape (n,)."""
        return self.add_hashes(key_hashes(keys))

    def add_hashes(self, hashes: np.ndarray) -> np.ndarray:
        """As :meth:`add`, of keys that :func:`key_hashes` was given."""
        # Sorted values are found, and sorted runs are joined, several times as fast as others.
        before, distinct = np.zeros(len(hashes), dtype=bool), np.sort(hashes)
        if np.any(distinct[1:] == distinct[:-1]):
            distinct, first = np.unique(hashes, return_index=True)
            before[:] = True
            before[first] = False
        known = np.zeros(len(distinct), dtype=bool)
        for run in self._runs:
            known |= _is_in(distinct, run)
        if known.any():
            before |= known[np.searchsorted(distinct, hashes)]
        self._runs.append(distinct[~known])
        # Each run stays more than twice as long as the next: few are looked through, and a key is moved rarely.
        while len(self._runs) > 1 and self._runs[-2].size <= 2 * self._runs[-1].size:
            # What is joined is given back before the sort takes room.
            self._runs[-2:] = [np.concatenate(self._runs[-2:])]
            self._runs[-1].sort(kind="stable")
        return before


def key_hashes(keys: Mapping[str, pa.Array]) -> np.ndarray:
    """A number for the keys of each row, columns of text, shape (n,), uint64."""
    joined = pc.binary_join_element_wise(
        *(pc.fill_null(column, "").cast(pa.string()) for column in keys.values()), SEPARATOR
    )
    return np.asarray(pd.util.hash_array(joined.to_numpy(zero_copy_only=False).astype(object), categorize=False))


def _is_in(values: np.ndarray, run: np.ndarray) -> np.ndarray:
    if not run.size:
        return np.zeros(values.size, dtype=bool)
    place = np.minimum(np.searchsorted(run, values), run.size - 1)
    return run[place] == values
