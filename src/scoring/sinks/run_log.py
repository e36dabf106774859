"""A log for machines: one JSON line an occurrence, with codes and counts, never a value."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...errors import cannot_be_written


class RunLog:
    """Appends JSON lines to a file.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path):
        self.path = path

    def write(self, event: str, **counts: Any) -> None:
        """Add a line with the time (UTC), the event and counts by name."""
        line = {"time": datetime.now(UTC).isoformat(timespec="milliseconds"), "event": event, **counts}
        try:
            with self.path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        except OSError as error:
            raise cannot_be_written(self.path, error) from None
