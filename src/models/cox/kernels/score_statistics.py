"""Score tests that all coefficients are 0, from the likelihood there."""

import numpy as np

from ...numerics.information import solve
from ...risk_sets.partial_likelihood import Likelihood, cumulative_hazards, likelihood_of
from ...risk_sets.sandwich import score_products
from .residuals import at_coefficients


def score_statistics(null: Likelihood, usable: np.ndarray, products: np.ndarray | None) -> tuple[float, float]:
    """Score statistic, and the robust one by the ``products`` (p, p) of the clusters' scores, NaN without them."""
    plain = float(null.gradient @ solve(null.information, null.gradient, usable))
    return plain, np.nan if products is None else _quadratic_form(products, null.gradient, usable)


def score_statistics_of_rows(
    design: np.ndarray,
    entry: np.ndarray,
    duration: np.ndarray,
    is_event: np.ndarray,
    *,
    weight: np.ndarray | None,
    stratum: np.ndarray | None,
    offset: np.ndarray | None,
    cluster: np.ndarray | None,
    ties: str,
    usable: np.ndarray,
) -> tuple[float, float]:
    """:func:`score_statistics` of the rows of a fit; parameters are those of :func:`.fit.fit_cox`."""
    zero = np.zeros(design.shape[1])
    sets, scaled, sums = at_coefficients(
        design, entry, duration, is_event, coef=zero, weight=weight, stratum=stratum, offset=offset, ties=ties
    )
    null = likelihood_of(scaled.x, sums, cumulative_hazards(sums, sets), sets)
    products = None
    if cluster is not None:
        (products,) = score_products(scaled.x, [sums], sets, cluster[sets.rows].astype(np.int32))
    return score_statistics(null, usable, products)


def _quadratic_form(matrix: np.ndarray, vector: np.ndarray, usable: np.ndarray) -> float:
    """``v' M^- v`` over the ``usable`` rows and columns; 0 where there are none."""
    chosen = np.flatnonzero(usable)
    part, own = matrix[np.ix_(chosen, chosen)], vector[chosen]
    return float(own @ np.linalg.pinv(part, hermitian=True) @ own) if chosen.size else 0.0
