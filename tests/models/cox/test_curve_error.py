import pickle

import numpy as np
import pandas as pd
import pytest

from secondplan.models import CauseSpecificCox, CoxElasticNetCV, CoxPH, load_model
from secondplan.models.cox.fitted_influence import fitted_influence
from secondplan.models.cox.kernels.row_influence import CauseFit

TIMES = np.array([3.0, 5.0, 8.0, 10.0])
# Central differences of a fit that has converged to 1e-9.
DIFFERENCES = 2e-4


def tiny(n_rows=60, seed=5):
    """Tied days, delayed entry, strata, families, weights, an offset."""
    rng = np.random.default_rng(seed)
    X = pd.DataFrame(
        {
            "x": rng.normal(size=n_rows),
            "z": rng.integers(0, 2, n_rows),
            "s": rng.choice(["a", "b"], n_rows),
            "o": rng.normal(1.0, 0.5, n_rows),
        }
    )
    duration = rng.integers(2, 12, n_rows).astype(float)
    entry = np.where(rng.random(n_rows) < 0.4, rng.integers(0, 3, n_rows), 0)
    y = pd.DataFrame(
        {"entry": np.minimum(entry, duration - 1), "duration": duration, "event": rng.integers(0, 2, n_rows)}
    )
    return X, y, rng.uniform(0.5, 2.0, n_rows), rng.integers(0, 18, n_rows)


def families(n_pairs=500, seed=1):
    """Pairs that share a feature and their time but for noise; days over two years, delayed entry."""
    rng = np.random.default_rng(seed)
    pair = np.repeat(np.arange(n_pairs), 2)
    x, shared = rng.normal(size=n_pairs)[pair], rng.normal(size=n_pairs)[pair]
    X = pd.DataFrame({"x": x, "z": rng.normal(size=x.size)})
    duration = np.ceil(np.exp(6.5 - 0.5 * x + 1.2 * shared + 0.4 * rng.normal(size=x.size)))
    entry = np.where(rng.random(x.size) < 0.2, np.minimum(rng.integers(0, 60, x.size), duration - 1), 0)
    y = pd.DataFrame({"entry": entry, "duration": np.minimum(duration, 900.0), "event": (duration <= 900).astype(int)})
    return X, y, pair


def error(model, X, times, since=0.0):
    return model.predict_cumulative_hazard(X, times, elapsed=since, return_std=True)[1]


def as_saved(model):
    return pickle.loads(pickle.dumps(model))


@pytest.mark.parametrize("ties", ["efron", "breslow"])
@pytest.mark.parametrize("options", ["plain", "rows", "strata", "weights", "offset", "elapsed", "statsmodels"])
def test_is_the_infinitesimal_jackknife_by_brute_force(ties, options, a_cell_each, jackknife_error):
    X, y, weight, family = tiny()
    chosen = {
        "strata": {"strata": "s"},
        "offset": {"offset": "o", "strata": "s"},
        "statsmodels": {"entry_convention": "statsmodels"},
    }.get(options, {})
    columns = ["x", "z", *(chosen[name] for name in ("strata", "offset") if name in chosen)]
    cluster = np.arange(len(X)) if options == "rows" else family
    weight = weight if options == "weights" else np.ones(len(X))
    since = np.array([3.0, 0.0, 6.0, 1.0]) if options == "elapsed" else 0.0
    new = X[columns].iloc[:4]

    def fit(weight):
        return CoxPH(ties=ties, **chosen).fit(X[columns], y, sample_weight=weight, cluster=cluster)

    def hazard(weight):
        return fit(weight).predict_cumulative_hazard(new, TIMES, elapsed=since)

    expected, model = jackknife_error(hazard, weight, cluster), fit(weight)
    for found in (model, as_saved(model)):
        np.testing.assert_allclose(error(found, new, TIMES, since), expected, rtol=DIFFERENCES, atol=1e-9)
    if options == "rows":
        X_only, named = X[columns], CoxPH(ties=ties, std_error="jackknife", **chosen)
        np.testing.assert_allclose(error(named.fit(X_only, y), new, TIMES), error(model, new, TIMES), rtol=1e-9)


@pytest.mark.parametrize("strata", [None, "s"])
@pytest.mark.parametrize("with_cluster", [True, False])
def test_is_that_of_cause_specific_models_of_one_event(strata, with_cluster):
    X, y, family = families()
    y["duration"] += np.arange(len(y)) * 1e-4
    X = X.assign(s=np.where(X["z"] > 0.3, "a", "b"))[["x", "z", "s"] if strata else ["x", "z"]]
    given = {"sample_weight": np.linspace(0.5, 1.5, len(X)), "cluster": family if with_cluster else None}
    model = CoxPH(strata=strata, std_error="jackknife").fit(X, y, **given)
    causes = CauseSpecificCox(strata=strata, std_error="jackknife").fit(X, y, **given)
    new, times, since = X[:40], [91.0, 365.0, 730.0], np.arange(40) * 3
    for ours, theirs in ((model, causes), (as_saved(model), as_saved(causes))):
        std = ours.predict_survival(new, times, elapsed=since, return_std=True)[1]
        hazard, of_hazard = ours.predict_cumulative_hazard(new, times, elapsed=since, return_std=True)
        np.testing.assert_allclose(std, np.exp(-hazard) * of_hazard, rtol=1e-12)
        # The sum of S dH over jumps is 1 - S but for half the sum of the jumps' squares.
        expected = theirs.predict_cumulative_incidence_std_error(new, times, elapsed=since)
        np.testing.assert_allclose(std, expected, rtol=0.01)
    for found, expected in zip(model.hazard_moments_, causes.moments_, strict=True):
        for name, values in expected.items():
            np.testing.assert_allclose(found[name], values, rtol=1e-9, atol=1e-15)
    assert all(not cause.hazard_moments_ for cause in causes.cause_models_.values())


@pytest.mark.parametrize("options", [{}, {"alpha": 0.01, "l1_ratio": 0.0}, {"firth": True}])
def test_of_the_coefficients_is_the_sandwich(options):
    X, y, _, family = tiny(200)
    model = CoxPH(**options).fit(X[["x", "z"]], y, cluster=family)
    (moments,) = model.hazard_moments_
    np.testing.assert_allclose(moments["covariance"][-2:, -2:], model.covariance_, rtol=1e-8)


def test_without_clusters_errors_are_those_of_survfit():
    X, y, weight, family = tiny(200)
    columns = X[["x", "z"]]
    for given in ({}, {"sample_weight": np.ceil(weight)}):
        default, named = (CoxPH(std_error=name).fit(columns, y, **given) for name in (None, "survfit"))
        np.testing.assert_array_equal(error(default, columns, TIMES), error(named, columns, TIMES))
        assert default.hazard_moments_ == []
    clustered, hybrid = (CoxPH(std_error=name).fit(columns, y, cluster=family) for name in (None, "survfit"))
    np.testing.assert_array_equal(clustered.covariance_, hybrid.covariance_)
    assert np.abs(error(clustered, columns, TIMES) / error(hybrid, columns, TIMES) - 1).max() > 0.02
    with pytest.raises(ValueError, match="std_error must be one of None, survfit, jackknife, got 'naive'"):
        CoxPH(std_error="naive").fit(columns, y)


def test_fit_computes_nothing_of_it(monkeypatch):
    X, y, pair = families(100)
    asked = []
    monkeypatch.setattr(
        "secondplan.models.cox.saved_errors.fitted_influence",
        lambda *rows, **how: asked.append(how) or fitted_influence(*rows, **how),
    )
    model = CoxPH().fit(X, y, cluster=pair)
    model.predict_cumulative_hazard(X, [91.0])
    assert not asked
    for _ in range(2):
        model.predict_cumulative_hazard(X, [91.0], return_std=True)
        assert len(asked) == 1


def test_errors_by_groups_of_events_are_near_those_of_all_rows(tmp_path):
    X, y, pair = families()
    model, exact = (CoxPH().fit(X, y, cluster=pair) for _ in range(2))
    expected = exact.hazard_moments_ and fitted_influence(
        exact._training,
        [CauseFit(1, exact.coef_, exact.naive_covariance_, exact.center_)],
        ties="efron",
        std_error="jackknife",
        horizon=730.0,
    )
    exact.hazard_moments_, exact._row_moments = [{}], [expected.of(0)]
    for times, since, tolerance in (([91, 182, 365, 730], 0.0, 5e-3), ([130, 500], 30, 0.03)):
        np.testing.assert_allclose(error(model, X, times, since), error(exact, X, times, since), rtol=tolerance)
    loaded = load_model(model.save(tmp_path / "model"))
    np.testing.assert_array_equal(error(model, X, [91, 500]), error(loaded, X, [91, 500]))
    np.testing.assert_array_equal(error(as_saved(model), X, [91, 500]), error(loaded, X, [91, 500]))
    twice = CoxPH().fit(pd.concat([X, X]), pd.concat([y, y]), cluster=np.tile(pair, 2))
    (one,), (two,) = model.hazard_moments_, twice.hazard_moments_
    assert one["covariance"].shape == two["covariance"].shape and one["variance"].shape == two["variance"].shape
    assert one["cell_start"][0].size < 75


def test_neither_blocks_nor_what_is_kept_change_anything(monkeypatch, a_cell_each):
    X, y, pair = families(200)
    since = np.arange(len(X)) % 150
    model = CoxPH().fit(X, y, cluster=pair)
    expected = error(model, X, [91, 365, 730], since)
    monkeypatch.setattr("secondplan.models.cox.prediction.ROWS_PER_CHUNK", 37)
    monkeypatch.setattr("secondplan.models.cox.curve_error.WINDOWS_AT_ONCE", 5)
    np.testing.assert_allclose(error(model, X, [91, 365, 730], since), expected, rtol=1e-9)
    monkeypatch.setattr("secondplan.models.cox.fitted_influence.NUMBERS_KEPT", 10)
    large = CoxPH().fit(X, y, cluster=pair)
    np.testing.assert_allclose(error(large, X, [91, 365, 730], since), expected, rtol=1e-6)


def test_a_stratum_without_events_and_no_features_are_no_fault(a_cell_each):
    X, y, _, family = tiny(80)
    y.loc[X["s"] == "a", "event"] = 0
    model = CoxPH(strata="s").fit(X[["x", "s"]], y, cluster=family)
    for found in (model, as_saved(model)):
        std = error(found, X[["x", "s"]], TIMES)
        assert np.all(std[X["s"] == "a"] == 0) and np.all(std[X["s"] == "b", -1] > 0)
    alone = np.ones((80, 0))
    assert np.all(error(CoxPH().fit(alone, y, cluster=family), alone[:2], TIMES)[:, -1] > 0)


def test_a_path_chosen_with_clusters_has_them_too():
    X, y, pair = families(150)
    path = CoxElasticNetCV(n_lambdas=8).fit(X, y, cluster=pair)
    assert path.model_.hazard_moments_
    kept = path.predict_cumulative_incidence_interval(X[:5], [365, 730])
    np.testing.assert_array_equal(as_saved(path).predict_cumulative_incidence_interval(X[:5], [365, 730]), kept)
