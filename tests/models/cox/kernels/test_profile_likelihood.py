"""Profiles of single coefficients against fits in which the coefficient is held by an offset."""

import numpy as np
import pytest

from secondplan.models.cox.kernels.firth import PenalisedRows
from secondplan.models.cox.kernels.fit import fit_cox
from secondplan.models.cox.kernels.profile_likelihood import profiles
from secondplan.models.cox.kernels.residuals import at_coefficients

QUANTILE = 3.84


def profiled(rows, fit):
    given = {"coef": fit.coef, "ties": "efron", **rows.options}
    sets, scaled, _ = at_coefficients(**rows.arrays, **given)
    kept = ~scaled.constant
    penalised = PenalisedRows(scaled.x, scaled.offset, sets, efron=True, firth=False, kept=kept, largest_eta=300.0)
    error = np.sqrt(np.diag(fit.covariance)) * scaled.scale
    return profiles(penalised, fit.coef * scaled.scale, error, QUANTILE), scaled.scale


def held(rows, column, value):
    """Log likelihood with one coefficient held at a value."""
    other = {**rows.options, "offset": rows.offset + value * rows.design[:, column]}
    return fit_cox(**{**rows.arrays, "design": np.delete(rows.design, column, axis=1)}, **other).log_likelihood[1]


def test_limits_are_where_the_likelihood_has_fallen_by_half_the_quantile(cox_rows):
    rows = cox_rows()
    fit = fit_cox(**rows.arrays, **rows.options)
    found, scale = profiled(rows, fit)
    best = fit.log_likelihood[1]
    assert found.converged
    for column in range(2):
        for limit in (found.lower, found.upper):
            assert best - held(rows, column, limit[column] / scale[column]) == pytest.approx(QUANTILE / 2, rel=1e-7)
        assert found.statistic[column] == pytest.approx(2 * (best - held(rows, column, 0.0)), rel=1e-7)
    assert np.all((found.lower < fit.coef * scale) & (fit.coef * scale < found.upper))


def test_a_separated_column_has_no_end_on_its_side_and_a_constant_one_no_interval(cox_rows):
    rows = cox_rows()
    first = rows.arrays["is_event"] & (rows.arrays["duration"] <= np.quantile(rows.arrays["duration"], 0.1))
    rows.arrays["design"] = np.column_stack([first.astype(float), np.ones(80)])
    rows.arrays["entry"] = np.full(80, -1.0)
    rows.design = rows.arrays["design"]
    fit = fit_cox(**rows.arrays, **rows.options)
    found, scale = profiled(rows, fit)
    assert found.upper[0] == np.inf
    # Where the search for the maximum ended is still short of it by its tolerance.
    assert fit.log_likelihood[1] - held(rows, 0, found.lower[0] / scale[0]) == pytest.approx(QUANTILE / 2, rel=1e-5)
    assert (found.lower[1], found.upper[1], found.statistic[1]) == (0.0, 0.0, 0.0)
