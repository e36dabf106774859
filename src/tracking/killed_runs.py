"""Runs whose process was killed: marked while it lives, closed at the next start, their half-written files removed.

Each process that writes has a folder with a locked file in it; the system releases the lock however the process ends.
A run carries the folder's name, so that only runs that were written here, by this user, are ever closed.
"""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from ..errors import OutputError
from ..files.lock import locked
from .descriptions import NOTE
from .store import Store, mlflow_edge

WRITER_TAG = "mlflow.secondplan.writer"  # whose first part hides it in the pages
LOCK = "lock"
WAIT_SECONDS = 10.0
WORDS = "This run was killed before it was complete; nothing that it holds should be used."


@contextmanager
def writing(store: Store) -> Iterator[Path]:
    """A folder for what is not yet in the store, by whose name runs are marked; it is gone when the block ends."""
    place = _place(store)
    folder = place / secrets.token_hex(8)
    with ExitStack() as held:
        with locked(place / LOCK, wait_seconds=WAIT_SECONDS):
            folder.mkdir(mode=0o700)
            held.callback(shutil.rmtree, folder, ignore_errors=True)
            held.enter_context(locked(folder / LOCK))
        yield folder


def close_killed_runs(store: Store) -> int:
    """Close the runs of processes that were killed, remove what they left half-written, and return how many there were.

    Raises
    ------
    OutputError
        The store cannot be read or written.
    """
    place, closed = _place(store), 0
    with locked(place / LOCK, wait_seconds=WAIT_SECONDS):
        for folder in (found for found in sorted(place.iterdir()) if found.is_dir()):
            with ExitStack() as held:
                try:
                    held.enter_context(locked(folder / LOCK))
                except OutputError:
                    continue  # its process lives
                closed += _close(store, folder.name)
            shutil.rmtree(folder, ignore_errors=True)
    return closed


def _close(store: Store, writer: str) -> int:
    client = store.client
    with mlflow_edge("runs that were killed cannot be closed"):
        experiments = [experiment.experiment_id for experiment in client.search_experiments()]
        runs = client.search_runs(experiments, f"tags.`{WRITER_TAG}` = '{writer}' AND attributes.status = 'RUNNING'")
        for run in runs:
            run_id, note = run.info.run_id, run.data.tags.get(NOTE, "")
            for model in client.search_logged_models([run.info.experiment_id], f"source_run_id = '{run_id}'"):
                if model.status == "PENDING":
                    client.finalize_logged_model(model.model_id, "FAILED")
            client.set_tag(run_id, NOTE, f"{WORDS}\n\n{note}".strip())
            client.set_terminated(run_id, "KILLED")
        return len(runs)


def _place(store: Store) -> Path:
    """Beside a database; for a server, among what this user's programs keep, or nowhere lasting."""
    if store.database is not None:
        place = store.database.with_name(f"{store.database.name}.writing")
    else:
        place = Path("~/.cache/secondplan/writing").expanduser()
    try:
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:
        return Path(tempfile.mkdtemp(prefix="secondplan-"))
    return place
