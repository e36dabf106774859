"""Doubly robust risks: derivatives by the weights of rows with all models fitted again; either model may be wrong."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import secondplan as sp

DAYS = [8, 15, 20]

pytestmark = pytest.mark.filterwarnings("ignore:some children all but never")


def doubly_robust(few_rows, model, case_weight=None, **options):
    X, y, family, _ = few_rows
    y = y.drop(columns="entry")
    fitted = model.fit(X, y, sample_weight=case_weight)
    weights = sp.plan_length_weights(X[["x"]], X["length"], sample_weight=case_weight)
    return sp.doubly_robust_risk(fitted, weights, X, y, DAYS, treatment="length", cluster=family, **options)


@pytest.mark.parametrize("form", ["exponential", "product_limit"])
def test_influence_is_the_derivative_by_the_weight_of_a_family(form, few_rows, is_derivative):
    model, asked = sp.CauseSpecificCox(form=form), {"eligible_days": few_rows[3]}
    found = doubly_robust(few_rows, model, **asked)
    assert found.time_lost(20)["std_error"].min() > 0
    assert is_derivative(found.influence, lambda w: doubly_robust(few_rows, model, w, **asked).risk, few_rows[2])


@pytest.fixture(scope="module")
def confounded():
    """2,000 rows whose true risks are known: x moves level and hazard; a third event and censoring."""
    rng = np.random.default_rng(5)
    n = 2000
    x = rng.normal(size=n)
    short = rng.random(n) < 1 / (1 + np.exp(-x))
    X = pd.DataFrame({"x": x, "short": short})
    rate = np.exp(0.8 * x + 0.5 * short - 6.5)
    when = rng.exponential(1 / (rate + 0.0005))
    left = rng.exponential(1 / (0.0006 * np.exp(0.5 * x)))
    event = np.where(left < when, 0, np.where(rng.random(n) < rate / (rate + 0.0005), 1, 2))
    y = pd.DataFrame({"duration": np.ceil(np.minimum(left, when) / 7) * 7, "event": event})
    true = []
    for level in (0, 1):
        r = np.exp(0.8 * x + 0.5 * level - 6.5)
        true.append((r / (r + 0.0005) * (1 - np.exp(-364 * (r + 0.0005)))).mean())
    return X, y, np.array(true)


@pytest.mark.parametrize("wrong", ["risk", "weights"])
def test_one_model_may_be_wrong(wrong, confounded):
    X, y, true = confounded
    columns = ["x"] if wrong == "risk" else ["other"]
    X = X.assign(other=np.random.default_rng(0).normal(size=len(X)))
    read = X[["short"]] if wrong == "risk" else X[["x", "short"]]
    model = sp.CauseSpecificCox(encoder=sp.FeatureEncoder(columns=list(read))).fit(X, y)
    weights = sp.plan_length_weights(X[columns], X["short"])
    naive = sp.weighted_risk(y, X["short"], np.ones(len(X)), [364])
    found = sp.doubly_robust_risk(model, weights, X, y, [364], treatment="short")
    error = found.table["std_error"].to_numpy()
    assert np.abs(found.risk[:, 0] - true).max() < 3 * error.max()
    assert np.abs(naive.risk[:, 0] - true).max() > 3 * error.max()


def test_cross_fitting_parts_no_family_and_takes_any_model(confounded):
    X, y, true = (part[:1500] if len(part) > 2 else part for part in confounded)
    family = np.arange(len(X)) // 3
    for model, weights in (
        (sp.BoostedHazard(max_iter=5, period_days=91, max_days=364), LogisticRegression()),
        (sp.CauseSpecificCox(), sp.plan_length_weights(X[["x"]], X["short"])),
    ):
        asked = {"treatment": "short", "folds": 2, "cluster": family, "random_state": 0}
        found = sp.doubly_robust_risk(model, weights, X, y, [364], **asked)
        assert found.n_clusters == 500
        assert np.abs(found.risk[:, 0] - true).max() < 4 * found.table["std_error"].max()


def test_rows_censored_on_day_0_are_as_if_they_were_not_there(few_rows):
    X, y, family, _ = few_rows
    gone = np.arange(60) % 9 == 0
    y = y.assign(duration=y["duration"].mask(gone, 0), event=y["event"].mask(gone, 0))
    kept = [part[~gone].reset_index(drop=True) for part in (X, y)]
    left = doubly_robust((X, y, family, None), sp.CauseSpecificCox())
    alone = doubly_robust((*kept, family[~gone], None), sp.CauseSpecificCox())
    assert left.risk == pytest.approx(alone.risk, abs=1e-9)
    assert left.table["std_error"].to_numpy() == pytest.approx(alone.table["std_error"].to_numpy(), abs=1e-9)


def test_what_cannot_be_is_refused(few_rows, confounded):
    X, y, _, _ = few_rows
    weights = sp.plan_length_weights(X[["x"]], X["length"])
    with pytest.raises(ValueError, match="rows have delayed entry"):
        sp.doubly_robust_risk(sp.CauseSpecificCox(), weights, X, y, DAYS, treatment="length")
    y = y.drop(columns="entry")
    with pytest.raises(ValueError, match="take plain weights by level"):
        overlap = sp.plan_length_weights(X[["x"]], X["length"], estimand="overlap")
        sp.doubly_robust_risk(sp.CauseSpecificCox(), overlap, X, y, DAYS, treatment="length")
    with pytest.raises(ValueError, match="their levels differ"):
        sp.doubly_robust_risk(sp.CauseSpecificCox(), weights, X.iloc[::-1], y.iloc[::-1], DAYS, treatment="length")
    with pytest.raises(ValueError, match="n_folds must be a whole number"):
        sp.doubly_robust_risk(sp.CauseSpecificCox(), weights, X, y, DAYS, treatment="length", folds=1)
