"""What follows an ended plan: a second plan, care, another exit, a move, the 18th birthday, the episode's closure."""

from dataclasses import dataclass

import numpy as np

from ..randomness.columns import Columns, group_numbers
from ..randomness.day_numbers import DAYS_PER_YEAR, NEVER, to_weekday_after
from ..randomness.portable import exp
from ..randomness.streams import Streams
from ..randomness.waiting_times import waiting_days
from ..scenarios.definition import Scenario
from .course import ADULT, CARE, DEATH, REVIEW, TRANSFER, Course
from .population import Children, draw_shares

LATER_TRANSFER_SHARE = 0.02
"""Share of the episodes that close later than three months because the family moved."""


@dataclass(frozen=True)
class Aftermath(Columns):
    """What follows each plan, each field of shape ``(n,)``; days are day numbers, ``NEVER`` where it does not happen.

    Attributes
    ----------
    next_start : int
        Start of the child's next plan.
    same_episode : bool
        The episode of need is still open on that day, and goes on.
    closure : int
        Day on which the episode that held the plan closes; ``NEVER`` where it goes on with the next plan.
    closure_reason : str
        Census code.
    care_start, care_end : int
    care_is_new_episode : bool
        The episode had closed before care began: a new referral led to it.
    died : bool
        The child's death is what ended the story.
    """

    next_start: np.ndarray
    same_episode: np.ndarray
    closure: np.ndarray
    closure_reason: np.ndarray
    care_start: np.ndarray
    care_end: np.ndarray
    care_is_new_episode: np.ndarray
    died: np.ndarray


def follow(
    scenario: Scenario,
    children: Children,
    course: Course,
    second_plan_rate: np.ndarray,
    care_rate: np.ndarray,
    streams: Streams,
) -> Aftermath:
    """Draw what follows plans that have ended.

    Parameters
    ----------
    scenario : Scenario
    children : Children
    course : Course, n plans
    second_plan_rate, care_rate : ndarray, shape (n,)
        Cumulative hazards in the first year after the plan.
    streams : Streams
    """
    child, end, n = course.child, course.end, len(course)
    family = children.family[child]
    adult, death = children.adult[child], children.death[child]

    rng = streams["second_plan"]
    together = _exposed_together(family, end, scenario.sibling_return_share, rng)
    wait = waiting_days(second_plan_rate, scenario.second_plan_shape, together, rng)
    again = to_weekday_after(end + wait)
    rng = streams["care"]
    together = _exposed_together(family, end, scenario.sibling_return_share, rng)
    care = np.where(course.reason == CARE, end, end + waiting_days(care_rate, scenario.care_shape, together, rng))

    closure, moves = _closures(scenario, n, end, streams["closures"])
    # Children who enter care are not said to have moved.
    moves &= course.reason == REVIEW
    moved = np.where(course.reason == TRANSFER, end, np.where(moves, closure, NEVER))
    years = streams["other_exit"].standard_exponential(n) / max(scenario.other_exit_rate, 1e-9)
    leaves = end + np.ceil(np.minimum(years * DAYS_PER_YEAR, NEVER)).astype(np.int64)
    leaves = np.where(course.reason == REVIEW, leaves, NEVER)
    kind = np.array(list(scenario.other_exit_shares))[
        draw_shares(np.array(list(scenario.other_exit_shares.values())), n, streams["other_exit"])
    ]

    # Another authority's child is not followed.
    gone = np.minimum.reduce([moved, leaves, adult, death])
    gone = np.where(children.other_authority[child], end, gone)
    goes_again = (again < gone) & (again < care) & (course.reason == REVIEW)
    into_care = ~goes_again & (care < gone) & np.isin(course.reason, (REVIEW, CARE))
    care_end, permanent, after_care = _care_period(scenario, into_care, care, adult, death, second_plan_rate, streams)
    back = into_care & ~permanent & (after_care < np.minimum(adult, death))
    next_start = np.where(goes_again, again, np.where(back, after_care, NEVER))

    # The episode of need stays open through care, and until an adoption or guardianship order.
    reason = np.where(moves, "RC5", "RC7")
    care_is_new = into_care & (closure < care - 30) & (course.reason == REVIEW)
    in_episode = into_care & ~care_is_new
    closure = np.where(in_episode, care_end, closure)
    reason = np.where(in_episode, np.where(permanent & (care_end < adult), "RC4", "RC7"), reason)
    left = ~goes_again & ~into_care & (leaves < np.minimum.reduce([moved, adult, death]))
    closure, reason = np.where(left, leaves, closure), np.where(left, kind, reason)
    is_move = course.reason == TRANSFER
    closure, reason = np.where(is_move, end, closure), np.where(is_move, "RC5", reason)
    limit = np.minimum(adult, death)
    reason = np.where(closure >= limit, np.where(death <= adult, "RC2", "RC7"), reason)
    closure = np.maximum(np.minimum(closure, limit), end)
    same_episode = next_start <= closure
    return Aftermath(
        next_start=next_start,
        same_episode=same_episode & (next_start < NEVER),
        closure=np.where(same_episode & (next_start < NEVER), NEVER, closure),
        closure_reason=reason,
        care_start=np.where(into_care, care, NEVER),
        care_end=np.where(into_care, care_end, NEVER),
        care_is_new_episode=care_is_new,
        died=np.isin(course.reason, (DEATH,)) | ((death < NEVER) & (next_start > death)),
    )


def stays_in_view(course: Course) -> np.ndarray:
    """Whether the child can have another plan after each plan: not where it ended with a move, death or adulthood."""
    return ~np.isin(course.reason, (TRANSFER, ADULT, DEATH))


def _exposed_together(family: np.ndarray, end: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Groups of siblings whose plans ended on one day; with chance ``1 - share`` a child is a group of its own."""
    alone = rng.random(family.size) >= share
    own = np.where(alone, np.arange(family.size) + 1, 0)
    group, _ = group_numbers(family, end, own)
    return group


def _closures(scenario: Scenario, n: int, end: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Day on which the episode of need would close, and whether because the family moves."""
    early, middle = scenario.closure_within_3_months, scenario.closure_3_to_6_months
    u, v = rng.random(n), rng.random(n)
    later = 184 + scenario.closure_later_mean * rng.standard_exponential(n)
    days = np.where(u < early, 92 * v, np.where(u < early + middle, 92 + 92 * v, later))
    move_share = np.where(u < early, min(scenario.transfer_within_3_months / max(early, 1e-9), 1), LATER_TRANSFER_SHARE)
    return end + np.floor(days).astype(np.int64), rng.random(n) < move_share


def _care_period(
    scenario: Scenario,
    into_care: np.ndarray,
    care: np.ndarray,
    adult: np.ndarray,
    death: np.ndarray,
    second_plan_rate: np.ndarray,
    streams: Streams,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """End of care, whether the child does not come back, and when the next plan would start after care."""
    n, rng = into_care.size, streams["care"]
    permanent = rng.random(n) < scenario.care_permanent_share
    days = 1 + np.floor(scenario.care_length_mean * rng.standard_exponential(n)).astype(np.int64)
    end = np.minimum(np.where(into_care, care, 0) + days, np.minimum(adult, death))
    rate = second_plan_rate * exp(scenario.after_care_log_hazard_ratio)
    wait = waiting_days(rate, scenario.second_plan_shape, np.arange(n), streams["second_plan"])
    return end, permanent, to_weekday_after(end + wait)
