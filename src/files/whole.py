"""Files and folders that are whole or absent: written beside their place, flushed to disk, renamed."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from ..errors import cannot_be_written

UNFINISHED = ".unfinished"
READ_BYTES = 1 << 20
# A hidden name is longer than the folder's own, and names have a longest length.
MOST_LETTERS = 40
ABANDONED_SECONDS = 24 * 3600
# Windows lets nobody replace or move a file that somebody has open, as scanners for viruses have what is new.
HELD_SECONDS = 2.0 if os.name == "nt" else 0.0
RETRY_SECONDS = 0.05
# What folders of other systems, shared over a network, answer where they cannot be flushed; their files were.
CANNOT_FLUSH = {errno.EACCES, errno.EBADF, errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EPERM}


@contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A place to write to that becomes ``path`` when the block ends well, and vanishes when it does not.

    Raises
    ------
    OutputError
        The folder cannot be written (no space, no right).
    """
    beside = path.with_name(path.name + UNFINISHED)
    try:
        beside.unlink(missing_ok=True)
        yield beside
        _sync_file(beside)
        _move(beside, path)
        _sync_folder(path.parent)
    except OSError as error:
        raise cannot_be_written(path, error) from None
    finally:
        with suppress(OSError):
            beside.unlink()


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """A folder to fill that takes the place of ``folder`` when the block ends well, and vanishes when it does not.

    Raises
    ------
    OutputError
        The folder cannot be made or replaced.
    """
    beside = folder_beside(folder)
    try:
        yield beside
        put_in_place(beside, folder)
    except OSError as error:
        raise cannot_be_written(folder, error) from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def folder_beside(folder: Path, *, mode: int = 0o777) -> Path:
    """A new hidden folder on the same disk as ``folder``, with the rights of ``mode`` that the user's mask leaves.

    Those that killed processes left there, in which nothing was written for a day, are removed.

    Raises
    ------
    OutputError
        It cannot be made.
    """
    place = folder.absolute()
    start = f".{place.name[:MOST_LETTERS]}."
    beside = place.with_name(f"{start}{secrets.token_hex(8)}{UNFINISHED}")
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(place.parent, start)
        beside.mkdir(mode=mode)
    except OSError as error:
        raise cannot_be_written(folder, error) from None
    return beside


def put_in_place(fresh: Path, folder: Path, *, keep_others: bool = False) -> None:
    """Let ``fresh``, a folder on the same disk, be ``folder``: a reader finds the old one or the new one, never a part.

    Parameters
    ----------
    fresh : Path
        Its files are flushed to disk first.
    folder : Path
        May exist; what it holds goes when the new one stands.
    keep_others : bool
        Keep what the old folder held under names that the new one does not have.

    Raises
    ------
    OutputError
        The folder cannot be replaced; it is then as it was.
    """
    old = fresh.with_name(f"{fresh.name}.old")
    try:
        for found in fresh.rglob("*"):
            _sync_folder(found) if found.is_dir() else _sync_file(found)
        _sync_folder(fresh)
        # Not every system lets a folder be replaced, not even an empty one.
        if folder.exists():
            _move(folder, old)
        try:
            _move(fresh, folder)
        except OSError:
            if old.exists():
                _move(old, folder)
            raise
        if keep_others and old.exists():
            for kept in old.iterdir():
                if not (folder / kept.name).exists():
                    _move(kept, folder / kept.name)
        _sync_folder(folder.absolute().parent)
    except OSError as error:
        raise cannot_be_written(folder, error) from None
    shutil.rmtree(old, ignore_errors=True)


def whole_link(link: Path, target: str) -> None:
    """Let ``link`` point to ``target``, a name beside it, in one step; OSError where the system makes no links.

    Windows takes two steps, between which there is no link.
    """
    beside = link.with_name(f".{link.name}{UNFINISHED}")
    beside.unlink(missing_ok=True)  # of a process that was killed here
    beside.symlink_to(target, target_is_directory=True)
    try:
        try:
            beside.replace(link)
        except PermissionError:  # on Windows a link to a folder is a folder, which takes nobody's place
            if not link.is_symlink():
                raise
            link.unlink()
            beside.replace(link)
    except FileNotFoundError:
        if not link.is_symlink():  # otherwise another process, which came to this at the same moment, has swapped it
            raise


def write_text(path: Path, text: str) -> None:
    """Write a text file whole, in UTF-8, with the same line ends on every system."""
    with whole_file(path) as beside:
        beside.write_text(text, encoding="utf-8", newline="\n")


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a mapping as JSON, in the order of its keys."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """The mapping that :func:`write_json` wrote; None where there is no such file or it is not one."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def sha256_of(path: Path) -> str | None:
    """SHA-256 of a file; None where it cannot be read."""
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(READ_BYTES):
                digest.update(block)
    except OSError:
        return None
    return digest.hexdigest()


def _remove_abandoned(parent: Path, start: str) -> None:
    before = time.time() - ABANDONED_SECONDS
    for found in parent.iterdir():
        if re.fullmatch(f"{re.escape(start)}[0-9a-f]{{16}}{re.escape(UNFINISHED)}", found.name):
            with suppress(OSError):  # another process may remove it too
                if max(path.lstat().st_mtime for path in (found, *found.rglob("*"))) < before:
                    shutil.rmtree(found, ignore_errors=True)


def _move(source: Path, target: Path) -> None:
    until = time.monotonic() + HELD_SECONDS
    while True:
        try:
            source.replace(target)
            return
        except PermissionError:
            if time.monotonic() >= until:
                raise
            time.sleep(RETRY_SECONDS)


def _sync_file(path: Path) -> None:
    # Open for writing: Windows flushes no others.
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    """Make renames in a folder last, where the system can."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)  # Windows opens no folder
    except PermissionError:
        return
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in CANNOT_FLUSH:
            raise
    finally:
        os.close(descriptor)
