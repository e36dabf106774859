"""MLflow's pages for this machine only, without what a viewer of comparisons does not need (:mod:`.ui_guard`)."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from typing import Any

from ..errors import InputError, OutputError
from .killed_runs import close_killed_runs
from .registry import latest_comparison
from .saved_view import view_path
from .store import QUIET, Store, open_store
from .ui_guard import App, guarded

# The variables by which ``mlflow server`` tells its workers of their store. They are spelt here because importing
# ``mlflow.server`` takes seconds; a test compares them.
BACKEND_STORE, REGISTRY_STORE = "_MLFLOW_SERVER_FILE_STORE", "_MLFLOW_SERVER_REGISTRY_STORE"
ARTIFACT_ROOT = "_MLFLOW_SERVER_ARTIFACT_ROOT"
ADDRESSES = "MLFLOW_SERVER_ALLOWED_HOSTS"
ALLOW_EDITS = "SECONDPLAN_ALLOW_EDITS"
SET_HERE = ("MLFLOW_", "_MLFLOW_", ALLOW_EDITS)


def serve_ui(
    store: str | Store | None = None, *, host: str = "127.0.0.1", port: int = 5000, allow_edits: bool = False
) -> None:
    """Serve MLflow's pages until interrupted, on the loopback interface only, with one worker, to be read.

    On stderr it says where, with the addresses at which the models of the latest comparison stand side by side, as a
    table and as charts.

    Parameters
    ----------
    store : str or Store, optional
        The store to show; it must exist.
    host : str
        A loopback address.
    port : int
    allow_edits : bool
        Whether the pages may change names, descriptions, tags and aliases (not the champion), and remove runs.

    Raises
    ------
    InputError
        ``host`` is reachable from other machines, or the store does not exist.
    OutputError
        The port is in use, or the server stops with an error.
    """
    if not _is_loopback(host):
        raise InputError(
            f"the MLflow pages are served on this machine only: host must be 127.0.0.1, ::1 or localhost, got {host!r}"
        )
    opened = open_store(store, create=False)
    _require_free(host, port)
    close_killed_runs(opened)
    address = f"http://{_in_url(host)}:{port}"
    sys.stderr.write(f"MLflow pages: {address}/ (Ctrl-C stops)\n")
    latest = latest_comparison(opened)
    if latest is not None:
        sys.stderr.write(f"The latest comparison: {address}/{view_path(latest, charts=False)}\n")
        sys.stderr.write(f"The same as charts: {address}/{view_path(latest, charts=True)}\n")
    server = subprocess.Popen(server_command(host, port), env=server_environment(opened, host, port, allow_edits))
    with server, _stopping_with_us(server) as was_asked:
        server.wait()
    code = server.returncode
    if not was_asked.is_set() and code not in (0, -signal.SIGINT, -signal.SIGTERM, 130, 143):
        raise OutputError(f"the MLflow server stopped with code {code}")


def server_command(host: str, port: int) -> list[str]:
    """The command of the server process."""
    options = ["--factory", "--host", host, "--port", str(port), "--workers", "1", "--log-level", "warning"]
    return [sys.executable, "-m", "uvicorn", *options, "--no-server-header", f"{__name__}:create_app"]


def server_environment(store: Store, host: str, port: int, allow_edits: bool = False) -> dict[str, str]:
    """The environment of the server process: the store, and only this address as host and origin."""
    addresses = [f"{_in_url(name)}:{port}" for name in dict.fromkeys((host, "localhost", "127.0.0.1"))]
    artifacts = "" if store.database is None else str(store.database.parent / "mlruns")
    chosen = {
        BACKEND_STORE: store.uri,
        REGISTRY_STORE: store.uri,
        ARTIFACT_ROOT: artifacts,
        ADDRESSES: ",".join(addresses),
        ALLOW_EDITS: "yes" if allow_edits else "",
        "MLFLOW_SERVER_CORS_ALLOWED_ORIGINS": ",".join(f"http://{address}" for address in addresses),
        "MLFLOW_SERVER_X_FRAME_OPTIONS": "SAMEORIGIN",
        "MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE": "false",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_SERVER_JOB_ENABLE_PERIODIC_TASKS": "false",
        "MLFLOW_ENABLE_AI_GATEWAY": "false",
        "MLFLOW_ENABLE_REMOTE_ASSISTANT": "false",
        "PYTHONWARNINGS": "ignore",
    }
    kept = {name: value for name, value in os.environ.items() if not name.startswith(SET_HERE)}
    return kept | QUIET | {name: value for name, value in chosen.items() if value}


def create_app() -> App:
    """MLflow's application behind the guard; called by the server process."""
    from mlflow.server.fastapi_app import app

    addresses = os.environ[ADDRESSES].split(",")
    return guarded(app, addresses=addresses, allow_edits=bool(os.environ.get(ALLOW_EDITS)))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _require_free(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise OutputError(f"port {port} is in use or not allowed; choose another one: --port") from None


def _in_url(host: str) -> str:
    return f"[{host}]" if ":" in host else host


@contextmanager
def _stopping_with_us(server: subprocess.Popen) -> Iterator[threading.Event]:
    """End the server when this process is interrupted or asked to end; says whether it was."""
    was_asked = threading.Event()

    def end(*_: Any) -> None:
        was_asked.set()
        server.terminate()

    in_main_thread = threading.current_thread() is threading.main_thread()
    former = signal.signal(signal.SIGTERM, end) if in_main_thread else None
    try:
        yield was_asked
    except KeyboardInterrupt:  # Windows gives codes of its own to what ends then
        end()
        server.wait()
    finally:
        if server.poll() is None:
            server.terminate()
        if in_main_thread:
            signal.signal(signal.SIGTERM, former)
