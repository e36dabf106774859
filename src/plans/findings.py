"""Findings as they are collected while a source is read: places and codes, never a value."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

KEPT, REPAIRED, MERGED, REJECTED, NOTED = "kept", "repaired", "merged", "rejected", "noted"
ACTIONS = (KEPT, REPAIRED, MERGED, REJECTED, NOTED)
"""What was done: kept as it came, repaired, joined to another row, left out; or noted, where no single row is meant."""

# A large file can have millions of findings, whose words are few.
WORDS = ("code", "table", "column", "action", "file")
_TYPES = {**dict.fromkeys(WORDS, "category"), **dict.fromkeys(("row", "line"), "Int32")}


@dataclass(frozen=True)
class _Part:
    """Findings of one kind: their words but for the file, and where each is, -1 standing for nowhere."""

    words: tuple[str, str, str | None, str]
    file: np.ndarray
    row: np.ndarray
    line: np.ndarray


class FindingLog:
    """Collects findings while a source is read.

    Parameters
    ----------
    files : sequence of str
        Names of the files that places refer to.
    """

    def __init__(self, files: Sequence[str] = ()) -> None:
        """Start without findings."""
        self.files = list(files)
        self._parts: list[_Part] = []
        self._named: dict[str, int] = {}

    def add(self, code: str, table: str, action: str, *, file: str | None = None, column: str | None = None) -> None:
        """Add one finding about a whole file, or with ``file`` None about the whole data."""
        nowhere = _nowhere(1)
        # A file may be named before all are known in their order: such names are counted down from -2.
        number = -1 if file is None else -2 - self._named.setdefault(file, len(self._named))
        self._parts.append(_Part((code, table, column, action), np.full(1, number, dtype=np.int32), nowhere, nowhere))

    def add_rows(self, code: str, table: str, action: str, at: pd.DataFrame, *, column: str | None = None) -> None:
        """Add one finding for each row of ``at``.

        Parameters
        ----------
        code : str
            One of `RULES`.
        table, column : str
            Where.
        action : str
            One of `ACTIONS`.
        at : DataFrame
            ``row``: number of the row among the table's rows in its file, from 1. ``file``, if there are files: its
            position in ``files``. ``line``, if known: the line in the file, from 1.
        """
        if at.empty:
            return
        places = [_numbers(at[name]) if name in at else _nowhere(len(at)) for name in ("file", "row", "line")]
        self._parts.append(_Part((code, table, column, action), *places))

    def to_frame(self) -> pd.DataFrame:
        """The findings: ``code, table, column, action, file, row, line``; missing where a finding is not about one."""
        sizes = [len(part.row) for part in self._parts]
        columns: dict[str, object] = {}
        for place, name in enumerate(WORDS[:-1]):
            words = pd.Categorical([part.words[place] for part in self._parts])
            columns[name] = words.take(np.repeat(np.arange(len(sizes)), sizes))
        columns["file"] = self._file_names()
        for name in ("row", "line"):
            numbers = _joined([getattr(part, name) for part in self._parts])
            columns[name] = pd.arrays.IntegerArray(numbers, numbers < 0)
        return pd.DataFrame(columns, copy=False)

    def _file_names(self) -> pd.Categorical:
        numbers = _joined([part.file for part in self._parts])
        names = [*self.files, *reversed(self._named), None]
        # Counted from the end: -1 is None, and -2 the first that was named.
        codes, different = pd.factorize(np.array(names, dtype=object))
        return pd.Categorical.from_codes(codes[numbers], categories=different)


def typed_findings(findings: pd.DataFrame) -> pd.DataFrame:
    """Findings with the columns and types of :meth:`FindingLog.to_frame`."""
    return findings[list(_TYPES)].astype(_TYPES)


def join_findings(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """The findings of both."""
    texts = [frame.astype(dict.fromkeys(WORDS, "string")) for frame in (first, second)]
    return typed_findings(pd.concat(texts, ignore_index=True))


def count_fates(findings: pd.DataFrame) -> dict[tuple[str, str], int]:
    """Number of distinct rows by table and fate, the weightiest of each row's findings counting."""
    told: Counter[tuple[str, str]] = Counter()
    at = findings[findings["row"].notna()]
    fates = at["action"].map({REPAIRED: 1, MERGED: 2, REJECTED: 3}).astype("Int8").fillna(0).to_numpy(dtype=np.int8)
    rows = at["row"].to_numpy(dtype=np.int64)
    source = at["table"].cat.codes.to_numpy(dtype=np.int64) * (1 + len(at["file"].cat.categories))
    source += at["file"].cat.codes
    for number in np.unique(source):
        here = source == number
        worst = np.zeros(rows[here].max() + 1, dtype=np.int8)
        np.maximum.at(worst, rows[here], fates[here])
        table = str(at["table"].iloc[int(np.argmax(here))])
        for fate, n_rows in enumerate(np.bincount(worst, minlength=4)):
            if fate and n_rows:
                told[table, ("", REPAIRED, MERGED, REJECTED)[fate]] += int(n_rows)
    return dict(told)


def _numbers(column: pd.Series) -> np.ndarray:
    if column.dtype.kind == "i" and not column.hasnans:
        return column.to_numpy(dtype=np.int32)
    return pd.to_numeric(column).fillna(-1).to_numpy(dtype=np.int32)


def _nowhere(size: int) -> np.ndarray:
    return np.full(size, -1, dtype=np.int32)


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.int32)
