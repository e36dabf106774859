"""Values of databases and workbooks as the text that a CSV file would hold: the one place where types end."""

import datetime as dt
import json
import math
from decimal import Decimal
from typing import Any

import pandas as pd

# Beyond it a float is not exact to the unit, and writing all digits of a decimal's power of ten helps nobody.
_LONGEST_WHOLE = 10**15


def cell_text(value: Any) -> str | None:
    """The text of one value, None where there is none.

    Dates are ``yyyy-mm-dd``, with the time behind it where it is not midnight; whole numbers have no decimals; booleans
    are ``true`` and ``false``, arrays and objects JSON. Bytes are read as UTF-8, what is not UTF-8 as Latin-1.

    Examples
    --------
    >>> [cell_text(value) for value in (dt.datetime(2018, 3, 31), dt.datetime(2018, 3, 31, 9, 30), 12.0, True)]
    ['2018-03-31', '2018-03-31T09:30:00', '12', 'true']
    """
    if value is None or value is pd.NaT:
        return None
    if isinstance(value, str):
        return _storable(value.strip()) or None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dt.datetime):
        is_midnight = value.time() == dt.time()
        return value.date().isoformat() if is_midnight else value.isoformat(timespec="seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, float | Decimal):
        return _number_text(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return cell_text(_decoded(bytes(value)))
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, default=str)
    return cell_text(str(value))


def _number_text(value: Any) -> str | None:
    is_finite = value.is_finite() if isinstance(value, Decimal) else math.isfinite(value)
    if not is_finite:
        return None
    is_whole = abs(value) < _LONGEST_WHOLE and value == int(value)
    return str(int(value)) if is_whole else str(value)


def _decoded(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")


def _storable(text: str) -> str:
    """Text without half of a pair of code units, which is no character, and without NUL."""
    text = text.replace("\x00", "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
