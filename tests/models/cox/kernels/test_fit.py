"""The fit on arrays: what the class does not show."""

import numpy as np
import pytest

from secondplan.models.cox.kernels.fit import fit_cox


def rows(n_rows=400, seed=0):
    rng = np.random.default_rng(seed)
    design = rng.normal(size=(n_rows, 2))
    duration = np.ceil(rng.exponential(60 * np.exp(-design @ [0.6, -0.4])))
    return design, np.full(n_rows, -1.0), duration, rng.random(n_rows) < 0.8


def test_true_coefficients_are_recovered():
    design, entry, duration, is_event = rows(20_000)
    fit = fit_cox(design, entry, duration, is_event)
    error = np.sqrt(np.diag(fit.covariance))
    # Censoring here is a coin toss at the event, so the hazard is scaled but its ratios are not.
    assert np.all(np.abs(fit.coef - [0.6, -0.4]) < 3.5 * error)
    assert np.all(error < 0.02)


def test_matched_sets():
    # One stratum a pair: the conditional likelihood of paired differences, with its own explicit score equation.
    rng = np.random.default_rng(4)
    level = rng.normal(size=300) * 1e4  # far larger than the differences within a pair
    design = np.concatenate([rng.normal(size=300) + level, rng.normal(size=300) + level])[:, None]
    first = rng.random(300) < 1 / (1 + np.exp(-(design[:300, 0] - design[300:, 0])))
    duration = np.concatenate([np.where(first, 1.0, 2.0), np.where(first, 2.0, 1.0)])
    stratum = np.tile(np.arange(300), 2)
    fit = fit_cox(design, np.full(600, -1.0), duration, duration == 1.0, stratum=stratum)
    difference = np.where(first, 1, -1) * (design[:300, 0] - design[300:, 0])
    score = np.sum(difference / (1 + np.exp(fit.coef[0] * difference)))
    information = np.sum(difference**2 * np.exp(fit.coef[0] * difference) / (1 + np.exp(fit.coef[0] * difference)) ** 2)
    assert score == pytest.approx(0.0, abs=1e-6)
    assert fit.covariance[0, 0] == pytest.approx(1 / information, rel=1e-7)


def test_no_columns_gives_nelson_aalen():
    _, entry, duration, is_event = rows()
    fit = fit_cox(np.empty((400, 0)), entry, duration, is_event, ties="breslow")
    days = np.unique(duration[is_event])
    rate = [np.sum(is_event & (duration == day)) / np.sum(duration >= day) for day in days]
    np.testing.assert_allclose(fit.cumulative_hazard, np.cumsum(rate), rtol=1e-12)


def test_strata_too_far_apart_for_one_center_stay_finite():
    # The last row of each stratum has a relative risk of exp(-150), so that the hazard at the stratum's mean is about
    # exp(150) then; the means of the strata are 900 apart, and the hazard at the center would be beyond all numbers.
    offset = np.where(np.arange(20) % 10 == 9, -150.0, 0.0) + np.repeat([0.0, 900.0], 10)
    day, noise = np.tile(np.arange(1.0, 11.0), 2), np.random.default_rng(0).normal(size=(20, 1)) / 1e3
    far = {"offset": offset, "stratum": np.repeat([0, 1], 10)}
    fit = fit_cox(noise, np.zeros(20), day, np.ones(20, dtype=bool), **far)
    for numbers in (fit.coef, fit.cumulative_hazard, fit.hazard_variance, fit.cumulative_mean):
        assert np.all(np.isfinite(numbers))
    assert np.all(np.diff(fit.cumulative_hazard.reshape(2, 10), axis=1) >= 0)


def test_no_event():
    design, entry, duration, is_event = rows()
    with pytest.raises(ValueError, match="has the event"):
        fit_cox(design, entry, duration, np.zeros_like(is_event))


@pytest.mark.parametrize("order", ["C", "F"])
def test_input_is_not_changed(order):
    design, entry, duration, is_event = rows()
    design = np.asarray(design, order=order)
    before = design.copy()
    fit_cox(design, entry, duration, is_event, cluster=np.arange(400) // 2)
    np.testing.assert_array_equal(design, before)
