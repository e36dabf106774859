"""The cluster-robust covariance of the coefficients, without a table of all score residuals.

Source: Lin and Wei (1989), JASA 84:1074; for clusters Therneau and Grambsch (2000), Modeling Survival Data, chapter 8.
"""

import numpy as np

from .partial_likelihood import RiskSums
from .risk_sets import RiskSets
from .score_residuals import over_clusters


def score_products(x: np.ndarray, states: list[RiskSums], sets: RiskSets, cluster: np.ndarray) -> np.ndarray:
    """The meat ``sum_c u_c u_c'`` of the sandwich, shape (n_states, p, p).

    ``u_c`` is the sum of the weighted score residuals of cluster c. The sandwich is
    ``V (sum_c u_c u_c') V`` with V the inverse information. Parameters are those of
    :func:`.score_residuals.over_clusters`.
    """

    def products(_: slice, scores: np.ndarray) -> np.ndarray:
        return np.matmul(scores.transpose(0, 2, 1), scores)

    return np.asarray(sum(over_clusters(x, states, sets, sets.weight, cluster, products)))
