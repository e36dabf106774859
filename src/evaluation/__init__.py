"""Validation designs, comparison of models, and performance by group of children."""

from .compare import compare_models, evaluate_model
from .comparison import Comparison
from .designs import BootstrapOptimism, LeaveOneAuthorityOut, OtherCohort, TemporalSplit
from .feature_importance import FeatureImportance, permutation_importance
from .riley_criteria import SampleSize, sample_size
from .splits import FamilyKFold
from .subgroup_result import Subgroups

__all__ = [
    "BootstrapOptimism",
    "Comparison",
    "FamilyKFold",
    "FeatureImportance",
    "LeaveOneAuthorityOut",
    "OtherCohort",
    "SampleSize",
    "Subgroups",
    "TemporalSplit",
    "compare_models",
    "evaluate_model",
    "permutation_importance",
    "sample_size",
]
