"""Take children and plans out of life courses, with all of their records."""

from typing import Any

import numpy as np
import pandas as pd

from ..randomness.day_numbers import day_number
from ..scenarios.definition import Scenario
from .life_courses import LifeCourses


def in_window(scenario: Scenario, lives: LifeCourses) -> tuple[LifeCourses, np.ndarray]:
    """Plans that did not end before the window, and their children; the positions that these had."""
    kept = np.flatnonzero(lives.plans.end >= day_number(scenario.first_date))
    lives = _take_plans(lives, kept)
    seen = np.zeros(len(lives.children), dtype=bool)
    seen[lives.plans.child] = True
    children = np.flatnonzero(seen)
    return select_children(lives, children), children


def whole_families(family: np.ndarray, n_children: int) -> np.ndarray:
    """Which children to keep, so that there are ``n_children``, or a few less where families do not fit.

    Families are taken in order while they fit; then later ones that fill the gap.

    Parameters
    ----------
    family : ndarray of int, shape (n,)
        Family of each child, siblings side by side.
    n_children : int

    Returns
    -------
    ndarray of int
        Positions of the children to keep.

    Examples
    --------
    >>> whole_families(np.array([0, 0, 1, 1, 1, 2, 2]), 4).tolist()
    [0, 1, 5, 6]
    """
    numbers, first, size = np.unique(family, return_index=True, return_counts=True)
    order = np.argsort(first, kind="stable")
    keep = np.cumsum(size[order]) <= n_children
    missing = n_children - int(size[order][keep].sum())
    for position in np.flatnonzero(~keep):
        if size[order][position] <= missing:
            keep[position] = True
            missing -= int(size[order][position])
        if missing == 0:
            break
    return np.flatnonzero(np.isin(family, numbers[order][keep]))


def in_store_order(lives: LifeCourses, names: pd.DataFrame) -> tuple[LifeCourses, pd.DataFrame]:
    """Life courses and names by authority and child, in which order a store lists them."""
    order = np.lexsort((names["child_id"].to_numpy(dtype=str), names["la_code"].to_numpy(dtype=str)))
    return select_children(lives, order), names.iloc[order].reset_index(drop=True)


def select_children(lives: LifeCourses, rows: np.ndarray) -> LifeCourses:
    """The children at positions ``rows``, in that order, and their records; plans by child and start."""
    place = np.full(len(lives.children), -1)
    place[rows] = np.arange(rows.size)

    def of_children(records: Any) -> Any:
        child = place[records.child]
        return records.replace(child=child).take(child >= 0)

    child = place[lives.plans.child]
    order = np.lexsort((lives.plans.start, child))
    lives = _take_plans(lives, order[child[order] >= 0])
    return LifeCourses(
        children=lives.children.take(rows),
        plans=lives.plans.replace(child=place[lives.plans.child]),
        conferences=lives.conferences,
        hazards=lives.hazards,
        features=lives.features,
        spells=lives.spells,
        episodes=of_children(lives.episodes),
        assessments=of_children(lives.assessments),
        care=of_children(lives.care),
    )


def _take_plans(lives: LifeCourses, rows: np.ndarray) -> LifeCourses:
    place = np.full(len(lives.plans), -1)
    place[rows] = np.arange(rows.size)
    spells = lives.spells.replace(plan=place[lives.spells.plan])
    order = np.argsort(spells.plan, kind="stable")
    return LifeCourses(
        children=lives.children,
        plans=lives.plans.take(rows),
        conferences=lives.conferences.take(rows),
        hazards=lives.hazards.take(rows),
        features=lives.features.iloc[rows].reset_index(drop=True),
        spells=spells.take(order[spells.plan[order] >= 0]),
        episodes=lives.episodes,
        assessments=lives.assessments,
        care=lives.care,
    )
