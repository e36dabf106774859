"""Which kind of place an output is."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from .folder import FolderSink
from .sink import Sink


def open_sink(output: str | Path, *, formats: Collection[str] = (), latest: bool = True) -> Sink:
    """The place that is meant; nothing is made yet.

    Parameters
    ----------
    output : str or Path
        A folder.
    formats : collection of str
        What a folder holds beside Parquet.
    latest : bool
        Whether ``latest``, beside the folder, is to point to it once it is whole.

    Raises
    ------
    OutputError
        There is no such format.
    """
    return FolderSink(Path(output), formats=formats, latest=latest)
