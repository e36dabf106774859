"""Validation designs, comparison of models, and performance by group of children."""

from .compare import compare_models, evaluate_model
from .comparison import Comparison
from .splits import FamilyKFold, TemporalSplit
from .subgroups import subgroup_table

__all__ = ["Comparison", "FamilyKFold", "TemporalSplit", "compare_models", "evaluate_model", "subgroup_table"]
