"""The parts of a scored batch: each is whole with a checksummed receipt, or is made again."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ..files.whole import read_json, sha256_of, whole_file, write_json
from .spreadsheet import guarded_frame

SCORES, REJECTS, RECEIPTS = "scores", "rejects", "receipts"
REJECT_COLUMNS = ("row", "child_id", "plan_id", "code", "column")


@dataclass(frozen=True)
class Receipt:
    """What a part holds.

    Attributes
    ----------
    part, n_read, n_scored, n_rejected : int
    codes : dict of str to int
        Rejected rows by code.
    files : dict of str to str
        SHA-256 by file name.
    """

    part: int
    n_read: int
    n_scored: int
    n_rejected: int
    codes: dict[str, int]
    files: dict[str, str]


@dataclass(frozen=True)
class Parts:
    """The parts in an output folder: ``scores/part-00000.parquet``, ``rejects/part-00000.parquet``, their receipts."""

    folder: Path

    def make_folders(self) -> None:
        """Make the folders of the parts."""
        for name in (SCORES, REJECTS, RECEIPTS):
            (self.folder / name).mkdir(exist_ok=True)

    def drop_empty_folders(self) -> bool:
        """Remove the folders again if no part was begun; whether that was so."""
        present = [self.folder / name for name in (SCORES, REJECTS, RECEIPTS) if (self.folder / name).is_dir()]
        if any(any(folder.iterdir()) for folder in present):
            return False
        for folder in present:
            folder.rmdir()
        return True

    def write(self, part: int, scores: pd.DataFrame, rejects: pd.DataFrame) -> Receipt:
        """Write a part, its receipt last."""
        files: dict[str, str] = {}
        for kind, table in ((SCORES, scores), (REJECTS, rejects)):
            name = f"{kind}/part-{part:05d}.parquet"
            _write_parquet(self.folder / name, table)
            files[name] = sha256_of(self.folder / name) or ""
        codes = dict(sorted(Counter(rejects["code"]).items()))
        receipt = Receipt(part, len(scores) + len(rejects), len(scores), len(rejects), codes, files)
        write_json(self._receipt(part), vars(receipt))
        return receipt

    def find(self, part: int) -> Receipt | None:
        """The receipt of a part that is whole; None where the part must be made."""
        content = read_json(self._receipt(part))
        try:
            receipt = Receipt(**content) if content else None
        except TypeError:
            return None
        if receipt is None or receipt.part != part or not isinstance(receipt.files, dict):
            return None
        return receipt if all(sha256_of(self.folder / name) == sha for name, sha in receipt.files.items()) else None

    def read(self, kind: str, n_parts: int) -> Iterator[pd.DataFrame]:
        """The tables of one kind, part by part."""
        for part in range(n_parts):
            yield pd.read_parquet(self.folder / f"{kind}/part-{part:05d}.parquet")

    def join_csv(self, kind: str, n_parts: int) -> Path:
        """One CSV file of all parts of a kind, guarded against formulas, in memory of one part."""
        path = self.folder / f"{kind}.csv"
        with whole_file(path) as beside, beside.open("w", encoding="utf-8", newline="") as file:
            for part, table in enumerate(self.read(kind, n_parts)):
                guarded_frame(table).to_csv(
                    file, index=False, header=part == 0, lineterminator="\n", quoting=csv.QUOTE_MINIMAL
                )
        return path

    def _receipt(self, part: int) -> Path:
        return self.folder / RECEIPTS / f"part-{part:05d}.json"


def reject_table(rows: np.ndarray, keys: pd.DataFrame, code: Any, column: Any) -> pd.DataFrame:
    """Rejected rows: number in the source, keys where they could be read, code, and the column that is at fault."""
    table = pd.DataFrame({"row": np.asarray(rows, dtype=np.int64)})
    for name in ("child_id", "plan_id"):
        table[name] = keys[name].to_numpy(dtype=object) if name in keys.columns else pd.NA
    table["code"], table["column"] = np.asarray(code, dtype=object), np.asarray(column, dtype=object)
    return table.astype(dict.fromkeys(REJECT_COLUMNS[1:], "string"))


def _write_parquet(path: Path, table: pd.DataFrame) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"string": pa.string(), "int64": pa.int64()}
    schema = pa.schema([(name, kinds.get(str(dtype), pa.float64())) for name, dtype in table.dtypes.items()])
    arrow = pa.Table.from_pandas(table, schema=schema, preserve_index=False).replace_schema_metadata(None)
    with whole_file(path) as beside:
        pq.write_table(arrow, beside, compression="zstd")
