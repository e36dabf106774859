"""Child protection data: schema, plan store, readers, quality, cohorts."""

from .cohort import Cohort, build_cohort
from .open_cases import OpenCases, open_cases
from .store import Plans, read_plans

__all__ = ["Cohort", "OpenCases", "Plans", "build_cohort", "open_cases", "read_plans"]
