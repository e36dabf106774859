"""A session of Spark, what is sent to its workers, and its errors in one line."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa

from ...errors import InputError, OutputError, SecondplanError
from .workers import Work

Judge = Callable[[Work, pa.Schema, Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]
STARTED = "PYSPARK_GATEWAY_PORT"  # set by spark-submit
# The log of a worker could quote rows.
QUIET = {"spark.ui.showConsoleProgress": "false", "spark.log.level": "OFF"}
SPARK_TYPES = {pa.string(): "string", pa.int64(): "bigint", pa.float64(): "double"}


def open_session() -> Any:
    """The session that is there, as in a notebook or under spark-submit, or a new one, which prints no log.

    Raises
    ------
    InputError
        PySpark or Java is not installed.
    """
    try:
        from pyspark.sql import SparkSession
    except ImportError:
        raise InputError("--engine spark needs PySpark: pip install 'secondplan[spark]', and Java 17 or 21") from None
    session = SparkSession.getActiveSession()
    if session is not None:
        return session
    builder = SparkSession.builder.appName("secondplan score")
    if STARTED not in os.environ:
        # Workers on this machine run this Python; where spark-submit started it, its settings say which.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        if not os.environ.get("SECONDPLAN_TRACEBACK"):
            builder = builder.config(map=QUIET)
    try:
        return builder.getOrCreate()
    except Exception as error:
        raise InputError(f"Spark does not start ({type(error).__name__}); it needs Java 17 or 21") from None


def mapped(session: Any, frame: Any, judge: Judge, work: Work, schema: pa.Schema, more: tuple[str, ...] = ()) -> Any:
    """``frame``, judged by the workers: a frame with the columns of ``schema`` and numbers; nothing is run yet."""
    columns = ", ".join(
        [*(f"`{column.name}` {SPARK_TYPES[column.type]}" for column in schema), *(f"{name} bigint" for name in more)]
    )
    return frame.mapInArrow(_sent(session, judge, work, schema), columns)


def _sent(session: Any, judge: Judge, work: Work, schema: pa.Schema) -> Any:
    """What workers run; the work is broadcast or, where there is no context (Spark Connect), goes with the function."""
    from pyspark.errors import PySparkException

    try:
        broadcast = session.sparkContext.broadcast(work)
    except (AttributeError, PySparkException):
        return lambda batches: judge(work, schema, batches)
    return lambda batches: judge(broadcast.value, schema, batches)


@contextmanager
def told_in_one_line(what: str) -> Iterator[None]:
    """Let errors of Spark be one line, without the text of any, which may quote data.

    Raises
    ------
    OutputError
        Spark could not do its work: no space, no right, a worker lost for good.
    InputError
        The workers lack the package.
    """
    try:
        yield
    except SecondplanError:
        raise
    except Exception as error:
        if type(error).__module__.split(".")[0] not in ("pyspark", "py4j"):
            raise
        if "ModuleNotFoundError" in str(error):
            raise InputError(f"{what}: the workers of Spark lack secondplan or a package that it needs") from None
        raise OutputError(
            f"{what}: Spark could not write the scores ({_kind(error)}); SECONDPLAN_TRACEBACK=1 shows its log"
        ) from None


def _kind(error: Exception) -> str:
    condition = getattr(error, "getCondition", None) or getattr(error, "getErrorClass", None)
    return str(condition() if condition is not None else None) or type(error).__name__
