"""Features that the data cannot give are refused or dropped, as the experiment says; a wrong name is always refused."""

import pytest

import secondplan as sp
from secondplan.experiment.features import choose_features
from secondplan.experiment.file import Experiment

PRESENT = ["plan_length_band", "plan_length_days", "age_at_end", "la_code"]
MISSING = ("n_siblings_on_plan", "share_agency_worker")


def choose(spec, *, present=PRESENT, missing=MISSING, naming=("strata",), **settings):
    model = {"name": "m", "type": "CauseSpecificCox", **spec}
    given = {"name": "e", "data": {"plans": "store"}, "models": [model], **settings}
    experiment = Experiment.model_validate(given)
    return choose_features(experiment.models[0], experiment, present=present, missing=missing, naming=naming)


def test_missing_features_are_dropped_where_the_experiment_says_so():
    chosen = choose({"features": ["n_siblings_on_plan", "age_at_end"]}, missing_features="drop")
    assert chosen.columns == ("age_at_end",)
    assert chosen.dropped == ("n_siblings_on_plan",)


def test_missing_features_are_refused_by_default_with_the_way_out():
    with pytest.raises(sp.InputError, match=r"cannot give: n_siblings_on_plan \(missing_features: drop"):
        choose({"features": ["n_siblings_on_plan", "age_at_end"]})


@pytest.mark.parametrize("setting", ["refuse", "drop"])
def test_a_name_that_is_no_feature_is_never_dropped(setting):
    with pytest.raises(sp.InputError, match=r"does not have: shoe_size$"):
        choose({"features": ["shoe_size", "n_siblings_on_plan"]}, missing_features=setting)
    with pytest.raises(sp.InputError, match=r"does not have: shoe_size$"):
        choose({"features": ["age_at_end"], "params": {"strata": "shoe_size"}}, missing_features=setting)


def test_settings_of_dropped_features_go_with_them():
    encoder = {
        "splines": {"age_at_end": 3, "n_siblings_on_plan": 3},
        "interactions": [["age_at_end", "plan_length_days"], ["age_at_end", "share_agency_worker"]],
        "unseen": "reference",
    }
    features = ["age_at_end", "plan_length_days", *MISSING]
    chosen = choose({}, features=features, encoder=encoder, missing_features="drop")
    assert chosen.encoder == {
        "splines": {"age_at_end": 3},
        "interactions": [["age_at_end", "plan_length_days"]],
        "unseen": "reference",
    }
    assert chosen.dropped == MISSING


def test_a_model_without_any_feature_left_is_refused():
    with pytest.raises(sp.InputError, match="can give none of its features"):
        choose({"features": list(MISSING)}, missing_features="drop")


def test_strata_are_no_feature_of_the_encoder_and_cannot_be_dropped():
    for strata in ("la_code", ["la_code"]):
        chosen = choose({"features": ["la_code", "age_at_end"], "params": {"strata": strata}})
        assert chosen.columns == ("age_at_end",)
    assert choose({"features": ["plan_length_band"], "params": {"strata": "plan_length_band"}}).columns == ()
    assert choose({"features": ["age_at_end"], "params": {"strata": None}}).columns == ("age_at_end",)
    with pytest.raises(sp.InputError, match="strata or offset need what the data cannot give: n_siblings_on_plan"):
        choose({"features": ["age_at_end"], "params": {"strata": "n_siblings_on_plan"}}, missing_features="drop")


def test_no_list_means_all_that_the_data_have():
    chosen = choose({})
    assert chosen.columns == tuple(PRESENT)
    assert chosen.dropped == ()
