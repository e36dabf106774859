"""Records held as equally long arrays, one array per field."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T", bound="Columns")


@dataclass(frozen=True)
class Columns:
    """Base of the simulator's record types: every field is an array of shape ``(n,)`` or ``(n, k)``."""

    def __len__(self) -> int:
        return len(getattr(self, dataclasses.fields(self)[0].name))

    def take(self: T, rows: np.ndarray) -> T:
        """The records at ``rows``: positions, or a boolean mask."""
        return type(self)(**{f.name: getattr(self, f.name)[rows] for f in dataclasses.fields(self)})

    def replace(self: T, **changes: Any) -> T:
        """A copy with other arrays in some fields."""
        return dataclasses.replace(self, **changes)


def concatenate(parts: Sequence[T]) -> T:
    """The records of all ``parts``, one after the other.

    Raises
    ------
    ValueError
        There are no parts.
    """
    if not parts:
        raise ValueError("nothing to concatenate")
    first = parts[0]
    return type(first)(
        **{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in dataclasses.fields(first)}
    )


def owners_and_places(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows for ``counts[i]`` records of each ``i``: the owner of each row and its place, 0, 1, ..., with that owner.

    Examples
    --------
    >>> owner, place = owners_and_places(np.array([2, 0, 1]))
    >>> owner.tolist(), place.tolist()
    ([0, 0, 2], [0, 1, 0])
    """
    owner = np.repeat(np.arange(counts.size), counts)
    first = np.cumsum(counts) - counts
    return owner, np.arange(owner.size) - first[owner]


def group_numbers(*keys: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Number the distinct combinations of whole-number ``keys``.

    Returns
    -------
    group : ndarray of int, shape (n,)
        Numbers from 0, in the order of the sorted keys.
    first : ndarray of int, shape (n_groups,)
        A row of each group.
    """
    if keys[0].size == 0:
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    order = np.lexsort(keys[::-1])
    new = np.zeros(order.size, dtype=bool)
    new[0] = True
    for key in keys:
        ordered = key[order]
        new[1:] |= ordered[1:] != ordered[:-1]
    group = np.empty(order.size, dtype=np.int64)
    group[order] = np.cumsum(new) - 1
    return group, order[new]
