r"""Weights that are not negative and sum to 1, for which a quadratic form is least.

For :math:`w` with sum 1, :math:`\min w'Gw` is a problem of non-negative least squares, which is solved exactly: with
:math:`G = R'R` and any :math:`c > 0`, the solution of :math:`\min_{u \ge 0} |R u|^2 + c^2 (1'u - 1)^2`, divided by its
sum, is the w looked for, as for :math:`u = s w` the best s leaves an increasing function of :math:`w'Gw` alone.
"""

from __future__ import annotations

import numpy as np


def simplex_weights(gram: np.ndarray) -> np.ndarray:
    """The w of the module's heading, shape (k,).

    Parameters
    ----------
    gram : ndarray, shape (k, k)
        Positive semidefinite.
    """
    from scipy.optimize import nnls

    values, vectors = np.linalg.eigh(gram)
    root = np.sqrt(np.maximum(values, 0.0))[:, None] * vectors.T
    scale = np.sqrt(max(float(np.trace(gram)) / len(gram), np.finfo(float).tiny))
    system = np.vstack([root / scale, np.ones((1, len(gram)))])
    found, _ = nnls(system, np.append(np.zeros(len(gram)), 1.0))
    return found / found.sum()
