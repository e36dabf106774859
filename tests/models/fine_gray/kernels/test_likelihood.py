"""Weighted risk sets and likelihood against the same sums over a table of rows and event times."""

import numpy as np
import pytest

from secondplan.models.fine_gray.kernels.likelihood import (
    evaluate_subdistribution,
    subdistribution_sums,
    subdistribution_sums_at,
    weighted_hazards,
)
from secondplan.models.risk_sets.partial_likelihood import hazard_increments, likelihood_of
from secondplan.models.risk_sets.row_risks import LARGEST_ETA


def test_sums_are_those_of_the_table(fitted, weights_table):
    sub, x, eta, convention = fitted
    assert sub.sets.rows.size == 58
    assert np.any(sub.staying.counted == 0) == (convention == "finegray")
    risk = weights_table(sub, convention) * (sub.sets.weight * np.exp(eta))[:, None]
    sums = subdistribution_sums(x, eta, sub, efron=False)
    np.testing.assert_allclose(sums.total, risk.sum(axis=0), rtol=1e-12)
    np.testing.assert_allclose(sums.mean, risk.T @ x / risk.sum(axis=0)[:, None], rtol=1e-11, atol=1e-14)
    hazard, _ = hazard_increments(sums, sub.sets)
    np.testing.assert_allclose(weighted_hazards(sums, sub), weights_table(sub, convention) @ hazard, rtol=1e-12)


@pytest.mark.parametrize("efron", [False, True])
def test_gradient_and_information_are_derivatives(fitted, efron):
    sub, x, _, _ = fitted
    beta, step = np.array([0.4, -0.3]), 1e-5

    def at(change):
        return evaluate_subdistribution(x, beta + change, sub, efron)

    for column, move in enumerate(step * np.eye(2)):
        after, before = at(move), at(-move)
        assert at(0.0).gradient[column] == pytest.approx((after.value - before.value) / (2 * step), rel=1e-6, abs=1e-6)
        curvature = (before.gradient - after.gradient) / (2 * step)
        np.testing.assert_allclose(at(0.0).information[column], curvature, rtol=1e-6, atol=1e-6)


def test_at_coefficients_it_is_the_same_and_none_beyond_all_numbers(fitted):
    sub, x, eta, _ = fitted
    sums, found = subdistribution_sums(x, eta, sub, True), subdistribution_sums_at(x, np.array([0.4, -0.3]), sub, True)
    np.testing.assert_allclose(found.total, sums.total, rtol=1e-12)
    np.testing.assert_allclose(found.mean, sums.mean, rtol=1e-10, atol=1e-13)
    far = np.array([2.0 * LARGEST_ETA / np.abs(x[:, 0]).max(), 0.0])
    assert subdistribution_sums_at(x, far, sub, True) is None and evaluate_subdistribution(x, far, sub, True) is None


def test_one_pass_over_few_rows_gives_what_the_parts_give(fitted):
    sub, x, _, _ = fitted
    beta = np.array([0.4, -0.3])
    sums = subdistribution_sums_at(x, beta, sub, True)
    parts = likelihood_of(x, sums, weighted_hazards(sums, sub), sub.sets)
    found = evaluate_subdistribution(x, beta, sub, True)
    np.testing.assert_allclose(found.value, parts.value, rtol=1e-13)
    np.testing.assert_allclose(found.gradient, parts.gradient, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(found.information, parts.information, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(found.hazards, parts.hazards, rtol=1e-12)
    np.testing.assert_allclose(found.sums.relative_risk, sums.relative_risk, rtol=1e-14)
