"""The parts of a scored batch: each is whole with a checksummed receipt, or is made again."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from ...files.whole import read_json, sha256_of, whole_file, write_json
from .sink import Receipt
from .spreadsheet import guarded_frame

SCORES, REJECTS, RECEIPTS = "scores", "rejects", "receipts"


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

    def write(self, part: int, scores: pa.RecordBatch, rejects: pa.Table) -> Receipt:
        """Write a part, its receipt last."""
        files: dict[str, str] = {}
        for kind, table in ((SCORES, scores), (REJECTS, rejects)):
            name = f"{kind}/part-{part:05d}.parquet"
            _write_parquet(self.folder / name, table)
            files[name] = sha256_of(self.folder / name) or ""
        receipt = Receipt.of(part, scores, rejects, files)
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

    def write_csv(self, n_parts: int) -> list[Path]:
        """``scores.csv`` and ``rejects.csv``."""
        return [self.join_csv(kind, n_parts) for kind in (SCORES, REJECTS)]

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


def _write_parquet(path: Path, table: pa.RecordBatch | pa.Table) -> None:
    whole = table if isinstance(table, pa.Table) else pa.Table.from_batches([table])
    text = [field.name for field in whole.schema if pa.types.is_dictionary(field.type)]
    with whole_file(path) as beside:
        # Without Arrow's own schema, so that dictionary-encoded text is plain text to every reader. Risks hardly
        # repeat: to compress them, or to make dictionaries of them and of keys, takes long and saves little.
        pq.write_table(
            whole,
            beside,
            compression={field.name: "none" if pa.types.is_floating(field.type) else "zstd" for field in whole.schema},
            store_schema=False,
            use_dictionary=text,
            write_statistics=False,
        )
