"""The same labels in another order are refused by everything public that takes rows, and anything else is not."""

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import secondplan as sp
from secondplan.models.inputs.labels import refuse_other_order
from secondplan.models.metrics.pseudo_observations import pseudo_values

N = 80
RNG = np.random.default_rng(21)
ROWS = pd.Index([f"row {number}" for number in range(N)])
X = pd.DataFrame({"x": RNG.normal(size=N)}, index=ROWS)
Y = pd.DataFrame(
    {"entry": 0.0, "duration": RNG.integers(1, 60, N), "event": np.arange(N) % 3},
    index=ROWS,
)
GROUP = pd.Series(np.arange(N) % 2, index=ROWS)
WEIGHT = pd.Series(1.0 + np.arange(N) % 2, index=ROWS)
RISK = pd.Series(RNG.uniform(0.1, 0.9, N), index=ROWS)
START = pd.Series(pd.Timestamp("2016-01-01"), index=ROWS)
ELIGIBLE = pd.Series(100.0, index=ROWS)
ELAPSED = pd.Series(3.0, index=ROWS)
TIMES = [20.0]

OUTCOME = {"duration": Y["duration"], "event": Y["event"], "entry": Y["entry"], "sample_weight": WEIGHT}
CURVE = OUTCOME | {"strata": GROUP, "cluster": GROUP}
TEST = OUTCOME | {"group": GROUP, "strata": GROUP}
MODELS = {
    "CoxPH": sp.CoxPH(),
    "CauseSpecificCox": sp.CauseSpecificCox(),
    "FineGray": sp.FineGray(),
    "ParametricAFT": sp.ParametricAFT(),
    "RoystonParmar": sp.RoystonParmar(df=2),
    "DiscreteTimeHazard": sp.DiscreteTimeHazard(period_days=10, period_df=3),
    "AalenJohansen": sp.AalenJohansen(),
}
FITTED = {}


def fitted(name):
    if name not in FITTED:
        FITTED[name] = clone(MODELS[name]).fit(X, Y)
    return FITTED[name]


def without(given, *names):
    return {name: value for name, value in given.items() if name not in names}


def cases():
    """Name, function of keywords, and what has one entry per row; the first of it stays as it is."""
    yield "kaplan_meier", sp.kaplan_meier, CURVE
    yield "nelson_aalen", sp.nelson_aalen, CURVE
    yield "aalen_johansen", sp.aalen_johansen, CURVE
    yield "logrank_test", sp.logrank_test, TEST
    yield "gray_test", sp.gray_test, without(TEST, "entry", "sample_weight")
    yield "compare_distributions", sp.compare_distributions, OUTCOME
    yield "brier_score", lambda **rows: sp.brier_score(times=TIMES, **rows), {"y": Y, "risk": RISK}
    weighted = {"y": Y, "risk": RISK, "sample_weight": WEIGHT}
    for metric in (sp.brier_score, sp.index_of_prediction_accuracy, sp.time_dependent_auc):
        yield metric.__name__, lambda metric=metric, **rows: metric(times=TIMES, **rows), weighted
    yield "concordance_index", sp.concordance_index, weighted
    clustered = {"y": Y, "risk": RISK, "cluster": GROUP}
    for metric in (sp.calibration_curve, sp.calibration_slope):
        yield metric.__name__, lambda metric=metric, **rows: metric(time=20, **rows), clustered
    yield (
        "integrated_calibration_index",
        lambda **rows: sp.integrated_calibration_index(time=20, **rows),
        {"y": Y, "risk": RISK},
    )
    yield "pseudo_values", lambda **rows: pseudo_values(rows, TIMES), without(OUTCOME, "sample_weight")
    yield "check_outcome", lambda **rows: sp.check_outcome(rows), without(OUTCOME, "sample_weight")
    yield (
        "expected_events",
        lambda **rows: sp.expected_events(fitted("CauseSpecificCox"), **rows),
        {"X": X, "y": Y, "start": START, "cluster": GROUP},
    )
    yield "funnel", sp.funnel, {"count": GROUP, "n": GROUP + 20}
    yield "p_chart", sp.p_chart, {"count": GROUP, "n": GROUP + 20}
    yield "FamilyKFold", lambda **rows: list(sp.FamilyKFold(2).split(**rows)), {"X": X, "y": Y, "groups": GROUP}
    yield "CoxElasticNetCV.fit", sp.CoxElasticNetCV(n_folds=2).fit, {"X": X, "y": Y, "foldid": GROUP}
    for name, model in MODELS.items():
        yield f"{name}.fit", clone(model).fit, {"X": X, "y": Y, "sample_weight": WEIGHT, "cluster": GROUP}
        yield f"{name}.score", lambda name=name, **rows: fitted(name).score(**rows), weighted_score()
        since = {"X": X, "eligible_days": ELIGIBLE, "elapsed": ELAPSED}
        for method in sorted(dir(model)):
            if method.startswith("predict_") and takes(getattr(model, method), "elapsed"):
                yield f"{name}.{method}", prediction(name, method), since


def weighted_score():
    return {"X": X, "y": Y, "sample_weight": WEIGHT}


def takes(method, parameter):
    return parameter in getattr(method, "__wrapped__", method).__code__.co_varnames


def prediction(name, method):
    return lambda **rows: getattr(fitted(name), method)(times=TIMES, **rows)


CASES = [
    pytest.param(function, given, parameter, id=f"{name} {parameter}")
    for name, function, given in cases()
    for parameter in list(given)[1:]
]


@pytest.mark.parametrize("function, given, parameter", CASES)
@pytest.mark.filterwarnings("ignore")
def test_the_same_labels_in_another_order_are_refused(function, given, parameter):
    first = next(iter(given))
    rule = f"the index of {parameter} has the labels of {first} in another order: take {parameter}.loc"
    with pytest.raises(ValueError, match=rule):
        function(**given | {parameter: given[parameter].iloc[::-1]})


@pytest.mark.parametrize("function, given", [pytest.param(*case, id=name) for name, *case in cases()])
@pytest.mark.filterwarnings("ignore")
def test_the_same_order_is_not(function, given):
    assert function(**given) is not None


def test_what_says_nothing_is_let_through():
    other = pd.Series(range(N))
    assert refuse_other_order(X=X, y=other, weight=np.ones(N), nothing=None) is None
    assert refuse_other_order(X=X, y=WEIGHT.iloc[:10], cluster=pd.Series(1, index=[0] * N)) is None


def test_any_two_are_compared():
    with pytest.raises(ValueError, match="the index of c has the labels of b in another order"):
        refuse_other_order(a=pd.Series(range(N)), b=WEIGHT, c=WEIGHT.iloc[::-1])
