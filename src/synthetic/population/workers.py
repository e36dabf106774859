"""Social workers: who holds a case from when to when, and whether they are agency workers.

Siblings on plans together have the same worker. Changes come at the authority's rate as long as any of them is on the
plan; each change brings somebody new.
"""

from dataclasses import dataclass

import numpy as np

from ..randomness.columns import Columns, owners_and_places
from ..randomness.day_numbers import DAYS_PER_YEAR
from .authorities import Authorities
from .course import Course
from .population import Children

POOL = 400
"""Workers of each kind in an authority; far more than hold one case."""


@dataclass(frozen=True)
class Spells(Columns):
    """Periods of a worker with a child on a plan, by plan and day, each field of shape ``(n,)``.

    Attributes
    ----------
    plan : int
        Position in the batch of plans.
    start, end : int
        Day numbers; the first spell starts with the plan, the last one ends with it, each other on the day on which the
        next one starts.
    worker : int
        Number within the authority.
    agency : bool
    """

    plan: np.ndarray
    start: np.ndarray
    end: np.ndarray
    worker: np.ndarray
    agency: np.ndarray


def draw_spells(authorities: Authorities, children: Children, course: Course, rng: np.random.Generator) -> Spells:
    """The workers of every plan of a batch."""
    n_groups = int(course.group.max()) + 1 if len(course) else 0
    start, horizon = np.zeros(n_groups, dtype=np.int64), np.zeros(n_groups, dtype=np.int64)
    authority = np.zeros(n_groups, dtype=np.int64)
    start[course.group] = course.start
    authority[course.group] = children.authority[course.child]
    np.maximum.at(horizon, course.group, course.end)

    days = horizon - start
    counts = rng.poisson(authorities.worker_change_rate[authority] * days / DAYS_PER_YEAR)
    owner, _ = owners_and_places(counts)
    change = start[owner] + 1 + np.floor(rng.random(owner.size) * (days[owner] - 1)).astype(np.int64)
    owner = np.concatenate([np.arange(n_groups), owner])
    change = np.concatenate([start, change])
    order = np.lexsort((change, owner))
    owner, change = owner[order], change[order]
    distinct = np.ones(owner.size, dtype=bool)
    distinct[1:] = (owner[1:] != owner[:-1]) | (change[1:] != change[:-1])
    owner, change = owner[distinct], change[distinct]
    agency = rng.random(owner.size) < authorities.agency_share[authority[owner]]
    # Steps through the pool: nobody comes back to the same case.
    steps = np.cumsum(rng.integers(1, 4, owner.size))
    worker = steps % POOL + np.where(agency, POOL, 0)
    return _for_each_child(course, n_groups, owner, change, worker, agency)


def _for_each_child(
    course: Course, n_groups: int, owner: np.ndarray, change: np.ndarray, worker: np.ndarray, agency: np.ndarray
) -> Spells:
    """The group's spells up to each child's own end."""
    counts = np.bincount(owner, minlength=n_groups)
    first = np.cumsum(counts) - counts
    plan, place = owners_and_places(counts[course.group])
    spell = first[course.group[plan]] + place
    before_end = change[spell] < course.end[plan]
    plan, spell = plan[before_end], spell[before_end]
    start = change[spell]
    is_last = np.ones(plan.size, dtype=bool)
    is_last[:-1] = plan[1:] != plan[:-1]
    end = np.where(is_last, course.end[plan], np.append(start[1:], 0))
    return Spells(plan=plan, start=start, end=end, worker=worker[spell], agency=agency[spell])
