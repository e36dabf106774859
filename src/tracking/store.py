"""Where comparisons are kept: an MLflow store (SQLite by default), made once, quiet, told nothing about its user."""

from __future__ import annotations

import logging
import os
import platform
import sqlite3
import subprocess
import warnings
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, ModelNotFoundError, OutputError, SecondplanError, cannot_be_written
from ..files.lock import locked
from ..files.whole import whole_file
from ..version import __version__

if TYPE_CHECKING:
    from mlflow import MlflowClient

DEFAULT_URI = "sqlite:///mlflow.db"
SQLITE = "sqlite:///"
CREATION_SECONDS = 120.0
# MLflow would ask a server that does not answer for four minutes.
SERVER_RETRIES = "2"
# MLflow's pages show runs and charts for this kind of experiment, and not what is meant for language models.
EXPERIMENT_TAGS = {"mlflow.experimentKind": "custom_model_development"}
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "DO_NOT_TRACK": "true",
    "MLFLOW_DISABLE_AGENT_HINT": "true",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ASYNC_LOGGING": "false",
}


@dataclass(frozen=True)
class Store:
    """An open MLflow store.

    Attributes
    ----------
    uri : str
        Its address; for SQLite with an absolute path.
    database : Path or None
        The SQLite file, with ``mlruns/`` (the artifacts) beside it; None for a server.
    """

    uri: str
    database: Path | None

    @cached_property
    def client(self) -> MlflowClient:
        """The MLflow client of this store; nothing global is set, so that two stores can be open at once."""
        with mlflow_edge("the MLflow store cannot be opened"):
            from mlflow import MlflowClient

            return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    def experiment_id(self, name: str) -> str:
        """The id of the experiment ``name``, made where it does not exist, with its artifacts beside the database."""
        with mlflow_edge("the experiment cannot be made"):
            found = self.client.get_experiment_by_name(name)
            if found is not None and found.lifecycle_stage != "active":
                self.client.restore_experiment(found.experiment_id)
            if found is not None:
                return found.experiment_id
            if self.database is None:
                return self.client.create_experiment(name, tags=EXPERIMENT_TAGS)
            with locked(_lock_file(self.database), wait_seconds=CREATION_SECONDS, holder="another experiment"):
                found = self.client.get_experiment_by_name(name)
                if found is not None:
                    return found.experiment_id
                artifacts = self.database.parent / "mlruns" / _slug(name)
                return self.client.create_experiment(name, artifact_location=str(artifacts), tags=EXPERIMENT_TAGS)


def open_store(uri: str | Path | Store | None = None, *, create: bool = True) -> Store:
    """Open the MLflow store, making it first where it does not exist.

    Parameters
    ----------
    uri : str, Path or Store, optional
        ``sqlite:///PATH``, or the path of a ``.db`` file, or an MLflow server (``http://...``). Default: ``mlflow.db``
        in the working directory, with the artifacts in ``mlruns/`` beside it. An open store is returned as it is.
    create : bool
        Whether to make a SQLite store that does not exist. It is made under a lock in a file beside it and moved into
        place when it is whole, so that processes that start together neither collide nor see half of it.

    Raises
    ------
    InputError
        The address is of a kind that MLflow 3 does not take (a folder), the database is not a current MLflow database,
        does not exist and ``create`` is False, or the extra ``tracking`` is not installed.
    OutputError
        The database cannot be written.
    """
    if isinstance(uri, Store):
        return uri
    os.environ.update(QUIET)
    database = database_path(uri)
    if database is None:
        os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", SERVER_RETRIES)
        return Store(str(uri), None)
    if not database.exists():
        if not create:
            raise InputError(f"{database.name}: no such MLflow store; run an experiment first, or give its address")
        _create(database)
    _require_current(database)
    return Store(SQLITE + str(database), database)


def database_path(uri: str | Path | None) -> Path | None:
    """The SQLite file that an address means, whether it exists or not; None for the address of a server.

    Raises
    ------
    InputError
        The address is of another kind, or means a folder.
    """
    address = DEFAULT_URI if uri is None else str(uri)
    if address.startswith(("http://", "https://")):
        return None
    if "://" not in address and address.endswith(".db"):
        address = SQLITE + address
    if not address.startswith(SQLITE):
        raise InputError("the MLflow store is given as sqlite:///PATH, a .db file or the address of an MLflow server")
    database = Path(address.removeprefix(SQLITE)).absolute()
    if database.is_dir():
        raise InputError(f"{database.name}: is a folder; the MLflow store is a SQLite file such as sqlite:///mlflow.db")
    return database


@contextmanager
def mlflow_edge(task: str, error: type[SecondplanError] = OutputError) -> Iterator[None]:
    """Let no exception of MLflow or SQLAlchemy out, nor what they log: statements and values. The task and class go on.

    Parameters
    ----------
    task : str
        What could not be done, for a person.
    error : type
        The error that is raised instead.
    """
    logged = logging.root.manager.disable
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        warnings.simplefilter("ignore", FutureWarning)
        logging.disable(logging.CRITICAL)
        try:
            yield
        except SecondplanError:
            raise
        except ModuleNotFoundError as cause:
            if (cause.name or "").split(".")[0] not in ("mlflow", "sqlalchemy", "alembic", "yaml"):
                raise
            raise InputError("MLflow is not installed: pip install 'secondplan[tracking]'") from None
        except Exception as cause:
            raise error(f"{task} ({_reason(cause)})") from None
        finally:
            logging.disable(logged)


def run_tags() -> dict[str, str]:
    """Tags of every run: versions and the commit of the package; neither user nor machine nor path."""
    tags = {
        "mlflow.source.name": "secondplan",
        "mlflow.source.type": "LOCAL",
        "secondplan.version": __version__,
        "secondplan.python": platform.python_version(),
    }
    commit = _git_commit()
    if commit is not None:
        tags["mlflow.source.git.commit"] = commit
    return tags


def not_found(what: str) -> ModelNotFoundError:
    """The error for a name, alias or run that the store does not have."""
    return ModelNotFoundError(f"{what}: not in the MLflow store")


def _create(database: Path) -> None:
    try:
        database.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_be_written(database.parent, error) from None
    with locked(_lock_file(database), wait_seconds=CREATION_SECONDS, holder="another experiment"):
        if database.exists():
            return
        with whole_file(database) as beside, mlflow_edge("the MLflow store cannot be made"):
            import mlflow  # noqa: F401  configures its logging, which is then made quiet

            for logger in ("mlflow", "alembic"):
                logging.getLogger(logger).setLevel(logging.WARNING)
            from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

            with _flushed_once():
                made = SqlAlchemyStore(SQLITE + str(beside), str(database.parent / "mlruns"))
                made.engine.dispose()


@contextmanager
def _flushed_once() -> Iterator[None]:
    """Let SQLite not wait for the disk at each of the hundreds of steps that make the tables: four times as fast."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    def do_not_wait(connection: Any, _: Any) -> None:
        connection.execute("PRAGMA synchronous = OFF")

    event.listen(Engine, "connect", do_not_wait)
    try:
        yield
    finally:
        event.remove(Engine, "connect", do_not_wait)


def _require_current(database: Path) -> None:
    """A cheap look before MLflow's own check, whose message would hold the whole address."""
    try:
        with closing(sqlite3.connect(f"{database.as_uri()}?mode=ro", uri=True)) as connection:
            tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
            raise OutputError(f"{database.name}: in use by another process") from None
        raise InputError(f"{database.name}: not a SQLite database, or damaged, or not yours to read") from None
    if not {"alembic_version", "experiments", "logged_models"} <= tables:
        raise InputError(f"{database.name}: not a database of MLflow 3; an older one needs: mlflow db upgrade")


def _lock_file(database: Path) -> Path:
    return database.with_name(f"{database.name}.lock")


def _slug(name: str) -> str:
    return "".join(character if character.isalnum() or character in "-_" else "-" for character in name)[:100]


def _reason(error: Exception) -> str:
    """The class of an error and MLflow's code for it; never its text."""
    code: Any = getattr(error, "error_code", None)
    return f"{type(error).__name__}, {code}" if isinstance(code, str) else type(error).__name__


def _git_commit() -> str | None:
    """The commit of the package where it is run from its own repository."""
    here = Path(__file__)
    try:
        if _git(here, "ls-files", "--error-unmatch", here.name) is None:
            return None
        return _git(here, "rev-parse", "HEAD")
    except (OSError, subprocess.TimeoutExpired):
        return None


def _git(file: Path, *command: str) -> str | None:
    done = subprocess.run(
        ["git", "-C", str(file.parent), *command], capture_output=True, text=True, timeout=5, check=False
    )
    return done.stdout.strip() if done.returncode == 0 else None
