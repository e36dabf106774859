"""Random numbers: one independent generator for each purpose, so that a change in one does not move the others."""

import numpy as np

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
)
"""The purposes. Append only: a stream's place decides its numbers."""


class Streams:
    """The generators of one chunk of the simulation.

    Parameters
    ----------
    seed : int
        At least 0.
    chunk : int, default=0
        Chunks of one simulation have generators of their own.

    Examples
    --------
    >>> Streams(0)["care"].random() == Streams(0)["care"].random()
    True
    >>> Streams(0)["care"].random() == Streams(0)["reviews"].random()
    False
    """

    def __init__(self, seed: int, chunk: int = 0) -> None:
        if seed < 0:
            raise ValueError(f"seed must be at least 0, got {seed}")
        children = np.random.SeedSequence(entropy=seed, spawn_key=(chunk,)).spawn(len(STREAMS))
        self._generators = {
            name: np.random.Generator(np.random.PCG64(child)) for name, child in zip(STREAMS, children, strict=True)
        }

    def __getitem__(self, name: str) -> np.random.Generator:
        return self._generators[name]
