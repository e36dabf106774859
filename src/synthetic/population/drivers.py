"""What drives the hazard of a second plan: the cohort's features, computed from the simulator's own records.

Names and definitions are those of :mod:`secondplan.plans.features`, as known on the day the plan ended; a test builds
the cohort from the simulated tables and compares.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from ...plans.bands import plan_length_band
from ...plans.features.assessments import FACTORS_OF_FEATURE
from ..randomness.columns import group_numbers, owners_and_places
from ..randomness.day_numbers import DAYS_PER_YEAR, NEVER, to_dates
from ..scenarios.definition import Scenario
from .course import Course
from .population import Children, has_factor
from .workers import Spells


def drivers(
    scenario: Scenario, children: Children, course: Course, spells: Spells, siblings: np.ndarray, referrals: np.ndarray
) -> pd.DataFrame:
    """The features that have an effect in a scenario, one row per plan.

    Parameters
    ----------
    scenario : Scenario
    children : Children
    course : Course, n plans
    spells : Spells
        Workers of these plans.
    siblings : ndarray of int, shape (n,)
        What :func:`count_siblings` returns.
    referrals : ndarray of int, shape (n,)
        Referrals of the child before the one that led to the plan.

    Returns
    -------
    DataFrame, n rows
        Numbers, booleans, and the categories ``plan_length_band`` and ``latest_category``.
    """
    child = course.child
    held = course.reviews < NEVER
    n_held = held.sum(axis=1)
    days = course.end - course.start
    categories = list(scenario.initial_category_shares)
    features = {
        "plan_length_days": days,
        "plan_length_band": plan_length_band(to_dates(course.start), to_dates(course.end)),
        "age_at_end": np.maximum(course.end - children.birth[child], 0) / DAYS_PER_YEAR,
        "disabled": children.disability[child] >= 0,
        "latest_category": pd.Categorical.from_codes(course.latest_category, categories=categories),
        "n_reviews": n_held,
        "share_reviews_not_quorate": _share(course.not_quorate.sum(axis=1), n_held),
        "share_reviews_absent_agencies": _share((course.absent > 0).sum(axis=1), n_held),
        "latest_progress": np.where(n_held > 0, course.progress[np.arange(len(course)), n_held - 1], 0),
        "n_previous_referrals": referrals,
        "n_siblings_on_plan": siblings,
        "n_worker_changes": np.bincount(spells.plan, minlength=len(course)) - 1,
        "share_agency_worker": np.bincount(
            spells.plan, weights=np.where(spells.agency, spells.end - spells.start, 0), minlength=len(course)
        )
        / days,
    }
    factors = children.factors[child]
    features |= {name: has_factor(scenario, factors, name) for name in FACTORS_OF_FEATURE}
    return pd.DataFrame(features)


def linear_predictor(features: pd.DataFrame, effects: Mapping[str, float | Mapping[str, float]]) -> np.ndarray:
    """Sum of the log hazard ratios of ``features``, shape (n,).

    Parameters
    ----------
    features : DataFrame, n rows
    effects : mapping of str to float or mapping of level to float
        ``severity`` is latent, and left out. ``a:b`` is the product of two features; ``age_at_end<5`` is 1 where the
        feature is less, 0 elsewhere.
    """
    total = np.zeros(len(features))
    for name, effect in effects.items():
        if name == "severity":
            continue
        value = np.ones(len(features)) if isinstance(effect, Mapping) else np.full(len(features), effect)
        for part in name.split(":"):
            value = value * _values(features, part, effect)
        total += value
    return total


def interaction_column(features: pd.DataFrame, name: str) -> pd.Series:
    """The column of an interaction ``a:b``: a product, or the levels of one feature where the other is, else "none"."""
    parts = name.split(":")
    with_levels = [part for part in parts if part in features and isinstance(features[part].dtype, pd.CategoricalDtype)]
    product = np.prod([_values(features, part, 1.0) for part in parts if part not in with_levels], axis=0)
    if not with_levels:
        return pd.Series(product, index=features.index)
    column = features[with_levels[0]]
    codes = np.where(product > 0, 1 + column.cat.codes.to_numpy(), 0)
    levels = pd.CategoricalDtype(["none", *column.cat.categories], ordered=True)
    return pd.Series(pd.Categorical.from_codes(codes, dtype=levels), index=features.index)


def _values(features: pd.DataFrame, part: str, effect: float | Mapping[str, float]) -> np.ndarray:
    """A feature as numbers; of one with levels, their effects."""
    name, is_less, limit = part.partition("<")
    column = features[name]
    if isinstance(column.dtype, pd.CategoricalDtype) and isinstance(effect, Mapping):
        return np.array([effect.get(level, 0.0) for level in column.cat.categories])[column.cat.codes.to_numpy()]
    numbers = column.to_numpy(dtype=float)
    return (numbers < float(limit)).astype(float) if is_less else numbers


def count_siblings(family: np.ndarray, course: Course, others: Course, other_family: np.ndarray) -> np.ndarray:
    """How many other children of the family were on a plan at some time during each plan of ``course``.

    Parameters
    ----------
    family : ndarray of int, shape (n,)
        Family of each plan of ``course``.
    course : Course, n plans
    others : Course, m plans
        All plans so far, those of ``course`` among them. A sibling's plan of a higher number is not yet known; it
        hardly matters for first plans, since siblings' first plans overlap.
    other_family : ndarray of int, shape (m,)
    """
    order = np.argsort(other_family, kind="stable")
    ordered = other_family[order]
    low, high = np.searchsorted(ordered, family, "left"), np.searchsorted(ordered, family, "right")
    plan, place = owners_and_places(high - low)
    other = order[low[plan] + place]
    counted = (
        (others.child[other] != course.child[plan])
        & (others.start[other] <= course.end[plan])
        & (others.end[other] > course.start[plan])
    )
    plan, sibling = plan[counted], others.child[other[counted]]
    _, first = group_numbers(plan, sibling)
    return np.bincount(plan[first], minlength=len(course))


def _share(counts: np.ndarray, total: np.ndarray) -> np.ndarray:
    # No review held: 0, as in the cohort.
    return np.divide(counts, total, out=np.zeros(total.size), where=total > 0)
