"""Whether a model still fits what comes in: its inputs, what they must look like, and what became of the children.

Others use ``monitor``, ``training_profile``, ``is_night`` and ``DriftReport``.
"""

from .nights import is_night
from .reference import TrainingProfile, training_profile
from .result import DriftReport
from .watch import monitor

__all__ = ["DriftReport", "TrainingProfile", "is_night", "monitor", "training_profile"]
