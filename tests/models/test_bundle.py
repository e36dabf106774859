import json
import os
import zipfile

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression

import secondplan.models.estimator.bundle_files as module
from secondplan.errors import BundleError, ModelNotFoundError, OutputError
from secondplan.models import CauseSpecificCox, CoxPH, FeatureEncoder, ParametricAFT
from secondplan.models.bundle import load_model, model_digest
from secondplan.models.estimator.bundle_files import save_bundle

RNG = np.random.default_rng(0)
N_ROWS = 120
X = pd.DataFrame(
    {
        "age": RNG.uniform(0, 17, N_ROWS),
        "category": pd.Series(RNG.choice(["NEG", "EMO", "PHY"], N_ROWS), dtype="string"),
        "la_code": RNG.choice(["330", "331"], N_ROWS),
    }
)
Y = pd.DataFrame({"duration": RNG.integers(0, 1500, N_ROWS) + 0.123, "event": RNG.integers(0, 3, N_ROWS)})
ENCODER = FeatureEncoder(splines={"age": 2}, interactions=[("age", "category")], unseen="reference")
TIMES = [91, 182, 365, 730]


@pytest.fixture(scope="module")
def model():
    y = Y.assign(event=np.where(np.arange(N_ROWS) % 15 == 0, 4, Y["event"]))
    return CauseSpecificCox(strata="la_code", known_end_event=4, encoder=ENCODER).fit(
        X, y, cluster=np.arange(N_ROWS) // 2
    )


@pytest.fixture
def bundle(model, tmp_path):
    return save_bundle(model, tmp_path / "model")


def rewrite(bundle, change):
    """Change the content as somebody would who also mends the checksums."""
    document = json.loads((bundle / "bundle.json").read_text())
    change(document["content"]["model"])
    document["manifest"]["content"] = module.sha256(module.canonical(document["content"]))
    (bundle / "bundle.json").write_text(json.dumps(document))


def names_in(folder):
    return sorted(entry.name for entry in folder.iterdir())


@pytest.mark.parametrize("distribution", ["weibull", "lognormal"])
def test_round_trip_of_another_family(distribution, tmp_path):
    fitted = ParametricAFT(distribution, encoder=ENCODER).fit(X, Y)
    loaded = load_model(fitted.save(tmp_path / "aft"))
    np.testing.assert_array_equal(
        loaded.predict_cumulative_incidence(X, TIMES), fitted.predict_cumulative_incidence(X, TIMES)
    )
    pd.testing.assert_frame_equal(loaded.summary_, fitted.summary_)


def test_round_trip(model, bundle):
    loaded = load_model(bundle)
    for event in (1, 2):
        np.testing.assert_array_equal(
            loaded.predict_cumulative_incidence(X, TIMES, event=event),
            model.predict_cumulative_incidence(X, TIMES, event=event),
        )
    pd.testing.assert_frame_equal(loaded.summary_, model.summary_)
    pd.testing.assert_frame_equal(loaded.baseline_cumulative_hazard_, model.baseline_cumulative_hazard_)
    assert loaded.get_params(deep=False).keys() == model.get_params(deep=False).keys()
    assert loaded.encoder.splines == {"age": 2} and loaded.encoder_.reference_ == model.encoder_.reference_
    assert names_in(bundle) == ["arrays.npz", "bundle.json"]


def test_the_same_model_gives_the_same_bytes_and_digest(model, bundle, tmp_path):
    again = save_bundle(load_model(bundle), tmp_path / "deep" / "again")
    for name in ("arrays.npz", "bundle.json"):
        assert (again / name).read_bytes() == (bundle / name).read_bytes()
    assert model_digest(again) == model_digest(bundle) and len(model_digest(bundle)) == 64
    other = save_bundle(CauseSpecificCox(strata="la_code").fit(X, Y), tmp_path / "other")
    assert model_digest(other) != model_digest(bundle)


def test_no_training_row_and_no_identifier_is_in_the_bundle(tmp_path):
    secret = "CHILD-0001"
    frame = X.set_axis([secret, *range(1, N_ROWS)])
    cluster = pd.Series([f"FAMILY-{number // 2:04d}" for number in range(N_ROWS)], index=frame.index)
    for estimator in (CauseSpecificCox(), CoxPH(), ParametricAFT()):
        fitted = estimator.fit(frame, Y.set_axis(frame.index), cluster=cluster)
        folder = save_bundle(fitted, tmp_path / type(estimator).__name__)
        text = b"".join(file.read_bytes() for file in folder.iterdir())
        assert secret.encode() not in text and b"FAMILY" not in text
        with np.load(folder / "arrays.npz", allow_pickle=False) as members:
            numbers = np.concatenate([members[name].ravel().astype(float) for name in members.files])
        ages = X["age"].to_numpy()
        assert not np.isin(ages, numbers).any()
        assert not any(repr(float(age)).encode() in text for age in ages if age != fitted.encoder_.reference_["age"])


@pytest.mark.parametrize("name", ["arrays.npz", "bundle.json"])
def test_any_changed_byte_is_found(bundle, name):
    data = bytearray((bundle / name).read_bytes())
    for position in range(0, len(data), max(1, len(data) // 40)):
        damaged = data.copy()
        damaged[position] ^= 0x01
        (bundle / name).write_bytes(damaged)
        with pytest.raises(BundleError):
            load_model(bundle)


def test_damaged_folders(bundle, tmp_path):
    with pytest.raises(ModelNotFoundError, match="no such folder"):
        load_model(tmp_path / "nowhere")
    with pytest.raises(BundleError, match="not a model bundle"):
        load_model(tmp_path)
    (bundle / "notes.txt").write_text("x")
    with pytest.raises(BundleError, match=r"holds the files arrays.npz and bundle.json, and no other"):
        load_model(bundle)
    (bundle / "notes.txt").unlink()
    (bundle / "arrays.npz").rename(tmp_path / "arrays.npz")
    with pytest.raises(BundleError, match="and no other"):
        load_model(bundle)
    (bundle / "arrays.npz").symlink_to(tmp_path / "arrays.npz")
    with pytest.raises(BundleError, match="and no other"):
        load_model(bundle)


@pytest.mark.parametrize("text", ["", "{", "[1]", "null", '{"format": "other"}', "[" * 100_000, '{"a": NaN}'])
def test_json_that_is_not_a_bundle(bundle, text):
    (bundle / "bundle.json").write_text(text)
    with pytest.raises(BundleError) as caught:
        load_model(bundle)
    assert ("\n" not in str(caught.value) and caught.value.__suppress_context__) or caught.value.__context__ is None


def test_other_versions_are_refused(bundle):
    document = json.loads((bundle / "bundle.json").read_text())
    (bundle / "bundle.json").write_text(json.dumps(document | {"format_version": 1}))
    with pytest.raises(BundleError, match="reads bundles of version 5"):
        load_model(bundle)


@pytest.mark.parametrize(
    "change",
    [
        lambda tree: tree.update({"class": "os.system"}),
        lambda tree: tree.update({"class": "LinearRegression"}),
        lambda tree: tree.update({"class": "FeatureEncoder"}),
        lambda tree: tree["params"]["items"].append(["__class__", 1]),
        lambda tree: tree["attributes"]["items"].append(["predict", 1]),
        lambda tree: tree["attributes"]["items"].pop(),
        lambda tree: tree.pop("attributes"),
        lambda tree: tree.update({"$type": "list"}),
        lambda tree: tree.update({"params": 3}),
    ],
)
def test_content_that_names_what_it_may_not_is_refused(bundle, change):
    rewrite(bundle, change)
    with pytest.raises(BundleError, match="does not describe a model"):
        load_model(bundle)


def test_pickled_or_compressed_arrays_are_refused(bundle):
    for compression, array in ((zipfile.ZIP_STORED, np.array([len], dtype=object)), (zipfile.ZIP_DEFLATED, np.ones(3))):
        with (
            zipfile.ZipFile(bundle / "arrays.npz", "w", compression) as archive,
            archive.open("array_0.npy", "w") as file,
        ):
            np.lib.format.write_array(file, array, allow_pickle=True)
        document = json.loads((bundle / "bundle.json").read_text())
        document["manifest"]["arrays.npz"] = module.sha256((bundle / "arrays.npz").read_bytes())
        (bundle / "bundle.json").write_text(json.dumps(document))
        with pytest.raises(BundleError, match="does not describe a model"):
            load_model(bundle)


def test_busy_folders_are_left_alone(model, bundle, tmp_path):
    before = model_digest(bundle)
    with pytest.raises(OutputError, match="holds a model bundle already"):
        save_bundle(model, bundle)
    (tmp_path / "papers").mkdir()
    (tmp_path / "papers" / "letter.txt").write_text("x")
    with pytest.raises(OutputError, match="not empty and is not a model bundle"):
        save_bundle(model, tmp_path / "papers", overwrite=True)
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="is not a folder"):
        save_bundle(model, tmp_path / "file", overwrite=True)
    assert model_digest(bundle) == before and (tmp_path / "papers" / "letter.txt").read_text() == "x"
    (tmp_path / "empty").mkdir()
    assert model_digest(save_bundle(model, tmp_path / "empty")) == before


def test_overwriting_is_all_or_nothing(model, bundle, monkeypatch):
    other = CauseSpecificCox().fit(X, Y)
    before = model_digest(bundle)

    def fail(descriptor):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fail)
        with pytest.raises(OutputError, match=r"cannot be written .No space left on device"):
            save_bundle(other, bundle, overwrite=True)
    assert model_digest(bundle) == before and names_in(bundle.parent) == ["model"]
    save_bundle(other, bundle, overwrite=True)
    assert model_digest(bundle) != before and names_in(bundle.parent) == ["model"]


def test_what_cannot_be_saved(model, tmp_path):
    with pytest.raises(NotFittedError):
        save_bundle(CauseSpecificCox(), tmp_path / "model")
    with pytest.raises(BundleError, match="cannot be saved as data: model is a LinearRegression"):
        save_bundle(LinearRegression().fit([[1.0]], [1.0]), tmp_path / "model")
    odd = ParametricAFT(encoder=ENCODER).fit(X, Y)
    odd.horizon = pd.Timestamp("2018-01-01")
    with pytest.raises(BundleError, match=r"model.params\[horizon\] is a Timestamp"):
        save_bundle(odd, tmp_path / "model")
    del odd.summary_
    with pytest.raises(BundleError, match="model has no attribute summary_"):
        save_bundle(odd.set_params(horizon=730.0), tmp_path / "model")
    assert names_in(tmp_path) == []


def test_every_class_of_the_table_is_where_it_says():
    for name in module.CLASSES:
        assert module.bundle_class(name).__name__ == name


def with_member(bundle, content):
    """Give the first array other bytes, and mend the checksums."""
    with zipfile.ZipFile(bundle / "arrays.npz") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members[next(iter(members))] = content
    with zipfile.ZipFile(bundle / "arrays.npz", "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    mend(bundle)


def mend(bundle):
    document = json.loads((bundle / "bundle.json").read_text())
    document["manifest"]["arrays.npz"] = module.sha256((bundle / "arrays.npz").read_bytes())
    (bundle / "bundle.json").write_text(json.dumps(document))


def npy(header):
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + bytes(8)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not an array",
        npy("((((("),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1,),}}}"),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1L,)}"),
        npy("{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000,)}"),
        npy("{'descr': [('a', 'O')], 'fortran_order': False, 'shape': (1,)}"),
    ],
)
def test_members_that_are_no_arrays_are_refused(bundle, content):
    with_member(bundle, content)
    with pytest.raises(BundleError, match="does not describe a model"):
        load_model(bundle)


@pytest.mark.parametrize(("offset", "value"), [(8, 1), (8, 32), (6, 99)], ids=["encrypted", "patched", "version"])
def test_archives_that_zipfile_does_not_read_are_refused(bundle, offset, value):
    data = bytearray((bundle / "arrays.npz").read_bytes())
    data[data.find(b"PK\x01\x02") + offset] |= value
    (bundle / "arrays.npz").write_bytes(data)
    mend(bundle)
    with pytest.raises(BundleError, match="does not describe a model"):
        load_model(bundle)


def test_archives_with_other_names_or_shared_bytes_are_refused(bundle):
    whole = (bundle / "arrays.npz").read_bytes()
    with zipfile.ZipFile(bundle / "arrays.npz", "a") as archive:
        archive.writestr("../../outside.npy", b"")
    mend(bundle)
    with pytest.raises(BundleError):
        load_model(bundle)
    data = bytearray(whole)
    directory = data.find(b"PK\x01\x02")
    data[directory + 24 : directory + 28] = (1 << 30).to_bytes(4, "little")
    (bundle / "arrays.npz").write_bytes(data)
    mend(bundle)
    with pytest.raises(BundleError):
        load_model(bundle)


def test_a_model_without_an_encoder_is_refused(bundle):
    def drop(tree):
        items = tree["attributes"]["items"]
        next(item for item in items if item[0] == "encoder_")[1] = None

    rewrite(bundle, drop)
    with pytest.raises(BundleError, match="does not hold a model"):
        load_model(bundle)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes of POSIX")
def test_a_pipe_in_place_of_a_file_is_no_bundle(bundle):
    (bundle / "arrays.npz").unlink()
    os.mkfifo(bundle / "arrays.npz")
    with pytest.raises(BundleError, match="and no other"):
        load_model(bundle)


@pytest.mark.parametrize("strata", [None, "area"])
@pytest.mark.parametrize("change", [lambda coef: coef[:-1], lambda coef: coef * np.nan])
def test_parts_that_do_not_fit_or_are_no_numbers_are_refused(tmp_path, change, strata):
    rows = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 2)), columns=["x", "z"])
    # "missing" is typical of the kind
    rows = rows.assign(area=np.arange(60) % 2 + 330, kind=pd.Series(["a", None, None, None] * 15, dtype="string"))
    model = CauseSpecificCox(strata=strata, encoder=FeatureEncoder(categorical_missing="level"))
    model.fit(rows, {"duration": np.arange(60.0), "event": np.arange(60) % 3}, cluster=range(60))
    model = load_model(save_bundle(model, tmp_path / "whole"))
    for cause in model.cause_models_.values():
        cause.coef_ = change(cause.coef_)
    path = save_bundle(model, tmp_path / "broken")
    with pytest.raises(BundleError, match=r"fit together|not finite"):
        load_model(path)


def test_parts_that_only_a_band_needs_are_tried_too(tmp_path):
    fitted = ParametricAFT().fit(X[["age"]], Y)
    fitted.average_curve_ = np.zeros(3)
    with pytest.raises(BundleError, match="do not fit together"):
        load_model(save_bundle(fitted, tmp_path / "odd"))
