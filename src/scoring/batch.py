"""Batch scoring: every case read is scored or rejected with a code, in flat memory, resumable, with one writer.

The output folder holds

- ``scores/part-*.parquet`` and ``scores.csv``: one row per scored case (:func:`~secondplan.scoring.score`);
- ``rejects/part-*.parquet`` and ``rejects.csv``: one row per rejected case (row number, keys, code, column);
- ``manifest.json``: counts, digests of model and input, horizons, bands, SHA-256 of every file. It is written last:
  where it is, the folder is complete;
- ``legend.md``: what each column, flag, band and code says;
- ``log.jsonl``: what happened when, in codes and counts;
- ``receipts/``: one file per whole part, from which a run resumes.

Exit codes of the command: 3 the input cannot be read; 4 the output folder is in use, holds something else or cannot be
written; 7 there was nobody to score, or every case was rejected (``rejects.csv`` says why); 8 more were rejected than
``max_rejects``, and nothing is published (the folder has ``rejects.csv``, and no manifest).
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from html import escape
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from ..errors import EmptyCohortError, InputError, OutputError, SecondplanError, TooManyRejectsError
from ..files.lock import locked
from ..files.whole import UNFINISHED, read_json, sha256_of, whole_file, write_json
from ..progress import track
from ..version import __version__
from .bands import RiskBands
from .cases import CheckedCases, required_columns
from .duplicate_keys import SeenKeys
from .horizons import HORIZONS, Origin
from .legend import legend
from .parts import REJECTS, SCORES, Parts, Receipt, with_unreadable
from .run_log import RunLog
from .scorer import Scorer, has_interval
from .sources import Chunk, Source, open_source, require_rows

if TYPE_CHECKING:
    from ..models.estimator.base import IncidenceModel

FORMAT_VERSION = 2
ROWS_PER_PART = 100_000
MANIFEST, JOB, LOG, LOCK, LEGEND = "manifest.json", "job.json", "log.jsonl", ".lock", "legend.md"
OURS = {MANIFEST, JOB, LOG, LOCK, JOB + UNFINISHED}


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
    """

    output: Path
    n_read: int
    n_scored: int
    n_rejected: int
    codes: dict[str, int]
    model_digest: str
    was_done: bool

    def summary(self) -> str:
        """A line or two for a person."""
        why = "".join(f", {count:,} {code}" for code, count in self.codes.items())
        before = " (done before, nothing was written)" if self.was_done else ""
        rejected = f"; {self.n_rejected:,} rejected{why}: see rejects.csv" if self.n_rejected else ""
        return f"{self.n_scored:,} of {self.n_read:,} cases scored{before}{rejected}\nThe scores are in {self.output}."

    def _repr_html_(self) -> str:
        return f"<p>{escape(self.summary())}</p>"


def score_batch(
    model: IncidenceModel,
    source: str | Path,
    output: str | Path,
    *,
    as_of: Any = None,
    care: Literal["competing", "ignore"] = "competing",
    resume: bool = False,
    times: Sequence[float] = HORIZONS,
    origin: Origin = "scoring_day",
    bands: RiskBands | None = None,
    max_rejects: int | None = None,
    rows_per_part: int = ROWS_PER_PART,
) -> BatchResult:
    """Score a plan store or a file of prepared cases into a folder.

    Parameters
    ----------
    model : IncidenceModel
        Fitted; it models event 1.
    source : str or Path
        A plan store (its open cases are scored), or Parquet or CSV with ``child_id``, ``plan_id``, the model's columns,
        ``elapsed`` (days since the plan's end) and, where known, ``la_code``, ``eligible_days`` and ``flags``.
    output : str or Path
        A folder that is absent or empty, or that holds the same job, done or (with ``resume``) begun.
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
        More rows were rejected than ``max_rejects``; ``rejects.csv`` says why.
    EmptyCohortError
        The source holds no case, or every case was rejected (the folder is complete then, and says why).
    """
    cases = open_source(source, as_of=as_of, care=care)
    scorer = Scorer.of(model, times, origin, bands, n_rows=cases.about_rows)
    job = _describe_job(cases, scorer, rows_per_part)
    folder = Path(output)
    is_new = _make_folder(folder)
    _refuse_foreign(folder)
    with locked(folder / LOCK, holder="another scoring run"):
        log = RunLog(folder / LOG)
        done = _finished(folder, job)
        if done is not None:
            return _answer(folder, done, was_done=True)
        begun = _begin(folder, job, resume)
        log.write("resumed" if begun else "started", job=job["job_id"], input=cases.kind, model=scorer.digest)
        try:
            receipts = _make_parts(scorer, cases, folder, log, rows_per_part)
            _refuse_many_rejects(folder, receipts, max_rejects)
            with whole_file(folder / LEGEND) as beside:
                beside.write_text(_legend(scorer), encoding="utf-8")
            manifest = _finish(folder, job, receipts)
        except BaseException as error:
            log.write("stopped", error=type(error).__name__)
            _leave_if_nothing_was_made(folder, is_new=is_new)
            raise
        log.write("finished", **manifest["counts"], codes=manifest["codes"])
    return _answer(folder, manifest, was_done=False)


def _legend(scorer: Scorer) -> str:
    return legend(scorer.horizons, scorer.bands, has_intervals=has_interval(scorer.model))


def _describe_job(source: Source, scorer: Scorer, rows_per_part: int) -> dict[str, Any]:
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
    }
    return {"job_id": hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest(), **job}


def _make_folder(folder: Path) -> bool:
    """Make the folder; whether it was not there before."""
    try:
        is_new = not folder.exists()
        # Scores name children: nobody but the user who made them reads them, unless the folder was made before.
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return is_new
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror or type(error).__name__})") from None


def _finished(folder: Path, job: dict[str, Any]) -> dict[str, Any] | None:
    """The manifest, if this very job is complete in the folder."""
    if not (folder / MANIFEST).exists():
        return None
    manifest = read_json(folder / MANIFEST)
    if manifest is None or not isinstance(manifest.get("job"), dict) or manifest["job"].get("job_id") != job["job_id"]:
        raise OutputError(f"{folder}: holds the scores of another job (other model, input, day or horizons)")
    files = manifest.get("files")
    is_whole = isinstance(files, dict) and all(sha256_of(folder / name) == sha for name, sha in files.items())
    if not is_whole or not manifest.keys() >= {"counts", "codes"}:
        raise OutputError(f"{folder}: its files were changed after they were written; score into another folder")
    (folder / JOB).unlink(missing_ok=True)
    return manifest


def _begin(folder: Path, job: dict[str, Any], resume: bool) -> bool:
    """Take the folder for a job; whether the job had begun in it before."""
    begun = read_json(folder / JOB)
    if begun is not None:
        if begun.get("job_id") != job["job_id"]:
            raise OutputError(f"{folder}: holds the beginning of another job (other model, input, day or horizons)")
        if not resume:
            raise OutputError(f"{folder}: holds the beginning of this job; resume=True (--resume) goes on with it")
        return True
    _refuse_foreign(folder)
    write_json(folder / JOB, job)
    return False


def _refuse_foreign(folder: Path) -> None:
    """Leave a folder alone that holds neither a job nor its scores: not even a lock is put into it."""
    if any((folder / name).exists() for name in (JOB, MANIFEST)):
        return
    if any(entry.name not in OURS for entry in folder.iterdir()):
        raise OutputError(f"{folder}: is not an empty folder")


def _leave_if_nothing_was_made(folder: Path, *, is_new: bool) -> None:
    """Free the folder of a job that failed before its first part, and remove it if the job had made it."""
    parts = Parts(folder)
    if not parts.drop_empty_folders():
        return
    (folder / JOB).unlink(missing_ok=True)
    if is_new and all(entry.name in (LOG, LOCK) for entry in folder.iterdir()):
        with suppress(OSError):  # Windows does not remove a file that is open, as the lock is
            for name in (LOG, LOCK):
                (folder / name).unlink()
            folder.rmdir()


def _make_parts(scorer: Scorer, source: Source, folder: Path, log: RunLog, rows_per_part: int) -> list[Receipt]:
    parts = Parts(folder)
    parts.make_folders()
    seen, receipts = SeenKeys(), []
    n_parts = ceil(source.about_rows / rows_per_part) or None
    columns = list(required_columns(scorer.model))
    for part, chunk in enumerate(track(source.chunks(columns, rows_per_part), "Scoring", total=n_parts)):
        checked = _checked(scorer, chunk, source.path)
        checked.reject(seen.add(checked.keys), "duplicate_key")
        receipt = parts.find(part)
        if receipt is None:
            scores, rejects = scorer.score(checked, chunk.row)
            receipt = parts.write(part, scores, with_unreadable(rejects, chunk.unreadable))
            log.write("part", part=part, read=receipt.n_read, scored=receipt.n_scored, codes=receipt.codes)
        if receipt.n_read != chunk.n_read:
            raise OutputError(f"{folder}: part {part} accounts for {receipt.n_read} rows, {chunk.n_read} were read")
        receipts.append(receipt)
    require_rows(sum(receipt.n_read for receipt in receipts), source.path)
    return receipts


def _refuse_many_rejects(folder: Path, receipts: list[Receipt], most: int | None) -> None:
    n_rejected = sum(receipt.n_rejected for receipt in receipts)
    if most is not None and n_rejected > most:
        path = Parts(folder).join_csv(REJECTS, len(receipts))
        raise TooManyRejectsError(
            f"{folder}: {n_rejected:,} rows are rejected, more than the {most:,} allowed; nothing is published, "
            f"{path.name} says why; resume=True (--resume) with a higher limit goes on"
        )


def _checked(scorer: Scorer, chunk: Chunk, path: Path) -> CheckedCases:
    try:
        return scorer.check(chunk.cases)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _finish(folder: Path, job: dict[str, Any], receipts: list[Receipt]) -> dict[str, Any]:
    """Join the parts, check that the counts add up, write the manifest."""
    parts = Parts(folder)
    counts = {
        name: sum(getattr(receipt, f"n_{name}") for receipt in receipts) for name in ("read", "scored", "rejected")
    }
    if counts["scored"] + counts["rejected"] != counts["read"]:
        raise SecondplanError(
            f"{folder}: {counts['scored']} scored and {counts['rejected']} rejected of {counts['read']}"
        )
    files = {name: sha for receipt in receipts for name, sha in receipt.files.items()}
    files[LEGEND] = sha256_of(folder / LEGEND) or ""
    for kind in (SCORES, REJECTS):
        path = parts.join_csv(kind, len(receipts))
        files[path.name] = sha256_of(path) or ""
    codes: Counter[str] = Counter()
    for receipt in receipts:
        codes.update(receipt.codes)
    manifest = {
        "job": job,
        "counts": counts,
        "codes": dict(sorted(codes.items())),
        "files": dict(sorted(files.items())),
    }
    write_json(folder / MANIFEST, manifest)
    (folder / JOB).unlink(missing_ok=True)
    return manifest


def _answer(folder: Path, manifest: dict[str, Any], *, was_done: bool) -> BatchResult:
    counts = manifest["counts"]
    if counts["scored"] == 0:
        raise EmptyCohortError(f"{folder}: all {counts['read']} cases were rejected; rejects.csv says why")
    digest = manifest["job"]["model_digest"]
    return BatchResult(
        folder, counts["read"], counts["scored"], counts["rejected"], manifest["codes"], digest, was_done
    )
