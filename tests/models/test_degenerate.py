"""Degenerate input to every model and function on outcomes: one clear error, or finite numbers, never a silent NaN.

A case changes one thing of good data. Whoever adds a model to ``all_models``, or exports a function that takes
``duration`` and ``event``, has it tested here the same day.
"""

import inspect
import re
import warnings
from dataclasses import dataclass, fields, is_dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

import secondplan.models
from secondplan.models.inputs.follow_up import FollowUpWarning

from .all_models import MODELS, ONE_HAZARD, known, simulate

FUNCTIONS = {
    name: function
    for name, function in ((name, getattr(secondplan.models, name)) for name in secondplan.models.__all__)
    if inspect.isfunction(function) and {"duration", "event"} <= set(inspect.signature(function).parameters)
}
TIMES = [0, 50, 400, 730, 5000]
ROUNDING = 1e-7  # the incidences of ParametricAFT are integrals
N_ROWS = 120
X, Y = simulate(N_ROWS, random_state=11)
Y_ONE = simulate(N_ROWS, random_state=11, events=(1,))[1]
WIDE = pd.DataFrame(np.random.default_rng(3).normal(size=(N_ROWS, 150))).rename(columns="c{}".format)
WIDE.insert(0, "category", X["category"])
NOISE = np.random.default_rng(12).normal(size=(N_ROWS, 3))
ROW = np.arange(N_ROWS)
SECRET = "Qx7Child"
SAME_DAYS = {"unusual codes", "event true or false", "only event 1", "duration of spans"}


@dataclass(frozen=True)
class Case:
    """Input of one fit; ``error`` is what the message must say if there must be one, ``fine`` forbids one."""

    X: Any = None
    y: Any = None
    sample_weight: Any = None
    cluster: Any = None
    error: str | None = None
    fine: bool = False


def outcome_cases(y):
    """Cases of the outcome; ``y`` is good, with one kind of event for some models."""
    n_events = int(y["event"].max())
    late = y["duration"].to_numpy() > 40
    return {
        "no events": Case(y=y.assign(event=0)),
        "one event": Case(y=y.assign(event=(ROW == 7).astype(int))),
        "one event, competing": Case(y=y.assign(event=np.where(ROW == 7, n_events, 0))),
        "no censoring": Case(y=y.assign(event=1 + ROW % n_events), fine=True),
        "competing events only": Case(y=y.assign(event=np.where(y["event"] > 0, 2, 0))),
        "only event 1": Case(y=y.assign(event=(y["event"] == 1).astype(int)), fine=True),
        "unusual codes": Case(y=y.assign(event=y["event"].replace({2: 99})), fine=True),
        "negative code": Case(y=y.assign(event=np.where(ROW == 3, -2, y["event"])), error="^event: negative in 1"),
        "fractional code": Case(y=y.assign(event=1.5), error="^event: an event code must be a whole number"),
        "huge code": Case(y=y.assign(event=np.where(ROW == 3, 1e300, y["event"])), error="^event: "),
        "event missing": Case(y=y.assign(event=y["event"].where(ROW != 3)), error="^event: missing"),
        "event of text": Case(y=y.assign(event=SECRET), error="^event must be numeric"),
        "event true or false": Case(y=y.assign(event=y["event"] == 1), fine=True),
        "all on one day": Case(y=y.assign(duration=100.0)),
        "all events on one day": Case(y=y.assign(duration=y["duration"].where(y["event"] == 0, 150.0))),
        "all on day 0": Case(y=y.assign(duration=0.0)),
        "one row late": Case(y=y.assign(duration=np.where(ROW == 3, 9000.0, y["duration"]))),
        "duration missing": Case(y=y.assign(duration=y["duration"].where(ROW != 3)), error="^duration: missing"),
        "duration infinite": Case(y=y.assign(duration=np.where(ROW == 3, np.inf, 9)), error="^duration: .*infinite"),
        "duration negative": Case(y=y.assign(duration=np.where(ROW == 3, -4321, 9)), error="^duration: negative in 1"),
        "duration of text": Case(y=y.assign(duration=SECRET), error="^duration must be numeric"),
        "duration of dates": Case(y=y.assign(duration=pd.Timestamp("2018-03-31")), error="^duration must be numeric"),
        "duration of spans": Case(y=y.assign(duration=pd.to_timedelta(y["duration"], unit="D")), fine=True),
        "duration complex": Case(y=y.assign(duration=y["duration"] + 1j), error="^duration must be numeric"),
        "duration huge": Case(y=y.assign(duration=np.where(ROW == 3, 1e300, y["duration"]))),
        "all durations huge": Case(y=y.assign(duration=y["duration"] * 1e300)),
        "all durations tiny": Case(y=y.assign(duration=y["duration"] * 1e-300)),
        "entry after duration": Case(
            y=y.assign(entry=y["duration"] + 5), error="^entry: entry must be before duration"
        ),
        "entry at duration": Case(y=y.assign(entry=y["duration"]), error="^no row is at risk on any day"),
        "entry at duration in a row": Case(y=y.assign(entry=np.where(ROW == 3, y["duration"], 0))),
        "entry negative": Case(y=y.assign(entry=np.where(ROW == 3, -9.0, 0)), error="^entry: negative in 1"),
        "entry missing": Case(y=y.assign(entry=np.where(ROW == 3, np.nan, 0)), error="^entry: missing"),
        "everybody enters late": Case(
            y=y.assign(duration=y["duration"] + 200, entry=np.where(late, 150.0, 199.0)), fine=True
        ),
        "everybody enters just before": Case(y=y.assign(duration=y["duration"] + 1, entry=y["duration"] + 0.5)),
        "no duration": Case(y=y.drop(columns="duration"), error="missing: duration"),
        "y with two columns alike": Case(y=pd.concat([y, y], axis=1), error="duration must have one dimension"),
        "y a matrix": Case(y=y.to_numpy(), error="^y must be a DataFrame"),
        "y nothing": Case(y=None, error="^y must be a DataFrame"),
        "y empty": Case(y=y.iloc[:0], error="y has no rows"),
        "y short": Case(y=y.iloc[:-1], error="y has 119 rows, X has 120"),
        "y in another order": Case(y=y.iloc[::-1], error="index of y .*another order"),
    }


def feature_cases(y):
    """Cases of the features; categories stay, because some models take their strata from them."""
    early = (y["duration"] < y["duration"].median()) & (y["event"] == 1)
    whole = X.assign(age=NOISE[:, 0])
    return {
        "one row": Case(X=X.iloc[:1], y=y.iloc[:1].assign(event=1, duration=50.0)),
        "one row, censored": Case(X=X.iloc[:1], y=y.iloc[:1].assign(event=0, duration=50.0)),
        "two rows": Case(X=X.iloc[:2], y=y.iloc[:2].assign(event=[1, 0])),
        "no rows": Case(X=X.iloc[:0], y=y.iloc[:0], error="y has no rows"),
        "constant column": Case(X=X.assign(age=5.0), fine=True),
        "all columns constant": Case(X=X.assign(age=5.0, disabled=False), fine=True),
        "one category": Case(X=X.assign(category=pd.Categorical(["NEG"] * N_ROWS)), fine=True),
        "no covariates": Case(X=X[["category"]], fine=True),
        "collinear": Case(X=X.assign(months=12 * X["age"] - 3)),
        "twice the same column": Case(X=X.assign(again=X["age"])),
        "nearly collinear": Case(X=X.assign(months=X["age"] + 1e-9 * NOISE[:, 0])),
        "separated": Case(X=X.assign(marker=early.astype(float))),
        "never with the event": Case(X=X.assign(marker=((y["event"] == 0) & (ROW % 2 == 0)).astype(float))),
        "equal to the duration": Case(X=X.assign(marker=y["duration"])),
        "more columns than rows": Case(X=WIDE),
        "missing": Case(X=X.assign(age=X["age"].where(ROW != 3)), error="^column age: missing in 1 of 120 rows"),
        "all missing": Case(X=X.assign(age=np.nan), error="^column age: missing in 120 of 120 rows"),
        "infinite": Case(X=X.assign(age=X["age"].where(ROW != 3, -np.inf)), error="^column age: infinite in 1 of 120"),
        "huge values": Case(X=X.assign(age=1e300 + X["age"]), error="^column age: larger than 1e.50 in 120 of 120"),
        "one huge value": Case(X=X.assign(age=X["age"].where(ROW != 3, -1e300)), error="^column age: larger .* 1 of"),
        "large values": Case(X=X.assign(age=X["age"] * 1e40)),
        "tiny values": Case(X=X.assign(age=X["age"] * 1e-300)),
        "small values": Case(X=X.assign(age=X["age"] * 1e-12)),
        "tiny spread": Case(X=X.assign(age=1 + 1e-15 * np.round(NOISE[:, 0]))),
        "far from 0": Case(X=X.assign(age=X["age"] + 1e9)),
        "outlier": Case(X=whole.assign(age=np.where(ROW == 3, 1e6, NOISE[:, 0]))),
        "names twice": Case(X=X.set_axis(["age", "age", "category"], axis=1), error="several columns of the same name"),
        "names not text": Case(X=X.set_axis(["age", 2, "category"], axis=1), error="column names of X must be text"),
        "dates": Case(X=X.assign(age=pd.Timestamp("2018-03-31")), error="^column age: features are numbers"),
        "spans": Case(X=X.assign(age=pd.to_timedelta(ROW, unit="D")), error="^column age: features are numbers"),
        "complex": Case(X=X.assign(age=X["age"] + 1j), error="^column age: features are numbers"),
        "identifiers": Case(X=X.assign(age=[f"{SECRET}{row}" for row in ROW]), error="^column age: .*identifier"),
        "mixed objects": Case(X=X.assign(age=pd.Series([1, "a", 2.5, True] * 30, dtype=object))),
        "lists in a column": Case(X=X.assign(age=[[SECRET]] * N_ROWS), error="^column age: "),
        "numbers as objects": Case(X=X.assign(age=X["age"].astype(object)), fine=True),
        "one-dimensional": Case(X=X["age"].to_numpy(), error="X must have two dimensions"),
        "X a Series": Case(X=X["age"], error="X must have two dimensions"),
        "X nothing": Case(X=None, error="X must have two dimensions"),
    }


def weight_cases(y):
    """Cases of weights and clusters."""
    censored = (y["event"] == 0).to_numpy().astype(float)
    return {
        "weights 0": Case(sample_weight=np.zeros(N_ROWS), error="sample_weight is 0 in every row"),
        "weights negative": Case(sample_weight=np.where(ROW == 3, -1, 1), error="^sample_weight: .*negative in 1 of"),
        "weights missing": Case(sample_weight=np.where(ROW == 3, np.nan, 1), error="^sample_weight: missing"),
        "weights infinite": Case(sample_weight=np.where(ROW == 3, np.inf, 1), error="^sample_weight: .*infinite"),
        "weights of text": Case(sample_weight=[SECRET] * N_ROWS, error="^sample_weight must be numeric"),
        "weights two-dimensional": Case(sample_weight=np.ones((N_ROWS, 1)), error="^sample_weight has shape"),
        "weights few": Case(sample_weight=[1.0], error="^sample_weight has shape"),
        "weight on censored rows only": Case(sample_weight=censored),
        "weight on one row only": Case(sample_weight=np.eye(N_ROWS)[int(np.argmin(censored))]),
        "weights tiny": Case(sample_weight=np.full(N_ROWS, 1e-40), fine=True),
        "weights large": Case(sample_weight=np.full(N_ROWS, 1e40), fine=True),
        "weights beyond range": Case(sample_weight=np.full(N_ROWS, 1e200), error="^sample_weight: not between"),
        "weights very unequal": Case(sample_weight=np.where(ROW % 10 == 0, 1e8, 1e-8)),
        "weights in another order": Case(sample_weight=pd.Series(1.0, index=ROW[::-1]), error="another order"),
        "one cluster": Case(cluster=np.zeros(N_ROWS)),
        "two clusters": Case(cluster=ROW % 2),
        "a cluster a row": Case(cluster=ROW, fine=True),
        "clusters of mixed type": Case(cluster=np.array([1, "a"] * 60, dtype=object)),
        "clusters missing": Case(cluster=np.where(ROW == 3, np.nan, ROW // 2), error="^cluster: missing in 1 of 120"),
        "clusters few": Case(cluster=[1, 2], error="^cluster has shape"),
        "cluster and weight on one": Case(cluster=ROW // 60, sample_weight=(ROW < 60).astype(float)),
    }


def all_cases(y):
    return outcome_cases(y) | feature_cases(y) | weight_cases(y)


CASES, CASES_OF_ONE = all_cases(Y), all_cases(Y_ONE)


def outcome_for(model):
    return Y_ONE if isinstance(model, ONE_HAZARD) else Y


def complete(case, name, y):
    """The case with what it does not change."""
    return replace(
        case,
        X=X if case.X is None and name != "X nothing" else case.X,
        y=y if case.y is None and name != "y nothing" else case.y,
    )


def check_error(error, case):
    text = str(error)
    assert type(error) is ValueError, f"{type(error).__name__}: {text}"
    assert not case.fine, text
    assert 10 < len(text) < 400 and "\n" not in text, text
    assert not re.search(rf"{SECRET}|4321|2018|\bnan\b|Traceback|array\(", text), text
    if case.error is not None:
        assert re.search(case.error, text), text


def check_warnings(caught):
    """Every warning is ours: for a user to read, with words on what to do, and none of another library."""
    for warning in caught:
        text = str(warning.message)
        assert issubclass(warning.category, UserWarning), f"{warning.category.__name__}: {text}"
        assert "site-packages" not in warning.filename, f"{warning.filename}: {text}"
        assert 20 < len(text) < 500 and SECRET not in text, text


def check_predictions(model, rows):
    """All that a fitted model can say is finite up to its follow-up, between 0 and 1, monotone, and sums to 1.

    Of every three rows one is asked from day 0, one after days that have passed, one with a last eligible day too.
    """
    third = np.arange(len(rows)) % 3
    eligible = np.where(third == 2, 300.0, np.inf)
    options = {"elapsed": np.choose(third, [0.0, 91.0, 20.0]), "eligible_days": eligible}
    total = known(model, model.predict_event_free(rows, TIMES, **options), TIMES, eligible)
    for event in model.events_:
        incidence = model.predict_cumulative_incidence(rows, TIMES, event=event, **options)
        incidence = known(model, incidence, TIMES, eligible)
        assert np.all(np.isfinite(incidence)) and incidence.min() >= 0 and incidence.max() <= 1
        assert np.all(np.diff(incidence, axis=1) >= -ROUNDING)
        total = total + incidence
        if not hasattr(model, "predict_cumulative_incidence_interval"):
            continue
        bounds = model.predict_cumulative_incidence_interval(rows, TIMES, event=event, **options)
        bounds = np.stack([known(model, bounds[..., k], TIMES, eligible) for k in (0, 1)], axis=-1)
        assert np.all(np.isfinite(bounds)) and bounds.min() >= 0 and bounds.max() <= 1
        assert np.all(bounds[..., 0] <= incidence + ROUNDING) and np.all(incidence <= bounds[..., 1] + ROUNDING)
    if not isinstance(model, secondplan.models.FineGray):  # which says nothing of the other events
        assert np.all(total >= 1 - ROUNDING) or not model.events_
    if getattr(model, "form", None) != "exponential":  # whose incidences add up to slightly more near 1
        assert np.all(total <= 1 + ROUNDING)


def check_summary(model, *, is_warned):
    """Numbers of the table are finite, unless the fit warned; robust errors are there only with clusters."""
    if not hasattr(type(model), "summary_"):
        return
    table = model.summary_.select_dtypes("number")
    if table["robust_se"].isna().all():
        table = table.drop(columns="robust_se")
    assert np.isfinite(table["coef"]).all()
    if not is_warned:
        ratios = [name for name in table if "ratio" in name]  # of a unit that is far too large, infinite or 0
        assert table[ratios].notna().all(axis=None) and np.isfinite(table.drop(columns=ratios)).all(axis=None), table


def is_refused(model, case):
    """Whether the fit was refused, with a message that may be shown; else its numbers are looked at."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model.fit(case.X, case.y, sample_weight=case.sample_weight, cluster=case.cluster)
        except Exception as error:
            check_error(error, case)
            check_warnings(caught)
            return True
        in_fit = len(caught)
        check_predictions(model, case.X)
        check_summary(model, is_warned=in_fit > 0)
        # A stratum in which nobody is censored counts as followed for ever, the whole does not.
        is_followed = model.horizon <= getattr(model, "model_", model).follow_up_.min()
        assert np.isfinite(model.average_risk_) or not is_followed or getattr(model, "event", None) is not None
    check_warnings(caught)
    return False


@pytest.mark.parametrize("case_name", CASES)
@pytest.mark.parametrize("name", MODELS)
def test_a_model_gives_a_clear_error_or_finite_numbers(name, case_name):
    model = clone(MODELS[name])
    y = outcome_for(model)
    case = complete((CASES if y is Y else CASES_OF_ONE)[case_name], case_name, y)
    if name.startswith("Aalen") and re.search("column age|same name", case.error or ""):
        case = replace(case, error=None, fine="same name" not in case.error)  # it does not look at covariates
    refused = is_refused(model, case)
    # Some cases a model may take or refuse.
    assert refused or case.error is None, "there was no error"
    assert not (refused and case.fine)


def numbers_of(result):
    """All numbers of a result: fields of dataclasses, columns of tables, values of mappings."""
    if isinstance(result, pd.DataFrame | pd.Series):
        frame = result.to_frame() if isinstance(result, pd.Series) else result
        yield from (frame[name].to_numpy() for name in frame.select_dtypes("number"))
    elif isinstance(result, np.ndarray | float | int):
        array = np.asarray(result)
        if array.dtype.kind in "fiu":
            yield array
    elif isinstance(result, dict):
        for value in result.values():
            yield from numbers_of(value)
    elif isinstance(result, tuple | list):
        for value in result:
            yield from numbers_of(value)
    elif is_dataclass(result):
        for field in fields(result):
            yield from numbers_of(getattr(result, field.name))


@pytest.mark.parametrize("case_name", [*outcome_cases(Y), *weight_cases(Y)])
@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_gives_a_clear_error_or_finite_numbers(name, case_name):
    function = FUNCTIONS[name]
    takes = inspect.signature(function).parameters
    case = complete(CASES[case_name], case_name, Y)
    y = case.y
    if (
        not isinstance(y, pd.DataFrame)
        or not {"duration", "event"} <= set(y.columns)
        or re.search("index of y|X has", str(case.error))
    ):
        pytest.skip("not an input of functions")
    if name == "compare_distributions" and case_name in SAME_DAYS:
        pytest.skip("fits five shapes to the same days again; the gate that reads the form is that of all functions")
    if "entry" in y and "entry" not in takes:
        pytest.skip(f"{name} takes no delayed entry")
    options = {"entry": y["entry"]} if "entry" in y else {}
    options |= {"group": (X["age"] > 8).to_numpy()[: len(y)]} if "group" in takes else {}
    options |= {"until": 200.0} if "until" in takes else {}
    for option in ("sample_weight", "cluster"):
        if getattr(case, option) is not None:
            if option not in takes or "another order" in str(case.error):
                pytest.skip(f"{name} takes no {option}, or no index")
            options[option] = getattr(case, option)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            result = function(y["duration"], y["event"], **options)
        except Exception as error:
            check_error(error, replace(case, fine=False))
            check_warnings(caught)
            return
        assert case.error is None, "there was no error"
    check_warnings(caught)
    for numbers in numbers_of(result):
        assert np.all(np.isfinite(numbers)) or caught, numbers


def good_forms(y):
    """The same outcome in other containers and types; each must give the same model."""
    whole = y.astype({"duration": "int64", "event": "int64"})
    return {
        "more columns": y.assign(child_id=SECRET, later=np.nan),
        "whole numbers": whole,
        "nullable": whole.astype({"duration": "Float64", "event": "Int64"}),
        "Arrow": whole.astype({"duration": "double[pyarrow]", "event": "int8[pyarrow]"}),
        "objects": y.astype(object),
        "lists": {name: y[name].tolist() for name in y},
        "records": y.to_records(index=False),
        "entry at 0": y.assign(entry=0),
        "index of its own": y.set_axis(ROW + 1000),
    }


@pytest.mark.parametrize("name", MODELS)
def test_the_form_of_the_outcome_does_not_matter(name):
    y = outcome_for(MODELS[name])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what the good data deserve is warned of alike
        expected = clone(MODELS[name]).fit(X, y).predict(X)
        for form, other in good_forms(y).items():
            np.testing.assert_array_equal(clone(MODELS[name]).fit(X, other).predict(X), expected, err_msg=form)


@pytest.mark.parametrize("name", MODELS)
def test_rows_of_weight_0_are_as_good_as_absent(name):
    y = outcome_for(MODELS[name])
    weight = (ROW % 4 > 0).astype(float)
    wrong = y.assign(duration=y["duration"].where(weight > 0, 20_000.0), event=y["event"].where(weight > 0, 7))
    settings = {"max_days": 1200.0} if "max_days" in MODELS[name].get_params() else {}
    model = clone(MODELS[name]).set_params(**settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        absent = clone(model).fit(X[weight > 0], y[weight > 0])
        present = clone(model).fit(X, wrong, sample_weight=weight)
        assert present.events_ == absent.events_
        np.testing.assert_allclose(present.predict(X), absent.predict(X), rtol=1e-5, atol=1e-9)


@pytest.fixture(scope="module")
def fitted():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {name: clone(model).fit(X, outcome_for(model)) for name, model in MODELS.items()}


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize(
    ("times", "is_good"),
    [
        ([730, 91, 365], True),
        ([91, 91], True),
        ([0], True),
        (365, True),
        ([10_000.0, 1e300], None),
        (np.array([], dtype=float), True),
        ([-1.0], False),
        ([np.nan], False),
        ([np.inf], False),
        ([[91.0]], False),
        ([SECRET], False),
        (None, False),
        (pd.to_timedelta([91], unit="D"), True),
        ([1j], False),
    ],
    ids=str,
)
def test_times_are_days_or_an_error(name, times, is_good, fitted):
    model = fitted[name]
    calls = [model.predict_cumulative_incidence, model.predict_event_free]
    if hasattr(model, "predict_cumulative_incidence_interval"):
        calls.append(model.predict_cumulative_incidence_interval)
    for call in calls:
        if is_good is None:  # past the last follow-up
            with pytest.warns(FollowUpWarning, match="5 of 5 rows"):
                found = call(X.iloc[:5], times)
            assert np.all(np.isfinite(found) if model._goes_on else np.isnan(found))
        elif is_good:
            found = call(X.iloc[:5], times)
            assert found.shape[:2] == (5, np.size(times)) and np.all(np.isfinite(found))
        else:
            with pytest.raises(ValueError, match="times must be days: one dimension, finite, not negative"):
                call(X.iloc[:5], times)


UNMODELLED = "is not modelled; the model's events are 1"


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("event", [0, 3, -1, 1.5, "1", None, [1]], ids=str)
def test_an_event_that_is_no_code_or_not_modelled_is_an_error(name, event, fitted):
    model = fitted[name]
    calls = [model.predict_cumulative_incidence]
    if hasattr(model, "predict_cumulative_incidence_interval") and event is not None:
        calls.append(model.predict_cumulative_incidence_interval)
    for call in calls:
        with pytest.raises(ValueError, match=UNMODELLED if event == 3 else "event must be a code of 1 or more"):
            call(X, TIMES, event=event)


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("horizon", [-1.0, np.nan, np.inf, "730", None, True, [365.0]], ids=str)
def test_a_horizon_that_is_no_number_of_days_is_an_error(name, horizon):
    with pytest.raises(ValueError, match="horizon must be a number of days"):
        clone(MODELS[name]).set_params(horizon=horizon).fit(X, outcome_for(MODELS[name]))


@pytest.mark.parametrize("name", MODELS)
def test_competing_events_only_leave_no_risk_of_event_1_to_ask_for(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            model = clone(MODELS[name]).fit(X, Y.assign(event=np.where(Y["event"] > 0, 2, 0)))
        except ValueError as error:
            assert re.search("event 1|every row is censored", str(error)), error
            return
        if 1 in model.events_:
            assert np.all(model.predict(X) == 0)
        else:
            with pytest.raises(ValueError, match="event 1 is not modelled; the model's events are 2"):
                model.predict(X)
