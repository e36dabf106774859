"""Connections to databases by SQLAlchemy, whose errors tell neither the address, nor the statement, nor a value.

An address may hold a password, and a driver's error may quote both the address and the data. So no text of theirs goes
on: what a person sees is the kind of database, its name, and the kind of error.
"""

import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InputError, SecondplanError
from .secret import read_secret

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

PASSWORD = "SECONDPLAN_DATABASE_PASSWORD"
_NOT_IN_NAMES = re.compile("[@:/?]")


def is_database(source: object) -> bool:
    """Whether a source is an address of a database, or a connection to one, and not a folder."""
    if isinstance(source, str):
        # A drive letter or a folder has no "//" behind its first colon.
        return "://" in source
    return hasattr(source, "connect") or hasattr(source, "render_as_string")


@contextmanager
def connected(
    source: Any,
    *,
    writes: bool = False,
    error: type[SecondplanError] = InputError,
    password_file: str | Path | None = None,
) -> Iterator[tuple["Connection", str]]:
    """A connection, and what the database is called in messages: ``"postgresql database hdm"``.

    Parameters
    ----------
    source : str, sqlalchemy.URL or sqlalchemy.Engine
    writes : bool
        Whether a file of SQLite may be made.
    error : type
        Of what goes wrong once the address is understood.
    password_file : str or Path, optional
        Holds the password that the address leaves out. Without it the environment is asked
        (``SECONDPLAN_DATABASE_PASSWORD``, or ``SECONDPLAN_DATABASE_PASSWORD_FILE``), and the driver (``~/.pgpass``).

    Raises
    ------
    InputError
        SQLAlchemy or the driver is not installed, or the address cannot be read, or names a file that is not there.
    """
    engine, is_ours = _engine(source, password_file)
    label = _label(engine)
    if not writes:
        _refuse_missing_file(engine)
    try:
        with _one_line_errors(engine, error), engine.connect() as connection:
            yield connection, label
    finally:
        if is_ours:
            engine.dispose()


def _engine(source: Any, password_file: str | Path | None) -> tuple["Engine", bool]:
    try:
        import sqlalchemy
    except ModuleNotFoundError:
        raise InputError("databases need SQLAlchemy: pip install 'secondplan[io]'") from None
    if hasattr(source, "connect"):
        return source, False
    problem = ""
    try:
        url = sqlalchemy.make_url(source)
        if url.password is None and url.get_backend_name() != "sqlite":
            url = url.set(password=read_secret(PASSWORD, password_file))
        engine = sqlalchemy.create_engine(url)
    except SecondplanError:
        raise
    except ModuleNotFoundError as error:
        problem = f"the database driver {error.name} is not installed"
    except Exception as error:
        # Whatever a dialect raises may quote the address.
        problem = f"the address of the database cannot be read ({type(error).__name__}); give an SQLAlchemy URL"
    if problem:
        raise InputError(problem)
    return engine, True


def _refuse_missing_file(engine: "Engine") -> None:
    """SQLite makes a file that does not exist; a wrong path must not become an empty database."""
    file = engine.url.database
    is_file = engine.dialect.name == "sqlite" and file and file != ":memory:" and not file.startswith("file:")
    if is_file and not Path(str(file)).is_file():
        raise InputError(f"{file}: does not exist")


def _label(engine: "Engine") -> str:
    name = engine.url.database
    if engine.dialect.name == "sqlite" and name:
        name = Path(name).name
    elif name and _NOT_IN_NAMES.search(name):
        # A password with a slash that was not escaped ends up in what stands for the name.
        name = None
    return f"{engine.dialect.name} database {name}" if name else f"{engine.dialect.name} database"


@contextmanager
def _one_line_errors(engine: "Engine", kind: type[SecondplanError]) -> Iterator[None]:
    """Errors of SQLAlchemy and of drivers as one line without the statement, the values and the address."""
    import sqlalchemy.exc

    driver = getattr(engine.dialect.dbapi, "Error", sqlalchemy.exc.SQLAlchemyError)
    problem = ""
    try:
        with warnings.catch_warnings():
            # Of columns whose type the driver does not know; they are read as they come.
            warnings.simplefilter("ignore")
            yield
    except (sqlalchemy.exc.SQLAlchemyError, driver, OSError, UnicodeError) as error:
        problem = type(getattr(error, "orig", None) or error).__name__
    if problem:
        # Outside of the handler: what the error would carry along as its context quotes values and the address.
        raise kind(f"{_label(engine)}: {problem}; see whether it can be reached, and what the user may do")


def snapshot(connection: "Connection") -> "Connection":
    """One state of all tables, read only, where the database can promise it without locking anybody out."""
    if connection.dialect.name == "postgresql":
        return connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return connection
