"""Frames of Spark, scored: for notebooks and pipelines on a cluster."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from ...errors import InputError
from ..bands import RiskBands
from ..cases import KEYS, OPTIONAL, Cases, required_columns
from ..horizons import HORIZONS, Origin
from ..scorer import REJECTS, Scorer
from .judged import PLACE, WHY, judged_schema
from .session import mapped
from .workers import ORDER, Work, judge_batches

if TYPE_CHECKING:
    from ...models.estimator.base import IncidenceModel


def score_spark(
    model: IncidenceModel,
    cases: Any,
    *,
    row: str | None = None,
    times: Sequence[float] = HORIZONS,
    origin: Origin = "scoring_day",
    bands: RiskBands | None = None,
) -> tuple[Any, Any]:
    """Scores and rejected rows of a frame of Spark, as :func:`score_batches` gives them, not computed yet.

    Using one of the two scores the cases, and using the other scores them again; ``cache()`` keeps one.

    Parameters
    ----------
    model : IncidenceModel
        Fitted; it models event 1. Each Python worker loads it once, and checks its digest.
    cases : pyspark.sql.DataFrame
        With the columns of a frame that :func:`score` takes.
    row : str, optional
        A column of whole numbers, each once: of rows with the same authority, child and plan, that with the lowest is
        kept. By default the one that is kept follows from what the rows hold, so that it is always the same.
    times, origin, bands
        As in :func:`score`.

    Returns
    -------
    scores : pyspark.sql.DataFrame
        The columns of :func:`score`, of the rows that can be scored, in any order.
    rejects : pyspark.sql.DataFrame
        ``row`` (of the column ``row``; missing without one), ``child_id``, ``plan_id``, ``code`` and ``column``.

    Raises
    ------
    InputError
        Columns are absent, or of a type that can never be the feature.

    Examples
    --------
    >>> scores, rejects = score_spark(model, spark.table("cases"))  # doctest: +SKIP
    >>> scores.write.saveAsTable("scores")  # doctest: +SKIP
    """
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    scorer = Scorer.of(model, times, origin, bands)
    schema = judged_schema(scorer)
    wanted = _wanted(scorer, cases, row)
    number = F.xxhash64(*map(_named, wanted)) if row is None else _named(row).cast("bigint")
    given = cases.select(*map(_named, wanted), number.alias(ORDER))
    judged = mapped(cases.sparkSession, given, judge_batches, Work.of(scorer), schema)
    place = F.row_number().over(Window.partitionBy("key").orderBy("row"))
    is_new = (place > 1) & (F.col("code").isNull() | (F.col("code") == "no_score"))
    judged = judged.withColumn("is_new", is_new)
    judged = judged.withColumn("code", F.when(F.col("is_new"), "duplicate_key").otherwise(F.col("code")))
    judged = judged.withColumn("column", F.when(F.col("is_new"), "").otherwise(F.col("column")))
    scores = judged.where(F.col("code").isNull()).drop("is_new", *PLACE, *WHY)
    rejects = judged.where(F.col("code").isNotNull()).select(*REJECTS.names)
    return scores, rejects if row is not None else rejects.withColumn("row", F.lit(None).cast("bigint"))


def _wanted(scorer: Scorer, cases: Any, row: str | None) -> list[str]:
    """The columns that workers are sent; what is wrong with a whole column is found here."""
    from pyspark.sql.pandas.types import to_arrow_schema

    if row is not None and row not in cases.columns:
        raise InputError(f"the cases lack the column {row}, which row names")
    names = dict.fromkeys((*KEYS, *OPTIONAL, *required_columns(scorer.model)))
    wanted = [name for name in names if name in cases.columns]
    if len(set(cases.columns)) < len(cases.columns):
        raise InputError("several columns of the cases have the same name")
    kinds = {field.name: field.type for field in to_arrow_schema(cases.select(*map(_named, wanted)).schema)}
    for name, kind in kinds.items():
        if pa.types.is_nested(kind) or pa.types.is_binary(kind):
            raise InputError(f"the column {name} must hold text or numbers, not {kind}")
    scorer.check(Cases({name: pa.array([], kind) for name, kind in kinds.items()}))
    return wanted


def _named(name: str) -> Any:
    """A column of Spark whose name may hold points."""
    from pyspark.sql import functions as F

    return F.col(f"`{name}`")
