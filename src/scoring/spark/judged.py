"""Rows that a worker has judged, as one table: a score or a code each, with what is needed to find duplicates."""

from __future__ import annotations

import warnings

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ..cases import Cases, required_columns
from ..duplicate_keys import key_hashes
from ..frame import plain
from ..scorer import REJECTS, Scorer

# What stands beside the columns of a score. ``key`` is missing for a line that could not be read.
PLACE = {"row": pa.int64(), "key": pa.int64()}
WHY = {"code": pa.string(), "column": pa.string()}
ERROR = "error"


def judged_schema(scorer: Scorer) -> pa.Schema:
    """The columns of judged rows: ``row``, ``key``, those of scores, ``code`` and ``column``."""
    no_rows = {name: pa.array([], pa.string()) for name in ("child_id", "plan_id")}
    no_rows |= {name: pa.array([], pa.float64()) for name in ("elapsed", *required_columns(scorer.model))}
    scores = plain(scorer.score(scorer.check(Cases(no_rows)), np.zeros(0, dtype=np.int64))[0])
    return pa.schema([*PLACE.items(), *scores.schema, *WHY.items()])


def judge(scorer: Scorer, cases: Cases, rows: np.ndarray, schema: pa.Schema) -> pa.Table:
    """Each row with its score or why it has none; rows whose keys came before are not found yet.

    Parameters
    ----------
    scorer : Scorer
    cases : Cases, n rows
    rows : ndarray of int, shape (n,)
        Their numbers, which are not missing.
    schema : Schema
        Of :func:`judged_schema`.

    Returns
    -------
    Table of n rows, in the order of their numbers
    """
    checked = scorer.check(cases)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # flags say so of each row; nobody reads what a worker prints
        scores, rejects = (plain(batch) for batch in scorer.score(checked, rows))
    hashes, is_scored = pa.array(key_hashes(checked.keys).view(np.int64)), checked.is_valid
    scored = {"row": pa.array(rows[is_scored]), "key": hashes.filter(pa.array(is_scored)), **_columns(scores)}
    refused = {"key": hashes.filter(pa.array(~is_scored)), **_columns(rejects)}
    return by_row(pa.concat_tables([_filled(scored, schema), _filled(refused, schema)]))


def unreadable_rows(codes: dict[int, str], schema: pa.Schema) -> pa.Table:
    """Lines that could not be read, by number, each with its code."""
    rows = {"row": pa.array(codes, pa.int64()), "code": pa.array(codes.values(), pa.string())}
    return _filled(rows | {"column": pa.array([""] * len(codes))}, schema)


def error_row(kind: str, message: str, schema: pa.Schema) -> pa.Table:
    """What stopped a worker, in place of rows."""
    return _filled({"code": pa.array([ERROR]), "column": pa.array([f"{kind}:{message}"])}, schema)


def error_of(table: pa.Table) -> tuple[str, str] | None:
    """The kind and message of an error row; None where the table holds judged rows."""
    if table.num_rows != 1 or table["code"][0].as_py() != ERROR:
        return None
    kind, _, message = table["column"][0].as_py().partition(":")
    return kind, message


def split(table: pa.Table, is_duplicate: np.ndarray) -> tuple[pa.RecordBatch, pa.Table]:
    """Scores and rejected rows as the local engine has them, in the order of the source.

    Parameters
    ----------
    table : Table, n rows
        In the order of the source.
    is_duplicate : ndarray of bool, shape (n,)
        Rows whose keys came before. They are rejected, unless something else was found before they were scored.
    """
    code = table["code"]
    is_new = pc.and_(pa.array(is_duplicate), pc.or_(pc.is_null(code), pc.equal(pc.fill_null(code, ""), "no_score")))
    names = table.schema.names
    table = table.set_column(names.index("code"), "code", pc.if_else(is_new, "duplicate_key", code))
    table = table.set_column(names.index("column"), "column", pc.if_else(is_new, "", table["column"]))
    is_rejected = pc.is_valid(table["code"])
    scores = table.filter(pc.invert(is_rejected)).drop_columns([*PLACE, *WHY]).combine_chunks()
    return _one_batch(scores), table.filter(is_rejected).select(REJECTS.names).combine_chunks()


def by_row(table: pa.Table) -> pa.Table:
    """The table in the order of the numbers of its rows."""
    numbers = table["row"].to_numpy()
    return table if np.all(numbers[1:] > numbers[:-1]) else table.take(pa.array(np.argsort(numbers)))


def _one_batch(table: pa.Table) -> pa.RecordBatch:
    found = table.to_batches()
    return found[0] if found else pa.RecordBatch.from_pylist([], schema=table.schema)


def _columns(batch: pa.RecordBatch) -> dict[str, pa.Array]:
    return dict(zip(batch.schema.names, batch.columns, strict=True))


def _filled(columns: dict[str, pa.Array], schema: pa.Schema) -> pa.Table:
    n_rows = len(next(iter(columns.values())))
    return pa.table(
        [columns[field.name] if field.name in columns else pa.nulls(n_rows, field.type) for field in schema],
        schema=schema,
    )
