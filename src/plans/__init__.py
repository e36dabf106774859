"""Child protection data: schema, plan store, readers, quality, cohorts."""

from .authorities import authority_successions
from .cases_to_score import OpenCases, open_cases
from .check import check_plans
from .cohort import Cohort, build_cohort
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
from .readers.annex_a.reader import read_annex_a
from .readers.cin_census.reader import read_cin_census
from .readers.dfe_api.reader import read_dfe_api
from .readers.ssd.reader import read_ssd
from .readers.ssda903 import add_care_episodes
from .readers.tables.reader import read_tables
from .store import Plans, read_plans
from .strategies import EndBy, NaturalCourse, NotBefore
from .table_one import cohort_table

__all__ = [
    "Cohort",
    "EndBy",
    "NaturalCourse",
    "NotBefore",
    "OpenCases",
    "Plans",
    "QualityReport",
    "QualityTotals",
    "add_care_episodes",
    "authority_successions",
    "build_cohort",
    "check_plans",
    "cohort_table",
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
