import getpass
import io
import json
import platform
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from statsmodels.duration.hazard_regression import PHReg

from secondplan.errors import GateError, OutputError
from secondplan.models import AalenJohansen, CauseSpecificCox, FeatureEncoder, StackedIncidence
from secondplan.models.external.model import ExternalModel
from secondplan.tracking import compare_runs, log_comparison, promote
from secondplan.tracking.dataset import cohort_digest
from secondplan.tracking.descriptions import how_many
from secondplan.tracking.flavour import model_name, resolve_model_id
from secondplan.tracking.registry import SUMMARY


def png() -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (40, 30), (255, 255, 255)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def parent(store, cohort, fitted, make_comparison):
    """One comparison with everything that can be logged."""
    image = np.full((30, 40, 3), 255, dtype=np.uint8)
    return log_comparison(
        make_comparison(),
        cohort,
        experiment="everything",
        description="Which is best?",
        params={"n_splits": 5, "care": "competing"},
        fitted=fitted,
        images={"CauseSpecificCox/calibration": {365: png(), 730: image}, "incidence": {730: png()}},
        pages={"report.html": "<p>report</p>", "CauseSpecificCox/model_card.md": "# Card"},
        tables={"CauseSpecificCox/coefficients": pd.DataFrame({"coef": [0.1]}, index=["plan_length_days"])},
        data_name="test data",
        store=store,
    )


@pytest.fixture(scope="module")
def children(store, parent):
    experiment = store.experiment_id("everything")
    runs = store.client.search_runs([experiment], f"tags.mlflow.parentRunId = '{parent}'")
    return {run.info.run_name: run for run in runs}


def artifacts(store, run_id, path=None):
    found = []
    for item in store.client.list_artifacts(run_id, path):
        found += artifacts(store, run_id, item.path) if item.is_dir else [item.path]
    return sorted(found)


def text_of(store, run_id, path, tmp_path):
    return Path(store.client.download_artifacts(run_id, path, str(tmp_path))).read_text(encoding="utf-8")


def test_one_parent_and_one_child_a_model(store, parent, children):
    run = store.client.get_run(parent)
    assert run.info.status == "FINISHED"
    assert set(children) == {"AalenJohansen", "CauseSpecificCox"}
    assert {child.info.status for child in children.values()} == {"FINISHED"}


def test_summaries_are_those_of_the_design(children):
    metrics = children["CauseSpecificCox"].data.metrics
    assert {name for name in metrics if name.startswith("summary/")} == {f"summary/{name}" for name in SUMMARY}
    assert metrics["summary/brier_730"] == 0.05
    assert set(metrics) - {f"summary/{name}" for name in SUMMARY} == {"curve/brier", "curve/ipa_percent", "curve/auc"}


def test_curves_have_days_as_steps(store, children):
    history = store.client.get_metric_history(children["AalenJohansen"].info.run_id, "curve/brier")
    assert [(point.step, point.value) for point in history][:2] == [(10, 0.001), (20, 0.002)]
    assert len(history) == 73


def test_parameters_come_in_reading_order_and_only_those_in_use(children):
    one, other = (children[name].data.params for name in ("AalenJohansen", "CauseSpecificCox"))
    assert "ties" not in one
    assert other["ties"] == "efron"
    assert "None" not in [*one.values(), *other.values()]
    assert next(iter(other)) == "class"
    assert other["n_splits"] == "5"


def test_images_tables_and_pages_are_where_they_belong(store, parent, children, tmp_path):
    child = children["CauseSpecificCox"].info.run_id
    found = artifacts(store, child)
    assert [name for name in found if not name.startswith("images/")] == [
        "model_card.md",
        "tables/calibration.csv",
        "tables/calibration.json",
        "tables/coefficients.csv",
        "tables/coefficients.json",
        "tables/gates.csv",
        "tables/gates.json",
    ]
    steps = [name.split("+step+")[1].split("+")[0] for name in found if name.endswith(".png")]
    assert sorted(steps) == ["365", "730"]
    assert "report.html" in artifacts(store, parent)
    assert "tables/comparison.csv" in artifacts(store, parent)
    assert "coef" in text_of(store, child, "tables/coefficients.csv", tmp_path)


def test_small_counts_are_withheld(store, parent, children, tmp_path):
    text = text_of(store, children["CauseSpecificCox"].info.run_id, "tables/calibration.csv", tmp_path)
    calibration = pd.read_csv(io.StringIO(text), dtype=str)
    assert calibration["n"].tolist() == ["40", "41", "c", "c"]
    assert calibration["observed"].tolist()[2:] == ["c", "c"]
    flow = pd.read_csv(io.StringIO(text_of(store, parent, "tables/flow.csv", tmp_path)), dtype=str)
    assert flow["n_left_out"].tolist() == ["0", "c"]


def test_the_data_set_is_named_counted_and_digested(store, cohort, children):
    (used,) = children["CauseSpecificCox"].inputs.dataset_inputs
    assert used.dataset.name == "test data"
    assert json.loads(used.dataset.profile) == {"num_rows": len(cohort)}
    digest = cohort_digest(cohort)
    assert used.dataset.digest == digest[:36]
    assert {tag.key: tag.value for tag in used.tags}["sha256"] == digest
    assert children["CauseSpecificCox"].data.tags["secondplan.data_sha256"] == digest
    columns = {column["name"] for column in json.loads(used.dataset.schema)["mlflow_colspec"]}
    assert columns == {*cohort.X.columns, "entry", "duration", "event"}


def test_gates_are_told_with_each_model(children):
    words = {name: run.data.tags["secondplan.gates"] for name, run in children.items()}
    assert words["CauseSpecificCox"] == "passed"
    assert words["AalenJohansen"].startswith("failed: difference_to_null_730_upper not measured")


def test_experiment_comparison_and_runs_are_described_in_words(store, parent, children):
    note = "mlflow.note.content"
    described = store.client.get_run(parent).data.tags[note]
    assert described.startswith("CauseSpecificCox is better than the average risk beyond noise.\n\n")
    assert "Data: test data: 120 children, 240 second plans." in described
    assert (
        "| CauseSpecificCox | 5.00 | -0.01000 (-0.01500 to -0.00500) | 0.66 (0.62 to 0.70) | 1.02 (0.82 to 1.22) |"
        in (described)
    )
    address = f"#/experiments/{store.experiment_id('everything')}/runs/{parent}"
    assert f"[report.html]({address}/artifacts/report.html)" in described
    experiment = store.client.get_experiment_by_name("everything").tags[note]
    assert experiment.startswith("CauseSpecificCox is better than the average risk beyond noise.\n\n")
    assert f"({address}), test data: 120 children, 240 second plans.\n\nWhich is best?" in experiment
    own = children["CauseSpecificCox"].data.tags[note]
    assert own.startswith("Better than the average risk beyond noise. Place 2 of 2 by the Brier score. Passes the")
    assert "Brier score less the average risk's -0.01000 (-0.01500 to -0.00500)" in own
    assert "No champion: difference_to_null_730_upper not measured" in children["AalenJohansen"].data.tags[note]


def test_few_children_are_not_counted_in_words():
    assert how_many(5, 1) == "fewer than 6 children, fewer than 6 second plans"
    assert how_many(1234, 6) == "1,234 children, 6 second plans"


def test_logged_models_are_named_after_their_model(store, children):
    run = children["CauseSpecificCox"]
    (output,) = run.outputs.model_outputs
    assert store.client.get_logged_model(output.model_id).name == "CauseSpecificCox"
    assert model_name("Cox 1.5: a/b") == "Cox 1-5- a-b"
    for address in ("model", "CauseSpecificCox"):
        assert resolve_model_id(f"runs:/{run.info.run_id}/{address}", store) == output.model_id


def test_nothing_that_identifies_a_child_user_or_machine_is_in_the_store(store, cohort, parent):
    """Every file under the store, the database among them, is searched for every identifier that went in."""
    assert parent
    hunted = {str(value) for name in ("child_id", "plan_id", "family_id") for value in cohort.keys[name]}
    hunted |= {f"{day:%Y-%m-%d}" for day in cohort.keys["index_end"]}
    hunted |= {"CHILDKEY", "PLANKEY", "FAMILYKEY"}
    machine = [platform.node(), f'"{getpass.getuser()}"', "mlflow.user"]
    files = [path for path in store.database.parent.rglob("*") if path.is_file()]
    assert len(files) > 20
    for path in files:
        content = path.read_bytes()
        for needle in [*hunted, *(name for name in machine if len(name) > 3)]:
            assert needle.encode() not in content, path.name


def test_a_page_with_an_identifier_is_refused_and_nothing_is_written(store, cohort, make_comparison):
    with pytest.raises(OutputError, match="identifiers of the cohort"):
        log_comparison(
            make_comparison(),
            cohort,
            experiment="refused",
            pages={"report.html": "<td>CHILDKEY00001</td>"},
            store=store,
        )
    assert store.client.get_experiment_by_name("refused") is None


def test_a_failure_closes_the_runs_as_failed(store, cohort, make_comparison):
    with pytest.raises(OutputError, match="never logged"):
        log_comparison(
            make_comparison(),
            cohort,
            experiment="failed",
            tables={"CauseSpecificCox/rows": pd.DataFrame({"child_id": ["x"]})},
            store=store,
        )
    runs = store.client.search_runs([store.experiment_id("failed")])
    assert {run.info.status for run in runs} == {"FAILED"}
    assert len(runs) == 2


def test_a_model_of_another_library_is_measured_and_never_kept(store, cohort, fitted, make_comparison):
    theirs = ExternalModel({1: PHReg}, encoder=FeatureEncoder(columns=["plan_length_days"]))
    comparison = make_comparison()
    comparison.models["CauseSpecificCox"] = theirs
    comparison.models["AalenJohansen"] = StackedIncidence({"Cox (plain)": CauseSpecificCox(), "mean": AalenJohansen()})
    trained = fitted | {"CauseSpecificCox": clone(theirs).fit(cohort.X, cohort.y)}
    log_comparison(comparison, cohort, experiment="external", fitted=trained, store=store)
    table = compare_runs("external", store=store).set_index("model")
    assert table.loc["CauseSpecificCox", "brier_730"] == 0.05 and table.loc["CauseSpecificCox", "gates"] == "failed"
    run = store.client.get_run(table.loc["CauseSpecificCox", "run_id"])
    assert not run.outputs.model_outputs and "tables/gates.csv" in artifacts(store, run.info.run_id)
    assert run.data.params["class"] == "ExternalModel" and run.data.params["library"] == "statsmodels PHReg"
    assert "holds rows of its training" in run.data.tags["mlflow.note.content"]
    params = store.client.get_run(table.loc["AalenJohansen", "run_id"]).data.params
    assert params["Cox _plain___ties"] == "efron" and "models" not in params
    with pytest.raises(GateError, match="CauseSpecificCox: no model was saved with its run"):
        promote("CauseSpecificCox", store=store)
