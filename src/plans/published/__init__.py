"""Figures that the Department for Education (DfE) has published, shipped with the package as tidy frames."""

from .figures import (
    MARKERS,
    published_authorities,
    published_england,
    published_factors,
    published_figures,
    published_regions,
    published_second_plans,
)

__all__ = [
    "MARKERS",
    "published_authorities",
    "published_england",
    "published_factors",
    "published_figures",
    "published_regions",
    "published_second_plans",
]
