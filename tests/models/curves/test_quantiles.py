"""Quantiles of curves: by hand, with R's conventions (its numbers are compared in test_restricted_mean.py)."""

import numpy as np
import pytest

from secondplan.models.curves.nonparametric import aalen_johansen, kaplan_meier, nelson_aalen
from secondplan.models.curves.quantiles import reached


def test_first_day_that_reaches_it_or_the_middle_of_a_flat_part():
    times, risen = np.array([1.0, 2, 4, 7]), np.array([0.25, 0.5, 0.5, 0.6])
    days = reached(times, risen, np.array([0, 0.1, 0.25, 0.4, 0.5, 0.55, 0.6, 0.7]))
    np.testing.assert_array_equal(days, [0, 1, 1.5, 2, (2 + 7) / 2, 7, 7, np.nan])


def test_a_bound_that_falls_again_has_been_there():
    assert reached(np.array([1.0, 2, 3]), np.array([0.3, 0.5, 0.4]), np.array([0.45])) == [2]


def test_incidence_of_one_event_is_the_complement_of_survival():
    rng = np.random.default_rng(1)
    duration, event = rng.integers(1, 100, 300), rng.integers(0, 2, 300)
    survival = kaplan_meier(duration, event).quantile([0.2, 0.5], interval="plain")
    curve = aalen_johansen(duration, event)
    for code in (0, 1):
        incidence = curve.quantile([0.2, 0.5], code, interval="plain")
        np.testing.assert_allclose(incidence, survival)


def test_not_reached():
    table = aalen_johansen([1, 2, 3, 4], [1, 2, 2, 0]).quantile([0.2, 0.3])
    assert table.loc[0.2, "estimate"] == 1
    assert np.isnan(table.loc[0.3, "estimate"])
    assert kaplan_meier([3, 4], [0, 0]).median().isna().all(axis=None)


def test_refused():
    curve = kaplan_meier([1, 2], [1, 0])
    for wrong in (-0.1, 1.2, np.nan, [[0.5]]):
        with pytest.raises(ValueError, match="probabilities must lie between 0 and 1"):
            curve.quantile(wrong)
    with pytest.raises(ValueError, match="this is a cumulative hazard"):
        nelson_aalen([1, 2], [1, 0]).median()
    with pytest.raises(ValueError, match="event 3 is not in the data"):
        aalen_johansen([1, 2], [1, 0]).median(3)
