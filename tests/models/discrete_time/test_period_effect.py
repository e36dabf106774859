"""Basis of the period effect: spans the constant, orthonormal, adapts to few periods."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from secondplan.models.discrete_time.period_effect import period_basis
from secondplan.models.discrete_time.person_period import PersonPeriods

ENDS = np.arange(91.0, 91.0 * 9, 91.0)


def lines_in(periods):
    periods = np.asarray(periods)
    return PersonPeriods(np.arange(periods.size), periods, np.zeros(periods.size, int), np.ones(periods.size))


@pytest.mark.parametrize("kind", ["spline", "polynomial", "indicator"])
@pytest.mark.parametrize("df", [1, 3, 4, 7, 50])
def test_spans_the_constant_and_is_orthonormal(kind, df):
    basis = period_basis(kind, df, ENDS, lines_in(np.arange(8)))
    assert basis.shape == (8, 8 if kind == "indicator" else min(df, 7) + 1)
    assert_allclose(basis.T @ basis, np.eye(basis.shape[1]), atol=1e-8)
    assert_allclose(basis @ np.linalg.lstsq(basis, np.ones(8), rcond=None)[0], 1.0)


def test_quadratic_is_in_the_span_of_a_polynomial_of_degree_2():
    basis = period_basis("polynomial", 2, ENDS, lines_in(np.arange(8)))
    assert_allclose(basis @ (basis.T @ ENDS**2), ENDS**2)


def test_spline_of_one_degree_is_a_line():
    basis = period_basis("spline", 1, ENDS, lines_in(np.arange(8)))
    assert_allclose(basis @ (basis.T @ ENDS), ENDS)


def test_periods_without_lines():
    basis = period_basis("indicator", 4, ENDS, lines_in([2, 3, 6]))
    assert_allclose(basis.argmax(axis=1), [0, 0, 0, 1, 1, 1, 2, 2])
    basis = period_basis("spline", 4, ENDS, lines_in([2, 3, 6]))
    assert basis.shape == (8, 3)
    assert np.linalg.matrix_rank(basis[[2, 3, 6]]) == 3


def test_one_period():
    assert_allclose(np.abs(period_basis("spline", 4, ENDS[:1], lines_in([0, 0]))), [[1.0]])


@pytest.mark.parametrize(("kind", "df", "match"), [("cubic", 4, "period_effect"), ("spline", 0, "period_df")])
def test_refuses(kind, df, match):
    with pytest.raises(ValueError, match=match):
        period_basis(kind, df, ENDS, lines_in([0]))
