"""Records around the plans: referrals and episodes of need, assessments, conferences."""

from dataclasses import dataclass

import numpy as np

from ..randomness.columns import Columns, owners_and_places
from ..randomness.day_numbers import NEVER
from ..randomness.streams import Streams
from ..scenarios.definition import Scenario
from .course import Course, Starts
from .population import Children, draw_shares

REFERRAL_SOURCES = {"6": 0.28, "2A": 0.18, "3F": 0.15, "5A": 0.14, "1A": 0.08, "3B": 0.06, "8": 0.07, "9": 0.04}
"""Assumed shares of the sources of referrals: police, schools and health lead."""

PRIMARY_NEEDS = {"N1": 0.86, "N5": 0.08, "N4": 0.03, "N3": 0.02, "N2": 0.01}
"""Assumed shares of primary needs of children on plans: abuse or neglect leads."""

CONFERENCE_DUE = 15
"""Working days from the start of an enquiry within which the conference is due (Working Together)."""

EARLIER_REASONS = {"RC8": 0.5, "RC9": 0.2, "RC7": 0.3}
"""Assumed shares of the reasons for which earlier episodes, without a plan, closed."""


@dataclass(frozen=True)
class Episodes(Columns):
    """Episodes of need, each field of shape ``(n,)``; ``closure`` is ``NEVER`` while nothing closes it."""

    child: np.ndarray
    referral: np.ndarray
    source: np.ndarray
    need: np.ndarray
    closure: np.ndarray
    reason: np.ndarray


@dataclass(frozen=True)
class Assessments(Columns):
    """Assessments; ``factors`` is a boolean array of shape (n, n_factors), the other fields are of shape ``(n,)``."""

    child: np.ndarray
    start: np.ndarray
    authorised: np.ndarray
    factors: np.ndarray


@dataclass(frozen=True)
class Conferences(Columns):
    """Initial conferences, one per plan, each field of shape ``(n,)``."""

    section47_start: np.ndarray
    transfer_in: np.ndarray


def referral_days(course: Course, starts: Starts, rng: np.random.Generator) -> np.ndarray:
    """Day of the referral that led to each plan: three weeks to three months before, after the last episode closed."""
    n_groups = int(course.group.max()) + 1 if len(course) else 0
    lead = np.minimum(20 + np.floor(18 * rng.standard_exponential(n_groups)), 95).astype(np.int64)[course.group]
    return np.minimum(np.maximum(course.start - lead, starts.earliest_referral), course.start)


def new_episodes(child: np.ndarray, referral: np.ndarray, rng: np.random.Generator) -> Episodes:
    """Open episodes for ``child`` from ``referral``."""
    n = child.size
    return Episodes(
        child=child,
        referral=referral,
        source=_codes(REFERRAL_SOURCES, n, rng),
        need=_codes(PRIMARY_NEEDS, n, rng),
        closure=np.full(n, NEVER),
        reason=np.full(n, "RC7", dtype="<U3"),
    )


def earlier_episodes(
    children: Children, first_referral: np.ndarray, rng: np.random.Generator
) -> tuple[Episodes, Assessments]:
    """Episodes without a plan before the first plan's referral, and the assessments that most of them had.

    Parameters
    ----------
    children : Children, n children
    first_referral : ndarray of int, shape (n,)
        Day of the referral that led to the first plan. The child's earlier life is cut into equal parts, one per
        referral; each episode begins in the first half of its part and closes before the part ends.
    rng : Generator
    """
    child, place = owners_and_places(children.n_referrals)
    part = (first_referral - children.birth)[child] / np.maximum(children.n_referrals[child], 1)
    begin = children.birth[child] + np.floor(part * (place + 0.5 * rng.random(child.size))).astype(np.int64)
    # Episodes that end with an assessment take up to about ten weeks, others mostly less than a year.
    reason = _codes(EARLIER_REASONS, child.size, rng)
    support = 30 + 200 * rng.standard_exponential(child.size)
    wanted = np.where(reason == "RC7", support, 20 + 50 * rng.random(child.size))
    length = np.floor(np.minimum(wanted, 0.45 * part)).astype(np.int64)
    episodes = new_episodes(child, begin, rng).replace(closure=begin + length, reason=reason)
    assessed = np.flatnonzero((rng.random(child.size) < 0.75) & (length >= 10))
    # What was found earlier is part of what is found later.
    seen = rng.random((assessed.size, children.factors.shape[1])) < 0.6
    start = begin[assessed] + 1
    authorised = np.minimum(start + 10 + np.floor(35 * rng.random(assessed.size)), (begin + length)[assessed])
    return episodes, Assessments(
        child=child[assessed],
        start=start,
        authorised=np.maximum(authorised.astype(np.int64), start),
        factors=children.factors[child[assessed]] & seen,
    )


def plan_assessments(
    children: Children, course: Course, earliest: np.ndarray, is_new: np.ndarray, rng: np.random.Generator
) -> Assessments:
    """The assessment that precedes each plan.

    Parameters
    ----------
    children : Children
    course : Course, n plans
    earliest : ndarray of int, shape (n,)
        First day on which the assessment can start: the referral, or the day after the last plan ended.
    is_new : ndarray of bool, shape (n,)
        Whether a referral led to the plan. A plan within an open episode has an assessment where there is time for it.
    rng : Generator
    """
    days = np.where(is_new, 95, 40)
    start = np.maximum(course.start - days, earliest)
    start = np.minimum(start + rng.integers(0, 4, len(course)), course.start - 1)
    authorised = np.maximum(course.start - rng.integers(1, 9, len(course)), start)
    rows = np.flatnonzero((start >= earliest) & (is_new | (course.start - earliest >= 40)))
    return Assessments(
        child=course.child[rows],
        start=start[rows],
        authorised=authorised[rows],
        factors=children.factors[course.child[rows]],
    )


def conferences(scenario: Scenario, course: Course, earliest: np.ndarray, streams: Streams) -> Conferences:
    """The initial conference of each plan, on the plan's first day, and the enquiry that led to it.

    Enquiries in time take 10 to 15 working days, mostly nearly all of them; late ones a few days or weeks more.
    """
    rng = streams["referrals"]
    n_groups = int(course.group.max()) + 1 if len(course) else 0
    in_time = CONFERENCE_DUE - np.minimum(np.floor(1.8 * rng.standard_exponential(n_groups)), CONFERENCE_DUE - 2)
    late = CONFERENCE_DUE + 1 + np.minimum(np.floor(6 * rng.standard_exponential(n_groups)), 40)
    is_late = rng.random(n_groups) >= scenario.conference_in_time_share
    working_days = np.where(is_late, late, in_time).astype(np.int64)[course.group]
    dates = np.busday_offset(course.start.astype("datetime64[D]"), -working_days, roll="backward")
    return Conferences(
        section47_start=np.minimum(np.maximum(dates.astype(np.int64), earliest), course.start),
        transfer_in=(rng.random(n_groups) < scenario.transfer_in_share)[course.group],
    )


def _codes(shares: dict[str, float], n: int, rng: np.random.Generator) -> np.ndarray:
    return np.array(list(shares))[draw_shares(np.array(list(shares.values())), n, rng)]
