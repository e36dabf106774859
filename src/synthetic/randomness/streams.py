"""Random numbers: one independent generator for each purpose, so that a change in one does not move the others.

The generator of block ``b`` and purpose ``p`` is NumPy's ``SeedSequence(seed, spawn_key=(b, p))``: no two of them start
from the same state. They are of the kind that draws the same bits on every platform.
"""

import numpy as np

from .draws import Draws

STREAMS = (
    "authorities",
    "families",
    "children",
    "severity",
    "frailty",
    "factors",
    "referrals",
    "categories",
    "reviews",
    "endings",
    "care_on_plan",
    "attendance",
    "workers",
    "second_plan",
    "care",
    "other_exit",
    "closures",
    "identifiers",
    "faults",
    "value_faults",
    "progress",
    "negative_control",
)
"""The purposes. Append only: a stream's place decides its numbers."""


AUTHORITIES_BLOCK = 2**31 - 1
"""Number of the streams that belong to no block of families."""


class Streams:
    """The generators of one block of the simulation.

    Parameters
    ----------
    seed : int
        At least 0.
    block : int, default=0
        Blocks of one simulation have generators of their own.

    Examples
    --------
    >>> Streams(0)["care"].random() == Streams(0)["care"].random()
    True
    >>> Streams(0)["care"].random() == Streams(0)["reviews"].random()
    False
    """

    def __init__(self, seed: int, block: int = 0) -> None:
        if seed < 0:
            raise ValueError(f"seed must be at least 0, got {seed}")
        children = np.random.SeedSequence(entropy=seed, spawn_key=(block,)).spawn(len(STREAMS))
        self._generators = {name: Draws(np.random.PCG64(child)) for name, child in zip(STREAMS, children, strict=True)}

    def __getitem__(self, name: str) -> Draws:
        return self._generators[name]
