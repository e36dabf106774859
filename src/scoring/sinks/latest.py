"""``latest``, beside the folders of nights: it points to the newest whole one, and is swapped in one step."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from ...caller_warnings import warn
from ...files.whole import whole_link, write_text

LATEST, LATEST_TEXT = "latest", "latest.txt"


def point_latest(folder: Path, marker: str) -> None:
    """Let ``latest`` beside ``folder`` point to it, unless it points to a folder that was finished later.

    A symbolic link or, on systems that let nobody make one, ``latest.txt`` with the folder's name.

    Parameters
    ----------
    folder : Path
        Whole.
    marker : str
        The file that is written last into a folder, whose time says which one is newer.

    Raises
    ------
    OutputError
        The folder above cannot be written.
    """
    place = Path(os.path.abspath(folder))  # noqa: PTH100 (a link on the way stays one)
    link = place.with_name(LATEST)
    if place == link:
        return
    if link.exists() and not link.is_symlink():
        warn(f"{link}: is not a link to a scored night, and stays as it is")
        return
    current = latest_folder(place.parent)
    if current is not None and current != place and _finished_at(current, marker) > _finished_at(place, marker):
        return
    text = place.with_name(LATEST_TEXT)
    try:
        whole_link(link, place.name)
    except OSError:
        write_text(text, place.name + "\n")
        with suppress(OSError):  # that of an earlier night would go before the text
            link.unlink()
        return
    with suppress(OSError):
        text.unlink()


def latest_folder(parent: Path) -> Path | None:
    """The folder that ``latest`` points to; None where there is none."""
    link, text = parent / LATEST, parent / LATEST_TEXT
    try:
        name = str(link.readlink()) if link.is_symlink() else text.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError):
        return None
    return parent / name


def _finished_at(folder: Path, marker: str) -> int:
    try:
        return (folder / marker).stat().st_mtime_ns
    except OSError:
        return -1
