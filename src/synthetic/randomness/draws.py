"""A random generator whose draws have the same bits on every platform."""

from typing import Any

import numpy as np

from .portable import exp, log, normal_quantile, power

_HALF_STEP = 2.0**-54
"""Half the distance of neighbouring uniform numbers: keeps them inside (0, 1)."""

_LARGEST_MEAN = 500.0


class Draws(np.random.Generator):
    """NumPy's generator, with the continuous and count distributions made of its uniform numbers.

    NumPy makes uniform numbers, whole numbers and permutations by integer arithmetic, which is exact. Its other
    distributions call the C library's functions, which are not; here they use :mod:`.portable`.
    Only the methods that the simulation needs are replaced.

    Examples
    --------
    >>> rng = Draws(np.random.PCG64(0))
    >>> rng.standard_exponential(2).round(6).tolist()
    [1.013247, 0.314419]
    """

    def standard_normal(self, size: Any = None) -> Any:  # type: ignore[override]
        """By inversion of the distribution function, one uniform number each."""
        return normal_quantile(self.random(size) + _HALF_STEP)

    def standard_exponential(self, size: Any = None) -> Any:  # type: ignore[override]
        """By inversion of the distribution function, one uniform number each."""
        return -log(1 - self.random(size))

    def standard_gamma(self, shape: float, size: int) -> np.ndarray:  # type: ignore[override]
        """Marsaglia and Tsang (2000, *ACM Transactions on Mathematical Software* 26, 363-372), shape (size,)."""
        if shape < 1:
            return self.standard_gamma(shape + 1, size) * power(1 - self.random(size), 1 / shape)
        d = shape - 1 / 3
        c = 1 / np.sqrt(9 * d)
        result = np.zeros(size)
        pending = np.arange(size)
        while pending.size:
            x, u = self.standard_normal(pending.size), 1 - self.random(pending.size)
            cube = 1 + c * x
            positive = cube > 0
            v = np.where(positive, cube * cube * cube, 1.0)
            accepted = positive & (log(u) < 0.5 * x * x + d * (1 - v + log(v)))
            result[pending[accepted]] = d * v[accepted]
            pending = pending[~accepted]
        return result

    def poisson(self, lam: np.ndarray, size: None = None) -> np.ndarray:  # type: ignore[override]
        """By search from 0 upwards, one uniform number each, in the shape of the means.

        Raises
        ------
        ValueError
            A mean is above 500: the search would be slow, and nothing here counts that far.
        """
        mean = np.asarray(lam, dtype=float)
        if mean.size and mean.max() > _LARGEST_MEAN:
            raise ValueError(f"the mean of a count must be at most {_LARGEST_MEAN:g}, got {mean.max():g}")
        flat, u = mean.reshape(-1), self.random(mean.size)
        counts = np.zeros(mean.size, dtype=np.int64)
        term = exp(-flat)
        above = np.flatnonzero(u >= term)
        u, term, flat = u[above] - term[above], term[above], flat[above]
        k = 0
        while above.size:
            k += 1
            term = term * flat / k
            counts[above] = k
            # Rounding may leave a remainder that no term reaches.
            more = (u >= term) & ((term > 0) & ((k < flat) | (term > 1e-18)))
            above, u, term, flat = above[more], u[more] - term[more], term[more], flat[more]
        return counts.reshape(mean.shape)
