"""How a fitted model is kept: a folder with ``bundle.json`` and ``arrays.npz``, and how it is written.

``bundle.json`` holds the format's version, the content (class, parameters, fitted attributes) and the manifest: the
SHA-256 of the content and of ``arrays.npz``. Nothing is ever pickled; what a bundle may create is one of ``CLASSES``.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ...errors import BundleError, OutputError
from ...files.whole import whole_folder
from ...version import __version__
from ..features.encoder import FeatureEncoder
from ..registry import MODELS
from .bundle_key import bundle_key, signature
from .plain_data import pack

FORMAT = "secondplan-bundle"
FORMAT_VERSION = 5
JSON_FILE = "bundle.json"
ARRAYS_FILE = "arrays.npz"
CLASSES = {**MODELS, "FeatureEncoder": "features.encoder"}
_MODELS = __package__.rpartition(".")[0]
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)


def save_bundle(model: Any, path: str | Path, *, overwrite: bool = False, key_file: str | Path | None = None) -> Path:
    """Write a fitted model into a folder, at once or not at all. The same model gives the same bytes.

    Warns of intervals that are not saved, see :meth:`.base.IncidenceModel.save`.

    Parameters
    ----------
    model : IncidenceModel
        Fitted; its parameters and ``saved_attributes`` are written.
    path : str or Path
        Folder, absent or empty.
    overwrite : bool
        Replace a bundle that the folder holds.
    key_file : str or Path, optional
        Holds a key that signs the bundle (HMAC-SHA256); without it ``SECONDPLAN_BUNDLE_KEY`` does, if it is set.

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
    key = bundle_key(key_file)
    folder = Path(path).absolute()
    content, array_bytes = described(model)
    content = {"secondplan_version": __version__, **content}
    manifest = {"content": sha256(canonical(content)), ARRAYS_FILE: sha256(array_bytes)}
    document = {"format": FORMAT, "format_version": FORMAT_VERSION, "content": content, "manifest": manifest}
    if key is not None:
        document["signature"] = signature(key, canonical(manifest))
    files = {JSON_FILE: json.dumps(document, indent=1, allow_nan=False).encode(), ARRAYS_FILE: array_bytes}
    _refuse_busy(folder, overwrite)
    with whole_folder(folder) as beside:
        for name, data in files.items():
            (beside / name).write_bytes(data)
    if hasattr(model, "warn_of_unsaved"):
        model.warn_of_unsaved()
    return folder


def described(model: Any) -> tuple[dict[str, Any], bytes]:
    """What a bundle says of a fitted model, and the bytes of its arrays.

    Raises
    ------
    BundleError
        The model, or an attribute of it, cannot be written as data.
    """
    arrays: dict[str, np.ndarray] = {}
    try:
        content: dict[str, Any] = {"model": pack(model, arrays, _Packer(arrays), "model")}
    except TypeError as error:
        raise BundleError(f"the model cannot be saved as data: {error}") from None
    profile = getattr(model, "training_profile_", None)
    if profile is not None:
        content["training_profile"] = profile
    return content, _npz_bytes(arrays)


def fingerprint(content: Mapping[str, Any], array_bytes: bytes) -> str:
    """SHA-256 of what :func:`described` gives, whichever version of the package writes it into a bundle."""
    parts = [sha256(canonical({name: content.get(name) for name in ("model", "training_profile")}))]
    return sha256("".join([*parts, sha256(array_bytes)]).encode())


class _Packer:
    """``pack_object`` for models and encoders."""

    def __init__(self, arrays: dict[str, np.ndarray]):
        self.arrays = arrays

    def __call__(self, value: Any, where: str) -> dict[str, Any]:
        name = type(value).__name__
        if name not in CLASSES or type(value) is not bundle_class(name):
            raise TypeError(f"{where} is a {name}")
        tree = {"class": name, "params": self._pack(value.get_params(deep=False), f"{where}.params")}
        if isinstance(value, FeatureEncoder):
            learnt = value.state() if hasattr(value, "columns_") else None
            return tree | {"state": self._pack(learnt, f"{where}.state")}
        attributes = {}
        if hasattr(value, "n_rows_"):
            for attribute in value.saved_attributes():
                if not hasattr(value, attribute):
                    raise TypeError(f"{where} has no attribute {attribute}")
                attributes[attribute] = getattr(value, attribute)
        return tree | {"attributes": self._pack(attributes, where)}

    def _pack(self, value: Any, where: str) -> Any:
        return pack(value, self.arrays, self, where)


def bundle_class(name: str) -> Any:
    """The class of that name, imported when it is needed."""
    return getattr(import_module(f".{CLASSES[name]}", _MODELS), name)


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


def canonical(tree: Any) -> bytes:
    """The one way to write a tree as JSON, for its checksum."""
    return json.dumps(tree, sort_keys=True, separators=(",", ":")).encode()


def sha256(data: bytes) -> str:
    """In hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
