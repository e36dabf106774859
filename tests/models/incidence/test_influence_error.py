import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

import secondplan.models.incidence.influence_error as module
from secondplan.models import AalenJohansen, CauseSpecificCox
from secondplan.models.curves.confidence import probability_bounds

FOLDER = Path(__file__).parents[2] / "reference"
REFERENCE = json.loads((FOLDER / "cause_specific_error.json").read_text())
AT_MANY_TIMES = json.loads((FOLDER / "cause_specific_std_error.json").read_text())
TIED = json.loads((FOLDER / "cause_specific_tied.json").read_text())
COLUMNS = {
    "melanoma": (["sex", "age", "thick"], None),
    "mgus2": (["age", "hgb", "mspike"], None),
    "mgus2_strata": (["age", "hgb", "mspike", "sex"], "sex"),
}
# Central differences of a fit that has converged to 1e-9.
DIFFERENCES = 2e-4


def untied(case):
    data = pd.read_csv(FOLDER / f"cause_specific_{case.split('_')[0]}.csv")
    return data.assign(duration=data["duration"] + np.arange(1, len(data) + 1) * 1e-4)


def standard_error(model, X, times, event=1, since=0.0):
    return model.predict_cumulative_incidence_std_error(X, times, event=event, elapsed=since)


def as_saved(model):
    """The model as it is once saved: without the influences of rows."""
    return pickle.loads(pickle.dumps(model))


def bounds_and_errors(case, form, *, saved=False):
    data, (columns, strata), expected = untied(case), COLUMNS[case], REFERENCE[case]
    model = CauseSpecificCox(form=form, strata=strata).fit(data[columns], data[["duration", "event"]])
    model = as_saved(model) if saved else model
    new, times = data[columns].iloc[:12], np.array(expected["times"], dtype=float)
    for cause in (1, 2):
        bounds = model.predict_cumulative_incidence_interval(new, times, event=cause)
        r = {name: np.array(values, dtype=float) for name, values in expected[form][cause - 1].items()}
        yield standard_error(model, new, times, cause), bounds, r


@pytest.mark.parametrize("case", COLUMNS)
@pytest.mark.parametrize("form", ["exponential", "product_limit"])
@pytest.mark.parametrize("saved", [False, True])
def test_is_that_of_r(case, form, saved, request):
    if saved:
        request.getfixturevalue("a_cell_each")
    for error, bounds, r in bounds_and_errors(case, form, saved=saved):
        np.testing.assert_allclose(error, r["se"], rtol=1e-6, atol=1e-12)
        np.testing.assert_allclose(bounds[..., 0], r["lower"], atol=1e-6)
        np.testing.assert_allclose(bounds[..., 1], r["upper"], atol=1e-6)


@pytest.mark.parametrize("case", TIED)
@pytest.mark.parametrize("form", ["exponential", "product_limit"])
def test_is_that_of_r_with_ties(case, form):
    expected = TIED[case]
    data = pd.read_csv(FOLDER / ("cause_specific_mgus2.csv" if case == "mgus2" else "data/bmt.csv"))
    data = data.rename(columns={"time": "duration"})
    columns = ["age", "hgb", "mspike"] if case == "mgus2" else ["platelet", "age", "tcell"]
    options = {"ties": expected["ties"], "form": form, "strata": "tcell" if case == "bmt_strata" else None}
    y, times = data[["duration", "event"]], expected["times"]
    model = CauseSpecificCox(**options).fit(data[columns], y)
    ours = CauseSpecificCox(std_error="jackknife", **options).fit(data[columns], y)
    for cause, r in zip((1, 2), expected[form], strict=True):
        new = data[columns].iloc[:6]
        np.testing.assert_allclose(model.predict_cumulative_incidence(new, times, event=cause), r["risk"], rtol=1e-6)
        np.testing.assert_allclose(standard_error(model, new, times, cause), r["se"], rtol=1e-6)
        # Given a day or less they rest on groups of events, and are then what a saved model has.
        given = standard_error(model, new, times, cause, 1e-9)
        np.testing.assert_allclose(given, r["se"], rtol=0.1)
        np.testing.assert_array_equal(standard_error(as_saved(model), new, times, cause, 1e-9), given)
        # Counting a tied day once is not what leaving rows out shows: see the jackknife by brute force below.
        assert np.abs(standard_error(ours, new, times, cause) / r["se"] - 1).max() > 0.003


def test_an_unknown_definition_of_standard_errors_is_refused():
    X, y, _, _ = tiny()
    with pytest.raises(ValueError, match="std_error must be one of riskregression, jackknife"):
        CauseSpecificCox(std_error="naive").fit(X[["x"]], y)


@pytest.mark.parametrize("case", COLUMNS)
def test_is_near_that_of_r_with_the_usual_cells(case, monkeypatch):
    # Times that no cell ends at; where a handful of events came before, or the cause has only 14, they are one cell or
    # two, and the error is far from well known itself: the square root of 14 events has a standard error of 13 %.
    monkeypatch.setattr("secondplan.models.cause_specific.errors.LEAST_CHILDREN_AS_R", 0)
    for error, bounds, r in bounds_and_errors(case, "exponential", saved=True):
        np.testing.assert_allclose(error, r["se"], rtol=0.16, atol=1e-12)
        assert np.median(np.abs(error / np.where(r["se"] > 0, r["se"], np.inf) - 1)[r["se"] > 0]) < 0.03
        np.testing.assert_allclose(bounds, np.stack([r["lower"], r["upper"]], axis=-1), atol=0.012)


def tiny(n_rows=36, seed=5):
    """Tied days, delayed entry, strata, families, weights."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {"x": rng.normal(size=n_rows), "z": rng.integers(0, 2, n_rows), "s": rng.choice(["a", "b"], n_rows)}
    )
    duration = rng.integers(2, 12, n_rows).astype(float)
    entry = np.where(rng.random(n_rows) < 0.4, rng.integers(0, 3, n_rows), 0)
    y = pd.DataFrame(
        {"entry": np.minimum(entry, duration - 1), "duration": duration, "event": rng.choice([0, 1, 2], n_rows)}
    )
    return X, y, rng.uniform(0.5, 2.0, n_rows), rng.integers(0, 14, n_rows)


@pytest.mark.parametrize(
    ("ties", "std_error", "options"),
    [
        *(("efron", "jackknife", options) for options in ("plain", "strata", "weights", "clusters", "elapsed")),
        ("breslow", "jackknife", "weights"),
        *(("none", "riskregression", options) for options in ("strata", "clusters", "elapsed")),
    ],
)
def test_is_the_infinitesimal_jackknife_by_brute_force(ties, std_error, options, a_cell_each, jackknife_error):
    X, y, weight, family = tiny(44)
    if ties == "none":
        ties, y = "efron", y.assign(duration=y["duration"] + np.arange(len(y)) * 1e-3)
    strata, since = ("s" if options == "strata" else None), (3.0 if options == "elapsed" else 0.0)
    columns = ["x", "z", "s"] if strata else ["x", "z"]
    times, new = np.array([3.0, 5.0, 8.0, 10.0]), X[columns].iloc[:4]
    if options in ("plain", "strata", "elapsed"):
        weight = np.ones(len(X))
    cluster = family if options == "clusters" else np.arange(len(X))

    def fit(weight):
        model = CauseSpecificCox(ties=ties, strata=strata, std_error=std_error, horizon=10.0)
        return model.fit(X[columns], y, sample_weight=weight, cluster=cluster)

    def incidence(weight):
        return fit(weight).predict_cumulative_incidence(new, times, event=2, elapsed=since)

    expected, model = jackknife_error(incidence, weight, cluster), fit(weight)
    for found in (model, as_saved(model)):
        np.testing.assert_allclose(standard_error(found, new, times, 2, since), expected, rtol=DIFFERENCES, atol=1e-9)


@pytest.mark.parametrize("cluster", [False, True])
def test_without_features_it_is_near_that_of_aalen_johansen(cluster, a_cell_each):
    # Of which the derivative has the factor 1 / (1 - dH), left out here as in R: it is 1 where increments are small.
    _, y, _, _ = tiny(200)
    y = y.assign(duration=y["duration"] + np.arange(200) * 1e-3)
    no_features, groups = np.ones((len(y), 0)), np.arange(200) // 3 if cluster else None
    model = CauseSpecificCox(ties="breslow", form="product_limit", horizon=10.0).fit(no_features, y, cluster=groups)
    curves = AalenJohansen(horizon=10.0).fit(no_features, y, cluster=groups).curves_
    for event in (1, 2):
        expected = curves.at([2.0, 4.0, 7.0, 10.0], event)["std_error"]
        np.testing.assert_allclose(
            standard_error(model, no_features[:1], [2.0, 4.0, 7.0, 10.0], event)[0], expected, rtol=0.01
        )


def many(n_rows, seed, *, sibling=0.0, late=False):
    """Exponential cause-specific hazards; siblings (pairs) share normal scores of times and causes."""
    rng = np.random.default_rng(seed)
    pair = np.arange(n_rows) // 2

    def uniform():
        shared, own = rng.normal(size=pair.max() + 1)[pair], rng.normal(size=n_rows)
        return norm.cdf(np.sqrt(sibling) * shared + np.sqrt(1 - sibling) * own)

    x = rng.normal(size=n_rows) if not sibling else rng.normal(size=pair.max() + 1)[pair]
    rates = np.exp([-7.0 + 0.5 * x, -7.6 - 0.3 * x])
    duration = np.ceil(-np.log(uniform()) / rates.sum(axis=0))
    event = np.where(uniform() < rates[0] / rates.sum(axis=0), 1, 2)
    end = rng.integers(300, 1200, n_rows)
    entry = np.where(rng.random(n_rows) < 0.5, rng.integers(1, 250, n_rows), 0) if late else np.zeros(n_rows)
    y = pd.DataFrame(
        {"entry": entry, "duration": np.minimum(duration, end), "event": np.where(duration <= end, event, 0)}
    )
    seen = (y["entry"] < y["duration"]).to_numpy()
    return pd.DataFrame({"x": x})[seen], y[seen], pair[seen]


def true_incidence(x, time):
    first, second = np.exp(-7.0 + 0.5 * x), np.exp(-7.6 - 0.3 * x)
    return first / (first + second) * -np.expm1(-(first + second) * time)


@pytest.mark.parametrize("cluster", [False, True])
@pytest.mark.parametrize("form", ["exponential", "product_limit"])
def test_the_usual_cells_lose_nothing_at_the_usual_horizons(cluster, form):
    X, y, pair = many(1200, 0, sibling=0.8, late=True)
    X = X.assign(z=np.arange(len(X)) % 3)
    usual, exact = (CauseSpecificCox(form=form).fit(X, y, cluster=pair if cluster else None) for _ in range(2))
    exact.moments_ = [{}]  # the influences of all rows
    for times, tolerance in (([91.0, 182.0, 365.0, 730.0], 2e-3), ([130.0, 250.0, 500.0, 900.0], 0.03)):
        found, expected = (standard_error(model, X[:40], times) for model in (usual, exact))
        np.testing.assert_allclose(found, expected, rtol=tolerance)


def coverage(n_fits, **options):
    """Share of fits whose 95 % interval holds the truth, over three rows and two days: all, and without clusters."""
    new, times = pd.DataFrame({"x": [-1.0, 0.0, 1.0]}), np.array([182.0, 600.0])
    truth = true_incidence(new.to_numpy(), times)
    held, alone = [], []
    for seed in range(n_fits):
        X, y, pair = many(240, seed, **options)
        for found, cluster in ((held, pair), (alone, None)):
            bounds = CauseSpecificCox().fit(X, y, cluster=cluster).predict_cumulative_incidence_interval(new, times)
            found.append((bounds[..., 0] <= truth) & (truth <= bounds[..., 1]))
    return np.mean(held), np.mean(alone)


def test_covers_the_truth_under_delayed_entry():
    held, alone = coverage(250, late=True)
    # 250 fits, six highly dependent intervals each: standard error about 0.01.
    assert 0.93 <= held <= 0.975 and 0.93 <= alone <= 0.975


def test_covers_the_truth_for_siblings_only_if_told_of_families():
    held, alone = coverage(250, sibling=0.9)
    assert 0.925 <= held <= 0.975
    assert alone < held - 0.03


def test_whole_weights_are_repeated_rows(a_cell_each):
    X, y, _, _ = tiny(120)
    weight = np.arange(120) % 3
    rows = np.repeat(np.arange(120), weight)
    weighted = CauseSpecificCox(std_error="jackknife", ties="breslow").fit(X[["x"]], y, sample_weight=weight)
    repeated = CauseSpecificCox(std_error="jackknife", ties="breslow").fit(X[["x"]].iloc[rows], y.iloc[rows])
    times = [3.0, 6.0, 10.0]
    np.testing.assert_allclose(
        standard_error(weighted, X[["x"]][:5], times), standard_error(repeated, X[["x"]][:5], times), rtol=1e-6
    )


def test_bounds_are_symmetric_on_the_log_log_scale():
    X, y, pair = many(300, 3, sibling=0.5)
    model, times = CauseSpecificCox().fit(X, y, cluster=pair), [100.0, 400.0]
    found = model.predict_cumulative_incidence_interval(X[:6], times, event=2, level=0.8)
    incidence = model.predict_cumulative_incidence(X[:6], times, event=2)
    expected = probability_bounds(incidence, standard_error(model, X[:6], times, 2), 0.8, "log-log")
    np.testing.assert_allclose(found, np.stack(expected, axis=-1), rtol=1e-12)
    with pytest.raises(ValueError, match="level must be between 0 and 1"):
        model.predict_cumulative_incidence_interval(X, times, level=95)


def test_blocks_do_not_change_anything(monkeypatch):
    X, y, pair = many(300, 4, late=True)
    model = CauseSpecificCox(form="product_limit").fit(X, y, cluster=pair)
    since = np.arange(len(X)) % 200
    whole = model.predict_cumulative_incidence_interval(X, [91, 365, 730], elapsed=since)
    monkeypatch.setattr(module, "BLOCK", 700)
    monkeypatch.setattr("secondplan.models.incidence.hazard_moments.BLOCK", 900)
    monkeypatch.setattr("secondplan.models.cause_specific.model.ROWS_PER_CHUNK", 17)
    np.testing.assert_allclose(
        model.predict_cumulative_incidence_interval(X, [91, 365, 730], elapsed=since), whole, rtol=1e-9, atol=1e-12
    )
    monkeypatch.setattr("secondplan.models.risk_sets.cell_influence.CLUSTERS_PER_CHUNK", 13)
    again = CauseSpecificCox(form="product_limit").fit(X, y, cluster=pair)
    for found, expected in zip(again.moments_, model.moments_, strict=True):
        np.testing.assert_allclose(found["covariance"], expected["covariance"], rtol=1e-9, atol=1e-18)


def test_what_is_stored_does_not_grow_with_the_rows():
    X, y, pair = many(1500, 6)
    model = CauseSpecificCox().fit(X, y, cluster=pair)
    twice = CauseSpecificCox().fit(pd.concat([X, X]), pd.concat([y, y]), cluster=np.tile(pair, 2))
    (one,), (two,) = model.moments_, twice.moments_
    n_cells = [starts.size for starts in one["cell_start"]]
    assert max(n_cells) < 75 and [starts.size for starts in two["cell_start"]] == n_cells
    assert one["covariance"].shape == two["covariance"].shape == (sum(n_cells) + 2,) * 2
    assert one["variance"].shape == two["variance"].shape


@pytest.mark.parametrize("form", ["exponential", "product_limit"])
def test_bounds_stay_between_0_and_1_whatever_the_risk(form):
    X, y, _ = many(200, 7)
    model, last = CauseSpecificCox(form=form).fit(X, y), float(y["duration"].max())
    extreme = pd.DataFrame({"x": [-1e4, -50.0, 20.0, 50.0, 1e4]})
    times = [0.0, 91.0, last]
    bounds = model.predict_cumulative_incidence_interval(extreme, times, elapsed=[0.0, 0.0, 5.0, 0.0, 0.0])
    incidence = model.predict_cumulative_incidence(extreme, times, elapsed=[0.0, 0.0, 5.0, 0.0, 0.0])
    assert np.all((bounds[..., 0] >= 0) & (bounds[..., 0] <= incidence + 1e-12))
    assert np.all((incidence <= bounds[..., 1] + 1e-12) & (bounds[..., 1] <= 1))


@pytest.mark.parametrize("saved", [False, True])
def test_bands_are_wider_than_intervals_and_equal_them_at_one_time(saved):
    X, y, pair = many(300, 3, sibling=0.5)
    model = CauseSpecificCox(form="product_limit").fit(X, y, cluster=pair)
    model, times = as_saved(model) if saved else model, np.array([60.0, 200.0, 400.0, 600.0])
    since = [0.0, 100.0, 0.0]
    interval = model.predict_cumulative_incidence_interval(X[:3], times, elapsed=since)
    band = model.predict_cumulative_incidence_band(X[:3], times, elapsed=since)
    assert np.all(band[..., 0] <= interval[..., 0]) and np.all(interval[..., 1] <= band[..., 1])
    assert np.all(band[1, 0] == 0) and np.all(band[0, :, 0] < interval[0, :, 0])
    alone = model.predict_cumulative_incidence_band(X[:3], times[2:3], n_simulations=40_000)
    np.testing.assert_allclose(alone, model.predict_cumulative_incidence_interval(X[:3], times[2:3]), atol=2e-3)
    np.testing.assert_array_equal(band, model.predict_cumulative_incidence_band(X[:3], times, elapsed=since))
    other = model.predict_cumulative_incidence_band(X[:3], times, elapsed=since, random_state=5)
    assert np.any(other != band) and np.allclose(other, band, atol=0.01)


def test_bands_cover_the_truth_at_all_times_together():
    new, times = pd.DataFrame({"x": [0.5]}), np.arange(60.0, 700.0, 40.0)
    truth, together, at_each = true_incidence(new.to_numpy(), times), [], []
    for seed in range(120):
        X, y, _ = many(240, seed, late=True)
        model = CauseSpecificCox().fit(X, y)
        for found, bounds in (
            (together, model.predict_cumulative_incidence_band(new, times, n_simulations=2000)),
            (at_each, model.predict_cumulative_incidence_interval(new, times)),
        ):
            found.append(np.all((bounds[..., 0] <= truth) & (truth <= bounds[..., 1])))
    # 120 fits: standard error 0.02.
    assert 0.89 <= np.mean(together) <= 0.99
    assert np.mean(at_each) < np.mean(together) - 0.02


@pytest.mark.parametrize("case", ["efron", "breslow", "strata"])
def test_std_error_is_that_of_r_at_many_times(case):
    expected = AT_MANY_TIMES[case]
    data = untied("mgus2") if case == "strata" else pd.read_csv(FOLDER / "cause_specific_melanoma.csv")
    columns, strata = COLUMNS["mgus2_strata" if case == "strata" else "melanoma"]
    model = CauseSpecificCox(ties="breslow" if case == "breslow" else "efron", strata=strata)
    model.fit(data[columns], data[["duration", "event"]])
    for cause in (1, 2):
        r = np.array(expected["se"][cause - 1], dtype=float)
        found = model.predict_cumulative_incidence_std_error(data[columns].iloc[:6], expected["times"], event=cause)
        # Later the hazards of one row of the strata add up to more than 1 on a day: ours share, those of R do not.
        known = np.isfinite(r) & ((np.array(expected["times"]) < 260) | (case != "strata"))
        assert known.mean() > 0.8
        np.testing.assert_allclose(found[known], r[known], rtol=1e-6, atol=1e-12)


def test_bands_have_the_quantiles_of_r():
    data, expected = pd.read_csv(FOLDER / "cause_specific_melanoma.csv"), AT_MANY_TIMES["band"]
    columns = COLUMNS["melanoma"][0]
    model = CauseSpecificCox().fit(data[columns], data[["duration", "event"]])
    new, times = data[columns].iloc[:4], expected["times"]
    band = model.predict_cumulative_incidence_band(new, times, n_simulations=20_000)
    incidence = model.predict_cumulative_incidence(new, times)
    error = model.predict_cumulative_incidence_std_error(new, times)
    for row, quantile in enumerate(expected["quantile"]):
        level = 1 - 2 * norm.sf(quantile)
        bounds = np.stack(probability_bounds(incidence[row], error[row], level, "log-log"), axis=-1)
        # Two simulations of 20,000: the quantiles differ by about 0.02.
        np.testing.assert_allclose(band[row], bounds, rtol=0.02)
