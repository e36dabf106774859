"""Data for the benchmarks: daily ties, delayed entry, pairs of siblings, a stated seed."""

from dataclasses import dataclass

import numpy as np

SEED = 20180331


@dataclass(frozen=True)
class BenchmarkData:
    """Arrays of n rows and p features; ``beta`` is the truth."""

    X: np.ndarray
    entry: np.ndarray
    duration: np.ndarray
    is_event: np.ndarray
    family: np.ndarray
    beta: np.ndarray


def make_data(n_rows: int, n_features: int = 20, delayed: float = 0.2) -> BenchmarkData:
    """Exponential times in whole days over two years, about a quarter with the event."""
    rng = np.random.default_rng(SEED)
    X = rng.normal(size=(n_rows, n_features))
    X[:, ::3] = X[:, ::3] > 0.8
    beta = np.linspace(-0.3, 0.3, n_features)
    time = np.ceil(rng.exponential(2200 * np.exp(-X @ beta)))
    end = rng.integers(300, 731, n_rows)
    duration = np.minimum(time, end).astype(float)
    late = rng.random(n_rows) < delayed
    entry = np.where(late, np.floor(rng.uniform(0, 200, n_rows)), 0.0)
    seen = entry < duration
    return BenchmarkData(
        X=np.ascontiguousarray(X[seen]),
        entry=entry[seen],
        duration=duration[seen],
        is_event=(time <= end)[seen],
        family=(np.arange(n_rows) // 2)[seen],
        beta=beta,
    )
