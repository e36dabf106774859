"""Batch scoring: every case read is scored or rejected with a code, in flat memory, resumable, with one writer.

The output folder holds

- ``scores/part-*.parquet``: one row per scored case (:func:`~secondplan.scoring.score`);
- ``rejects/part-*.parquet``: one row per rejected case (row number, keys, code, column);
- ``scores.csv`` and ``rejects.csv``, or ``scores.xlsx``, where ``formats`` asks for them;
- ``manifest.json``: counts, digests of model and input, horizons, bands, SHA-256 of every file. It is written last:
  where it is, the folder is complete;
- ``legend.md``: what each column, flag, band and code says;
- ``log.jsonl``: what happened when, in codes and counts;
- ``receipts/``: one file per whole part, from which a run resumes.

Beside it ``latest`` points to the newest folder that is complete and has scores.

Exit codes of the command: 3 the input cannot be read; 4 the output is in use, holds something else or cannot be
written; 7 there was nobody to score, or every case was rejected (the rejects say why); 8 more were rejected than
``max_rejects``, and nothing is published (the folder has its rejects, and no manifest).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import deque
from collections.abc import Collection, Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import partial
from html import escape
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pyarrow as pa

from ..errors import EmptyCohortError, InputError, OutputError, TooManyRejectsError
from ..files.database import is_database
from ..parameter_checks import require_choice
from ..progress import track
from ..version import __version__
from .bands import RiskBands
from .cases import key_columns, required_columns
from .duplicate_keys import SeenKeys
from .frame import plain
from .horizons import HORIZONS, Origin
from .legend import legend
from .scorer import Scorer
from .sinks.opening import open_sink
from .sinks.sink import Receipt, Sink
from .sources.opening import open_source
from .sources.source import Chunk, Source, require_rows
from .spark.folder import parts_on_spark, save_tables
from .workers import Scoring, Task, n_processes, scoring

if TYPE_CHECKING:
    from ..models.estimator.base import IncidenceModel

Engine = Literal["local", "spark"]
# The rows read, and what makes their scores and rejects.
Part = tuple[int, Task]
FORMAT_VERSION = 3
ROWS_PER_PART = 100_000


@dataclass(frozen=True)
class BatchResult:
    """What a batch came to.

    Attributes
    ----------
    output : Path
    n_read, n_scored, n_rejected : int
        ``n_scored + n_rejected = n_read``.
    codes : dict of str to int
        Rejected cases by code.
    model_digest : str
    was_done : bool
        Whether the same job had been done before in this folder, so that nothing was written.
    rejects : str
        Where in the output the rejected rows are.
    """

    output: Path | str
    n_read: int
    n_scored: int
    n_rejected: int
    codes: dict[str, int]
    model_digest: str
    was_done: bool
    rejects: str = "the folder rejects"

    def summary(self) -> str:
        """A line or two for a person."""
        why = "".join(f", {count:,} {code}" for code, count in self.codes.items())
        before = " (done before, nothing was written)" if self.was_done else ""
        rejected = f"; {self.n_rejected:,} rejected{why}: see {self.rejects}" if self.n_rejected else ""
        return f"{self.n_scored:,} of {self.n_read:,} cases scored{before}{rejected}\nThe scores are in {self.output}."

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.summary())}</p>"


def score_batch(
    model: IncidenceModel,
    source: Any,
    output: Any,
    *,
    as_of: Any = None,
    care: Literal["competing", "ignore"] = "competing",
    resume: bool = False,
    times: Sequence[float] = HORIZONS,
    origin: Origin = "scoring_day",
    bands: RiskBands | None = None,
    max_rejects: int | None = None,
    rows_per_part: int = ROWS_PER_PART,
    n_jobs: int | None = 1,
    intervals: bool = True,
    reasons: bool = True,
    formats: Collection[str] = (),
    latest: bool = True,
    input_format: str | None = None,
    engine: Engine = "local",
    table: str | None = None,
    query: str | None = None,
    output_table: str | None = None,
    password_file: str | Path | None = None,
) -> BatchResult:
    """Score a plan store or a file of prepared cases into a folder.

    Parameters
    ----------
    model : IncidenceModel
        Fitted; it models event 1.
    source : str, Path, sqlalchemy.URL or sqlalchemy.Engine
        A plan store (its open cases are scored), or prepared cases with ``child_id``, ``plan_id``, the model's columns,
        ``elapsed`` (days since the plan's end) and, where known, ``la_code``, ``eligible_days`` and ``flags``: Parquet
        (a file, a folder, partitions), CSV, Excel, Arrow or lines of JSON; several files by a pattern
        (``night/*.csv.gz``); ``-``, standard input; or an SQLAlchemy address of a database.
    output : str, Path, sqlalchemy.URL or sqlalchemy.Engine
        A folder that is absent or empty, or that holds the same job, done or (with ``resume``) begun; or an SQLAlchemy
        address of a database.
    as_of : date, optional
        For a plan store, the day on which its cases stand.
    care : {"competing", "ignore"}
        For a plan store: as the cohort was built that the model was fitted on.
    resume : bool
        Go on where a run of the same job was stopped. The files are those of a run that was not.
    times : sequence of float
        Horizons in days.
    origin : {"scoring_day", "plan_end"}
        Where they count from, as in :func:`score`.
    bands : RiskBands, optional
        By default those against the average risk in training.
    max_rejects : int, optional
        With more rejected rows nothing is published.
    rows_per_part : int
        Rows read at a time.
    n_jobs : int or None
        Processes that score. None: one a processor for 200,000 rows and more, else one. The files are the same.
        Several are started afresh: a script needs ``if __name__ == "__main__":`` then.
    intervals, reasons : bool
        Whether they are stated, as in :func:`score_batches`.
    formats : collection of {"csv", "xlsx"}
        What to write beside Parquet; texts that a spreadsheet could take for formulas have an apostrophe before them.
    latest : bool
        Let ``latest``, beside the folder, point to it when it is complete and has scores, unless one that was finished
        later is there. It is a symbolic link, or ``latest.txt`` where the system lets nobody make links.
    input_format : {"csv", "jsonl", "arrow", "parquet"}, optional
        What comes on standard input, or what files are whose names do not tell.
    engine : {"local", "spark"}
        Where rows are scored: in this process, or by the workers of Spark, which must see ``output`` under the same
        path. The scores are the same.
    table, query : str, optional
        Of a database: a table or view (``name`` or ``schema.name``), or a statement that gives rows; one of the two.
        Rows are streamed once into a temporary file without a name, as the database stood at one moment.
    output_table : str, optional
        Of a database (PostgreSQL, SQL Server, SQLite). The table gets the scores, ``<table>_rejects`` the rejected
        rows, ``<table>_manifest`` one row about the job: written beside them, then exchanged in one transaction. For
        Spark and a folder: a table (``catalog.schema.table``) that holds the scores too, once the folder is complete,
        and beside it ``<table>_rejects``; what they held before is replaced.
    password_file : str or Path, optional
        Holds the password of databases. Without it ``SECONDPLAN_DATABASE_PASSWORD`` or
        ``SECONDPLAN_DATABASE_PASSWORD_FILE`` in the environment does, or what the driver itself reads (``~/.pgpass``).

    Returns
    -------
    BatchResult

    Raises
    ------
    InputError
        The source cannot be read, or lacks columns that the model needs.
    OutputError
        The folder is in use, holds something else, or cannot be written.
    TooManyRejectsError
        More rows were rejected than ``max_rejects``; the rejects say why.
    EmptyCohortError
        The source holds no case, or every case was rejected (the folder is complete then, and says why).
    """
    require_choice("engine", engine, get_args(Engine))
    is_table_of_spark = _is_table_of_spark(output, output_table, engine)
    own = None if is_table_of_spark else output_table
    sink = open_sink(output, formats=formats, latest=latest, table=own, password_file=password_file)
    cases = open_source(
        source,
        list(required_columns(model)),
        as_of=as_of,
        care=care,
        input_format=input_format,
        table=table,
        query=query,
        password_file=password_file,
    )
    scorer = Scorer.of(model, times, origin, bands, intervals=intervals, reasons=reasons)
    job = _describe_job(cases, scorer, rows_per_part, formats)
    with sink.taken(job, resume=resume) as done:
        manifest = done
        if manifest is None:
            parts = _parts_here(cases, rows_per_part)
            n_here = n_processes(n_jobs, cases.about_rows)
            if engine == "spark":
                parts, n_here = parts_on_spark(scorer, cases, rows_per_part, Path(output) / ".spark"), 1
            n_parts = ceil(cases.about_rows / rows_per_part)
            with closing(parts), scoring(scorer, min(n_here, n_parts or n_here)) as workers:
                receipts = _make_parts(parts, workers, cases, sink, n_parts)
            _refuse_many_rejects(sink, receipts, max_rejects)
            words = legend(scorer.horizons, scorer.bands, has_intervals=scorer.with_intervals)
            manifest = sink.publish(job, receipts, words)
        if is_table_of_spark and manifest["counts"]["scored"]:
            save_tables(Path(output), str(output_table))
    return _answer(sink, manifest, was_done=done is not None)


def _is_table_of_spark(output: Any, table: str | None, engine: str) -> bool:
    if engine == "spark" and is_database(output):
        raise InputError('engine="spark" (--engine spark) writes a folder, not a database')
    if table is None or engine != "spark":
        return False
    if not re.fullmatch(r"\w+(\.\w+){0,2}", table):
        raise InputError(
            "output_table (--output-table) must be catalog.schema.table, of letters, digits and underscores"
        )
    return True


def _describe_job(source: Source, scorer: Scorer, rows_per_part: int, formats: Collection[str]) -> dict[str, Any]:
    """All that the output depends on; equal jobs give equal files."""
    bands = scorer.bands
    job: dict[str, Any] = {
        "format_version": FORMAT_VERSION,
        "secondplan_version": __version__,
        "model_digest": scorer.digest,
        "input_kind": source.kind,
        "input_digest": source.digest,
        "as_of": source.as_of,
        "care": source.care,
        "times": list(scorer.horizons.days),
        "origin": scorer.horizons.origin,
        "bands": asdict(bands) | {"multiples": list(bands.multiples), "labels": list(bands.labels)},
        "rows_per_part": rows_per_part,
        "formats": sorted(set(formats)),
        "intervals": scorer.with_intervals,
        "reasons": scorer.with_reasons,
    }
    return {"job_id": hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest(), **job}


def _make_parts(parts: Iterable[Part], workers: Scoring, source: Source, sink: Sink, n_parts: int) -> list[Receipt]:
    """Write the parts in their order; some are begun before the first of them is written."""
    waiting: deque[tuple[int, int, Receipt | None, Any]] = deque()
    receipts: list[Receipt] = []

    def write_first() -> None:
        part, n_read, receipt, begun = waiting.popleft()
        receipt = receipt or sink.write(part, *begun.result())
        if receipt.n_read != n_read:
            raise OutputError(f"{sink.name}: part {part} accounts for {receipt.n_read} rows, {n_read} were read")
        receipts.append(receipt)

    for part, (n_read, task) in enumerate(track(parts, "Scoring", total=n_parts or None)):
        receipt = sink.find(part)
        waiting.append((part, n_read, receipt, None if receipt else workers.submit(task)))
        if len(waiting) > workers.ahead:
            write_first()
    while waiting:
        write_first()
    require_rows(sum(receipt.n_read for receipt in receipts), source.name)
    return receipts


def _parts_here(source: Source, rows_per_part: int) -> Generator[Part]:
    seen = SeenKeys()
    for chunk in source.chunks(rows_per_part):
        yield chunk.n_read, partial(_scored, chunk, seen.add(key_columns(chunk.cases)), source.name)


def _scored(
    chunk: Chunk, is_duplicate: np.ndarray, name: Path | str, scorer: Scorer
) -> tuple[pa.RecordBatch, pa.Table]:
    try:
        checked = scorer.check(chunk.cases)
    except InputError as error:
        raise InputError(f"{name}: {error}") from None
    checked.reject(is_duplicate, "duplicate_key")
    scores, rejects = scorer.score(checked, chunk.row)
    return scores, _with_unreadable(rejects, chunk.unreadable)


def _with_unreadable(rejects: pa.RecordBatch, unreadable: dict[int, str]) -> pa.Table:
    """The rejected rows of a part and those that could not be read, by number, in the order of the source."""
    table = pa.Table.from_batches([plain(rejects)])
    if not unreadable:
        return table
    lost = {"row": list(unreadable), "code": list(unreadable.values()), "column": [""] * len(unreadable)}
    unread = pa.table({name: lost.get(name, [None] * len(unreadable)) for name in table.schema.names}, table.schema)
    return pa.concat_tables([table, unread]).sort_by("row")


def _refuse_many_rejects(sink: Sink, receipts: list[Receipt], most: int | None) -> None:
    n_rejected = sum(receipt.n_rejected for receipt in receipts)
    if most is not None and n_rejected > most:
        sink.keep_rejects(receipts)
        raise TooManyRejectsError(
            f"{sink.name}: {n_rejected:,} rows are rejected, more than the {most:,} allowed; nothing is published, "
            f"{sink.rejects} says why; resume=True (--resume) with a higher limit goes on"
        )


def _answer(sink: Sink, manifest: dict[str, Any], *, was_done: bool) -> BatchResult:
    counts = manifest["counts"]
    if counts["scored"] == 0:
        raise EmptyCohortError(f"{sink.name}: all {counts['read']} cases were rejected; {sink.rejects} says why")
    return BatchResult(
        sink.name,
        counts["read"],
        counts["scored"],
        counts["rejected"],
        manifest["codes"],
        manifest["job"]["model_digest"],
        was_done,
        sink.rejects,
    )
