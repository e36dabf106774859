"""What a Python worker of Spark does: it loads the model once, and judges the rows that it is given."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from ...errors import BundleError, InputError, SecondplanError
from ..cases import Cases
from ..columns import batch_columns
from ..scorer import Scorer
from .chunks import read_chunk
from .judged import by_row, error_row, judge, unreadable_rows

if TYPE_CHECKING:
    from ..bands import RiskBands
    from ..horizons import Origin
    from ..sources.source import Chunk

ORDER = "row_order"
# A worker keeps the models that it was given lately, by all that the scores depend on.
MOST_MODELS = 4
_READY: dict[tuple[Any, ...], Scorer] = {}


@dataclass(frozen=True)
class Work:
    """What every worker is sent once.

    Attributes
    ----------
    bundle : dict of str to bytes
        The files of the model's bundle.
    digest : str
        Of the bundle; a worker that finds another stops.
    times, origin, bands
        As in :func:`~secondplan.scoring.score_batches`.
    chunks : Path
        For files of cases: the folder in which the chunks lie (:mod:`.chunks`).
    name : str
        What the source is called in messages.
    """

    bundle: dict[str, bytes] = field(repr=False)
    digest: str
    times: tuple[float, ...]
    origin: Origin
    bands: RiskBands
    chunks: Path = Path()
    name: str = ""

    @classmethod
    def of(cls, scorer: Scorer, **more: Any) -> Work:
        """The work of a scorer that is ready here."""
        from ...models.estimator.bundle_files import save_bundle

        with tempfile.TemporaryDirectory() as folder:
            path = save_bundle(scorer.model, Path(folder) / "bundle")
            files = {file.name: file.read_bytes() for file in sorted(path.iterdir())}
        return cls(files, scorer.digest, scorer.horizons.days, scorer.horizons.origin, scorer.bands, **more)

    def scorer(self) -> Scorer:
        """The scorer, made ready once in each process.

        Raises
        ------
        BundleError
            The model that arrived is not the one that was sent, or the worker's package is of another version.
        """
        known = (self.digest, self.times, self.origin, self.bands)
        if known not in _READY:
            from ...models.bundle import load_model

            with tempfile.TemporaryDirectory() as folder:
                for name, content in self.bundle.items():
                    (Path(folder) / name).write_bytes(content)
                scorer = Scorer.of(load_model(folder), self.times, self.origin, self.bands)
            if scorer.digest != self.digest:
                raise BundleError("a worker of Spark has another model, or another version of secondplan")
            while len(_READY) >= MOST_MODELS:
                _READY.pop(next(iter(_READY)))
            _READY[known] = scorer
        return _READY[known]


def judge_chunks(work: Work, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Judged rows of the chunks whose numbers come in the batches' only column, and come back in the column ``chunk``.

    What stops a chunk comes as a row too, since Spark repeats what fails, and prints it at length.
    """
    for batch in batches:
        for number in batch.column(0).to_pylist():
            try:
                table = _judged_chunk(work, read_chunk(work.chunks, number), schema)
            except SecondplanError as error:
                table = error_row(type(error).__name__, str(error), schema)
            except Exception as error:
                table = error_row("SecondplanError", f"a worker of Spark stopped ({type(error).__name__})", schema)
            table = table.append_column("chunk", pa.array(np.full(table.num_rows, number)))
            yield from table.combine_chunks().to_batches()


def judge_batches(work: Work, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Judged rows of batches of a frame of Spark, whose column ``ORDER`` holds their numbers.

    Raises
    ------
    SecondplanError
        In one line, without a value, whatever went wrong: Spark prints it.
    """
    try:
        scorer = work.scorer()
        for batch in batches:
            columns = batch_columns(batch)
            order = columns.pop(ORDER)
            if order.null_count:
                raise InputError("the column that row names lacks numbers")
            rows = order.to_numpy(zero_copy_only=False)
            yield from judge(scorer, Cases(columns), rows, schema).to_batches()
    except SecondplanError:
        raise
    except Exception as error:
        raise SecondplanError(f"a worker of Spark stopped ({type(error).__name__})") from None


def _judged_chunk(work: Work, chunk: Chunk, schema: pa.Schema) -> pa.Table:
    try:
        table = judge(work.scorer(), chunk.cases, chunk.row, schema)
    except InputError as error:
        raise InputError(f"{work.name}: {error}") from None
    return by_row(pa.concat_tables([table, unreadable_rows(chunk.unreadable, schema)]))
