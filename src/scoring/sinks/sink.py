"""What a place for scores does: it is taken by one job at a time, takes parts, and publishes them together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa

from ...errors import SecondplanError


@dataclass(frozen=True)
class Receipt:
    """What a part holds.

    Attributes
    ----------
    part, n_read, n_scored, n_rejected : int
    codes : dict of str to int
        Rejected rows by code.
    files : dict of str to str
        SHA-256 by file name, where parts are files.
    """

    part: int
    n_read: int
    n_scored: int
    n_rejected: int
    codes: dict[str, int]
    files: dict[str, str]

    @classmethod
    def of(cls, part: int, scores: pa.RecordBatch, rejects: pa.Table, files: Mapping[str, str]) -> Receipt:
        """The receipt of what was written."""
        codes = dict(sorted(Counter(rejects["code"].to_pylist()).items()))
        n_scored, n_rejected = scores.num_rows, rejects.num_rows
        return cls(part, n_scored + n_rejected, n_scored, n_rejected, codes, dict(files))


class Sink(Protocol):
    """A place for scores.

    Attributes
    ----------
    name : Path or str
        What it is called in messages; it tells no password.
    rejects : str
        Where a person finds the rejected rows in it.
    """

    name: Path | str
    rejects: str

    def taken(self, job: Mapping[str, Any], *, resume: bool) -> AbstractContextManager[dict[str, Any] | None]:
        """Hold the place while the block runs; the manifest, if the same job is done in it.

        Raises
        ------
        OutputError
            Another writer has it, it holds something else, or it cannot be written.
        """

    def find(self, part: int) -> Receipt | None:
        """The receipt of a part that is whole; None where the part must be made."""

    def write(self, part: int, scores: pa.RecordBatch, rejects: pa.Table) -> Receipt:
        """Keep a part, unpublished."""

    def keep_rejects(self, receipts: Sequence[Receipt]) -> None:
        """Show why rows were rejected, where nothing is published for their number."""

    def publish(self, job: Mapping[str, Any], receipts: Sequence[Receipt], legend: str) -> dict[str, Any]:
        """Put all parts in place; the manifest."""


def manifest_of(
    name: Path | str, job: Mapping[str, Any], receipts: Sequence[Receipt], files: Mapping[str, str]
) -> dict[str, Any]:
    """Counts, codes and checksums of a job, whose counts add up."""
    counts = {
        kind: sum(getattr(receipt, f"n_{kind}") for receipt in receipts) for kind in ("read", "scored", "rejected")
    }
    if counts["scored"] + counts["rejected"] != counts["read"]:
        raise SecondplanError(
            f"{name}: {counts['scored']} scored and {counts['rejected']} rejected of {counts['read']}"
        )
    codes: Counter[str] = Counter()
    for receipt in receipts:
        codes.update(receipt.codes)
    return {
        "job": dict(job),
        "counts": counts,
        "codes": dict(sorted(codes.items())),
        "files": dict(sorted(files.items())),
    }
