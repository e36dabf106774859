import hashlib
from pathlib import Path

import pytest
import yaml

from secondplan.errors import GateError, ModelNotFoundError
from secondplan.models import CauseSpecificCox
from secondplan.tracking import (
    compare_runs,
    list_experiments,
    load_tracked_model,
    log_comparison,
    promote,
    register_model,
    set_champion,
)
from secondplan.tracking.evidence import PresentChampion
from secondplan.tracking.flavour import resolve_model_id
from secondplan.tracking.registry import present_champion


@pytest.fixture(scope="module")
def run_of(store, cohort, fitted, make_comparison):
    """Name of a model in the latest comparison -> its run; the experiment holds an earlier comparison too."""
    log_comparison(make_comparison(slope=3.0), cohort, experiment="compared", fitted=fitted, store=store)
    log_comparison(make_comparison(), cohort, experiment="compared", fitted=fitted, store=store)
    table = compare_runs("compared", store=store)
    return dict(zip(table["model"], table["run_id"], strict=True))


def champion(store, name):
    return int(store.client.get_model_version_by_alias(name, "champion").version)


def test_the_champion_is_set_once_its_gates_hold(store, run_of):
    version = register_model(f"runs:/{run_of['CauseSpecificCox']}/model", name="gated", store=store)
    assert register_model(f"runs:/{run_of['CauseSpecificCox']}/model", name="gated", store=store) == version
    assert set_champion("gated", version, store=store) == f"models:/gated/{version}"
    model = load_tracked_model("models:/gated@champion", store=store)
    assert type(model).__name__ == "CauseSpecificCox"


def test_a_model_that_fails_leaves_the_former_champion(store, run_of, make_comparison):
    promote(f"runs:/{run_of['CauseSpecificCox']}/model", name="kept", store=store)
    before = champion(store, "kept")
    with pytest.raises(
        GateError,
        match="AalenJohansen does not pass the gates: difference_to_null_730",
    ):
        promote(f"runs:/{run_of['AalenJohansen']}/model", name="kept", store=store)
    assert not store.client.search_model_versions("name = 'kept'")[1:]  # what fails is not registered
    assert champion(store, "kept") == before


def test_another_than_the_champion_must_have_been_compared_with_it(store, cohort, fitted, make_comparison, run_of):
    promote(f"runs:/{run_of['CauseSpecificCox']}/model", name="bound", store=store)
    uri, digest = present_champion("bound", store)
    other = {"CauseSpecificCox": CauseSpecificCox(form="product_limit").fit(cohort.X[["disabled"]], cohort.y)}

    def compared(**champion):
        standing = {name: PresentChampion(uri=uri, **champion) for name in other} if champion else None
        log_comparison(make_comparison(), cohort, experiment="bound", fitted=other, champions=standing, store=store)
        return compare_runs("bound", store=store).set_index("model").loc["CauseSpecificCox", "run_id"]

    alone = compared()
    # What the pages can edit counts for nothing.
    store.client.set_tag(alone, "secondplan.gates", '{"model": "m", "gates": [["all", 1, "any", true]]}')
    with pytest.raises(GateError, match="does not hold the present champion, models:/bound/1; compare again"):
        promote(f"runs:/{alone}/model", name="bound", store=store)
    with pytest.raises(GateError, match=r"difference_to_champion_730_upper 0\.001, required below 0"):
        promote(f"runs:/{compared(digest=digest, difference=-0.001, upper=0.001)}/model", name="bound", store=store)
    assert champion(store, "bound") == 1
    better = compared(digest=digest, difference=-0.002, upper=-0.001)
    assert promote(f"runs:/{better}/model", name="bound", store=store) == "models:/bound@champion is now version 2"
    former, present = (store.client.get_model_version("bound", number) for number in "12")
    assert ("champion" in former.tags, "champion" in present.tags) == (False, True)
    for version, is_champion in ((former, False), (present, True)):
        run = store.client.get_run(version.run_id).data.tags
        model = store.client.get_logged_model(resolve_model_id(f"runs:/{version.run_id}/model", store))
        described = version.description.startswith(f"Champion: models:/bound/{version.version}\n\n")
        assert described == run["mlflow.note.content"].startswith("Champion: ") == is_champion
        assert (run.get("champion") == model.tags.get("champion") == f"models:/bound/{version.version}") == is_champion
    assert "Champion: version 2, CauseSpecificCox." in store.client.get_registered_model("bound").description


def test_promote_takes_a_name_of_the_latest_comparison(store, run_of):
    assert run_of
    assert promote("CauseSpecificCox", name="by name", store=store) == "models:/by name@champion is now version 1"
    with pytest.raises(ModelNotFoundError, match="not a model of the latest comparison"):
        promote("Nobody", name="by name", store=store)


def test_an_alias_set_past_the_gates_is_not_loaded(store, run_of):
    version = register_model(f"runs:/{run_of['AalenJohansen']}/model", name="by hand", store=store)
    store.client.set_registered_model_alias("by hand", "champion", str(version))
    with pytest.raises(GateError, match="has not passed the gates"):
        load_tracked_model("models:/by hand@champion", store=store)
    assert load_tracked_model(f"models:/by hand/{version}", store=store) is not None


def test_edits_of_the_champion_leave_it_champion(store, run_of):
    promote(f"runs:/{run_of['CauseSpecificCox']}/model", name="edited", store=store)
    kept = present_champion("edited", store)
    model_id = resolve_model_id("models:/edited/1", store)
    store.client.set_logged_model_tags(model_id, {"secondplan.model_digest": "0" * 64})
    store.client.set_model_version_tag("edited", "1", "secondplan.model_digest", "0" * 64)
    assert load_tracked_model("models:/edited@champion", store=store) is not None
    # An alias on a version that fails does not make the comparison forget the champion.
    worse = register_model(f"runs:/{run_of['AalenJohansen']}/model", name="edited", store=store)
    store.client.set_registered_model_alias("edited", "champion", str(worse))
    assert present_champion("edited", store) == kept


def test_the_record_of_another_model_is_not_taken_for_its_own(store, run_of):
    good, bad = (resolve_model_id(f"runs:/{run_of[n]}/model", store) for n in ("CauseSpecificCox", "AalenJohansen"))
    places = [Path(store.client.get_logged_model(model_id).artifact_location) for model_id in (good, bad)]
    kept = {name: (places[1] / name).read_bytes() for name in ("MLmodel", "comparison.json")}
    record = (places[0] / "comparison.json").read_bytes()
    described = yaml.safe_load(kept["MLmodel"])
    described["flavors"]["secondplan"]["files"]["comparison.json"] = hashlib.sha256(record).hexdigest()
    (places[1] / "comparison.json").write_bytes(record)
    (places[1] / "MLmodel").write_text(yaml.safe_dump(described))
    try:
        with pytest.raises(GateError, match="is of another model; compare again"):
            promote(f"runs:/{run_of['AalenJohansen']}/model", name="forged", store=store)
    finally:
        for name, content in kept.items():
            (places[1] / name).write_bytes(content)


def test_a_model_without_measured_gates_is_no_champion(store, cohort, fitted):
    from secondplan.tracking import log_model_bundle

    run = store.client.create_run(store.experiment_id("loose"), run_name="loose").info.run_id
    log_model_bundle(fitted["AalenJohansen"], run, columns={}, store=store)
    with pytest.raises(GateError, match="never measured"):
        promote(f"runs:/{run}/model", name="loose", store=store)


def test_versions_that_are_not_there(store, run_of):
    assert run_of
    for call in (
        lambda: set_champion("nobody", 1, store=store),
        lambda: register_model("runs:/abc/model", store=store),
        lambda: promote("models:/nobody/7", store=store),
    ):
        with pytest.raises(ModelNotFoundError):
            call()


def test_the_global_address_of_mlflow_stays_as_it_was(store, run_of):
    import mlflow

    assert not mlflow.is_tracking_uri_set()
    register_model(f"runs:/{run_of['AalenJohansen']}/model", name="address", store=store)
    assert not mlflow.is_tracking_uri_set()


def test_experiments_are_listed_with_their_best_model(store, run_of):
    assert run_of
    table = list_experiments(store)
    row = table.set_index("experiment").loc["compared"]
    assert (row["comparisons"], row["models"], row["best"]) == (2, 2, "CauseSpecificCox")
    assert "loose" not in set(table["experiment"])


def test_the_latest_comparison_comes_best_first(store, run_of):
    assert run_of
    table = compare_runs("compared", store=store)
    assert table["model"].tolist() == ["CauseSpecificCox", "AalenJohansen"]
    assert table["gates"].tolist() == ["passed", "failed"]
    assert table["brier_730"].tolist() == [0.05, 0.06]
    assert set(compare_runs(store=store)["experiment"]) >= {"compared"}
    with pytest.raises(ModelNotFoundError, match="absent"):
        compare_runs(["absent"], store=store)


def test_an_empty_store_lists_nothing(tmp_path):
    from secondplan.tracking import open_store

    empty = open_store(tmp_path / "mlflow.db")
    assert list_experiments(empty).empty
    assert compare_runs(store=empty).empty
