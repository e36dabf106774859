"""The table of coefficients and the tests that all of them are 0, worked by hand."""

import numpy as np
import pytest

from secondplan.models.estimator.coefficient_table import chi_squared_table, coefficient_table, wald_statistic


def test_intervals_and_tests_rest_on_the_robust_covariance():
    table = coefficient_table(
        np.array([0.5, 0.0]), np.diag([0.0625, 0.0]), np.diag([0.04, 0.0]), np.array(["a", "b"]), is_robust=True
    )
    assert table.loc["a", ["coef", "se", "robust_se", "z"]].tolist() == pytest.approx([0.5, 0.2, 0.25, 2.0])
    assert table.loc["a", "lower"] == pytest.approx(0.5 - 1.959963984540054 * 0.25)
    assert table.loc["a", "hazard_ratio_upper"] == pytest.approx(np.exp(0.5 + 1.959963984540054 * 0.25))
    assert table.loc["a", "p"] == pytest.approx(0.04550026389635842)
    assert table.loc["b", ["z", "p", "hazard_ratio"]].tolist() == [0.0, 1.0, 1.0]


def test_without_a_sandwich_there_is_no_robust_error():
    table = coefficient_table(np.array([0.5]), np.eye(1), np.eye(1), np.array(["a"]), is_robust=False, level=0.5)
    assert np.isnan(table.loc["a", "robust_se"])
    assert table.loc["a", "upper"] == pytest.approx(0.5 + 0.6744897501960817)


def test_a_variance_below_0_gives_no_error_and_no_test():
    table = coefficient_table(np.array([0.5]), np.array([[-1e-9]]), np.eye(1), np.array(["a"]), is_robust=True)
    assert table.loc["a", ["robust_se", "lower", "z", "p"]].isna().all()


def test_wald_statistic_leaves_out_columns_without_an_estimate():
    assert wald_statistic(np.array([2.0, 0.0]), np.diag([4.0, 0.0])) == pytest.approx(1.0)
    assert wald_statistic(np.zeros(1), np.zeros((1, 1))) == 0.0


def test_p_values_are_those_of_chi_squared():
    table = chi_squared_table({"Wald": 3.841458820694124, "score": -1e-17}, 1)
    assert table["p"].tolist() == pytest.approx([0.05, 1.0])
    assert chi_squared_table({"Wald": 0.0}, 0)["p"].tolist() == [1.0]
