"""Fitted models as data: a folder with ``bundle.json`` and ``arrays.npz``, checksummed, without code and without rows.

``bundle.json`` holds the format's version, the content (class, parameters, fitted attributes) and the manifest: the
SHA-256 of the content and of ``arrays.npz``. Nothing is ever pickled; what a bundle may create is one of ``CLASSES``.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import secrets
import shutil
import tokenize
import warnings
import zipfile
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..errors import BundleError, ModelNotFoundError, OutputError, cannot_be_written
from .base import IncidenceModel
from .features import FeatureEncoder
from .plain_data import pack, unpack

FORMAT = "secondplan-bundle"
FORMAT_VERSION = 3
JSON_FILE = "bundle.json"
ARRAYS_FILE = "arrays.npz"
CLASSES = {
    "AalenJohansen": "aalen_johansen_model",
    "BoostedHazard": "boosting",
    "CauseSpecificCox": "cause_specific",
    "CoxElasticNetCV": "cox_path",
    "CoxPH": "cox",
    "DiscreteTimeHazard": "discrete_time",
    "FeatureEncoder": "features",
    "FineGray": "fine_gray",
    "ParametricAFT": "parametric",
    "RoystonParmar": "royston_parmar",
}
COMMON_ATTRIBUTES = (
    *("encoder_", "events_", "feature_names_in_", "feature_names_out_", "n_features_in_", "n_rows_"),
    "average_risk_",
)
# What zipfile, numpy and pandas raise for bytes and trees that nobody meant them to see.
_NOT_A_MODEL = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, RuntimeError, TypeError),
    *(ValueError, UserWarning, tokenize.TokenError, zipfile.BadZipFile),
)
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def save_bundle(model: IncidenceModel, path: str | Path, *, overwrite: bool = False) -> Path:
    """Write a fitted model into a folder, at once or not at all. The same model gives the same bytes.

    Parameters
    ----------
    model : IncidenceModel
        Fitted; its parameters and the attributes that its class names in ``_bundle_attributes`` are written.
    path : str or Path
        Folder, absent or empty.
    overwrite : bool
        Replace a bundle that the folder holds.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    NotFittedError
        The model is not fitted.
    BundleError
        The model, or an attribute of it, cannot be written as data.
    OutputError
        The folder holds something, or cannot be written.
    """
    check_is_fitted(model)
    folder = Path(path).absolute()
    arrays: dict[str, np.ndarray] = {}
    try:
        content = {"secondplan_version": _package_version(), "model": pack(model, arrays, _Packer(arrays), "model")}
    except TypeError as error:
        raise BundleError(f"the model cannot be saved as data: {error}") from None
    array_bytes = _npz_bytes(arrays)
    manifest = {"content": _sha256(_canonical(content)), ARRAYS_FILE: _sha256(array_bytes)}
    document = {"format": FORMAT, "format_version": FORMAT_VERSION, "content": content, "manifest": manifest}
    files = {JSON_FILE: json.dumps(document, indent=1, allow_nan=False).encode(), ARRAYS_FILE: array_bytes}
    _refuse_busy(folder, overwrite)
    try:
        _write_folder(folder, files)
    except OSError as error:
        raise cannot_be_written(folder, error) from None
    return folder


def load_model(path: str | Path) -> IncidenceModel:
    """Read a model that :func:`save_bundle` wrote, once its files and their SHA-256 are found right; no code is run.

    Parameters
    ----------
    path : str or Path
        Folder of the bundle.

    Returns
    -------
    IncidenceModel
        Fitted; it predicts to the last digit as the one that was saved.

    Raises
    ------
    ModelNotFoundError
        There is no such folder.
    BundleError
        The bundle is damaged, altered, incomplete, holds a file that it should not, or is of another version.

    Examples
    --------
    >>> import tempfile
    >>> from secondplan import CoxPH
    >>> model = CoxPH().fit([[1.0], [3.0], [2.0]], {"duration": [2, 3, 4], "event": [1, 1, 1]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load_model(model.save(f"{folder}/model"))
    CoxPH()
    """
    content, array_bytes, _ = _read_verified(Path(path))
    try:
        arrays = _read_arrays(array_bytes)
        model = unpack(content["model"], arrays, _Unpacker(arrays))
    except _NOT_A_MODEL:
        raise BundleError(f"{path}: the bundle does not describe a model") from None
    if not isinstance(model, IncidenceModel) or not isinstance(getattr(model, "encoder_", None), FeatureEncoder):
        raise BundleError(f"{path}: the bundle does not hold a model")
    return model


def model_digest(path: str | Path) -> str:
    """SHA-256 over the manifest of a bundle, checked against its files: the same for the same fitted model."""
    manifest = _read_verified(Path(path))[2]
    return _sha256(_canonical(manifest))


class _Packer:
    """``pack_object`` for models and encoders."""

    def __init__(self, arrays: dict[str, np.ndarray]):
        self.arrays = arrays

    def __call__(self, value: Any, where: str) -> dict[str, Any]:
        name = type(value).__name__
        if name not in CLASSES or type(value) is not _class(name):
            raise TypeError(f"{where} is a {name}")
        tree = {"class": name, "params": self._pack(value.get_params(deep=False), f"{where}.params")}
        if isinstance(value, FeatureEncoder):
            learnt = value.state() if hasattr(value, "columns_") else None
            return tree | {"state": self._pack(learnt, f"{where}.state")}
        attributes = {}
        if hasattr(value, "n_rows_"):
            for attribute in (*COMMON_ATTRIBUTES, *type(value)._bundle_attributes):
                if not hasattr(value, attribute):
                    raise TypeError(f"{where} has no attribute {attribute}")
                attributes[attribute] = getattr(value, attribute)
        return tree | {"attributes": self._pack(attributes, where)}

    def _pack(self, value: Any, where: str) -> Any:
        return pack(value, self.arrays, self, where)


class _Unpacker:
    """``unpack_object`` for models and encoders: known classes, their own parameters and attributes, nothing else."""

    def __init__(self, arrays: Mapping[str, np.ndarray]):
        self.arrays = arrays

    def __call__(self, tree: Mapping[str, Any]) -> Any:
        kind = _class(tree["class"])
        params = unpack(tree["params"], self.arrays, self)
        if not set(params) <= set(kind._get_param_names()):
            raise ValueError("unknown parameter")
        instance = kind(**params)
        if isinstance(instance, FeatureEncoder):
            state = unpack(tree["state"], self.arrays, self)
            return instance if state is None else instance.from_state(state)
        attributes = unpack(tree["attributes"], self.arrays, self)
        allowed = {*COMMON_ATTRIBUTES, *kind._bundle_attributes}
        if attributes and set(attributes) != allowed:
            raise ValueError("unknown or missing attribute")
        for name, value in attributes.items():
            setattr(instance, name, value)
        return instance


def _class(name: str) -> Any:
    return getattr(import_module(f".{CLASSES[name]}", __package__), name)


def _read_verified(folder: Path) -> tuple[dict[str, Any], bytes, dict[str, str]]:
    """Content, bytes of the arrays, and manifest, once all checksums have been found right."""
    if not folder.is_dir():
        raise ModelNotFoundError(f"{folder}: no such folder")
    present = sorted(entry.name for entry in folder.iterdir())
    if JSON_FILE not in present:
        raise BundleError(f"{folder}: not a model bundle ({JSON_FILE} is not there)")
    if present != sorted((JSON_FILE, ARRAYS_FILE)) or any(entry.is_symlink() for entry in folder.iterdir()):
        raise BundleError(f"{folder}: a bundle holds the files {ARRAYS_FILE} and {JSON_FILE}, and no other")
    try:
        document = json.loads((folder / JSON_FILE).read_bytes())
        array_bytes = (folder / ARRAYS_FILE).read_bytes()
    except (ValueError, RecursionError):
        raise BundleError(f"{folder}: {JSON_FILE} is not JSON") from None
    except OSError as error:
        raise BundleError(f"{folder}: cannot be read ({error.strerror})") from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise BundleError(f"{folder}: {JSON_FILE} is not that of a model bundle")
    if document.get("format_version") != FORMAT_VERSION:
        raise BundleError(
            f"{folder}: this package reads bundles of version {FORMAT_VERSION}, this one is of another; fit the model "
            "again"
        )
    manifest, content = document.get("manifest"), document.get("content")
    try:
        found = {"content": _sha256(_canonical(content)), ARRAYS_FILE: _sha256(array_bytes)}
    except RecursionError:
        raise BundleError(f"{folder}: {JSON_FILE} is nested too deeply") from None
    if manifest != found or not isinstance(content, dict):
        raise BundleError(f"{folder}: the bundle was altered or damaged (SHA-256 does not agree)")
    return content, array_bytes, found


def _read_arrays(array_bytes: bytes) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(io.BytesIO(array_bytes)) as archive:
        members = archive.infolist()
    if any(member.compress_type != zipfile.ZIP_STORED for member in members):
        raise ValueError("compressed arrays could be far larger than their file")
    if sum(member.file_size for member in members) > len(array_bytes):
        raise ValueError("arrays that share their bytes could be far larger than their file")
    if not all(re.fullmatch(r"array_\d+\.npy", member.filename) for member in members):
        raise ValueError("a file that is no array of ours")
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        with np.load(io.BytesIO(array_bytes), allow_pickle=False) as loaded:
            arrays = {name: loaded[name] for name in loaded.files}
    # numpy hands over the bytes of what is not an array.
    if not all(isinstance(array, np.ndarray) for array in arrays.values()):
        raise ValueError("not an array")
    return arrays


def _npz_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """An npz archive without times of writing, so that the same arrays give the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, array in arrays.items():
            member = io.BytesIO()
            np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
            archive.writestr(zipfile.ZipInfo(f"{name}.npy", _ZIP_DATE), member.getvalue())
    return buffer.getvalue()


def _refuse_busy(folder: Path, overwrite: bool) -> None:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise OutputError(f"{folder}: is there and is not a folder")
    if not folder.exists() or not any(folder.iterdir()):
        return
    names = {entry.name for entry in folder.iterdir()}
    if names != {JSON_FILE, ARRAYS_FILE}:
        raise OutputError(f"{folder}: the folder is not empty and is not a model bundle")
    if not overwrite:
        raise OutputError(f"{folder}: the folder holds a model bundle already (overwrite=True replaces it)")


def _write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write beside the folder, flush to disk, rename: a reader finds the old folder or the new one, never a part."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    token = secrets.token_hex(8)
    fresh, old = (folder.parent / f".{folder.name}.{kind}-{token}" for kind in ("new", "old"))
    fresh.mkdir()
    try:
        for name, data in files.items():
            with (fresh / name).open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
        _sync_folder(fresh)
        if folder.exists():
            folder.rename(old)
        try:
            fresh.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
        shutil.rmtree(old, ignore_errors=True)
        _sync_folder(folder.parent)
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":
        return  # Windows cannot open a folder
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _canonical(tree: Any) -> bytes:
    return json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _package_version() -> str:
    try:
        return version("secondplan")
    except PackageNotFoundError:
        return "unknown"
