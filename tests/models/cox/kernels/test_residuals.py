"""Residuals of a Cox model: against their definitions, their sums, and refits."""

import numpy as np
import pytest

from secondplan.models.cox.kernels.fit import fit_cox
from secondplan.models.cox.kernels.residuals import at_coefficients, cox_residuals


@pytest.fixture(params=["efron", "breslow"])
def fitted(request, cox_rows):
    rows = cox_rows()
    return rows, request.param, fit_cox(**rows.arrays, **rows.options, ties=request.param)


def residuals(kind, rows, ties, fit, *, weighted=True):
    given = {"coef": fit.coef, "naive_covariance": fit.naive_covariance, "ties": ties, "weighted": weighted}
    return cox_residuals(kind, **rows.arrays, **rows.options, **given)


def test_all_of_them_add_up_to_0_at_the_maximum(fitted):
    rows, ties, fit = fitted
    for kind in ("martingale", "score", "schoenfeld", "dfbeta"):
        values, _ = residuals(kind, rows, ties, fit)
        np.testing.assert_allclose(values.sum(axis=0), 0.0, atol=1e-8)


def test_weights_multiply_and_dfbeta_is_the_score_times_the_covariance(fitted):
    rows, ties, fit = fitted
    score, _ = residuals("score", rows, ties, fit, weighted=False)
    np.testing.assert_allclose(residuals("score", rows, ties, fit)[0], rows.weight[:, None] * score)
    dfbeta, _ = residuals("dfbeta", rows, ties, fit, weighted=False)
    np.testing.assert_allclose(dfbeta, score @ fit.naive_covariance, rtol=1e-10, atol=1e-14)


def test_schoenfeld_and_martingale_are_their_definitions(cox_rows):
    rows = cox_rows(days=10_000)  # no ties
    fit = fit_cox(**rows.arrays, **rows.options)
    entry, duration, is_event = (rows.arrays[name] for name in ("entry", "duration", "is_event"))
    risk = np.exp(rows.design @ fit.coef + rows.offset)
    days = np.unique(duration[is_event])
    martingale, expected = is_event.astype(float), []
    for code in (0, 1):
        for day in days:
            at_risk = (entry < day) & (day <= duration) & (rows.stratum == code)
            events = np.flatnonzero(at_risk & is_event & (duration == day))
            mass = rows.weight * risk * at_risk
            for event in events:
                expected.append(rows.design[event] - mass @ rows.design / mass.sum())
                martingale -= rows.weight[event] * risk * at_risk / mass.sum()
    found, when = residuals("schoenfeld", rows, "efron", fit, weighted=False)
    assert len(when) == is_event.sum()
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-11)
    found, _ = residuals("martingale", rows, "efron", fit, weighted=False)
    np.testing.assert_allclose(found, martingale, rtol=1e-9, atol=1e-11)


def test_the_state_at_coefficients_is_that_of_the_fit(fitted):
    rows, ties, fit = fitted
    _, scaled, sums = at_coefficients(**rows.arrays, **rows.options, coef=fit.coef, ties=ties)
    assert sums.log_likelihood == pytest.approx(fit.log_likelihood[1], rel=1e-12)
    np.testing.assert_allclose(scaled.scale, rows.design.std(axis=0), rtol=0.2)
