"""Standard error of the incidence from made-up moments, worked by hand and as a derivative."""

import numpy as np

from secondplan.models.fine_gray.standard_error import UncertainBaseline, incidence_error


def baseline(n_features=1):
    rng = np.random.default_rng(0)
    root = rng.normal(size=(2 + n_features, 5)) * 0.01
    covariance = root @ root.T
    return UncertainBaseline(
        time=np.array([10.0, 20.0, 30.0]),
        hazard=np.array([0.1, 0.3, 0.6]),
        mean=np.array([[0.02], [0.01], [-0.04]]) * np.ones(n_features),
        variance=np.array([1.0, 3.0, 2.0]) * 1e-4,
        cell_start=np.array([0, 2]),
        cell_covariance=covariance[:2, :2],
        cell_coef_covariance=covariance[:2, 2:],
        coef_covariance=covariance[2:, 2:],
    )


def error(known, distance, risk, times, since=0.0):
    times = np.atleast_2d(np.asarray(times, dtype=float))
    arrays = np.atleast_2d(distance), np.atleast_1d(risk), times, np.full((len(times), 1), since)
    return incidence_error(known, *arrays)[0]


def test_at_the_end_of_a_cell_by_hand():
    known = baseline()
    # On day 20: all of the first cell; d = 0.3 x 0.5 - 0.01 = 0.14; F = 1 - exp(-0.3 r).
    variance = known.cell_covariance[0, 0] + 0.28 * known.cell_coef_covariance[0, 0]
    variance += 0.14**2 * known.coef_covariance[0, 0]
    expected = 2 * np.exp(-0.6) * np.sqrt(variance)
    np.testing.assert_allclose(error(known, [0.5], 2.0, [20, 25, 29.9]), expected, rtol=1e-12)
    assert error(known, [0.5], 2.0, [9.9])[0] == 0


def test_within_a_cell_the_variance_is_shared_out():
    known = baseline()
    # On day 10: a quarter of the cell, whose own events have variance 4e-4: 1/16 C + 4e-4 x 1/4 x 3/4.
    own = known.cell_covariance[0, 0] / 16 + 4e-4 * 3 / 16
    slope = 0.1 * 0.5 - 0.02
    variance = own + 2 * slope * known.cell_coef_covariance[0, 0] / 4 + slope**2 * known.coef_covariance[0, 0]
    np.testing.assert_allclose(error(known, [0.5], 1.0, [10]), np.exp(-0.1) * np.sqrt(variance), rtol=1e-12)


def test_between_two_days_it_is_that_of_the_difference():
    known = baseline()
    # F(30) - F(20) with the influences of cell 1, cell 2 and the coefficient as independent directions.
    slopes = np.array([0.3 * 0.5 - 0.01, 0.6 * 0.5 + 0.04])
    early, late = np.array([1.0, 0.0, slopes[0]]), np.array([1.0, 1.0, slopes[1]])
    direction = np.exp(-0.6) * late - np.exp(-0.3) * early
    covariance = np.block(
        [[known.cell_covariance, known.cell_coef_covariance], [known.cell_coef_covariance.T, known.coef_covariance]]
    )
    expected = np.sqrt(direction @ covariance @ direction)
    np.testing.assert_allclose(error(known, [0.5], 1.0, [30], since=20.0), expected, rtol=1e-12)
    assert error(known, [0.5], 1.0, [20], since=20.0)[0] == 0
    assert error(known, [0.5], 1.0, [15], since=20.0)[0] == 0


def test_rows_and_times_are_independent_of_each_other():
    known = baseline(3)
    rng = np.random.default_rng(1)
    distance, risk = rng.normal(size=(6, 3)), rng.uniform(0.5, 2, 6)
    times, since = rng.uniform(5, 40, (6, 4)), rng.choice([0.0, 12.0], (6, 1))
    whole = incidence_error(known, distance, risk, times, since)
    for row in range(6):
        part = incidence_error(known, distance[[row]], risk[[row]], times[[row]], since[[row]])
        np.testing.assert_allclose(part, whole[[row]], rtol=1e-12)
    assert incidence_error(known, distance[:0], risk[:0], times[:0], since[:0]).shape == (0, 4)
    assert np.all(np.isfinite(incidence_error(known, distance, risk * 1e300, times, since)))
