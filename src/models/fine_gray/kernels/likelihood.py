"""The weighted partial likelihood of the subdistribution hazard, without copies of rows.

Rows that had a competing event stay at risk with a weight that is a product over event times (see
:mod:`...risk_sets.staying`). The rest is Cox's partial likelihood.

Source: Fine and Gray (1999), JASA 94:496, section 3.
"""

import numpy as np

from ...numerics.threads import cached_rows
from ...risk_sets.partial_likelihood import (
    Likelihood,
    RiskSums,
    cumulative_hazards,
    evaluate_few,
    hazard_increments,
    likelihood_of,
    summed,
)
from ...risk_sets.risk_set_sums import sum_over_risk_sets
from ...risk_sets.row_risks import RowRisks, risks_and_sums_at, risks_of
from ...risk_sets.staying import add_hazards_ahead, add_staying
from .subdistribution import Subdistribution


def subdistribution_sums(x: np.ndarray, eta: np.ndarray, sub: Subdistribution, efron: bool) -> RiskSums:
    """Sums over each risk set; ``x`` (m, p) and ``eta`` (m,) are in the order of ``sub.sets.rows``."""
    risks = risks_of(eta, sub.sets.weight)
    return _with_staying(x, risks, sum_over_risk_sets(x, risks.weighted, sub.sets), sub, efron)


def subdistribution_sums_at(x: np.ndarray, beta: np.ndarray, sub: Subdistribution, efron: bool) -> RiskSums | None:
    """:func:`subdistribution_sums` at ``eta = x beta``, in one pass; None where that is beyond ``LARGEST_ETA``."""
    found = risks_and_sums_at(x, beta, np.zeros(len(x)), sub.sets)
    return None if found is None else _with_staying(x, *found, sub, efron)


def _with_staying(
    x: np.ndarray, risks: RowRisks, set_sums: tuple[np.ndarray, ...], sub: Subdistribution, efron: bool
) -> RiskSums:
    """Add the rows that stay at risk to the sums of the others, in place."""
    sums, total, _, _ = set_sums
    add_staying(x, risks.weighted, tuple(sub.staying), sums, total)
    return summed(risks, set_sums, sub.sets, efron)


def weighted_hazards(sums: RiskSums, sub: Subdistribution) -> np.ndarray:
    """Baseline hazard of each sorted row, weighted by how far the row is at risk, shape (m,)."""
    hazard, _ = hazard_increments(sums, sub.sets)
    total = cumulative_hazards(sums, sub.sets)
    add_hazards_ahead(hazard, tuple(sub.staying), total)
    return total


def evaluate_subdistribution(x: np.ndarray, beta: np.ndarray, sub: Subdistribution, efron: bool) -> Likelihood | None:
    """Log likelihood, gradient and information at ``beta``; None where a linear predictor is beyond ``LARGEST_ETA``."""
    if len(x) <= cached_rows(beta.size):
        return evaluate_few(x, beta, np.zeros(len(x)), sub.sets, efron, sub.staying)
    sums = subdistribution_sums_at(x, beta, sub, efron)
    return None if sums is None else likelihood_of(x, sums, weighted_hazards(sums, sub), sub.sets)
