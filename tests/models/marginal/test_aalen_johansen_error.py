import numpy as np
import pandas as pd
import pytest

from secondplan.models import AalenJohansen, load_model
from secondplan.models.curves.confidence import probability_bounds

TIMES = np.array([3.0, 5.0, 8.0, 11.0])
# Central differences.
DIFFERENCES = 1e-5


def data(n_rows=60, seed=1, late=True):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({"band": rng.choice(["s", "l"], n_rows)})
    duration = rng.integers(1, 13, n_rows).astype(float)
    entry = np.where(rng.random(n_rows) < 0.4, rng.integers(0, 4, n_rows), 0) * late
    y = pd.DataFrame(
        {"entry": np.minimum(entry, duration - 1), "duration": duration, "event": rng.choice([0, 1, 2], n_rows)}
    )
    return X, y, rng.uniform(0.5, 2.0, n_rows), rng.integers(0, n_rows // 3, n_rows)


def standard_error(model, X, since, event=1):
    shape = (len(X), TIMES.size)
    days = np.full((len(X), 1), float(since))
    return model._standard_error(model._design(X), np.broadcast_to(TIMES, shape), days, model.events_.index(event))


def test_by_hand(a_cell_each):
    y = pd.DataFrame({"duration": [1.0, 2.0, 4.0, 6.0, 9.0], "event": [1, 1, 1, 0, 0]})
    X = pd.DataFrame(index=range(5))
    model = AalenJohansen().fit(X, y)
    # Three are left after day 2, one of them has the event on day 4: a proportion of 1/3.
    lower, upper = probability_bounds(np.array([1 / 3]), np.array([np.sqrt(1 / 3 * 2 / 3 / 3)]))
    found = model.predict_cumulative_incidence_interval(X[:1], [5.0], elapsed=2.0)[0, 0]
    np.testing.assert_allclose(found, [lower[0], upper[0]], rtol=1e-12)


@pytest.mark.parametrize("since", [2.0, 4.5])
@pytest.mark.parametrize("with_clusters", [False, True])
def test_is_the_infinitesimal_jackknife_by_brute_force(with_clusters, since, a_cell_each):
    X, y, weight, family = data()
    cluster = family if with_clusters else np.arange(len(X))

    def incidence(weight):
        model = AalenJohansen().fit(X, y, sample_weight=weight, cluster=cluster)
        return model.predict_cumulative_incidence(X[:1], TIMES, elapsed=since)[0]

    slopes = []
    for row in range(len(X)):
        change = np.zeros(len(X))
        change[row] = 1e-5 * weight[row]
        slopes.append((incidence(weight + change) - incidence(weight - change)) / 2e-5)
    by_cluster = pd.DataFrame(slopes).groupby(cluster).sum()
    expected = np.sqrt((by_cluster**2).sum().to_numpy())
    model = AalenJohansen().fit(X, y, sample_weight=weight, cluster=cluster)
    np.testing.assert_allclose(standard_error(model, X[:1], since)[0], expected, rtol=DIFFERENCES, atol=1e-10)


def test_given_days_before_any_event_nothing_changes(a_cell_each):
    X, y, _, family = data()
    model = AalenJohansen(strata="band", unseen="marginal").fit(X, y.assign(entry=0), cluster=family)
    new = pd.DataFrame({"band": ["s", "l", "unseen"]})
    for event in (1, 2):
        expected = standard_error(model, new, 0.0, event)
        np.testing.assert_allclose(standard_error(model, new, 0.5, event), expected, rtol=1e-10, atol=1e-14)


def test_the_usual_cells_lose_little():
    X, y, _, family = data(900, 3)
    model = AalenJohansen().fit(X, y, cluster=family)
    np.testing.assert_allclose(standard_error(model, X[:1], 0.5), standard_error(model, X[:1], 0.0), rtol=0.01)


def test_elapsed_days_eligible_days_and_a_saved_model(tmp_path):
    X, y, _, family = data(200, 4)
    model = AalenJohansen(strata="band").fit(X, y, cluster=family)
    since = np.arange(200) % 6
    options = {"elapsed": since, "eligible_days": 8.0}
    bounds = model.predict_cumulative_incidence_interval(X, TIMES, **options)
    incidence = model.predict_cumulative_incidence(X, TIMES, **options)
    assert np.all((bounds[..., 0] <= incidence) & (incidence <= bounds[..., 1]))
    assert np.all(bounds[since >= 3, 0] == 0) and np.all(bounds[:, 3] == bounds[:, 2])
    plain = model.predict_cumulative_incidence_interval(X, TIMES, eligible_days=8.0)
    np.testing.assert_array_equal(bounds[since == 0], plain[since == 0])
    loaded = load_model(model.save(tmp_path / "model"))
    np.testing.assert_array_equal(loaded.predict_cumulative_incidence_interval(X, TIMES, **options), bounds)
    with pytest.raises(ValueError, match="elapsed: missing, infinite or negative in 1 of 1"):
        model.predict_cumulative_incidence_interval(X, TIMES, elapsed=-1.0)
