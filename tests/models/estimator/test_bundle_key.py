"""Signed bundles, and models that are pinned."""

import json

import pandas as pd
import pytest

from secondplan.errors import BundleError
from secondplan.models import AalenJohansen
from secondplan.models.bundle import load_model, model_digest
from secondplan.models.estimator.bundle_key import KEY, bundle_key
from secondplan.tracking import load_tracked_model

SECRET = "a key of a council, long enough"


@pytest.fixture(scope="module")
def model():
    y = pd.DataFrame({"duration": [100, 400, 900, 900], "event": [1, 1, 0, 0]})
    return AalenJohansen().fit(pd.DataFrame({"n_reviews": [1.0, 2.0, 3.0, 2.0]}), y)


def test_a_bundle_is_signed_and_must_be_where_a_key_is_set(model, tmp_path, monkeypatch):
    plain = model.save(tmp_path / "plain")
    (tmp_path / "key").write_text(SECRET + "\n")
    monkeypatch.setenv(KEY + "_FILE", str(tmp_path / "key"))
    signed = model.save(tmp_path / "signed")
    assert load_model(signed).events_ == model.events_ and load_tracked_model(signed).events_ == model.events_
    assert SECRET not in (signed / "bundle.json").read_text()
    for load in (load_model, load_tracked_model):
        with pytest.raises(BundleError, match="is not signed, and a key is set"):
            load(plain)
    monkeypatch.setenv(KEY, SECRET[::-1])
    with pytest.raises(BundleError, match="was not signed with this key") as error:
        load_model(signed)
    assert error.value.exit_code == 5 and SECRET[::-1] not in str(error.value)
    assert load_model(signed, key_file=tmp_path / "key").events_ == model.events_
    monkeypatch.delenv(KEY)
    monkeypatch.delenv(KEY + "_FILE")
    assert model_digest(signed) == model_digest(plain)
    assert load_model(signed).events_ == model.events_


@pytest.mark.parametrize("found", [None, 1, "", "0" * 64, "\u00e9", ["x"]])
def test_no_other_signature_is_taken(model, tmp_path, monkeypatch, found):
    monkeypatch.setenv(KEY, SECRET)
    file = model.save(tmp_path / "signed") / "bundle.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | {"signature": found}))
    with pytest.raises(BundleError, match="signed"):
        load_model(file.parent)


def test_a_short_key_and_a_missing_file_are_refused(tmp_path, monkeypatch):
    assert bundle_key() is None
    with pytest.raises(BundleError, match="is no file"):
        bundle_key(tmp_path / "absent")
    monkeypatch.setenv(KEY, "short")
    with pytest.raises(BundleError, match="16 characters or more"):
        bundle_key()


def test_only_the_pinned_model_is_taken(model, tmp_path):
    path = model.save(tmp_path / "model")
    assert load_tracked_model(path, digest=model_digest(path).upper()).events_ == model.events_
    with pytest.raises(BundleError, match="another model than the one that is pinned"):
        load_tracked_model(path, digest="0" * 64)
