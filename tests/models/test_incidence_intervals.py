"""Intervals of incidences of every model that has them."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError

from secondplan.models import CauseSpecificCox, load_model

from .all_models import INTERVALS, MODELS, ONE_HAZARD, ROUNDING, TIMES, WITHOUT_STRATA, X


def test_every_model_but_trees_and_stacks_has_intervals():
    assert set(MODELS) - set(INTERVALS) == {"BoostedHazard", "StackedIncidence"}


@pytest.mark.parametrize("name", INTERVALS)
def test_intervals_hold_the_incidence_and_grow_with_the_level(name, fitted):
    model = fitted[name]
    eligible = np.where(np.arange(len(X)) % 2 == 0, np.inf, 300.0)
    since = np.where(np.arange(len(X)) % 3 == 0, 0.0, 91.0)
    for event in model.events_:
        for options in (
            {},
            {"eligible_days": eligible},
            {"elapsed": since},
            {"eligible_days": 300.0, "elapsed": since},
        ):
            incidence = model.predict_cumulative_incidence(X, TIMES, event=event, **options)
            bounds = model.predict_cumulative_incidence_interval(X, TIMES, event=event, **options)
            lower, upper = bounds[..., 0], bounds[..., 1]
            assert bounds.shape == (len(X), len(TIMES), 2) and bounds.min() >= 0 and bounds.max() <= 1
            assert np.all(lower <= incidence + ROUNDING) and np.all(incidence <= upper + ROUNDING)
            inside = (incidence > 1e-6) & (incidence < 1 - 1e-6)
            assert np.all(lower[inside] < incidence[inside]) and np.all(incidence[inside] < upper[inside])
            narrow = model.predict_cumulative_incidence_interval(X, TIMES, event=event, level=0.5, **options)
            assert np.all((narrow[..., 1] - narrow[..., 0])[inside] < (upper - lower)[inside])


@pytest.mark.parametrize("name", INTERVALS)
def test_intervals_are_flat_after_the_last_eligible_day_and_0_until_the_elapsed_days(name, fitted):
    model = fitted[name]
    flat = model.predict_cumulative_incidence_interval(X, TIMES, eligible_days=365.0)
    np.testing.assert_array_equal(flat[:, 5:], np.repeat(flat[:, [4]], 2, axis=1))
    np.testing.assert_allclose(flat[:, :5], model.predict_cumulative_incidence_interval(X, TIMES)[:, :5], rtol=1e-9)
    given = model.predict_cumulative_incidence_interval(X, TIMES, elapsed=91.0)
    assert np.all(given[:, :3] == 0) and np.all(given[:, 3:, 1] > 0)
    past = model.predict_cumulative_incidence_interval(X, TIMES, elapsed=91.0, eligible_days=60.0)
    assert np.all(past == 0)


@pytest.mark.parametrize("name", INTERVALS)
def test_intervals_depend_on_neither_order_nor_batch_and_are_saved(name, fitted, tmp_path):
    model, since = fitted[name], np.arange(len(X)) % 100
    whole = model.predict_cumulative_incidence_interval(X, TIMES, elapsed=since)
    order = np.random.default_rng(3).permutation(len(X))
    moved = model.predict_cumulative_incidence_interval(X.iloc[order], TIMES, elapsed=since[order])
    np.testing.assert_allclose(moved, whole[order], rtol=1e-9, atol=ROUNDING)
    single = [
        model.predict_cumulative_incidence_interval(X.iloc[[row]], TIMES, elapsed=since[[row]])[0] for row in range(5)
    ]
    np.testing.assert_allclose(single, whole[:5], rtol=1e-9, atol=ROUNDING)
    assert model.predict_cumulative_incidence_interval(X.iloc[:0], TIMES).shape == (0, len(TIMES), 2)
    assert model.predict_cumulative_incidence_interval(X.iloc[:2], []).shape == (2, 0, 2)
    loaded = load_model(model.save(tmp_path / "model"))
    again = loaded.predict_cumulative_incidence_interval(X, TIMES, elapsed=since)
    if isinstance(model, (*ONE_HAZARD, CauseSpecificCox)):  # NaN where single children could be told from what is kept
        np.testing.assert_allclose(np.where(np.isnan(again), whole, again), whole, rtol=0, atol=1e-6)
        assert np.isnan(again).all(axis=(1, 2)).mean() < (0.05 if name in WITHOUT_STRATA else 1.1)
    else:
        np.testing.assert_array_equal(again, whole)
    twice = load_model(loaded.save(tmp_path / "again"))
    np.testing.assert_array_equal(twice.predict_cumulative_incidence_interval(X, TIMES, elapsed=since), again)


@pytest.mark.parametrize("name", INTERVALS)
def test_arguments_of_intervals_are_checked(name, fitted):
    model = fitted[name]
    for options, rule in (
        ({"level": 95}, "level must be between 0 and 1"),
        ({"event": 9}, "event 9 is not modelled"),
        ({"elapsed": np.inf}, "elapsed: missing, infinite or negative"),
        ({"eligible_days": [1.0, 2.0]}, "eligible_days"),
    ):
        with pytest.raises(ValueError, match=rule):
            model.predict_cumulative_incidence_interval(X, TIMES, **options)
    with pytest.raises(NotFittedError):
        clone(model).predict_cumulative_incidence_interval(X, TIMES)
