import pickle
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest
import yaml

from secondplan.errors import BundleError, ModelNotFoundError
from secondplan.models.bundle import model_digest
from secondplan.models.estimator.bundle_files import save_bundle
from secondplan.tracking import flavour, load_tracked_model, log_model_bundle
from secondplan.tracking.dataset import column_kinds

FEATURES = ["plan_length_days", "sex", "disabled"]


@pytest.fixture(scope="module")
def tracked(store, cohort, fitted):
    """The run and the logged model of one bundle."""
    run = store.client.create_run(store.experiment_id("flavour"), run_name="model").info.run_id
    columns = column_kinds(cohort.X[FEATURES])
    model_id = log_model_bundle(fitted["CauseSpecificCox"], run, columns=columns, store=store)
    return run, model_id


@pytest.fixture
def folder(store, tracked, tmp_path):
    """A copy of the model's files."""
    location = store.client.get_logged_model(tracked[1]).artifact_location
    return Path(shutil.copytree(location, tmp_path / "model"))


def same(model, fitted, cohort):
    X = cohort.X[FEATURES]
    return np.array_equal(model.predict(X), fitted["CauseSpecificCox"].predict(X))


def test_every_address_gives_the_model_back(store, tracked, fitted, cohort, folder, tmp_path):
    run, model_id = tracked
    for uri in (f"runs:/{run}/model", f"models:/{model_id}", str(folder), folder):
        model = load_tracked_model(uri, store=store)
        assert same(model, fitted, cohort)
        assert model.average_risk_ == fitted["CauseSpecificCox"].average_risk_
    bundle = save_bundle(fitted["CauseSpecificCox"], tmp_path / "bundle")
    assert same(load_tracked_model(bundle), fitted, cohort)


def test_a_path_needs_no_store(folder, fitted, cohort, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert same(load_tracked_model(folder), fitted, cohort)
    assert not (tmp_path / "mlflow.db").exists()


def test_loading_unpickles_nothing(store, tracked, fitted, cohort, monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("unpickled")

    for name in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, name, refuse)
    with pytest.raises(AssertionError, match="unpickled"):
        pickle.loads(b"")
    assert same(load_tracked_model(f"runs:/{tracked[0]}/model", store=store), fitted, cohort)


def test_the_folder_holds_data_and_no_code(folder, fitted, tmp_path):
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    assert names == ["MLmodel", "bundle/arrays.npz", "bundle/bundle.json", "requirements.txt"]
    described = yaml.safe_load((folder / "MLmodel").read_text())
    assert set(described["flavors"]) == {"secondplan"}
    block = described["flavors"]["secondplan"]
    assert block["model_digest"] == model_digest(save_bundle(fitted["CauseSpecificCox"], tmp_path / "again"))
    assert described["signature"]["inputs"].count('"name"') == len(FEATURES)
    assert "saved_input_example_info" not in described
    requirements = (folder / "requirements.txt").read_text().splitlines()
    assert all("==" in line for line in requirements)
    assert any(line.startswith("scikit-learn==") for line in requirements)


def test_mlflow_itself_finds_no_loader_to_run(store, tracked):
    location = store.client.get_logged_model(tracked[1]).artifact_location
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mlflow
        from mlflow.exceptions import MlflowException

        with pytest.raises(MlflowException, match="python_function"):
            mlflow.pyfunc.load_model(location)


def change_a_byte(folder):
    path = folder / "bundle" / "arrays.npz"
    content = bytearray(path.read_bytes())
    content[-30] ^= 1
    path.write_bytes(bytes(content))


def swap_the_digest(folder):
    text = (folder / "MLmodel").read_text()
    digest = yaml.safe_load(text)["flavors"]["secondplan"]["model_digest"]
    (folder / "MLmodel").write_text(text.replace(digest, "0" * 64))


@pytest.mark.parametrize(
    "damage",
    [
        change_a_byte,
        swap_the_digest,
        lambda folder: (folder / "evil.py").write_text("raise SystemExit"),
        lambda folder: (folder / "bundle" / "more.npz").write_text("x"),
        lambda folder: (folder / "bundle" / "arrays.npz").unlink(),
        lambda folder: (folder / "requirements.txt").write_text("evil"),
        lambda folder: (folder / "MLmodel").write_text("flavors: {python_function: {loader_module: os}}"),
        lambda folder: (folder / "MLmodel").write_text("!!python/object/apply:os.system ['true']"),
        lambda folder: (folder / "MLmodel").write_text("[unclosed"),
        lambda folder: (folder / "MLmodel").write_text("x" * 2_000_000),
        lambda folder: (folder / "link").symlink_to("/etc/passwd"),
        lambda folder: (folder / "MLmodel").write_text(
            (folder / "MLmodel").read_text().replace("format_version: 1", "format_version: 2")
        ),
    ],
)
def test_changed_files_are_refused_in_one_line(folder, damage):
    load_tracked_model(folder)
    damage(folder)
    with pytest.raises(BundleError) as error:
        load_tracked_model(folder)
    assert "\n" not in str(error.value)


def test_a_model_that_was_swapped_as_a_whole_is_not_what_the_store_describes(store, cohort, fitted):
    run = store.client.create_run(store.experiment_id("flavour"), run_name="swapped").info.run_id
    columns = column_kinds(cohort.X[FEATURES])
    one = log_model_bundle(fitted["CauseSpecificCox"], run, columns=columns, name="one", store=store)
    other = log_model_bundle(fitted["AalenJohansen"], run, columns={}, name="other", store=store)
    places = [Path(store.client.get_logged_model(model_id).artifact_location) for model_id in (one, other)]
    shutil.rmtree(places[0])
    shutil.copytree(places[1], places[0])
    with pytest.raises(BundleError, match="not the one that the store describes"):
        load_tracked_model(f"models:/{one}", store=store)
    load_tracked_model(f"runs:/{run}/other", store=store)


@pytest.mark.parametrize(
    "uri",
    [
        "models:/nobody@champion",
        "models:/nobody/1",
        "models:/m-0000",
        "runs:/0123456789abcdef0123456789abcdef/model",
        "runs:/not a run/model",
        "no/such/path",
        "models:/",
    ],
)
def test_what_is_not_there_is_not_found(store, uri):
    with pytest.raises(ModelNotFoundError) as error:
        load_tracked_model(uri, store=store)
    assert "\n" not in str(error.value)


def test_files_that_are_gone_are_not_found(store, cohort, fitted):
    run = store.client.create_run(store.experiment_id("flavour"), run_name="gone").info.run_id
    model_id = log_model_bundle(fitted["AalenJohansen"], run, columns={}, store=store)
    shutil.rmtree(store.client.get_logged_model(model_id).artifact_location)
    with pytest.raises(ModelNotFoundError, match="files are gone"):
        load_tracked_model(f"runs:/{run}/model", store=store)


@pytest.mark.parametrize(
    ("location", "folder"),
    [
        ("/srv/ml runs/1", "/srv/ml runs/1"),
        ("file:///srv/ml%20runs/1", "/srv/ml runs/1"),
        (r"C:\mlruns\1", r"C:\mlruns\1"),
        ("D:/mlruns/1", "D:/mlruns/1"),
        ("s3://bucket/1", None),
        ("mlflow-artifacts:/1", None),
    ],
)
def test_a_drive_of_windows_is_a_folder_and_no_scheme(location, folder):
    assert flavour._local_folder(location) == (None if folder is None else Path(folder))
