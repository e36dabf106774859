"""A lock on a file: one process holds it at a time, and the system releases it when that process ends in any way.

The package filelock has the same locks, but makes a folder that is missing, which is an error here, and where a system
has no such locks falls back to a file that a killed process leaves behind.
"""

import errno
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from ..errors import OutputError, cannot_be_written

POLL_SECONDS = 0.05
# What the system says of a file that another process has locked; all else means that there are no locks, as on some
# folders that are shared over a network.
HELD = {errno.EACCES, errno.EAGAIN, errno.EDEADLK, errno.EWOULDBLOCK}


@contextmanager
def locked(path: str | Path, *, wait_seconds: float = 0.0, holder: str = "another process") -> Iterator[None]:
    """Hold the lock of ``path`` while the block runs; the empty lock file stays, since deleting it would race.

    Parameters
    ----------
    path : str or Path
        The lock file; it is created where it does not exist.
    wait_seconds : float
        How long to wait for another holder to finish.
    holder : str
        Who may hold it, for the message: ``"another scoring run"``.

    Raises
    ------
    OutputError
        The lock is still held after ``wait_seconds``, or the file cannot be created or locked.
    """
    try:
        file = Path(path).open("a+b")  # noqa: SIM115  closed below, after the lock is released
    except OSError as error:
        raise cannot_be_written(path, error) from None
    with file:
        until = time.monotonic() + wait_seconds
        while not _is_locked_by_us(file, path):
            if time.monotonic() >= until:
                raise OutputError(f"{Path(path).parent}: in use by {holder}")
            time.sleep(POLL_SECONDS)
        try:
            yield
        finally:
            _unlock(file)


def _is_locked_by_us(file: IO[bytes], path: str | Path) -> bool:
    try:
        _lock(file)
    except OSError as error:
        if error.errno in HELD:
            return False
        reason = error.strerror or type(error).__name__
        raise OutputError(f"{Path(path).parent}: files cannot be locked there ({reason}); take a local disk") from None
    return True


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def _unlock(file: IO[bytes]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: IO[bytes]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(file: IO[bytes]) -> None:
        fcntl.flock(file.fileno(), fcntl.LOCK_UN)
