"""Where the linear predictors of most rows lie, and points that are spread over it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import ndtri

from ..numerics.fixed_blocks import column_sum

# A predictor that hardly varies gets some room.
LEAST_SPREAD = 0.05


@dataclass(frozen=True)
class PredictorRegion:
    """An ellipsoid of the linear predictors of K causes.

    Attributes
    ----------
    mean : ndarray, shape (K,)
    scale : ndarray, shape (K, K)
        Maps the unit ball to the ellipsoid: ``mean + ball @ scale``.
    """

    mean: np.ndarray
    scale: np.ndarray

    def contains(self, predictors: np.ndarray) -> np.ndarray:
        """Whether each row (n, K) lies in it, shape (n,); a row's answer does not depend on the others."""
        with np.errstate(invalid="ignore", over="ignore"):
            centred = (predictors - self.mean).T
            distances = [column_sum(centred, weights) for weights in self._inverse.T]
            return column_sum([distance**2 for distance in distances]) <= 1.0

    @cached_property
    def _inverse(self) -> np.ndarray:
        return np.linalg.inv(self.scale)

    def points(self, n_points: int, skip: int = 0) -> np.ndarray:
        """Points of a sequence that fills the ellipsoid evenly, a third of them on its surface, shape (n_points, K).

        The additive recurrence with the powers of the root of ``x^(d+1) = x + 1`` (Roberts 2018) is the source.
        """
        n_causes = self.mean.size
        root = 1.5
        for _ in range(60):
            root = (1.0 + root) ** (1.0 / (n_causes + 2))
        steps = root ** -np.arange(1.0, n_causes + 2)
        uniform = (0.5 + np.arange(skip + 1, skip + n_points + 1)[:, None] * steps) % 1.0
        direction = ndtri(uniform[:, :n_causes])
        direction /= np.linalg.norm(direction, axis=1, keepdims=True)
        radius = np.minimum(1.5 * uniform[:, n_causes:] ** (1.0 / n_causes), 1.0)
        return self.mean + radius * direction @ self.scale


def predictor_region(moments: np.ndarray, radius: float) -> PredictorRegion:
    """Predictors within ``radius`` standard deviations of their mean.

    ``moments`` (K + 1, K) are their mean (first row) and covariance (K further rows).
    """
    values, vectors = np.linalg.eigh(moments[1:])
    spread = np.sqrt(np.maximum(values, LEAST_SPREAD**2))
    return PredictorRegion(moments[0], radius * spread[:, None] * vectors.T)


def predictor_moments(predictors: np.ndarray) -> np.ndarray:
    """Mean and covariance of the predictors (n, K) of many rows, as :func:`predictor_region` takes them."""
    mean = predictors.mean(axis=0)
    centred = predictors - mean
    return np.vstack([mean, centred.T @ centred / len(predictors)])
