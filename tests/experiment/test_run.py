"""An experiment file is checked line by line; running it compares, tracks, crowns and reports."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

import secondplan as sp
from secondplan.experiment.file import Experiment
from secondplan.experiment.standing_champion import standing_champion
from secondplan.tracking import open_store
from secondplan.tracking.flavour import resolve_model_id

SMALL = """
name: small
data: {plans: store}
features: [plan_length_days, age_at_end, factor_domestic_abuse, n_previous_referrals]
validation: {kind: family_folds, n_splits: 2}
horizons: [365, 730]
models:
  - {name: by band, type: AalenJohansen, features: [plan_length_band], params: {strata: plan_length_band}}
  - {name: Cox, type: CauseSpecificCox, params: {known_end_event: 4}}
  - {name: broken, type: CauseSpecificCox, params: {ties: guess}}
champion: {model_name: small, gates: {slope_bounds: [0.2, 5.0], slope_interval: [0.1, 9.0]}}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("experiment")
    sp.simulate("england-2018", n_children=4000, random_state=8).write(made / "store")
    (made / "small.yaml").write_text(SMALL)
    return made


@pytest.fixture(scope="module")
def census_result(folder):
    """The same children as CIN census files give them, and an experiment that also names what these do not hold."""
    sp.write_cin_census(sp.read_plans(folder / "store"), folder / "census")
    sp.read_cin_census(folder / "census")[0].write(folder / "census_store")
    wanted = "n_previous_referrals, n_worker_changes, n_siblings_on_plan]"
    text = SMALL.replace("plans: store", "plans: census_store").replace("n_previous_referrals]", wanted)
    text = text.replace("name: small", "name: census").replace("- {name: broken", "- {name: wrong")
    text = text.replace("model_name: small", "model_name: census")
    file = folder / "census.yaml"
    file.write_text(f"{text}missing_features: drop\n")
    return sp.run_experiment(file, store=f"sqlite:///{folder / 'mlflow.db'}")


@pytest.fixture(scope="module")
def result(folder):
    return sp.run_experiment(folder / "small.yaml", store=f"sqlite:///{folder / 'mlflow.db'}")


def written(folder, text):
    file = folder / "wrong.yaml"
    file.write_text(text)
    return file


def changed(name, *changes):
    """The small experiment with Cox alone under another name, and with other words in place of some."""
    text = SMALL.replace("name: small\n", f"name: {name}\n", 1)
    text = re.sub(r"  - {name: (by band|broken).*\n", "", text)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new, 1)
    return text


def test_shipped_experiment_is_found_by_name():
    experiment = sp.load_experiment("compare_models")
    assert isinstance(experiment, Experiment)
    assert len(experiment.models) >= 5


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (("name: small", "name: small\nspeed: 9"), "speed: Extra inputs"),
        (("type: CauseSpecificCox, params: {known", "type: Magic, params: {known"), "models.1.type"),
        (("name: Cox", "name: broken"), "two models are named broken"),
        (("{plans: store}", "{}"), "give either synthetic or plans"),
        (("n_splits: 2", "n_splits: 1"), "validation.n_splits"),
        (("kind: family_folds", "kind: in_time"), "in_time needs it"),
        (("name: small", "name: [small"), "not YAML, see line"),
    ],
)
def test_wrong_files_are_refused_with_the_place_and_rule(tmp_path, change, rule):
    with pytest.raises(sp.InputError, match=rule) as caught:
        sp.load_experiment(written(tmp_path, SMALL.replace(*change, 1)))
    assert "wrong.yaml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_missing_file_is_refused(tmp_path):
    with pytest.raises(sp.InputError, match="no such experiment file"):
        sp.load_experiment(tmp_path / "none.yaml")


def test_unknown_features_are_named(folder):
    file = written(folder, SMALL.replace("age_at_end", "shoe_size"))
    with pytest.raises(sp.InputError, match="features that the cohort does not have: shoe_size"):
        sp.run_experiment(file, store=None)


def test_features_that_the_data_cannot_give_are_refused_by_default(folder, census_result):
    file = written(
        folder, SMALL.replace("plans: store", "plans: census_store").replace("age_at_end", "n_worker_changes")
    )
    with pytest.raises(sp.InputError, match=r"cannot give: n_worker_changes \(missing_features: drop"):
        sp.run_experiment(file, store=None)


def test_dropped_features_are_named_wherever_results_stand(census_result, folder):
    from secondplan.tracking.store import open_store

    dropped = ("n_siblings_on_plan", "n_worker_changes")
    assert census_result.dropped == dropped
    assert not set(dropped) & set(census_result.fitted["Cox"].feature_names_in_)
    assert "left out, which the data cannot give: n_siblings_on_plan, n_worker_changes" in census_result.summary()
    assert "the data cannot give them: n_siblings_on_plan, n_worker_changes." in census_result.page
    client = open_store(f"sqlite:///{folder / 'mlflow.db'}").client
    params = client.get_run(census_result.run_id).data.params
    assert params["features_left_out"] == "n_siblings_on_plan, n_worker_changes"
    assert params["missing_features"] == "drop"


def test_many_files_are_counted_not_named(census_result):
    assert ">CIN census, " in census_result.page
    assert ".xml" not in census_result.page


def test_the_shipped_experiment_names_only_features_and_drops_what_data_cannot_give():
    from secondplan.plans.features import FEATURES

    experiment = sp.load_experiment("compare_models")
    assert experiment.missing_features == "drop"
    assert set(experiment.features) <= set(FEATURES)


def test_unknown_parameters_are_named(folder):
    file = written(folder, SMALL.replace("ties: guess", "knots: 3"))
    with pytest.raises(sp.InputError, match="knots"):
        sp.run_experiment(file, store=None)


def test_all_models_are_compared_with_the_reference(result):
    assert set(result.comparison.table.index) == {"AalenJohansen", "by band", "Cox"}
    assert "ties" in result.comparison.failures["broken"]


def test_models_use_their_own_features(result):
    assert list(result.fitted["Cox"].feature_names_in_) == [
        "plan_length_days",
        "age_at_end",
        "factor_domestic_abuse",
        "n_previous_referrals",
    ]
    assert result.fitted["by band"].feature_names_in_.size == 0


def test_the_best_that_passes_becomes_champion(result, folder):
    table = result.comparison.table
    better = table["brier_730"] < table.loc["AalenJohansen", "brier_730"]
    assert better["Cox"], "the seed must give a model that beats the reference"
    assert table.loc["Cox", "difference_to_null_730_upper"] < 0 < result.comparison.n_events - 100
    assert result.model_uri == "models:/small/1"
    model = sp.load_tracked_model("models:/small@champion", store=f"sqlite:///{folder / 'mlflow.db'}")
    assert type(model).__name__ == "CauseSpecificCox"


def test_the_same_recipe_on_the_same_children_leaves_the_champion(result, folder):
    again = sp.run_experiment(written(folder, changed("again")), store=f"sqlite:///{folder / 'mlflow.db'}")
    assert again.is_unchanged and again.model_uri == result.model_uri
    assert "champion unchanged: models:/small/1" in again.summary()
    assert "present champion" not in again.comparison.table.index


def test_a_worse_model_never_replaces_the_champion_which_is_fitted_again(result, folder):
    text = changed("worse", ("- {name: Cox,", "- {name: noise, features: [n_reviews],"))
    found = sp.run_experiment(written(folder, text), store=f"sqlite:///{folder / 'mlflow.db'}")
    assert found.is_unchanged and found.model_uri == "models:/small/1"
    row = found.comparison.table.loc["present champion"]
    assert row["brier_730"] == pytest.approx(result.comparison.table.loc["Cox", "brier_730"], rel=1e-9)
    assert found.best == "noise"
    assert any("noise does not pass the gates" in line for line in found.gate_failures)


def test_a_champion_whose_columns_are_absent_stays(result, folder):
    plans = sp.read_plans(folder / "store")
    replace(plans, assessments=plans.assessments.iloc[:0]).write(folder / "no_factors")
    text = changed("absent", ("plans: store", "plans: no_factors"), (" factor_domestic_abuse,", ""))
    found = sp.run_experiment(written(folder, text), store=f"sqlite:///{folder / 'mlflow.db'}")
    assert found.is_unchanged
    why = "could not be fitted again: the cohort lacks the columns factor_domestic_abuse"
    assert any(why in line for line in found.gate_failures)


def test_a_champion_whose_files_were_changed_stays_and_the_reason_is_said(result, folder):
    store = open_store(f"sqlite:///{folder / 'mlflow.db'}")
    place = store.client.get_logged_model(resolve_model_id(result.model_uri, store)).artifact_location
    file = Path(place) / "requirements.txt"
    kept = file.read_text()
    file.write_text("other==1\n")
    try:
        standing = standing_champion("small", {}, result.cohort, store.uri)
    finally:
        file.write_text(kept)
    assert standing.uri == result.model_uri
    assert "changed since the model was saved; restore its files" in standing.why_not


def test_no_champion_where_no_model_passes(folder):
    strict = changed("strict", ("[0.2, 5.0]", "[0.9999, 1.0001]"), ("model_name: small", "model_name: strict"))
    result = sp.run_experiment(written(folder, strict), store=f"sqlite:///{folder / 'mlflow.db'}")
    assert result.model_uri is None
    assert result.gate_failures
    assert f"none; no model passed the gates; {result.best} is {result.best_uri}" in result.summary()
    model = sp.load_tracked_model(result.best_uri, store=f"sqlite:///{folder / 'mlflow.db'}")
    assert type(model) is type(result.fitted[result.best])


def test_report_stands_alone_and_names_nobody(result, folder):
    from secondplan.tracking.privacy import refuse_identifiers

    pages = [path for path in (folder / "mlruns").rglob("*") if path.name.startswith(("report.", "model_card."))]
    assert {path.suffix for path in pages} == {".html", ".md", ".json"} and len(pages) > 6
    refuse_identifiers({str(path): path.read_text(encoding="utf-8") for path in pages}, result.cohort)
    assert "http" not in result.page.replace("http://www.w3.org", "")
    for heading in (
        "Who was studied",
        "How soon children return",
        "Is the risk right?",
        "What goes with a second plan",
    ):
        assert heading in result.page


def test_a_tracked_model_has_its_card(result, folder, tmp_path):
    store = f"sqlite:///{folder / 'mlflow.db'}"
    council = tmp_path / "council.yaml"
    council.write_text("team: Performance\n", encoding="utf-8")
    card = sp.tracked_model_card("models:/small@champion", council=council, store=store)
    own = result.card(card.title.removeprefix("Model card: "))
    assert card.facts["card"]["measures"] == own.facts["card"]["measures"]
    assert "Performance" in card.to_markdown() and "Performance" not in own.to_markdown()
    with pytest.raises(sp.ModelNotFoundError, match="models:/none@champion"):
        sp.tracked_model_card("models:/none@champion", store=store)


def test_summary_says_what_came_out(result):
    text = result.summary()
    assert "champion: models:/small/1" in text
    assert "broken could not be compared" in text


def test_summary_names_no_champion_where_none_was_asked_for(result):
    without = result.experiment.model_copy(update={"champion": None})
    assert "champion" not in replace(result, experiment=without).summary()


def test_summary_shows_few_of_many_warnings(result):
    noisy = replace(result, notes={"Cox": tuple(f"event {n}: separated" for n in range(9))})
    assert noisy.summary().count("Cox: event") == 2
    assert "Cox: 7 more warnings" in noisy.summary()


@pytest.mark.parametrize(
    "text",
    ["name: x\ndata: 2018-13-45\n", "[" * 3000, "horizons: [" + "9" * 5000 + "]\n"],
    ids=["date", "deep", "long"],
)
def test_yaml_that_python_cannot_hold_is_refused(tmp_path, text):
    with pytest.raises(sp.InputError, match=r"wrong\.yaml: holds an impossible date"):
        sp.load_experiment(written(tmp_path, text))


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (("name: Cox", "name: a/../../b"), "models.1.name"),
        (("name: Cox", 'name: "x\\ty"'), "models.1.name"),
        (("model_name: small", "model_name: a/b"), "champion.model_name"),
        (("horizons: [365, 730]", "horizons: []"), "horizons"),
        (("horizons: [365, 730]", "horizons: [999999999]"), "horizons.0"),
        (("n_splits: 2", "n_splits: 2, seed: -1"), "validation.seed"),
        (("features: [plan_length_band], params", "features: [], params"), "models.0.features"),
    ],
)
def test_names_and_numbers_that_cannot_be_are_refused(tmp_path, change, place):
    assert change[0] in SMALL
    with pytest.raises(sp.InputError, match=place):
        sp.load_experiment(written(tmp_path, SMALL.replace(*change, 1)))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (("n_splits: 2", "n_splits: 100000"), "small: there are .* families, fewer than the 100000 folds"),
        (("{kind: family_folds, n_splits: 2}", "{kind: in_time, cut_date: 1900-01-01}"), "small: no plan ended before"),
    ],
)
def test_folds_that_the_data_cannot_give_are_refused(folder, change, rule):
    with pytest.raises(sp.InputError, match=rule):
        sp.run_experiment(written(folder, SMALL.replace(*change, 1)), store=None)


def test_an_experiment_in_which_no_model_works_says_why(folder):
    only = "\n".join(line for line in SMALL.splitlines() if "by band" not in line and "Cox, type" not in line)
    with pytest.raises(sp.InputError, match=r"no model could be compared with AalenJohansen: broken: .*ties"):
        sp.run_experiment(written(folder, only), store=None)


def test_gates_and_store_are_looked_at_before_the_work(folder, monkeypatch):
    monkeypatch.setattr("secondplan.evaluation.compare_models", lambda *_, **__: pytest.fail("worked first"))
    with pytest.raises(sp.InputError, match="slope_bounds"):
        sp.run_experiment(written(folder, SMALL.replace("[0.2, 5.0]", "[2, 1]")), store=None)
    with pytest.raises(sp.InputError, match="MLflow store is given as"):
        sp.run_experiment(folder / "small.yaml", store="postgres://host/x")
