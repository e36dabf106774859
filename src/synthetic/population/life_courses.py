"""The life courses of a chunk of families: plan after plan, until nobody has another one."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ...plans.strategies import Strategy
from ..randomness.columns import Columns, concatenate
from ..randomness.day_numbers import NEVER, day_number
from ..randomness.portable import exp
from ..randomness.streams import Streams
from ..scenarios.definition import Scenario
from ..scenarios.trends import trend
from .aftermath import Aftermath, follow, stays_in_view
from .authorities import Authorities
from .case_records import (
    Assessments,
    Conferences,
    Episodes,
    conferences,
    earlier_episodes,
    new_episodes,
    plan_assessments,
    referral_days,
)
from .course import NATURAL, Course, Starts, run_course
from .drivers import count_siblings, drivers, linear_predictor
from .population import Children, draw_children
from .workers import Spells, draw_spells

MOST_PLANS = 20
"""No child has more plans; the simulation stops long before."""

LONG_AGO = -(10**6)


@dataclass(frozen=True)
class CarePeriods(Columns):
    """Periods in care, each field of shape ``(n,)``; days are day numbers."""

    child: np.ndarray
    start: np.ndarray
    end: np.ndarray


@dataclass(frozen=True)
class Hazards(Columns):
    """The true hazards after each plan, each field of shape ``(n,)``.

    Attributes
    ----------
    features : float
        Sum of the log hazard ratios of the observed features, second plan.
    authority : float
        Log hazard of the authority, on the day the plan ended: its level and the scenario's trend.
    total : float
        Features and authority, with severity and the family's frailty.
    care : float
        Log hazard ratio of entry into care.
    at_risk : bool
        Whether the child can have another plan straight away, and the plan has ended by the extract date.
    """

    features: np.ndarray
    authority: np.ndarray
    total: np.ndarray
    care: np.ndarray
    at_risk: np.ndarray


@dataclass(frozen=True)
class LifeCourses:
    """Everything that happened to the families of a chunk.

    Attributes
    ----------
    children : Children
    plans : Course
        All plans that start by the extract date; ``group`` has no meaning here.
    conferences : Conferences
    hazards : Hazards
        One row per plan, as the conferences.
    features : DataFrame
        One row per plan; meaningful where the plan has ended.
    spells : Spells
        ``plan`` is the position in ``plans``.
    episodes : Episodes
    assessments : Assessments
    care : CarePeriods
    """

    children: Children
    plans: Course
    conferences: Conferences
    hazards: Hazards
    features: pd.DataFrame
    spells: Spells
    episodes: Episodes
    assessments: Assessments
    care: CarePeriods


def live(
    scenario: Scenario, authorities: Authorities, n_families: int, streams: Streams, strategy: Strategy = NATURAL
) -> LifeCourses:
    """Simulate ``n_families`` families from their first plans to the extract date, all plans under one strategy."""
    last_day = day_number(scenario.extract_date)
    children = draw_children(scenario, authorities, n_families, streams)
    starts = first_starts(children, last_day)
    n = len(children)
    n_referrals, open_episode = children.n_referrals.copy(), np.full(n, -1)
    plans: list[Course] = []
    meetings, hazards, features, spells, episodes, assessments, care = [], [], [], [], [], [], []
    n_plans = n_episodes = 0
    for order in range(1, MOST_PLANS + 1):
        if not len(starts):
            break
        course = run_course(scenario, authorities, children, starts, streams, strategy)
        child, is_new = course.child, starts.new_episode
        referral = referral_days(course, starts, streams["referrals"])
        if order == 1:
            before, assessed = earlier_episodes(children.take(child), referral, streams["referrals"])
            episodes.append(before.replace(child=child[before.child]))
            assessments.append(assessed.replace(child=child[assessed.child]))
            n_episodes += len(before)
        opened = new_episodes(child[is_new], referral[is_new], streams["referrals"])
        open_episode[child[is_new]] = n_episodes + np.arange(len(opened))
        episodes.append(opened)
        n_episodes += len(opened)
        earliest = np.where(is_new, referral, starts.earliest_referral)
        meetings.append(conferences(scenario, course, earliest, streams))
        assessments.append(plan_assessments(children, course, earliest, is_new, streams["referrals"]))
        plans.append(course)
        workers, frame, hazard = hazards_after(
            scenario, authorities, children, course, concatenate(plans), n_referrals[child] - ~is_new, streams
        )
        n_referrals[child] += is_new
        ended = np.flatnonzero(course.end <= last_day)
        hazard = hazard.replace(at_risk=hazard.at_risk & (course.end <= last_day))
        after = follow(
            scenario,
            children,
            course.take(ended),
            scenario.second_plan_rate * exp(hazard.total[ended]),
            scenario.care_rate * exp(hazard.care[ended]),
            streams,
        )
        spells.append(_held_until(workers, course, ended, after, referral, is_new).replace(plan=workers.plan + n_plans))
        n_plans += len(course)
        hazards.append(hazard)
        features.append(frame)

        child = child[ended]
        current = open_episode[child]
        with_care, again = after.care_start <= last_day, after.care_is_new_episode & (after.care_start <= last_day)
        care.append(CarePeriods(child[with_care], after.care_start[with_care], after.care_end[with_care]))
        closing = concatenate(episodes)
        closing.closure[current] = after.closure
        closing.reason[current] = after.closure_reason
        episodes = [closing]
        if again.any():
            begun = np.maximum(after.care_start[again] - 14, after.closure[again])
            extra = new_episodes(child[again], begun, streams["referrals"]).replace(closure=after.care_end[again])
            episodes.append(extra)
            n_episodes += len(extra)
            n_referrals[child[again]] += 1
        starts = _next_starts(scenario, course.take(ended), after, last_day, streams["categories"])
    return LifeCourses(
        children=children,
        plans=concatenate(plans),
        conferences=concatenate(meetings),
        hazards=concatenate(hazards),
        features=pd.concat(features, ignore_index=True),
        spells=concatenate(spells),
        episodes=concatenate(episodes),
        assessments=concatenate(assessments),
        care=concatenate(care),
    )


def first_starts(children: Children, last_day: int) -> Starts:
    """The first plans that start by ``last_day``, and before the 18th birthday."""
    child = np.flatnonzero((children.first_start <= last_day) & (children.first_start < children.adult))
    n = child.size
    return Starts(
        child=child,
        order=np.ones(n, dtype=np.int64),
        start=children.first_start[child],
        category=children.category[child],
        new_episode=np.ones(n, dtype=bool),
        earliest_referral=np.full(n, LONG_AGO),
    )


def hazards_after(
    scenario: Scenario,
    authorities: Authorities,
    children: Children,
    course: Course,
    known: Course,
    n_referrals: np.ndarray,
    streams: Streams,
) -> tuple[Spells, pd.DataFrame, Hazards]:
    """The workers of plans, the features that drive what follows their ends, and the hazards, whenever that is.

    Parameters
    ----------
    scenario : Scenario
    authorities : Authorities
    children : Children
    course : Course, n plans
    known : Course
        These and all earlier plans.
    n_referrals : ndarray of int, shape (n,)
        Referrals before the one that led to the plan.
    streams : Streams
    """
    spells = draw_spells(authorities, children, course, streams["workers"])
    siblings = count_siblings(children.family[course.child], course, known, children.family[known.child])
    features = drivers(scenario, children, course, spells, siblings, n_referrals)
    return spells, features, _hazards(scenario, authorities, children, course, features)


def _next_starts(
    scenario: Scenario, course: Course, after: Aftermath, last_day: int, rng: np.random.Generator
) -> Starts:
    same_category = rng.random(len(course)) < scenario.category_persistence
    rows = np.flatnonzero(after.next_start <= last_day)
    # Nothing new can start before the day after the plan has ended and, outside its episode, after that has closed.
    last = np.where(after.same_episode | (after.closure == NEVER), course.end, after.closure)
    last = 1 + np.where(after.care_is_new_episode, np.maximum(last, after.care_end), last)
    return Starts(
        child=course.child[rows],
        order=course.order[rows] + 1,
        start=after.next_start[rows],
        category=np.where(same_category, course.latest_category, -1)[rows],
        new_episode=~after.same_episode[rows],
        earliest_referral=last[rows],
    )


def _hazards(
    scenario: Scenario,
    authorities: Authorities,
    children: Children,
    course: Course,
    features: pd.DataFrame,
) -> Hazards:
    child = course.child
    effects = scenario.log_hazard_ratios
    observed = linear_predictor(features, effects)
    severity = children.severity[child]
    level = authorities.log_hazard[children.authority[child]] + trend(scenario.trends, "second_plan", course.end)
    total = (
        observed
        + float(effects.get("severity", 0.0)) * severity  # type: ignore[arg-type]
        + children.log_frailty[child]
        + level
    )
    care = linear_predictor(features, scenario.care_log_hazard_ratios)
    care += scenario.care_log_hazard_ratios.get("severity", 0.0) * severity
    at_risk = stays_in_view(course) & ~children.other_authority[child]
    return Hazards(features=observed, authority=level, total=total, care=care, at_risk=at_risk)


def _held_until(
    spells: Spells, course: Course, ended: np.ndarray, after: Aftermath, referral: np.ndarray, is_new: np.ndarray
) -> Spells:
    """The first worker has the case from the referral, the last until the episode closes or the next plan starts."""
    plan = spells.plan
    first, last = np.ones(plan.size, dtype=bool), np.ones(plan.size, dtype=bool)
    first[1:] = plan[1:] != plan[:-1]
    last[:-1] = plan[1:] != plan[:-1]
    until = np.full(len(course), NEVER)
    until[ended] = np.where(after.same_episode, after.next_start, after.closure)
    start = np.where(first & is_new[plan], referral[plan], spells.start)
    return spells.replace(start=start, end=np.where(last, until[plan], spells.end))
