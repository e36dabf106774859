"""A folder of scores: parts with receipts, a manifest that is written last, a log, a lock."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pyarrow as pa

from ...errors import InputError, OutputError
from ...files.lock import locked
from ...files.whole import UNFINISHED, read_json, sha256_of, write_json, write_text
from .latest import point_latest
from .parts import REJECTS, Parts
from .run_log import RunLog
from .sink import Receipt, manifest_of
from .workbook import NAME, refuse_too_many, write_workbook

MANIFEST, JOB, LOG, LOCK, LEGEND = "manifest.json", "job.json", "log.jsonl", ".lock", "legend.md"
WHAT_DIFFERS = "other model, input, day, horizons or formats"
WRITERS: dict[str, Callable[[Parts, int], list[Path]]] = {"csv": Parts.write_csv, "xlsx": write_workbook}
OURS = {MANIFEST, JOB, LOG, LOCK, JOB + UNFINISHED}


class FolderSink:
    """Scores in a folder.

    Parameters
    ----------
    folder : Path
        Absent or empty, or with the same job, done or begun.
    formats : collection of {"csv", "xlsx"}
        What to write beside Parquet.
    latest : bool
        Whether ``latest`` beside the folder is to point to it.

    Raises
    ------
    InputError
        There is no such format.
    """

    def __init__(self, folder: Path, *, formats: Collection[str] = (), latest: bool = True):
        unknown = sorted(set(formats) - set(WRITERS))
        if unknown:
            raise InputError(f"format must be {' or '.join(WRITERS)} (Parquet is always written), not {unknown[0]}")
        self.folder = folder
        self.name: Path | str = folder
        self.formats, self.latest = sorted(set(formats)), latest
        self.parts, self.log = Parts(folder), RunLog(folder / LOG)
        files = {"csv": f"{REJECTS}.csv", "xlsx": f"the sheet {REJECTS} of {NAME}"}
        self.rejects = next((files[name] for name in self.formats), f"the folder {REJECTS}")

    @contextmanager
    def taken(self, job: Mapping[str, Any], *, resume: bool) -> Iterator[dict[str, Any] | None]:
        """Hold the folder, as :class:`.sink.Sink` has it."""
        is_new = _make_folder(self.folder)
        _refuse_foreign(self.folder)
        with locked(self.folder / LOCK, holder="another scoring run"):
            done = self._finished(job)
            if done is not None:
                self._point(done)
                yield done
                return
            begun = self._begin(job, resume)
            self.log.write(
                "resumed" if begun else "started",
                job=job["job_id"],
                input=job["input_kind"],
                model=job["model_digest"],
            )
            try:
                self.parts.make_folders()
                yield None
            except BaseException as error:
                with suppress(OutputError):  # the disk may be full: what went wrong at first is what is told
                    self.log.write("stopped", error=type(error).__name__)
                self._leave_if_nothing_was_made(is_new=is_new)
                raise

    def find(self, part: int) -> Receipt | None:
        """The receipt of a whole part."""
        return self.parts.find(part)

    def write(self, part: int, scores: pa.RecordBatch, rejects: pa.Table) -> Receipt:
        """Write a part and its receipt."""
        receipt = self.parts.write(part, scores, rejects)
        self.log.write("part", part=part, read=receipt.n_read, scored=receipt.n_scored, codes=receipt.codes)
        return receipt

    def keep_rejects(self, receipts: Sequence[Receipt]) -> None:
        """The parts of the rejected rows are there; as CSV too, where another format than Parquet was asked for."""
        if self.formats:
            self.rejects = self.parts.join_csv(REJECTS, len(receipts)).name

    def publish(self, job: Mapping[str, Any], receipts: Sequence[Receipt], legend: str) -> dict[str, Any]:
        """Write the legend and the joined files, then the manifest, then let ``latest`` point here."""
        files = {name: sha for receipt in receipts for name, sha in receipt.files.items()}
        if "xlsx" in self.formats:
            for kind in ("n_scored", "n_rejected"):
                refuse_too_many(self.folder, sum(getattr(receipt, kind) for receipt in receipts))
        write_text(self.folder / LEGEND, legend)
        written = [self.folder / LEGEND]
        for name in self.formats:
            written += WRITERS[name](self.parts, len(receipts))
        files |= {path.name: sha256_of(path) or "" for path in written}
        manifest = manifest_of(self.folder, job, receipts, files)
        write_json(self.folder / MANIFEST, manifest)
        (self.folder / JOB).unlink(missing_ok=True)
        self.log.write("finished", **manifest["counts"], codes=manifest["codes"])
        self._point(manifest)
        return manifest

    def _point(self, manifest: Mapping[str, Any]) -> None:
        """Move ``latest`` here; it stays on the night before if nobody was scored."""
        if self.latest and manifest["counts"]["scored"]:
            point_latest(self.folder, MANIFEST)

    def _finished(self, job: Mapping[str, Any]) -> dict[str, Any] | None:
        """The manifest, if this very job is complete in the folder."""
        folder = self.folder
        if not (folder / MANIFEST).exists():
            return None
        manifest = read_json(folder / MANIFEST)
        held = None if manifest is None else manifest.get("job")
        if manifest is None or not isinstance(held, dict) or held.get("job_id") != job["job_id"]:
            raise OutputError(
                f"{folder}: holds the scores of another job (other model, input, day, horizons or formats)"
            )
        files, counts = manifest.get("files"), manifest.get("counts")
        is_whole = isinstance(files, dict) and all(sha256_of(folder / name) == sha for name, sha in files.items())
        is_counted = isinstance(counts, dict) and counts.keys() >= {"read", "scored", "rejected"}
        if not is_whole or not is_counted or "codes" not in manifest:
            raise OutputError(f"{folder}: its files were changed after they were written; score into another folder")
        (folder / JOB).unlink(missing_ok=True)
        return manifest

    def _begin(self, job: Mapping[str, Any], resume: bool) -> bool:
        """Take the folder for a job; whether the job had begun in it before."""
        folder = self.folder
        begun = read_json(folder / JOB)
        if begun is None:
            _refuse_foreign(folder)
            write_json(folder / JOB, dict(job))
            return False
        if begun.get("job_id") != job["job_id"]:
            raise OutputError(f"{folder}: holds the beginning of another job ({WHAT_DIFFERS})")
        if not resume:
            raise OutputError(f"{folder}: holds the beginning of this job; resume=True (--resume) goes on with it")
        return True

    def _leave_if_nothing_was_made(self, *, is_new: bool) -> None:
        """Free the folder of a job that failed before its first part, and remove it if the job had made it."""
        if not self.parts.drop_empty_folders():
            return
        with suppress(OSError):  # Windows does not remove a file that is open, as the lock is
            (self.folder / JOB).unlink(missing_ok=True)
            if is_new and all(entry.name in (LOG, LOCK) for entry in self.folder.iterdir()):
                for name in (LOG, LOCK):
                    (self.folder / name).unlink()
                self.folder.rmdir()


def _make_folder(folder: Path) -> bool:
    """Make the folder; whether it was not there before."""
    try:
        is_new = not folder.exists()
        # Scores name children: nobody but the user who made them reads them, unless the folder was made before.
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        return is_new
    except OSError as error:
        raise OutputError(f"{folder}: cannot be made ({error.strerror or type(error).__name__})") from None


def _refuse_foreign(folder: Path) -> None:
    """Leave a folder alone that holds neither a job nor its scores: not even a lock is put into it."""
    try:
        names = {entry.name for entry in folder.iterdir()}
    except OSError as error:
        raise OutputError(f"{folder}: cannot be read ({error.strerror or type(error).__name__})") from None
    if names.isdisjoint({JOB, MANIFEST}) and not names <= OURS:
        raise OutputError(f"{folder}: is not an empty folder")
