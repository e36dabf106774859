"""Child protection data: schema, plan store, readers, quality, cohorts."""

from .check import check_plans
from .cohort import Cohort, build_cohort
from .indicators import Indicators, indicators, monthly_shares
from .open_cases import OpenCases, open_cases
from .published import (
    published_authorities,
    published_england,
    published_factors,
    published_figures,
    published_regions,
    published_second_plans,
)
from .quality import QualityReport
from .quality_totals import QualityTotals, read_quality
from .readers.annex_a import read_annex_a
from .readers.cin_census import read_cin_census
from .readers.dfe_api import read_dfe_api
from .readers.plain_tables import read_tables
from .readers.ssd import read_ssd
from .readers.ssda903 import add_care_episodes
from .store import Plans, read_plans

__all__ = [
    "Cohort",
    "Indicators",
    "OpenCases",
    "Plans",
    "QualityReport",
    "QualityTotals",
    "add_care_episodes",
    "build_cohort",
    "check_plans",
    "indicators",
    "monthly_shares",
    "open_cases",
    "published_authorities",
    "published_england",
    "published_factors",
    "published_figures",
    "published_regions",
    "published_second_plans",
    "read_annex_a",
    "read_cin_census",
    "read_dfe_api",
    "read_plans",
    "read_quality",
    "read_ssd",
    "read_tables",
]
