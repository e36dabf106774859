from dataclasses import replace

import numpy as np
import pytest

from secondplan.models.royston_parmar.fit import column_moments, fit_cause, joint_covariance, maximum
from secondplan.models.royston_parmar.likelihood import CauseRows, Likelihood, start_values
from secondplan.models.royston_parmar.spline import orthogonal_spline, place_log_knots


def rows(n_rows=400, seed=0, *, varying=True, late=True):
    rng = np.random.default_rng(seed)
    design = rng.normal(size=(n_rows, 3)) + np.array([0.0, 5.0, -1.0])
    time = 300 * rng.weibull(0.9, n_rows) * np.exp(-0.3 * design[:, 0])
    end = rng.uniform(50, 900, n_rows)
    log_time, is_event = np.log(np.minimum(time, end)), time < end
    entry = np.where(rng.random(n_rows) < 0.4, log_time - rng.exponential(size=n_rows), -np.inf)
    weight = rng.integers(1, 4, n_rows).astype(float)

    def spline(df):
        events = log_time[is_event], weight[is_event]
        return orthogonal_spline(place_log_knots(*events, df), *events)

    groups = ((spline(1), np.array([1])), (spline(2), np.array([0, 2]))) if varying else ()
    return CauseRows(
        design,
        design.mean(axis=0),
        design.std(axis=0),
        log_time,
        entry if late else np.full(n_rows, -np.inf),
        is_event,
        weight / weight[is_event].mean(),
        spline(3),
        groups,
    )


def test_worked_by_hand():
    # Weibull hazard exp(a) b t^(b - 1) exp(c x): two rows, one late.
    own = orthogonal_spline(np.log([2.0, 8.0]), np.log([2.0, 8.0]), np.ones(2))
    a, b, c = -2.0, 1.5, 0.7
    hand = CauseRows(
        np.array([[1.0], [0.0]]),
        np.zeros(1),
        np.ones(1),
        np.log([2.0, 8.0]),
        np.array([-np.inf, np.log(3.0)]),
        np.array([True, False]),
        np.array([1.0, 2.0]),
        own,
        (),
    )
    theta = np.r_[np.linalg.solve(own.to_royston_parmar(), [a, b]), c]
    event = np.log(np.exp(a) * b * 2**0.5 * np.exp(c)) - np.exp(a) * 2**1.5 * np.exp(c)
    censored = -np.exp(a) * (8**1.5 - 3**1.5)
    assert Likelihood(hand).evaluate(theta).value == pytest.approx(event + 2 * censored, rel=1e-12)


@pytest.mark.parametrize("varying", [False, True])
@pytest.mark.parametrize("late", [False, True])
def test_derivatives_are_finite_differences(varying, late):
    data = rows(varying=varying, late=late)
    likelihood = Likelihood(data)
    theta = start_values(data) + 0.05 * np.random.default_rng(1).normal(size=data.n_parameters)
    point, step = likelihood.evaluate(theta), 1e-5
    for parameter, unit in enumerate(np.eye(theta.size)):
        above, below = likelihood.evaluate(theta + step * unit), likelihood.evaluate(theta - step * unit)
        assert point.gradient[parameter] == pytest.approx((above.value - below.value) / (2 * step), rel=1e-6, abs=1e-5)
        slope = (below.gradient - above.gradient) / (2 * step)
        np.testing.assert_allclose(point.information[parameter], slope, rtol=1e-5, atol=1e-4)


def test_scores_add_up_to_the_gradient():
    data = rows()
    likelihood = Likelihood(data)
    theta = start_values(data)
    scores = likelihood.scores(theta, np.arange(400))
    np.testing.assert_allclose(scores.sum(axis=0), likelihood.evaluate(theta).gradient, atol=1e-9)
    some = np.array([5, 300, 7])
    np.testing.assert_allclose(likelihood.scores(theta, some), scores[some], atol=1e-12)


def test_blocks_of_rows_make_no_difference(monkeypatch):
    data = rows()
    theta = start_values(data)
    whole = Likelihood(data).evaluate(theta)
    monkeypatch.setattr("secondplan.models.royston_parmar.likelihood.ROWS_PER_BLOCK", 37)
    parts = Likelihood(data).evaluate(theta)
    assert parts.value == pytest.approx(whole.value, rel=1e-13)
    np.testing.assert_allclose(parts.information, whole.information, rtol=1e-9, atol=1e-8)


def test_a_negative_hazard_of_an_event_or_an_overflow_is_no_point():
    data = rows(varying=False)
    likelihood, theta = Likelihood(data), start_values(data)
    assert likelihood.evaluate(np.where(np.arange(theta.size) == 1, -1.0, theta)) is None
    assert likelihood.evaluate(theta + np.where(np.arange(theta.size) == 0, 1e4, 0)) is None
    assert likelihood.evaluate(theta * np.nan) is None


def test_the_start_is_the_constant_hazard():
    data = rows()
    theta = start_values(data)
    times = np.array([0.0, 2.0, 6.0])
    rate = data.weight[data.is_event].sum() / (data.weight @ (np.exp(data.log_time) - np.exp(data.log_entry)))
    np.testing.assert_allclose(data.spline.basis(times) @ theta[:4], np.log(rate) + times, rtol=1e-10)


def fit(data):
    return fit_cause(
        data.design,
        column_moments(data.design, data.weight),
        data.log_time,
        data.log_entry,
        data.is_event,
        data.weight,
        data.spline,
        data.varying,
    )


def test_the_fit_is_the_maximum_whatever_the_scale_of_the_features():
    data = rows()
    found = fit(data)
    assert found.converged and found.n_iterations < 15
    assert np.abs(found.likelihood.evaluate(found.theta).gradient).max() < 1e-6
    far = fit(replace(data, design=data.design * np.array([1e6, 1e-6, 1.0])))
    np.testing.assert_allclose(far.curve.beta, found.curve.beta / np.array([1e6, 1e-6, 1.0]), rtol=1e-7)
    assert far.log_likelihood == pytest.approx(found.log_likelihood, rel=1e-12)


def test_maximise_finds_its_way_from_a_bad_start():
    data = rows(varying=False)
    likelihood = Likelihood(data)
    q = data.n_parameters
    feature, reach = np.r_[np.full(4, -1), 0, 1, 2], np.r_[np.zeros(4), np.full(3, 5.0)]
    good, _ = maximum(likelihood, start_values(data), feature, reach)
    bad, _ = maximum(likelihood, start_values(data) + np.r_[2.0, 0.5, np.zeros(q - 3), 1.0], feature, reach)
    np.testing.assert_allclose(bad.point.theta, good.point.theta, atol=1e-7)


def test_the_joint_sandwich_is_the_sum_over_clusters():
    data, second = rows(seed=1), rows(seed=1)
    fits = [fit(data), fit(replace(second, is_event=~second.is_event))]
    cluster = np.arange(400) % 90
    influence = np.hstack([one.likelihood.scores(one.theta, np.arange(400)) @ one.projection for one in fits])
    summed = np.array([influence[cluster == label].sum(axis=0) for label in range(90)])
    np.testing.assert_allclose(joint_covariance(fits, cluster), summed.T @ summed, rtol=1e-8, atol=1e-14)
    apart = joint_covariance(fits, None)
    n_first = fits[0].covariance.shape[0]
    assert np.all(apart[:n_first, n_first:] == 0)
    np.testing.assert_array_equal(apart[:n_first, :n_first], fits[0].covariance)


def test_the_joint_sandwich_by_blocks_of_clusters(monkeypatch):
    fits, cluster = [fit(rows())], np.random.default_rng(0).integers(0, 60, 400)
    whole = joint_covariance(fits, cluster)
    monkeypatch.setattr("secondplan.models.royston_parmar.fit.ROWS_PER_BLOCK", 11)
    np.testing.assert_allclose(joint_covariance(fits, cluster), whole, rtol=1e-9, atol=1e-15)


def test_constant_and_collinear_columns_are_found_on_any_scale():
    rng = np.random.default_rng(0)
    x = rng.normal(size=200)
    design = np.column_stack(
        [x, np.full(200, 7.0), 3 * x - 1, 1e250 * rng.normal(size=200), 1e9 + x, 1e-200 * x**2, 1e-60 * x**2]
    )
    moments = column_moments(design, np.ones(200))
    assert moments.constant.tolist() == [False, True, False, False, False, True, False]
    assert moments.collinear.tolist() == [False, False, True, False, True, False, False]
    unit = np.array([1.0, 1e250])
    np.testing.assert_allclose(moments.spread[[0, 3]] / unit, (design[:, [0, 3]] / unit).std(axis=0), rtol=1e-10)
