"""Fitted models as data: a folder with ``bundle.json`` and ``arrays.npz``, checksummed, without code and without rows.

``bundle.json`` holds the format's version, the content (class, parameters, fitted attributes) and the manifest: the
SHA-256 of the content and of ``arrays.npz``. Nothing is ever pickled; what a bundle may create is one of ``CLASSES``.
"""

from __future__ import annotations

import io
import json
import re
import tokenize
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..errors import BundleError, ModelNotFoundError
from .estimator.average_risk import average_over
from .estimator.base import IncidenceModel
from .estimator.bundle_files import (
    ARRAYS_FILE,
    FORMAT,
    FORMAT_VERSION,
    JSON_FILE,
    bundle_class,
    canonical,
    fingerprint,
    sha256,
)
from .estimator.bundle_key import bundle_key, require_signature
from .estimator.design import special_columns
from .estimator.plain_data import unpack
from .features.encoder import FeatureEncoder
from .inputs.strata import values_of
from .numerics.blas_threads import one_blas_thread

# What zipfile, numpy and pandas raise for bytes and trees that nobody meant them to see.
_NOT_A_MODEL = (
    *(ArithmeticError, AttributeError, EOFError, LookupError, MemoryError, OSError, RuntimeError, TypeError),
    *(ValueError, UserWarning, tokenize.TokenError, zipfile.BadZipFile),
)


def load_model(path: str | Path, *, key_file: str | Path | None = None, digest: str | None = None) -> IncidenceModel:
    """Read a model that :func:`save_bundle` wrote, once its files and their SHA-256 are found right; no code is run.

    Parameters
    ----------
    path : str or Path
        Folder of the bundle.
    key_file : str or Path, optional
        Holds the key with which the bundle must be signed; without it ``SECONDPLAN_BUNDLE_KEY`` or the file named by
        ``SECONDPLAN_BUNDLE_KEY_FILE`` does, if one is set.
    digest : str, optional
        What :func:`model_digest` must be, so that no other model is taken.

    Returns
    -------
    IncidenceModel
        Fitted; its risks are to the last digit those of the one that was saved, its intervals are to 1e-6, or NaN.

    Raises
    ------
    ModelNotFoundError
        There is no such folder.
    BundleError
        The bundle is damaged, altered, incomplete, holds a file that it should not, or is of another version; it is not
        signed with the key that is set, or is another model than the one that is pinned.

    Examples
    --------
    >>> import tempfile
    >>> from secondplan import AalenJohansen
    >>> model = AalenJohansen().fit([[1.0], [3.0], [2.0]], {"duration": [2, 3, 4], "event": [1, 1, 1]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     load_model(model.save(f"{folder}/model")).events_
    (1,)
    """
    content, array_bytes, manifest = _read_verified(Path(path), key_file)
    if digest is not None and digest.lower() != sha256(canonical(manifest)):
        raise BundleError(f"{path}: is another model than the one that is pinned (model_digest, --model-digest)")
    try:
        arrays = _read_arrays(array_bytes)
        model = unpack(content["model"], arrays, _Unpacker(arrays))
    except _NOT_A_MODEL:
        raise BundleError(f"{path}: the bundle does not describe a model") from None
    if not isinstance(model, IncidenceModel) or not isinstance(getattr(model, "encoder_", None), FeatureEncoder):
        raise BundleError(f"{path}: the bundle does not hold a model")
    _require_prediction(model, path)
    if isinstance(content.get("training_profile"), dict):
        model.training_profile_ = content["training_profile"]
    model._loaded_from = (fingerprint(content, array_bytes), sha256(canonical(manifest)))
    return model


def model_digest(path: str | Path, *, key_file: str | Path | None = None) -> str:
    """SHA-256 over the manifest of a bundle, checked against its files: the same for the same fitted model."""
    manifest = _read_verified(Path(path), key_file)[2]
    return sha256(canonical(manifest))


def _require_prediction(model: IncidenceModel, path: str | Path) -> None:
    """Raise BundleError unless the model states risks of a typical case, of each event, and their intervals.

    They are asked for as scoring does, on several days and with days passed: its parts fit together and are numbers.
    """
    try:
        row = pd.DataFrame({name: [value] for name, value in _typical_case(model).items()}, index=[0])
        last = min(float(model.horizon), float(model.follow_up_.min()))
        with warnings.catch_warnings(), np.errstate(all="ignore"), one_blas_thread():
            warnings.simplefilter("ignore")
            ready = model.made_ready()
            X = row.loc[[0, 0]]
            given = {"eligible_days": np.array([np.inf, np.inf]), "elapsed": np.array([0.0, last / 4])}
            asked, _ = ready.rows_asked(X, np.array([[last / 3, last]] * 2), **given)
            risk = np.stack([ready.risk_of_rows(asked, event) for event in model.events_])
            if hasattr(model, "_asked_interval"):
                ready.interval_of_rows(asked, risk[0], model.events_[0])
            average_over(model.average_curve_, given["elapsed"], given["elapsed"] + last)
    except _NOT_A_MODEL:
        raise BundleError(f"{path}: the parts of the model do not fit together") from None
    if not np.isfinite(risk).all():
        raise BundleError(f"{path}: the model holds numbers that are not finite, and states no risk")


def _typical_case(model: IncidenceModel) -> dict[str, Any]:
    """Typical values of a model's columns, None where they are missing, in the first of its strata."""
    case: dict[str, Any] = dict(model.encoder_.reference_)
    for parameter, columns in special_columns(model).items():
        case |= dict.fromkeys(columns, 0.0 if parameter == "offset" else "")
        if parameter == "strata":
            case |= values_of(model.strata_[0], columns)
    return case


class _Unpacker:
    """``unpack_object`` for models and encoders: known classes, their own parameters and attributes, nothing else."""

    def __init__(self, arrays: Mapping[str, np.ndarray]):
        self.arrays = arrays

    def __call__(self, tree: Mapping[str, Any]) -> Any:
        kind = bundle_class(tree["class"])
        params = unpack(tree["params"], self.arrays, self)
        if not set(params) <= set(kind._get_param_names()):
            raise ValueError("unknown parameter")
        instance = kind(**params)
        if isinstance(instance, FeatureEncoder):
            state = unpack(tree["state"], self.arrays, self)
            return instance if state is None else instance.from_state(state)
        attributes = unpack(tree["attributes"], self.arrays, self)
        return instance.restore(attributes) if attributes else instance


def _read_verified(folder: Path, key_file: str | Path | None) -> tuple[dict[str, Any], bytes, dict[str, str]]:
    """Content, bytes of the arrays, and manifest, once all checksums have been found right."""
    if not folder.is_dir():
        raise ModelNotFoundError(f"{folder}: no such folder")
    present = sorted(entry.name for entry in folder.iterdir())
    if JSON_FILE not in present:
        raise BundleError(f"{folder}: not a model bundle ({JSON_FILE} is not there)")
    # Nothing but files: a pipe would wait for ever.
    are_files = all(entry.is_file() and not entry.is_symlink() for entry in folder.iterdir())
    if present != sorted((JSON_FILE, ARRAYS_FILE)) or not are_files:
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
        found = {"content": sha256(canonical(content)), ARRAYS_FILE: sha256(array_bytes)}
    except RecursionError:
        raise BundleError(f"{folder}: {JSON_FILE} is nested too deeply") from None
    if manifest != found or not isinstance(content, dict):
        raise BundleError(f"{folder}: the bundle was altered or damaged (SHA-256 does not agree)")
    key = bundle_key(key_file)
    if key is not None:
        require_signature(folder, document.get("signature"), key, canonical(manifest))
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
