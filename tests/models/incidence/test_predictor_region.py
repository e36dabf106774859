import numpy as np

from secondplan.models.incidence.predictor_region import predictor_moments, predictor_region


def test_moments_by_hand():
    found = predictor_moments(np.array([[0.0, 1.0], [2.0, 1.0], [4.0, 4.0]]))
    np.testing.assert_allclose(found, [[2, 2], [8 / 3, 2], [2, 2]])


def test_holds_what_is_within_the_radius():
    region = predictor_region(np.array([[1.0, 0.0], [4.0, 0.0], [0.0, 1.0]]), 3.0)
    inside = region.contains(np.array([[1.0, 0.0], [6.9, 0.0], [7.1, 0.0], [1.0, 2.9], [1.0, -3.1], [np.inf, 0.0]]))
    assert inside.tolist() == [True, True, False, True, False, False]


def test_points_fill_it():
    moments = predictor_moments(np.random.default_rng(0).normal(size=(500, 3)) @ np.diag([0.2, 1.0, 2.0]))
    region = predictor_region(moments, 4.0)
    points = region.points(3000)
    whitened = (points - region.mean) @ np.linalg.inv(region.scale)
    length = np.linalg.norm(whitened, axis=1)
    assert length.max() < 1 + 1e-12 and 0.5 < np.mean(length > 1 - 1e-9) < 0.8
    assert np.all(np.abs(whitened.mean(axis=0)) < 0.05)
    assert np.bincount((whitened > 0) @ [1, 2, 4], minlength=8).min() > 250
    np.testing.assert_array_equal(region.points(10, skip=5), points[5:15])


def test_predictors_that_do_not_vary_leave_some_room():
    region = predictor_region(np.zeros((3, 2)), 4.0)
    assert region.contains(np.array([[0.1, 0.1], [0.0, 0.3]])).tolist() == [True, False]
