"""A call in the words of another package is an error of one line that says what is expected here."""

import inspect
import pickle

import pytest
from sklearn.base import clone

import secondplan as sp
from secondplan.explained_calls import explained_call
from secondplan.models.registry import MODELS
from secondplan.names_elsewhere import CHOICES, parameter_here, plain


@pytest.mark.parametrize(
    "name", [*MODELS, "ExternalModel", "FeatureEncoder", "FamilyKFold", "BootstrapOptimism", "Cohort"]
)
def test_every_estimator_says_what_it_takes(name):
    known = list(inspect.signature(getattr(sp, name)).parameters)
    with pytest.raises(TypeError, match=f"^{name} has no parameter 'nonsense'.*; it takes .*{known[-1]}") as error:
        getattr(sp, name)(nonsense=1)
    assert "\n" not in str(error.value) and all(parameter in str(error.value) for parameter in known)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (
            lambda: sp.CoxPH(penalizer=0.1),
            r"^CoxPH has no parameter 'penalizer' \(here it is alpha\); it takes event, ",
        ),
        (lambda: sp.CoxPH(tie_method="efron"), r"'tie_method' \(here it is ties\)"),
        (lambda: sp.CoxPH(horizn=365), r"'horizn' \(did you mean horizon\?\)"),
        (lambda: sp.ParametricAFT(dist="weibull"), r"'dist' \(here it is distribution\)"),
        (lambda: sp.RoystonParmar(n_baseline_knots=3), r"'n_baseline_knots' \(here it is df\)"),
        (lambda: sp.FineGray(failcode=1, cencode=0), r"'failcode' \(here it is event\), has no parameter 'cencode'"),
        (
            lambda: sp.concordance_index([2, 3], [0.1, 0.2], [1, 0]),
            r"takes 2 arguments by place, got 3; .*y holds days",
        ),
        (
            lambda: sp.concordance_index(event_times=[2], predicted_scores=[3], event_observed=[1]),
            r"'predicted_scores' \(here it is risk\), .*'event_observed' \(here it is in y\)",
        ),
        (lambda: sp.compare_models({}, [[1.0]], {}), r"takes 2 arguments by place, got 3; .*Cohort\.of_table\(X, y\)$"),
        (lambda: sp.compare_models({}, None, cv=5), r"'cv' \(here it is folds\)"),
        (lambda: sp.brier_score(None, [0.1], time=[365]), r"'time' \(here it is times\)"),
        (lambda: sp.simulate(n_children=20, n_kids=3), r"^simulate has no parameter 'n_kids'"),
        (lambda: sp.compare_nested(None, None, small=1), r"^compare_nested got 'small' by place and by name"),
    ],
)
def test_calls_of_other_packages_say_what_is_expected(call, said):
    with pytest.raises(TypeError, match=said) as error:
        call()
    assert "\n" not in str(error.value)


def test_errors_of_the_work_itself_and_of_what_is_missing_are_left_alone():
    def inner(n):
        return n + None

    with pytest.raises(TypeError, match="unsupported operand"):
        explained_call(inner)(1)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'n'"):
        explained_call(inner)()


def test_what_is_explained_can_be_sent_cloned_and_read():
    assert pickle.loads(pickle.dumps(sp.concordance_index)) is sp.concordance_index
    assert clone(sp.CoxPH(alpha=0.5)).get_params()["alpha"] == 0.5
    assert next(iter(inspect.signature(sp.CoxPH).parameters)) == "event"


def test_names_elsewhere_are_none_of_ours_for_the_same_thing():
    for here, names in CHOICES.items():
        assert all(name == plain(name) for name in names) and here not in names
    assert (
        parameter_here("penalizer", ["ties"]) == "" and parameter_here("weights", ["sample_weight"]) == "sample_weight"
    )
