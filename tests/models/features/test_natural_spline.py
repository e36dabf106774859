import json
from pathlib import Path

import numpy as np
import pytest

from secondplan.models.features.natural_spline import NaturalSpline, place_knots, spline_basis

REFERENCE = json.loads((Path(__file__).parents[2] / "reference" / "natural_spline.json").read_text())


@pytest.mark.parametrize("case", REFERENCE["reference"], ids=lambda case: f"df={case['df']}")
def test_equals_the_basis_of_r(case):
    spline = place_knots(np.array(REFERENCE["values"]), case["df"])
    np.testing.assert_allclose(spline.knots, np.ravel(case["knots"]), rtol=1e-12)
    np.testing.assert_allclose(spline_basis(np.array(REFERENCE["values"]), spline), case["basis"], atol=1e-12)
    np.testing.assert_allclose(spline_basis(np.array(REFERENCE["new"]), spline), case["new_basis"], atol=1e-12)


def test_spans_the_truncated_power_basis_of_natural_splines():
    knots = np.array([0.0, 1.0, 2.5, 4.0, 7.0])
    values = np.linspace(-2.0, 9.0, 60)

    def cubic(knot):
        return np.clip(values - knot, 0, None) ** 3

    last, before = knots[-1], knots[-2]
    d_before = (cubic(before) - cubic(last)) / (last - before)
    truncated = [(cubic(knot) - cubic(last)) / (last - knot) - d_before for knot in knots[:-2]]
    expected = np.column_stack([np.ones_like(values), values, *truncated])
    basis = spline_basis(values, NaturalSpline(tuple(knots[1:-1]), knots[0], knots[-1]))
    ours = np.column_stack([np.ones_like(values), basis])
    assert np.linalg.matrix_rank(ours) == ours.shape[1] == expected.shape[1]
    fitted = ours @ np.linalg.lstsq(ours, expected, rcond=None)[0]
    np.testing.assert_allclose(fitted, expected, atol=1e-9 * np.abs(expected).max())


def test_is_linear_outside_its_range():
    spline = place_knots(np.arange(20.0), 4)
    basis = spline_basis(np.array([-9.0, -6.0, -3.0, 0.0, 19.0, 22.0, 25.0, 28.0]), spline)
    np.testing.assert_allclose(np.diff(basis[:4], n=2, axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(np.diff(basis[4:], n=2, axis=0), 0, atol=1e-12)


def test_no_rows():
    assert spline_basis(np.empty(0), place_knots(np.arange(9.0), 3)).shape == (0, 3)


def test_coinciding_quantiles_are_an_error():
    with pytest.raises(ValueError, match="coincide at 4 degrees of freedom; ask for fewer"):
        place_knots(np.repeat([0.0, 1.0], [90, 10]), 4)


@pytest.mark.parametrize("df", [0, -1, 2.5, True])
def test_degrees_of_freedom_must_be_a_positive_whole_number(df):
    with pytest.raises(ValueError, match="degrees of freedom"):
        place_knots(np.arange(9.0), df)
