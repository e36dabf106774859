"""Settings of every test: one thread each, as the tests run side by side, no screen; and a PostgreSQL server."""

import importlib.util
import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(name, "1")
os.environ.setdefault("MPLBACKEND", "Agg")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")


@pytest.fixture(scope="session")
def two_authorities():
    """The children of two small authorities of the shipped data, with all tables."""
    from secondplan.plans import Plans, read_plans

    plans = read_plans(Path(__file__).parents[1] / "data" / "synthetic" / "store")
    codes = ["501", "508"]
    own = {name: frame for name, frame in plans.tables.items() if name != "reviews"}
    own = {name: frame[frame["la_code"].isin(codes)] for name, frame in own.items()}
    return Plans(**own, reviews=plans.reviews[plans.reviews["plan_id"].isin(own["plans"]["plan_id"])])


USER, PASSWORD, DATABASE = "ssd_reader", "s3cret-word", "hdm_local"


def find_postgresql():
    """The folder of initdb and pg_ctl, or None."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name.split(".")[0]))
    on_path = shutil.which("initdb")
    folders = [*versions[::-1], *([Path(on_path).parent] if on_path else [])]
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "pg_ctl").exists()), None)


def why_no_postgresql():
    """Why no server can be started here; empty where it can."""
    if os.name == "nt":
        return "the tests start PostgreSQL on Linux and macOS only"
    if find_postgresql() is None:
        return "PostgreSQL is not installed (initdb is not in /usr/lib/postgresql/*/bin, nor on the path)"
    if importlib.util.find_spec("psycopg") is None:
        return "psycopg, the driver for PostgreSQL, is not installed"
    if os.geteuid() == 0 and not is_user("postgres"):
        return "PostgreSQL does not run as root, and there is no user postgres"
    return ""


def is_user(name):
    import pwd

    return any(user.pw_name == name for user in pwd.getpwall())


@contextmanager
def running_postgresql():
    """The address of a database on a server that listens on a socket in a folder of its own, and nowhere else."""
    binaries = find_postgresql()
    # Short, as the path of a socket must be; outside pytest's folders, which only their owner may enter.
    folder = Path(tempfile.mkdtemp(prefix="ssdpg"))
    data = folder / "data"
    # PostgreSQL refuses to run as root.
    other = {"user": "postgres", "group": "postgres"} if os.geteuid() == 0 else {}
    if other:
        shutil.chown(folder, **other)

    def run(program, *arguments):
        # The server inherits what it writes to, and would hold a pipe open.
        with (folder / "log").open("ab") as log:
            subprocess.run(
                [str(binaries / program), *map(str, arguments)],
                **other,
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                check=True,
                timeout=180,
            )

    try:
        run("initdb", "-D", data, "-U", USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        settings = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off -c shared_buffers=16MB"
        run("pg_ctl", "-D", data, "-o", settings, "-w", "-t", "120", "start")
        try:
            run("createdb", "-h", folder, "-U", USER, DATABASE)
            yield f"postgresql+psycopg://{USER}:{PASSWORD}@/{DATABASE}?host={folder}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql():
    """The address of a database on a server of one's own, with a password in it."""
    if reason := why_no_postgresql():
        pytest.skip(reason)
    with running_postgresql() as address:
        yield address
