"""Child protection data: schema, plan store, readers, quality, cohorts.

Names are loaded when they are first used: who scores needs the codes, and no reader.
"""

from typing import TYPE_CHECKING

from ..lazy_names import lazy_names

if TYPE_CHECKING:
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

__getattr__, __dir__, __all__ = lazy_names(
    __name__,
    {
        "authorities": ["authority_successions"],
        "cases_to_score": ["OpenCases", "open_cases"],
        "check": ["check_plans"],
        "cohort": ["Cohort", "build_cohort"],
        "published": [
            "published_authorities",
            "published_england",
            "published_factors",
            "published_figures",
            "published_regions",
            "published_second_plans",
        ],
        "quality": ["QualityReport"],
        "quality_totals": ["QualityTotals", "read_quality"],
        "readers.annex_a.reader": ["read_annex_a"],
        "readers.cin_census.reader": ["read_cin_census"],
        "readers.dfe_api.reader": ["read_dfe_api"],
        "readers.ssd.reader": ["read_ssd"],
        "readers.ssda903": ["add_care_episodes"],
        "readers.tables.reader": ["read_tables"],
        "store": ["Plans", "read_plans"],
        "strategies": ["EndBy", "NaturalCourse", "NotBefore"],
        "table_one": ["cohort_table"],
    },
)
