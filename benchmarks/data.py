"""Data for the benchmarks: daily ties, delayed entry, competing events, pairs of siblings, a stated seed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

SEED = 20180331
N_FEATURES = 20
HORIZONS = (91.0, 182.0, 365.0, 730.0)
LAST_DAY = 1095


@dataclass(frozen=True)
class BenchmarkData:
    """Arrays of n rows; the same for every package.

    Attributes
    ----------
    X : ndarray, shape (n, 20)
        Seven columns of 0 and 1, the others normal; siblings share the first ten.
    entry, duration, event : ndarray, shape (n,)
        Days, days, and code (0 censored, 1, 2); all float.
    family : ndarray, shape (n,)
        The pair that the row belongs to.
    truth : ndarray, shape (n, 4)
        True cumulative incidence of event 1 by ``HORIZONS``.
    """

    X: np.ndarray
    entry: np.ndarray
    duration: np.ndarray
    event: np.ndarray
    family: np.ndarray
    truth: np.ndarray

    def head(self, n_rows: int) -> BenchmarkData:
        """The first rows."""
        return BenchmarkData(*(np.ascontiguousarray(getattr(self, field.name)[:n_rows]) for field in fields(self)))

    def without_entry(self) -> BenchmarkData:
        """The same rows, seen from day 0: for packages that know no delayed entry."""
        return BenchmarkData(self.X, np.zeros_like(self.entry), self.duration, self.event, self.family, self.truth)

    def save(self, folder: Path) -> None:
        """One npy file per array."""
        for field in fields(self):
            np.save(folder / f"{field.name}.npy", getattr(self, field.name))

    @classmethod
    def load(cls, folder: Path) -> BenchmarkData:
        """What :meth:`save` wrote."""
        return cls(*(np.load(folder / f"{field.name}.npy") for field in fields(cls)))


def make_data(n_rows: int, delayed: float = 0.2, seed: int = SEED) -> BenchmarkData:
    """Exponential times of two competing events in whole days, of rows that were seen at all.

    Rows whose time ended before observation began are drawn anew, as truncation does; about 40 % end with event 1.
    """
    rng = np.random.default_rng([seed, n_rows])
    parts: list[BenchmarkData] = []
    n_seen = 0
    while n_seen < n_rows:
        part = _draw(rng, n_rows // 2 + 500, delayed, first_family=10**7 * len(parts))
        parts.append(part)
        n_seen += len(part.X)
    joined = BenchmarkData(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(BenchmarkData)))
    return joined.head(n_rows)


def _draw(rng: np.random.Generator, n_families: int, delayed: float, first_family: int) -> BenchmarkData:
    n = 2 * n_families
    family = np.repeat(np.arange(n_families, dtype=float), 2) + first_family
    X = rng.normal(size=(n, N_FEATURES))
    X[1::2, :10] = X[::2, :10]
    X[:, ::3] = X[:, ::3] > 0.8
    rates = np.stack([np.exp(X @ beta) / mean_days for beta, mean_days in _causes()])
    total = rates.sum(axis=0)
    time = np.ceil(rng.exponential(1.0 / total))
    cause = 1.0 + (rng.random(n) * total > rates[0])
    end = rng.integers(300, LAST_DAY + 1, n)
    event = np.where(time <= end, cause, 0.0)
    duration = np.minimum(time, end)
    late = rng.random(n) < delayed * 1.144  # of the late ones about 84 % are seen
    entry = np.where(late, rng.integers(1, 201, n), 0).astype(float)
    seen = entry < duration
    truth = (rates[0] / total)[:, None] * -np.expm1(-total[:, None] * np.array(HORIZONS))
    columns = (X, entry, duration, event, family, truth)
    return BenchmarkData(*(np.ascontiguousarray(column[seen]) for column in columns))


def _causes() -> list[tuple[np.ndarray, float]]:
    """Log hazard ratios, and the mean days to the event at X = 0, of events 1 and 2."""
    first = np.linspace(-0.3, 0.3, N_FEATURES)
    return [(first, 1100.0), (-0.5 * first[::-1] + 0.05, 1600.0)]
