"""Scoring: the risk of a second plan for a frame of cases, or for files of them in batches."""

from .bands import RiskBands
from .batch import BatchResult, score_batch
from .cases import FLAGS, REJECT_CODES
from .frame import score
from .horizons import HORIZONS
from .scorer import score_batches
from .spark.frames import score_spark

__all__ = [
    "FLAGS",
    "HORIZONS",
    "REJECT_CODES",
    "BatchResult",
    "RiskBands",
    "score",
    "score_batch",
    "score_batches",
    "score_spark",
]
