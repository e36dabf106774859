"""Validation designs, comparison of models, and performance by group of children."""

from .compare import compare_models, evaluate_model
from .comparison import Comparison
from .designs import LeaveOneAuthorityOut, TemporalSplit
from .riley_criteria import SampleSize, sample_size
from .splits import FamilyKFold
from .subgroup_result import Subgroups

__all__ = [
    "Comparison",
    "FamilyKFold",
    "LeaveOneAuthorityOut",
    "SampleSize",
    "Subgroups",
    "TemporalSplit",
    "compare_models",
    "evaluate_model",
    "sample_size",
]
