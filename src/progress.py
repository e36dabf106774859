"""Progress bars for long work: on a terminal or in a notebook, silent elsewhere.

``SECONDPLAN_PROGRESS=off`` in the environment silences them where outputs are kept: a bar leaves traces in a notebook.
"""

import os
from collections.abc import Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def track(items: Iterable[T], description: str, total: float | None = None) -> Iterator[T]:
    """Yield ``items`` under a progress bar on stderr; no bar where nobody watches.

    Parameters
    ----------
    items : iterable
    description : str
        What is being done, for a person: ``"Fitting models"``.
    total : float, optional
        Number of items, where ``items`` has no length.
    """
    from rich.console import Console
    from rich.progress import track as rich_track

    console = Console(stderr=True)
    watched = (console.is_terminal or console.is_jupyter) and os.environ.get("SECONDPLAN_PROGRESS") != "off"
    yield from rich_track(items, description, total=total, console=console, disable=not watched, transient=True)
