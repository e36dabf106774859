"""A saved model's intervals: those of the fitted model, or none with a word; and no child can be told from them."""

import warnings

import numpy as np
import pandas as pd
import pytest

from secondplan.models import CauseSpecificCox, CoxElasticNetCV, CoxPH, FineGray, load_model

TIMES = [20.0, 91.0, 150.0, 182.0, 300.0, 365.0, 500.0, 730.0]
# What is asked of a saved interval; most are equal to the last bit.
SAME = 1e-6


def cohort(n_rows, seed=0, n_features=3):
    """Whole days, two causes, censoring after day 300; families, weights and late entry beside them."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(rng.normal(size=(n_rows, n_features)), columns=list("abc")[:n_features])
    rates = np.exp(np.log([9e-4, 5e-4]) + np.column_stack([0.5 * X["a"], -0.3 * X["a"]]))
    duration = np.ceil(rng.exponential(1.0 / rates.sum(axis=1)))
    event = np.where(rng.random(n_rows) < rates[:, 0] / rates.sum(axis=1), 1, 2)
    end = rng.integers(300, 1200, n_rows)
    y = pd.DataFrame({"duration": np.minimum(duration, end), "event": np.where(duration <= end, event, 0)})
    late = np.where(rng.random(n_rows) < 0.3, np.minimum(rng.integers(0, 40, n_rows), y["duration"] - 1), 0)
    return X, y, {"entry": late, "sample_weight": rng.uniform(0.5, 2.0, n_rows), "cluster": np.arange(n_rows) // 2}


def saved_and_loaded(model, tmp_path):
    """The loaded model, and what saving warned of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        loaded = load_model(model.save(tmp_path / "model"))
    return loaded, [str(warning.message) for warning in caught]


def both(model, loaded, X, times=TIMES, **options):
    """Bounds of the fitted and of the loaded model; the risks are the same."""
    np.testing.assert_array_equal(
        loaded.predict_cumulative_incidence(X, times, **options),
        model.predict_cumulative_incidence(X, times, **options),
    )
    return tuple(one.predict_cumulative_incidence_interval(X, times, **options) for one in (model, loaded))


@pytest.mark.parametrize(
    "model", [CauseSpecificCox(std_error="jackknife"), CauseSpecificCox(), CoxPH(), CoxPH(std_error="jackknife")]
)
def test_of_twenty_children_no_interval_is_saved(model, tmp_path):
    x = [0, 1, 2, 3, 1, 4, 2, 5, 3, 0, 6, 2, 4, 1, 5, 3, 0, 2, 7, 1]
    months = [1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 1, 2, 3, 4, 1, 2, 4, 3, 1, 4]
    event = np.array([1, 2, 1, 0, 1, 1, 2, 1, 0, 1, 1, 2, 0, 0, 1, 1, 2, 1, 1, 0])
    single = isinstance(model, CoxPH)
    y = {"duration": np.array(months) * 91.0, "event": np.where(event == 2, 0, event) if single else event}
    model.fit(np.array(x, dtype=float)[:, None], y)
    loaded, said = saved_and_loaded(model, tmp_path)
    assert len(said) == 1 and said[0].startswith(
        "intervals are not saved (20 children): in a stratum of fewer than 200"
    )
    new = np.array([[0.0], [3.0]])
    with pytest.warns(UserWarning, match=r"4 of 6 standard errors or intervals are not stated \(NaN\)"):
        exact, found = both(model, loaded, new, [0.0, 91.0, 364.0])
    assert np.isnan(found[:, 1:]).all() and np.isfinite(exact).all() and np.all(found[:, 0] == 0)


def test_many_small_strata_are_counted_and_the_large_one_keeps_its_intervals(tmp_path):
    X, y, given = cohort(500)
    X["s"] = np.where(np.arange(500) < 300, "large", "small " + pd.Series(np.arange(500) % 10).astype(str))
    model = CauseSpecificCox(strata="s").fit(X, y, cluster=given["cluster"])
    loaded, said = saved_and_loaded(model, tmp_path)
    assert [text[:60] for text in said] == ["intervals in 10 of 11 strata are not saved (200 children): i"]
    exact, found = both(model, loaded, X)
    large = (X["s"] == "large").to_numpy()
    np.testing.assert_array_equal(found[large], exact[large])
    assert np.isnan(found[~large]).any() and np.isfinite(exact).all()
    again, said = saved_and_loaded(loaded, tmp_path / "again")
    np.testing.assert_array_equal(again.predict_cumulative_incidence_interval(X, TIMES), found)


def test_a_kind_of_event_with_few_events_hides_no_child(tmp_path):
    X, y, given = cohort(260)
    rare = y.index[y["event"] == 2][:3]
    y = y.assign(event=y["event"].where((y["event"] != 2) | y.index.isin(rare), 0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # three events are too few for three features
        model = CauseSpecificCox().fit(X, y, cluster=given["cluster"])
    assert model.moments_ == [{}]
    assert saved_and_loaded(model, tmp_path)[1][0].startswith("intervals are not saved (260 children)")


@pytest.mark.parametrize("given", [(), ("cluster",), ("sample_weight",), ("entry", "cluster")])
@pytest.mark.parametrize(
    "model",
    [
        CauseSpecificCox(std_error="jackknife"),
        CauseSpecificCox(form="product_limit"),
        CoxPH(std_error="jackknife"),
        CoxPH(alpha=0.01),
        CoxElasticNetCV(lambdas=[0.01], n_folds=3),
        FineGray(),
    ],
    ids=str,
)
def test_intervals_of_an_ordinary_cohort_are_the_same_once_saved(model, given, tmp_path):
    X, y, extra = cohort(320)
    if not isinstance(model, CauseSpecificCox | FineGray):
        y = y.assign(event=(y["event"] == 1).astype(int))
    if "entry" in given:
        y = y.assign(entry=extra["entry"])
    options = {name: extra[name] for name in given if name != "entry"}
    model.fit(X, y, **options)
    loaded, said = saved_and_loaded(model, tmp_path)
    as_r = isinstance(model, CauseSpecificCox) and model.is_as_r_.any()
    elapsed = np.arange(1.0, 321.0)
    for asked in ({}, {"elapsed": elapsed}, {"eligible_days": 100.0 + elapsed, "elapsed": elapsed / 4.0}):
        exact, found = both(model, loaded, X[::4], **{name: value[::4] for name, value in asked.items()})
        np.testing.assert_allclose(np.where(np.isnan(found), exact, found), exact, rtol=0, atol=SAME)
        assert said or np.isfinite(found).all()
        if as_r:
            continue
        # Errors as survfit's are stated on days up to which enough children left, and between where these tell them.
        usual = (
            np.isin(TIMES, [91.0, 182.0, 365.0, 730.0]) if isinstance(model, CoxPH | CoxElasticNetCV) else slice(None)
        )
        assert np.isfinite(found if asked else found[:, usual]).all() and np.isfinite(found).mean() > 0.6


@pytest.mark.parametrize("least", [320, 321])
def test_errors_that_are_exactly_those_of_r_are_not_saved(least, tmp_path, monkeypatch):
    monkeypatch.setattr("secondplan.models.cause_specific.errors.LEAST_CHILDREN_AS_R", least)
    X, y, _ = cohort(320)
    model = CauseSpecificCox().fit(X, y)
    loaded, said = saved_and_loaded(model, tmp_path)
    exact, found = both(model, loaded, X)
    if least == 320:
        assert not said
        np.testing.assert_array_equal(found, exact)
    else:
        assert len(said) == 1 and said[0].startswith("intervals from the plan's end on are not saved in 1 of 1 strata")
        assert np.isnan(found).all()
    given = both(model, loaded, X, elapsed=30.0)
    np.testing.assert_array_equal(*given)
    # Groups of events say nearly what the events themselves say, and where groups end just that.
    by_row = model.__dict__ | {"is_as_r_": np.array([True])}
    model.__dict__.update(by_row)
    width, grouped = (np.diff(model.predict_cumulative_incidence_interval(X, TIMES, elapsed=day)) for day in (0, 1e-9))
    assert np.abs(grouped / width - 1.0).max() < 0.15 and np.abs(grouped / width - 1.0)[:, 5].max() < 0.02


def from_means(model):
    """Features of the child with the event on each day: S1 less that of the next day, divided by the same of S0."""
    mean, hazard = np.diff(model.saved_mean(), axis=0, prepend=0.0), np.diff(model.baseline_hazard_, prepend=0.0)
    total = 1.0 / hazard
    return np.diff(mean * (total**2)[:, None], axis=0) / np.diff(total)[:, None] + model.center_


def from_cells(model):
    """Score of the children with the event in each cell, from the covariance of its hazard with the coefficients."""
    (moments,) = model.hazard_moments_
    (starts,) = moments["cell_start"]
    hazard = np.add.reduceat(np.diff(model.baseline_hazard_, prepend=0.0), starts)
    score = moments["covariance"][: starts.size, starts.size :] @ np.linalg.inv(model.naive_covariance_)
    return score / hazard[:, None], starts


@pytest.mark.parametrize("is_guarded", [False, True])
def test_features_of_a_child_cannot_be_worked_out_from_what_is_saved(is_guarded, request, tmp_path):
    """Both attacks succeed where each event is kept by itself, and fail on what is kept."""
    if not is_guarded:
        request.getfixturevalue("a_cell_each")
    rng = np.random.default_rng(3)
    X = rng.normal(size=(260, 2)).round(3)
    day = np.argsort(np.argsort(rng.exponential(np.exp(-0.5 * X[:, 0])))) + 1
    model = CoxPH(std_error="jackknife").fit(X, {"duration": day, "event": np.ones(260, dtype=int)})
    loaded, _ = saved_and_loaded(model, tmp_path)
    of_event = X[np.argsort(day)][:200]  # with fewer at risk rounding is large
    is_close = np.abs(from_means(loaded)[:200] - of_event).max(axis=1) < 0.05
    score, starts = from_cells(loaded)
    end = int(np.searchsorted(starts, 200))
    own_score = model.residuals("score").to_numpy()[np.argsort(day)]  # from which, with S0 and S1, follow the features
    alike = np.corrcoef(score[:end, 0], own_score[starts[:end], 0])[0, 1]
    if is_guarded:
        assert is_close.mean() < 0.03 and abs(alike) < 0.75
        assert np.diff(loaded.mean_steps_, prepend=-1).min() >= 6 and np.diff(starts, append=260).min() >= 6
    else:
        assert is_close.all() and alike > 0.97
    held = np.load(tmp_path / "model" / "arrays.npz")
    assert all(held[name].ndim < 2 or len(held[name]) <= 260 / 6 + 2 for name in held.files) == is_guarded
