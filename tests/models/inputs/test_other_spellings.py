"""Calls as other packages have them: the error's last line, typed as it stands, does what was meant."""

import numpy as np
import pandas as pd
import pytest

import secondplan as sp

RNG = np.random.default_rng(0)
N = 40
DF = pd.DataFrame(
    {
        "age": RNG.uniform(0, 17, N).round(1),
        "sex": RNG.choice(["F", "M"], N),
        "T": RNG.integers(20, 900, N).astype(float),
        "E": RNG.integers(0, 2, N),
        "w": RNG.integers(1, 3, N),
        "S": RNG.integers(0, 20, N).astype(float),
        "family": np.arange(N) // 2,
    }
)
X = DF[["age"]]
Y = DF[["T", "E"]].set_axis(["duration", "event"], axis=1)
LATE = Y.assign(entry=DF["S"])
T, E = DF["T"].to_numpy(), DF["E"].to_numpy()
SKSURV = np.array(list(zip(E == 1, T, strict=True)), dtype=[("event", bool), ("time", float)])
OTHER_NAMES = np.array(list(zip(E == 1, T, strict=True)), dtype=[("is_again", bool), ("length", float)])
LIFELINES = {"duration_col": "T", "event_col": "E"}


def line_of(error):
    message = str(error.value)
    assert "\n" not in message
    return message.rpartition("type: ")[2]


@pytest.mark.parametrize(
    ("args", "options", "meant"),
    [
        ((DF[["age", "T", "E"]], "T", "E"), {}, {}),
        ((DF[["age", "T", "E"]],), LIFELINES, {}),
        ((DF[["age", "T", "E"]], "T"), {"event_col": "E"}, {}),
        ((DF, "T", "E"), {"formula": "age"}, {}),
        ((DF,), LIFELINES | {"formula": "age", "entry_col": "S"}, {"y": LATE}),
        (
            (DF.drop(columns=["sex", "S"]), "T", "E"),
            {"weights_col": "w", "cluster_col": "family"},
            {"sample_weight": DF["w"], "cluster": DF["family"]},
        ),
        ((DF[["age", "sex", "T", "E"]], "T", "E"), {"strata": ["sex"]}, {"X": DF[["age", "sex"]], "strata": "sex"}),
        ((X, Y), {"weights": DF["w"]}, {"sample_weight": DF["w"]}),
        ((X, Y, DF["w"]), {}, {"sample_weight": DF["w"]}),
        ((X, Y), {"entry": DF["S"]}, {"y": LATE}),
        ((X, Y), {"ties": "breslow"}, {"ties": "breslow"}),
        ((X, T, E), {}, {}),
        ((X,), {"y": Y, "clusters": DF["family"]}, {"cluster": DF["family"]}),
    ],
)
def test_fit_says_the_line_to_type(args, options, meant):
    with pytest.raises(TypeError, match="type: model") as error:
        sp.CoxPH().fit(*args, **options)
    meant = dict(meant)
    settings = {name: meant.pop(name) for name in ("strata", "ties") if name in meant}
    expected = sp.CoxPH(**settings).fit(**({"X": X, "y": Y} | meant))
    given = {"weights": DF["w"], "sample_weight": DF["w"], "entry": DF["S"], "clusters": DF["family"]}
    given |= {"df": args[0], "X": args[0], "y": Y, "duration": T, "event": E, "model": sp.CoxPH(), "pd": pd}
    fitted = eval(line_of(error), given)
    np.testing.assert_array_equal(fitted.coef_, expected.coef_)
    np.testing.assert_array_equal(fitted.covariance_, expected.covariance_)


@pytest.mark.parametrize("name", ["AalenJohansen", "BoostedHazard", "CoxElasticNetCV", "FineGray", "RoystonParmar"])
def test_every_model_says_so(name):
    model = getattr(sp, name)()
    with pytest.raises(TypeError, match=r'type: model.fit\(df.drop\(columns=\["T", "E"\]\)'):
        model.fit(DF, "T", "E")
    if "strata" not in model.get_params():
        with pytest.raises(TypeError, match=f"{name} has no strata"):
            model.fit(X, Y, strata="sex")
    with pytest.raises(TypeError, match=r"by name, sample_weight, cluster.*; got nonsense too"):
        model.fit(X, Y, nonsense=1)


@pytest.mark.parametrize(
    "y",
    [
        (T, E),
        [T, E],
        (E == 1, T),
        (DF["T"], DF["E"]),
        SKSURV,
        OTHER_NAMES,
        np.column_stack([T, E]),
        DF[["T", "E"]],
        Y.set_axis(["time", "status"], axis=1),
        Y.set_axis(["Duration", "Event"], axis=1),
        Y.set_axis(["length", "event"], axis=1),
        Y.set_axis(["length", "is_again"], axis=1).astype({"is_again": bool}),
        {"time": T, "status": E},
    ],
)
def test_outcomes_in_other_forms_say_the_line_to_type(y):
    with pytest.raises(ValueError, match="type: y = ") as error:
        sp.check_outcome(y)
    made = eval(line_of(error).removeprefix("y = "), {"y": y, "pd": pd})
    found = sp.check_outcome(made)
    np.testing.assert_array_equal(found.duration, T)
    np.testing.assert_array_equal(found.event, E)


def test_entry_is_renamed_too_and_names_of_columns_are_no_outcome():
    with pytest.raises(ValueError, match=r'"start": "entry", "stop": "duration"'):
        sp.check_outcome(DF[["S", "T", "E"]].set_axis(["start", "stop", "event"], axis=1))
    with pytest.raises(ValueError, match=r'y = df\[\["T", "E"\]\]\.rename'):
        sp.CoxPH().fit(DF, ["T", "E"])
    with pytest.raises(ValueError, match="with its own names of columns"):
        sp.check_outcome(DF[["age", "w"]])
    with pytest.raises(ValueError, match=r'pd.DataFrame\(\{"duration": days, "event": codes\}\)'):
        sp.check_outcome(T)


@pytest.mark.parametrize(
    ("function", "args", "options", "same"),
    [
        (sp.kaplan_meier, (DF, "T", "E"), {}, {}),
        (sp.nelson_aalen, ("T", "E"), {"data": DF}, {}),
        (sp.aalen_johansen, (DF,), LIFELINES | {"weights": "w"}, {"sample_weight": DF["w"]}),
        (sp.kaplan_meier, (DF, "T", "E"), {"by": "sex", "entry_col": "S"}, {"strata": DF["sex"], "entry": DF["S"]}),
        (sp.kaplan_meier, (Y,), {}, {}),
        (sp.aalen_johansen, (X, LATE), {}, {"entry": DF["S"]}),
        (sp.kaplan_meier, (T, E, DF["w"]), {}, {}),
        (sp.kaplan_meier, (T, E), {"weights": DF["w"]}, {"sample_weight": DF["w"]}),
        (sp.logrank_test, (DF, "T", "E", "sex"), {}, {"group": DF["sex"]}),
        (sp.gray_test, (DF, "T", "E"), {"groups": "sex"}, {"group": DF["sex"]}),
        (sp.logrank_test, (T, E), {"groups": DF["sex"], "rho": 1}, {"group": DF["sex"], "rho": 1}),
        (sp.aalen_johansen, (SKSURV,), {}, {}),
        (sp.gray_test, (OTHER_NAMES, DF["sex"]), {}, {"group": DF["sex"]}),
        (sp.logrank_test, (DF[["T", "E"]], DF["sex"]), {}, {"group": DF["sex"]}),
        (sp.restricted_mean_difference, (T, E, DF["sex"], 300), {}, {"group": DF["sex"], "until": 300}),
        (sp.restricted_mean_difference, (DF, "T", "E", "sex", 300), {}, {"group": DF["sex"], "until": 300}),
        (sp.restricted_mean_difference, (DF, "T", "E"), {"by": "sex"}, {"group": DF["sex"], "until": 200}),
    ],
)
def test_functions_say_the_line_to_type(function, args, options, same):
    with pytest.raises(TypeError, match=rf"type: sp\.{function.__name__}\(") as error:
        function(*args, **options)
    y = args[0] if len(args) < 3 and hasattr(args[0], "dtype") and args[0].dtype.names else LATE
    y = args[0] if list(getattr(args[0], "columns", ())) == ["T", "E"] else y
    names = {"df": DF, "y": y, "duration": T, "event": E, "group": DF["sex"], "until": 200, "sp": sp}
    found = eval(line_of(error), names | {"groups": DF["sex"], "weights": DF["w"]})
    expected = function(duration=T, event=E, **same)
    assert repr(found) == repr(expected)


def test_calls_of_ours_are_left_alone():
    assert sp.kaplan_meier(T, E, strata=DF[["sex"]]).labels == ["sex=F", "sex=M"]
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'event'"):
        sp.kaplan_meier(T)
