"""Counting plans by group: from the counted plans to one number per indicator and group."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from ..bands import PLAN_LENGTH_BANDS, plan_length_band
from .counted_plans import AGE_BANDS, CountedPlans, age_band
from .definitions import ANY_POINT, CHILDREN_OF, DEFINITIONS, ENDED, OPEN, STARTED, band_key
from .reviews_on_time import due_review, reviewed_on_time

GROUPS = ("la_code", "region", "initial_category", "latest_category", "age_band", "sex")
"""What plans may be counted by."""
SHORT = {"category": "initial_category", "age": "age_band", "authority": "la_code"}
NOT_KNOWN = "not known"
ALL = "all"


def check_groups(by: Any) -> list[str]:
    """The grouping columns that ``by`` names.

    Raises
    ------
    ValueError
        One of them is none of ``GROUPS``, or is named twice, or there are more than two.
    """
    names = [] if by is None else [by] if isinstance(by, str) else list(by)
    names = [SHORT.get(name, name) for name in names]
    if unknown := [name for name in names if name not in GROUPS]:
        raise ValueError(f"by must be of {', '.join(GROUPS)}; got {unknown[0]!r}")
    if len(set(names)) < len(names):
        raise ValueError("by names one column twice")
    if len(names) > 2:
        raise ValueError("by takes two columns at most: counts of smaller groups could not be protected")
    return names


def count_indicators(counted: CountedPlans, by: list[str], unit: str) -> pd.DataFrame:
    """Every indicator's count, by group.

    Returns
    -------
    DataFrame
        One row per group (index: the columns of ``by``, or ``all``), sorted; one column per indicator, NaN where
        the data cannot tell.
    """
    masks = _masks(counted, unit)
    labels = {occasion: _labels(counted, by, occasion) for occasion in (STARTED, ENDED, ANY_POINT, OPEN)}
    counts = {}
    for definition in DEFINITIONS:
        mask = masks.get(definition.key)
        if mask is None:
            continue
        group = labels[definition.occasion][mask]
        if definition.key in CHILDREN_OF:
            child = counted.rows.loc[mask, "child"].to_numpy()
            group = group[~group.assign(child=child).duplicated().to_numpy()]
        counts[definition.key] = group.groupby(by or ["group"]).size()
    table = pd.DataFrame(counts).fillna(0.0).sort_index(key=_in_order)
    if not by and table.empty:
        table = pd.DataFrame(0.0, index=pd.Index([ALL], name="group"), columns=list(counts))
    table["within_year_repeats"] = table["plans_any_point"] - table["children_any_point"]
    return table.reindex(columns=[definition.key for definition in DEFINITIONS])


def _in_order(level: pd.Index) -> pd.Index:
    """A sort key: age groups from young to old, what is not known last, everything else by name."""
    rank = {name: f"0{position}" for position, name in enumerate(AGE_BANDS)} | {NOT_KNOWN: "~"}
    return level.map(lambda name: rank.get(name, name))


def _masks(counted: CountedPlans, unit: str) -> dict[str, np.ndarray]:
    """Which plans each indicator counts; indicators that the data cannot give are left out."""
    started, ended, is_open = counted.started, counted.ended, counted.open
    masks = {"plans_started": started, "plans_ended": ended, "plans_any_point": ended | is_open, "plans_open": is_open}
    masks |= {children: masks[plans] for children, plans in CHILDREN_OF.items()}
    masks["second_plans"] = started & counted.second
    masks["second_plans_within_2_years"] = started & counted.second_within_2_years
    reported = counted.rows["previous_plans_reported"]
    if reported[started].notna().any():
        masks["second_plans_reported"] = started & (reported > 0).fillna(False).to_numpy(dtype=bool)
    last = counted.rows["end_date"].fillna(counted.last)
    band = plan_length_band(counted.rows["start_date"], last, unit=unit)  # type: ignore[arg-type]
    for name in PLAN_LENGTH_BANDS:
        own = (band == name).to_numpy()
        masks |= {band_key("ended", name): ended & own, band_key("open", name): is_open & own}
    due, on_time = due_review(counted), reviewed_on_time(counted)
    masks["plans_due_review"] = due
    if on_time is not None:
        masks["reviewed_on_time"] = due & on_time
    return masks


def _labels(counted: CountedPlans, by: list[str], occasion: str) -> pd.DataFrame:
    """The group of each plan when it is looked at on ``occasion``."""
    rows = counted.rows
    if not by:
        return pd.DataFrame({"group": ALL}, index=rows.index)
    ends = rows["end_date"].fillna(counted.last)
    day = {STARTED: rows["start_date"], OPEN: pd.Series(counted.last, index=rows.index)}.get(occasion, ends)
    values = {
        name: age_band(rows["birth"], day) if name == "age_band" else rows[name].fillna(NOT_KNOWN).astype(str)
        for name in by
    }
    return pd.DataFrame(values, index=rows.index)
