r"""Multinomial logistic regression without a penalty: probabilities of K classes, and how rows move its coefficients.

.. math:: \log \frac{p_k(x)}{p_0(x)} = x' \theta_k, \qquad k = 1, \dots, K - 1
"""

from dataclasses import dataclass

import numpy as np

from .information import positive_inverse
from .newton import Objective, maximise

# Log odds beyond this over the range of the columns say that classes are parted by them.
LARGEST_LOG_ODDS = 40.0


@dataclass(frozen=True)
class MultinomialLogit:
    """A fitted model of K classes, q columns, n rows.

    Attributes
    ----------
    coef : ndarray, shape (K - 1, q)
    probability : ndarray, shape (n, K)
    inverse : ndarray, shape ((K - 1) q, (K - 1) q)
        Of the information.
    converged : bool
    """

    coef: np.ndarray
    probability: np.ndarray
    inverse: np.ndarray
    converged: bool

    def scores(self, design: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """What each row adds to the gradient by a unit of its weight, shape (n, (K - 1) q)."""
        return np.asarray((self._residuals(classes)[:, :, None] * design[:, None, :]).reshape(classes.size, -1))

    def moved_by_each(self, design: np.ndarray, classes: np.ndarray, weight: np.ndarray) -> np.ndarray:
        r"""By how much each row moved the coefficients: these less those of a fit without it, (n, (K - 1) q).

        To one Newton step, which sees that the others alone know less:

        .. math:: w_i I^{-1} X_i (1 - w_i V_i X_i' I^{-1} X_i)^{-1} r_i

        with V the covariance of a row's class and r its residual. Source: Pregibon (1981), Annals of Statistics 9:705.
        """
        inner, q, n_coded = self.probability[:, 1:], design.shape[1], len(self.coef)
        residual = self._residuals(classes)
        leverage = np.empty((classes.size, n_coded, n_coded))
        for one in range(n_coded):
            for other in range(n_coded):
                block = self.inverse[one * q : (one + 1) * q, other * q : (other + 1) * q]
                leverage[:, one, other] = ((design @ block) * design).sum(axis=1)
        spread = np.eye(n_coded) * inner[:, :, None] - inner[:, :, None] * inner[:, None, :]
        known = np.eye(n_coded) - weight[:, None, None] * (spread @ leverage)
        freed = weight[:, None] * np.linalg.solve(known, residual[:, :, None])[:, :, 0]
        return np.asarray((freed[:, :, None] * design[:, None, :]).reshape(classes.size, -1) @ self.inverse)

    def log_slopes(self, design: np.ndarray, classes: np.ndarray) -> np.ndarray:
        """Derivative of the log probability of each row's class ``classes`` (n,); the same as the scores."""
        return self.scores(design, classes)

    def _residuals(self, classes: np.ndarray) -> np.ndarray:
        return np.asarray((classes[:, None] == np.arange(1, len(self.coef) + 1)) - self.probability[:, 1:])


@dataclass(frozen=True)
class _Point:
    value: float
    gradient: np.ndarray
    information: np.ndarray
    probability: np.ndarray


class _Likelihood(Objective[_Point]):
    def __init__(self, design: np.ndarray, classes: np.ndarray, weight: np.ndarray, n_classes: int) -> None:
        self._design, self._classes, self._weight, self._n_classes = design, classes, weight, n_classes

    def evaluate(self, theta: np.ndarray) -> _Point | None:
        coef = theta.reshape(self._n_classes - 1, -1)
        probability = class_probabilities(self._design, coef)
        own = probability[np.arange(self._classes.size), self._classes]
        if np.any(own[self._weight > 0] <= 0):
            return None
        value = float(self._weight[own > 0] @ np.log(own[own > 0]))
        inner, q = probability[:, 1:], self._design.shape[1]
        observed = self._classes[:, None] == np.arange(1, self._n_classes)
        gradient = ((observed - inner) * self._weight[:, None]).T @ self._design
        information = np.empty((theta.size, theta.size))
        for one in range(self._n_classes - 1):
            for other in range(one, self._n_classes - 1):
                scale = self._weight * inner[:, one] * ((one == other) - inner[:, other])
                block = (self._design * scale[:, None]).T @ self._design
                information[one * q : (one + 1) * q, other * q : (other + 1) * q] = block
                information[other * q : (other + 1) * q, one * q : (one + 1) * q] = block.T
        return _Point(value, gradient.ravel(), information, probability)

    def step(self, theta: np.ndarray, point: _Point) -> tuple[np.ndarray, float]:
        step = positive_inverse(point.information) @ point.gradient
        return step, float(point.gradient @ step)


def class_probabilities(design: np.ndarray, coef: np.ndarray) -> np.ndarray:
    """Probabilities (n, K) of the classes for rows (n, q) and coefficients (K - 1, q)."""
    log_odds = np.column_stack([np.zeros(len(design)), design @ coef.T])
    log_odds -= log_odds.max(axis=1, keepdims=True)
    odds = np.exp(log_odds)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True))


def fit_multinomial_logit(
    design: np.ndarray, classes: np.ndarray, weight: np.ndarray, n_classes: int
) -> MultinomialLogit:
    """Maximise the likelihood.

    Parameters
    ----------
    design : ndarray, shape (n, q)
        With a column of ones; columns of full rank.
    classes : ndarray of int, shape (n,)
        0, 1, ... K - 1.
    weight : ndarray, shape (n,)
    n_classes : int
        K.
    """
    likelihood = _Likelihood(design, classes, weight, n_classes)
    start = np.zeros((n_classes - 1) * design.shape[1])
    first = likelihood.evaluate(start)
    assert first is not None  # equal probabilities
    found = maximise(likelihood, start, first)
    point = likelihood.evaluate(found.theta) or found.point
    coef = found.theta.reshape(n_classes - 1, -1)
    reach = np.abs(design @ coef.T).max(initial=0.0)
    return MultinomialLogit(
        coef, point.probability, positive_inverse(point.information), found.converged and reach < LARGEST_LOG_ODDS
    )
