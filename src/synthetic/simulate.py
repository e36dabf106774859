"""Simulate a plan store, and apart from it the truth from which it came.

Families are simulated in chunks of a fixed size, each with random streams of its own, from years before the window
until the extract date. The store holds the plans that were open at some time in the window; what came before is seen
only in ``previous_plans_reported``, referrals and assessments, as in real systems.
"""

from collections.abc import Iterator
from itertools import chain
from typing import Any

import numpy as np
import pandas as pd

from ..plans.store import Plans
from ..progress import track
from .authorities import Authorities, draw_authorities
from .columns import concatenate
from .day_numbers import day_number
from .life_courses import LifeCourses, live
from .scenario import Scenario
from .scenario import scenario as named_scenario
from .store_tables import plan_identifiers, store_tables
from .streams import Streams
from .truth import Truth, make_truth

FAMILIES_A_CHUNK = 8192
AUTHORITIES_CHUNK = 2**31 - 1
"""Chunk number of the streams that belong to no chunk of families."""


def simulate(scenario: str | Scenario = "england-2018", *, n_children: int, seed: int = 0) -> Plans:
    """Simulate a plan store.

    Parameters
    ----------
    scenario : str or Scenario
        Its name, or a scenario of your own.
    n_children : int
        Exactly so many children have a plan in the window.
    seed : int
        The same seed, scenario and number give the same data.

    Returns
    -------
    Plans
        ``metadata`` holds the scenario with every true parameter.

    Raises
    ------
    ValueError
        The scenario is unknown, ``n_children`` is not positive, or ``seed`` is negative.

    Examples
    --------
    >>> len(simulate(n_children=50).children)
    50
    """
    return simulate_with_truth(scenario, n_children=n_children, seed=seed)[0]


def simulate_with_truth(
    scenario: str | Scenario = "england-2018", *, n_children: int, seed: int = 0
) -> tuple[Plans, Truth]:
    """As :func:`simulate`, with what no extract holds: latent severity, frailty, hazards, true incidence.

    Examples
    --------
    >>> plans, truth = simulate_with_truth(n_children=20)
    >>> len(plans.children)
    20
    """
    if isinstance(scenario, str):
        scenario = named_scenario(scenario)
    if n_children < 1:
        raise ValueError(f"n_children must be at least 1, got {n_children}")
    top = Streams(seed, AUTHORITIES_CHUNK)
    authorities = draw_authorities(scenario, n_children, top["authorities"])
    lives = _enough_lives(scenario, authorities, n_children, seed)
    names = _names(authorities, lives, top["identifiers"])
    lives, names = _in_store_order(lives, names)
    metadata = {
        "synthetic": True,
        "note": "Simulated. No child, family, worker or authority in these data exists.",
        "n_children": n_children,
        "seed": seed,
        "scenario": scenario.to_dict(),
    }
    plans = store_tables(scenario, authorities, lives, names, metadata)
    return plans, make_truth(scenario, authorities, lives, names, plan_identifiers(lives, names))


def _enough_lives(scenario: Scenario, authorities: Authorities, n_children: int, seed: int) -> LifeCourses:
    """Chunks until ``n_children`` children have plans in the window; whole families, exactly so many children."""
    parts: list[LifeCourses] = []
    n_have = 0
    chunks = _chunks(scenario, authorities, seed)
    first = next(chunks)
    n_chunks = -(-n_children // max(len(first.children), 1))
    for part in track(chain([first], chunks), "Simulating families", total=n_chunks):
        parts.append(part)
        n_have += len(part.children)
        if n_have >= n_children and _whole_families(parts, n_children) is not None:
            break
    chosen = _whole_families(parts, n_children)
    assert chosen is not None
    return _select(_join(parts), chosen)


def _chunks(scenario: Scenario, authorities: Authorities, seed: int) -> Iterator[LifeCourses]:
    chunk = 0
    while True:
        lives = live(scenario, authorities, FAMILIES_A_CHUNK, Streams(seed, chunk))
        yield _in_window(scenario, lives)
        chunk += 1


def _in_window(scenario: Scenario, lives: LifeCourses) -> LifeCourses:
    """Plans that did not end before the window, and their children."""
    kept = np.flatnonzero(lives.plans.end >= day_number(scenario.first_date))
    lives = _take_plans(lives, kept)
    seen = np.zeros(len(lives.children), dtype=bool)
    seen[lives.plans.child] = True
    return _select(lives, seen)


def _whole_families(parts: list[LifeCourses], n_children: int) -> np.ndarray | None:
    """Which children to keep: families in order while they fit, so that the number is exact; None if it cannot be."""
    family = np.concatenate([part.children.family + FAMILIES_A_CHUNK * i for i, part in enumerate(parts)])
    numbers, first, size = np.unique(family, return_index=True, return_counts=True)
    order = np.argsort(first, kind="stable")
    total = np.cumsum(size[order])
    keep = total <= n_children
    missing = n_children - int(size[order][keep].sum())
    for position in np.flatnonzero(~keep):
        if missing == 0:
            break
        if size[order][position] <= missing:
            keep[position] = True
            missing -= int(size[order][position])
    return np.isin(family, numbers[order][keep]) if missing == 0 else None


def _join(parts: list[LifeCourses]) -> LifeCourses:
    """One set of life courses: positions of children and plans, and family numbers, moved on from part to part."""
    moved, n_children, n_plans = [], 0, 0
    for i, part in enumerate(parts):
        moved.append(
            LifeCourses(
                children=part.children.replace(family=part.children.family + FAMILIES_A_CHUNK * i),
                plans=part.plans.replace(child=part.plans.child + n_children),
                conferences=part.conferences,
                hazards=part.hazards,
                features=part.features,
                spells=part.spells.replace(plan=part.spells.plan + n_plans),
                episodes=part.episodes.replace(child=part.episodes.child + n_children),
                assessments=part.assessments.replace(child=part.assessments.child + n_children),
                care=part.care.replace(child=part.care.child + n_children),
            )
        )
        n_children += len(part.children)
        n_plans += len(part.plans)
    joined = {
        name: concatenate([getattr(part, name) for part in moved]) for name in vars(moved[0]) if name != "features"
    }
    return LifeCourses(features=pd.concat([part.features for part in moved], ignore_index=True), **joined)


def _take_plans(lives: LifeCourses, rows: np.ndarray) -> LifeCourses:
    place = np.full(len(lives.plans), -1)
    place[rows] = np.arange(rows.size)
    spells = lives.spells.replace(plan=place[lives.spells.plan])
    order = np.argsort(spells.plan, kind="stable")
    spells = spells.take(order[spells.plan[order] >= 0])
    return LifeCourses(
        children=lives.children,
        plans=lives.plans.take(rows),
        conferences=lives.conferences.take(rows),
        hazards=lives.hazards.take(rows),
        features=lives.features.iloc[rows].reset_index(drop=True),
        spells=spells,
        episodes=lives.episodes,
        assessments=lives.assessments,
        care=lives.care,
    )


def _select(lives: LifeCourses, kept: np.ndarray) -> LifeCourses:
    """The children ``kept`` (a mask, or positions in the wanted order) and their records."""
    rows = np.flatnonzero(kept) if kept.dtype == bool else kept
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


def _names(authorities: Authorities, lives: LifeCourses, rng: np.random.Generator) -> pd.DataFrame:
    """Identifiers in random order, so that a number tells nothing; children's are unique over all authorities."""
    children = lives.children
    code = pd.array(authorities.code.tolist(), dtype="string").take(children.authority)
    number = pd.Series(100_000 + rng.permutation(len(children))).astype("string")
    distinct, family = np.unique(children.family, return_inverse=True)
    family_number = pd.Series(100_000 + rng.permutation(distinct.size)[family]).astype("string")
    la_code = pd.Series(code)
    return pd.DataFrame({"child_id": la_code + number, "family_id": "F" + family_number, "la_code": la_code})


def _in_store_order(lives: LifeCourses, names: pd.DataFrame) -> tuple[LifeCourses, pd.DataFrame]:
    order = names.sort_values(["la_code", "child_id"], kind="stable").index.to_numpy()
    return _select(lives, order), names.iloc[order].reset_index(drop=True)
