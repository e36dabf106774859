"""What DfE has published for the same indicator and year: the authority itself, its region, England."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd

from ..bands import PLAN_LENGTH_BANDS
from ..published import published_authorities, published_england, published_figures, published_second_plans
from .definitions import band_key

# Both ways of counting second plans stand beside the published figure, whose own source is the reported number.
SECOND_PLANS = ("second_plans", "second_plans_reported")
AUTHORITY_YEAR = 2018
_PUBLISHED_COUNTS = {
    "plans_started": "n_started",
    "children_started": "n_children_started",
    "plans_ended": "n_ended",
    "children_ended": "n_children_ended",
    "plans_any_point": "n_any_point",
    "children_any_point": "n_children_any_point",
    "plans_open": "n_open",
    "within_year_repeats": "n_within_year_repeats",
    **{band_key("ended", band): f"n_{band.replace(' ', '_')}" for band in PLAN_LENGTH_BANDS},
}


def england_shares(year: int) -> pd.Series:
    """England's published percentages by indicator; without those that the year does not have."""
    table = published_england()
    if year not in table.index:
        return pd.Series(dtype=float)
    row = table.loc[year]
    shares = dict.fromkeys(SECOND_PLANS, row["pct_second"])
    shares |= {band_key("ended", band): row[f"pct_{band.replace(' ', '_')}"] for band in PLAN_LENGTH_BANDS}
    shares["reviewed_on_time"] = row["pct_reviewed_on_time"]
    figures = published_figures()["value"]
    shares["within_year_repeats"] = figures.get(("England", year, "within_year_repeats_pct_ended"), np.nan)
    return pd.Series(shares, dtype=float).dropna()


def region_shares(year: int) -> pd.DataFrame:
    """Percentages by region (rows) and indicator (columns), of all authorities of the region that have figures.

    Computed from the authorities' published counts: where an authority's count is withheld, it is left out of the
    numerator and of the denominator.
    """
    parts = []
    second = _second_plans()
    second = second[second["year_ending"] == year]
    for key in SECOND_PLANS:
        parts.append(_pooled(second, "n_second", "n_started").rename(key))
    if year == AUTHORITY_YEAR:
        authorities = _authorities()
        for key in (*(band_key("ended", band) for band in PLAN_LENGTH_BANDS), "within_year_repeats"):
            parts.append(_pooled(authorities, _PUBLISHED_COUNTS[key], "n_ended").rename(key))
    return pd.concat(parts, axis=1)


def authority_counts(year: int, la_code: str) -> pd.Series:
    """The authority's own published counts by indicator; empty where it has none for the year."""
    second = _second_plans()
    own = second[(second["year_ending"] == year) & (second["la_code"] == la_code)]
    counts: dict[str, float] = {}
    if len(own):
        counts = {"plans_started": own["n_started"].iloc[0]} | dict.fromkeys(SECOND_PLANS, own["n_second"].iloc[0])
    authorities = _authorities()
    if year == AUTHORITY_YEAR and la_code in authorities.index:
        counts |= {key: authorities.loc[la_code, column] for key, column in _PUBLISHED_COUNTS.items()}
    return pd.Series(counts, dtype=float).dropna()


@cache
def _second_plans() -> pd.DataFrame:
    return published_second_plans()


@cache
def _authorities() -> pd.DataFrame:
    return published_authorities()


def _pooled(table: pd.DataFrame, part: str, whole: str) -> pd.Series:
    both = table[table[part].notna() & table[whole].notna()]
    sums = both.groupby("region")[[part, whole]].sum()
    return 100 * sums[part] / sums[whole]
