"""The MLflow flavour ``secondplan``: a model as a bundle of data (JSON and arrays), loaded without running its code.

There is no ``python_function`` flavour on purpose: MLflow imports whatever module such an entry names. What is loaded
here is named by a fixed table of this package, from files whose set and SHA-256 are checked first.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlparse
from urllib.request import url2pathname

from ..errors import BundleError, GateError, ModelNotFoundError
from ..version import __version__
from .evidence import Evidence
from .gates import check_gates
from .killed_runs import writing
from .store import Store, mlflow_edge, not_found, open_store

if TYPE_CHECKING:
    from ..models.estimator.base import IncidenceModel

FLAVOUR = "secondplan"
FORMAT_VERSION = 1
BUNDLE = "bundle"
MODEL_NAME = "model"
REQUIREMENTS = "requirements.txt"
EVIDENCE = "comparison.json"
LARGEST_EVIDENCE_BYTES = 1_000_000
MLMODEL = "MLmodel"
# MLflow adds it to what it downloads; it is neither read nor trusted.
TOLERATED = {"registered_model_meta"}
LARGEST_MLMODEL_BYTES = 1_000_000
# Of Windows: it looks like the scheme of an address.
DRIVE = re.compile(r"[A-Za-z]:[\\/]")
REQUIRED_PACKAGES = ("numpy", "scipy", "pandas", "pyarrow", "scikit-learn", "statsmodels")
DIGEST_TAG = "secondplan.model_digest"
DIGEST_PARAM = "digest"
CHAMPION = "champion"
# Characters that MLflow does not take in the name of a logged model.
NOT_IN_NAMES = str.maketrans(dict.fromkeys("/:.%\"'", "-"))
GATES_TAG = "secondplan.gates"


def log_model_bundle(
    model: IncidenceModel,
    run_id: str,
    *,
    columns: Mapping[str, str],
    evidence: Evidence | None = None,
    name: str = MODEL_NAME,
    store: str | Store | None = None,
) -> str:
    """Save a fitted model as a logged model of a run.

    Parameters
    ----------
    model : IncidenceModel
        Fitted.
    run_id : str
        The run that it belongs to.
    columns : mapping of str to str
        Name and kind (``double``, ``boolean``, ``string``) of the columns of ``X``: the signature. No values.
    evidence : Evidence, optional
        What a comparison measured of it; without it the model can never be the champion.
    name : str
        Under which MLflow's pages show it. ``runs:/<run_id>/model`` finds it by whatever name.
    store : str or Store, optional

    Returns
    -------
    str
        The id of the logged model: ``models:/<id>``.

    Raises
    ------
    OutputError
        MLflow cannot write it.
    """
    opened = open_store(store)
    with writing(opened) as folder:
        path = folder / "model"
        digest = write_flavour(model, path, columns=columns, evidence=evidence)
        with mlflow_edge("the model cannot be logged"):
            from mlflow.entities import LoggedModelOutput

            client = opened.client
            run = client.get_run(run_id)
            logged = client.create_logged_model(
                run.info.experiment_id,
                name=name,
                source_run_id=run_id,
                tags={DIGEST_TAG: digest},
                # Unlike a tag, a parameter cannot be edited.
                params={"class": type(model).__name__, DIGEST_PARAM: digest},
                model_type=FLAVOUR,
            )
            client.log_outputs(run_id, [LoggedModelOutput(logged.model_id, step=0)])
            client.log_model_artifacts(logged.model_id, str(path))
            client.finalize_logged_model(logged.model_id, "READY")
            return logged.model_id


def model_name(name: str) -> str:
    """What MLflow's pages may call a model of this name."""
    return name.translate(NOT_IN_NAMES).strip() or MODEL_NAME


def write_flavour(
    model: IncidenceModel, path: Path, *, columns: Mapping[str, str], evidence: Evidence | None = None
) -> str:
    """Write ``MLmodel``, ``requirements.txt``, the bundle and the evidence into the new folder ``path``.

    Returns the digest of the bundle. The evidence lies among the files whose SHA-256 ``MLmodel`` lists: nothing that
    can be edited in MLflow's pages decides who is champion.
    """
    from ..models.bundle import model_digest
    from ..models.estimator.bundle_files import save_bundle

    path.mkdir(parents=True)
    save_bundle(model, path / BUNDLE)
    digest = model_digest(path / BUNDLE)
    (path / REQUIREMENTS).write_text(_requirements(), encoding="utf-8", newline="\n")
    if evidence is not None:
        own = evidence.model_copy(update={"model_digest": digest})
        (path / EVIDENCE).write_text(own.to_json(), encoding="utf-8", newline="\n")
    with mlflow_edge("the model cannot be described"):
        from mlflow.models import Model, ModelSignature
        from mlflow.types.schema import ColSpec, Schema

        described = Model(
            artifact_path=MODEL_NAME,
            signature=ModelSignature(
                # MLflow has no schema without columns, which a model without features would need.
                inputs=Schema([ColSpec(kind, column) for column, kind in columns.items()]) if columns else None,
                outputs=Schema([ColSpec("double", "risk")]),
            ),
        )
        described.add_flavor(
            FLAVOUR,
            format_version=FORMAT_VERSION,
            package_version=__version__,
            model_class=type(model).__name__,
            bundle=BUNDLE,
            model_digest=digest,
            files=_checksums(path),
        )
        described.save(str(path / MLMODEL))
    return digest


def load_tracked_model(
    uri: str | Path,
    *,
    store: str | Store | None = None,
    key_file: str | Path | None = None,
    digest: str | None = None,
) -> IncidenceModel:
    """Load a model that was tracked, or a bundle, without running any code that comes with it.

    Parameters
    ----------
    uri : str or Path
        ``models:/NAME@champion``, ``models:/NAME/3``, ``models:/<model id>``, ``runs:/<run id>/model``, or the path of
        a bundle or of a folder of this flavour.
    store : str or Store, optional
        The MLflow store; it is not opened for a path.
    key_file : str or Path, optional
        As :func:`~secondplan.load_model` has it.
    digest : str, optional
        Of the one model that is taken; a registered one must be that which the registry describes as well.

    Returns
    -------
    IncidenceModel
        Fitted.

    Raises
    ------
    ModelNotFoundError
        No such path, name, version, alias or run.
    BundleError
        Files are missing, added or changed, or of a format that this version does not read.
    GateError
        The alias ``champion`` was given to a version that has not passed the gates.
    """
    address = str(uri)
    if address.startswith(("models:/", "runs:/")):
        with _local_copy(address, open_store(store, create=False)) as (folder, expected):
            model = read_flavour(folder, expected_digest=expected, key_file=key_file, pinned=digest)
            if address.endswith(f"@{CHAMPION}"):
                # The alias can be moved past the gates by other tools of MLflow.
                _require_gates(folder, address)
            return model
    path = Path(address)
    if not path.is_dir():
        raise ModelNotFoundError(
            f"{address}: no such model bundle; tracked ones are models:/NAME@champion or runs:/ID/model"
        )
    if (path / MLMODEL).exists():
        return read_flavour(path, key_file=key_file, pinned=digest)
    from ..models.bundle import load_model

    return load_model(path, key_file=key_file, digest=digest)


def read_flavour(
    path: Path,
    *,
    expected_digest: str | None = None,
    key_file: str | Path | None = None,
    pinned: str | None = None,
) -> IncidenceModel:
    """Check a folder of this flavour (file set, SHA-256, the store's digest where given) and load its bundle.

    Raises
    ------
    BundleError
        See :func:`load_tracked_model`.
    """
    from ..models.bundle import load_model, model_digest

    block = _flavour_block(path)
    listed = block.get("files")
    if not isinstance(listed, dict) or _checksums(path) != listed:
        raise BundleError(f"{path.name}: files were added, removed or changed since the model was saved")
    digest = model_digest(path / BUNDLE, key_file=key_file)
    if digest != block.get("model_digest") or expected_digest not in (None, digest):
        raise BundleError(f"{path.name}: the model is not the one that the store describes")
    return load_model(path / BUNDLE, key_file=key_file, digest=pinned)


def tracked_evidence(uri: str, *, store: Store) -> tuple[Evidence | None, str]:
    """The evidence kept with a tracked model, None where there is none, and the digest of its bundle.

    Raises
    ------
    ModelNotFoundError, BundleError, GateError
        No such model; files were changed; the evidence cannot be read.
    """
    with _local_copy(uri, store) as (folder, expected):
        read_flavour(folder, expected_digest=expected)
        return _evidence_in(folder), str(_flavour_block(folder).get("model_digest"))


def resolve_model_id(uri: str, store: Store) -> str:
    """The id of the logged model that ``models:/...`` or ``runs:/...`` means.

    Raises
    ------
    ModelNotFoundError
        No such name, version, alias or run.
    """
    kind, _, rest = uri.partition(":/")
    rest = rest.strip("/")
    with mlflow_edge(f"{uri}: not in the MLflow store", ModelNotFoundError):
        client = store.client
        if kind == "runs":
            run_id, _, name = rest.partition("/")
            outputs = client.get_run(run_id).outputs
            for output in outputs.model_outputs if outputs else []:
                if name in ("", MODEL_NAME) or client.get_logged_model(output.model_id).name == name:
                    return output.model_id
            raise not_found(uri)
        name, at, alias = rest.partition("@")
        if at:
            return _model_id_of(client.get_model_version_by_alias(name, alias), uri)
        name, slash, number = rest.rpartition("/")
        if slash:
            return _model_id_of(client.get_model_version(name, number), uri)
        return client.get_logged_model(rest).model_id


@contextmanager
def _local_copy(uri: str, store: Store) -> Iterator[tuple[Path, str | None]]:
    """The folder of a tracked model, and the digest that the store's database has for it."""
    model_id = resolve_model_id(uri, store)
    with mlflow_edge(f"{uri}: not in the MLflow store", ModelNotFoundError):
        logged = store.client.get_logged_model(model_id)
    expected = logged.params.get(DIGEST_PARAM)
    folder = _local_folder(logged.artifact_location)
    if folder is not None:
        if not (folder / MLMODEL).is_file():
            raise ModelNotFoundError(f"{uri}: its files are gone; was the folder mlruns moved or deleted?")
        yield folder, expected
        return
    temporary = tempfile.mkdtemp()
    try:
        with mlflow_edge(f"{uri}: cannot be downloaded", ModelNotFoundError):
            from mlflow.artifacts import download_artifacts

            # By its place: MLflow 3.17 looks for ``models:/<id>`` in its global store only.
            fetched = download_artifacts(
                artifact_uri=logged.artifact_location, dst_path=temporary, tracking_uri=store.uri
            )
        yield Path(fetched), expected
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _local_folder(location: str) -> Path | None:
    """The folder of this machine that an address of MLflow means; None where it means another place."""
    parsed = urlparse(location)
    if not parsed.scheme or DRIVE.match(location):
        return Path(location)
    return Path(url2pathname(parsed.path)) if parsed.scheme == "file" else None


def _model_id_of(version: Any, uri: str) -> str:
    kind, _, model_id = str(version.source).partition(":/")
    if kind == "models" and model_id.startswith("m-"):
        return model_id
    raise ModelNotFoundError(f"{uri}: was not registered by secondplan")


def _require_gates(folder: Path, uri: str) -> None:
    evidence = _evidence_in(folder)
    if evidence is None or not check_gates(evidence).passed:
        raise GateError(f"{uri}: this version has not passed the gates; see: secondplan promote")


def _evidence_in(folder: Path) -> Evidence | None:
    """What lies in a folder whose files were checked."""
    file = folder / EVIDENCE
    if not file.is_file():
        return None
    if file.stat().st_size > LARGEST_EVIDENCE_BYTES:
        raise BundleError(f"{folder.name}: its record of a comparison is too large to be one")
    evidence = Evidence.from_json(file.read_text(encoding="utf-8", errors="replace"))
    if evidence.model_digest != _flavour_block(folder).get("model_digest"):
        raise GateError(f"{evidence.model}: the record of a comparison kept with it is of another model; compare again")
    return evidence


def _flavour_block(path: Path) -> dict[str, Any]:
    import yaml

    file = path / MLMODEL
    try:
        if file.stat().st_size > LARGEST_MLMODEL_BYTES:
            raise BundleError(f"{path.name}: its MLmodel file is too large to be one")
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError, RecursionError):
        raise BundleError(f"{path.name}: its MLmodel file cannot be read") from None
    flavours = content.get("flavors") if isinstance(content, dict) else None
    block = flavours.get(FLAVOUR) if isinstance(flavours, dict) else None
    if not isinstance(block, dict):
        raise BundleError(f"{path.name}: not a model of secondplan")
    if block.get("format_version") != FORMAT_VERSION or block.get("bundle") != BUNDLE:
        raise BundleError(f"{path.name}: of a format that this version of secondplan does not read")
    return block


def _checksums(path: Path) -> dict[str, str]:
    """SHA-256 of every file under ``path`` but ``MLmodel``, by its POSIX path; links are refused."""
    found: dict[str, str] = {}
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path).as_posix()
        if file.is_symlink():
            raise BundleError(f"{path.name}: holds a link, which a saved model never does")
        if file.is_file() and name != MLMODEL and name not in TOLERATED:
            with file.open("rb") as stream:
                found[name] = hashlib.file_digest(stream, "sha256").hexdigest()
    return found


def _requirements() -> str:
    lines = [f"secondplan=={__version__}"]
    for package in REQUIRED_PACKAGES:
        try:
            lines.append(f"{package}=={metadata.version(package)}")
        except metadata.PackageNotFoundError:
            continue
    return "\n".join(lines) + "\n"
