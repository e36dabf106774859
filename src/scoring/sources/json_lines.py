"""Cases as lines of JSON, an object each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..cases import KEYS, OPTIONAL, Cases
from ..columns import frame_columns
from .content import Content
from .delimited import UNDECODABLE, opened_text
from .source import Chunk, require_columns


def json_chunks(content: Content, columns: Sequence[str], rows_per_chunk: int) -> Iterator[Chunk]:
    """The rows of a file of JSON lines."""
    read: list[dict[str, Any]] = []
    kept: list[int] = []
    unreadable: dict[int, str] = {}
    with opened_text(content) as file:
        for row, line in enumerate((line for line in file if line.strip()), start=1):
            found = _object(line)
            if isinstance(found, dict):
                read.append(found)
                kept.append(row)
            else:
                unreadable[row] = found
            if len(kept) + len(unreadable) == rows_per_chunk:
                yield _chunk(content, read, kept, unreadable, columns)
                read, kept, unreadable = [], [], {}
    if kept or unreadable:
        yield _chunk(content, read, kept, unreadable, columns)


def _object(line: str) -> dict[str, Any] | str:
    """The object of a line, or the code of what it is instead."""
    if not line.isascii() and not UNDECODABLE.isdisjoint(line):
        return "not_utf8"
    try:
        found = json.loads(line)
        if "\\u" in line:
            json.dumps(found, ensure_ascii=False).encode()  # half of a pair of code units is no character
    except UnicodeEncodeError:
        return "not_utf8"
    except (ValueError, RecursionError):
        return "not_json"
    if "\\u0000" in line or "\0" in line:
        return "nul_character"
    return found if isinstance(found, dict) else "not_json"


def _chunk(
    content: Content, read: list[dict[str, Any]], kept: list[int], unreadable: dict[int, str], columns: Sequence[str]
) -> Chunk:
    held = {name for found in read for name in found}
    if read:
        require_columns(content.name, list(held), columns)
    names = [name for name in dict.fromkeys((*KEYS, *OPTIONAL, *columns)) if name in held or name not in OPTIONAL]
    frame = pd.DataFrame({name: pd.Series([found.get(name) for found in read], dtype=object) for name in names})
    return Chunk(Cases(frame_columns(frame)), np.array(kept, dtype=np.int64), unreadable)
