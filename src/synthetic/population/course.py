"""The course of plans: reviews, what progress they find, when and why each plan ends, categories, attendance.

A conference decides for all the siblings whose plans started on one day (a *conference group*), so review dates,
attendance and most decisions are the group's. Plans end

- at a review, with log odds that fall with latent severity and with poor progress (this is how plan length is
  confounded),
- between reviews, when the child enters care, the family moves away, the child dies or turns 18.

What progress a review finds depends on severity and on what the review before found (:mod:`.progress`).
"""

from dataclasses import dataclass

import numpy as np

from ...plans.strategies import EndBy, NaturalCourse, NotBefore, Strategy
from ..randomness.columns import Columns, group_numbers
from ..randomness.day_numbers import DAYS_PER_YEAR, NEVER, to_weekday_before
from ..randomness.portable import exp
from ..randomness.streams import Streams
from ..randomness.waiting_times import waiting_days
from ..scenarios.definition import Scenario
from ..scenarios.trends import trend
from .authorities import Authorities, probability
from .population import Children, draw_categories, needs_effect
from .progress import N_REVIEWS, by_state, draw_progress

REVIEW, CARE, TRANSFER, ADULT, DEATH = range(5)
"""Why a plan ended."""

END_REASONS = ("review", "care", "transfer", "eighteenth birthday", "death")

NATURAL = NaturalCourse()

# On time means at least three days before the last day that any reading of "three months" or "six months" allows.
_MARGIN = 3
_LATER_CLOSING = 0.25
_LONGEST_PLAN = 12.0
"""Years that no plan can last, however late its reviews."""


@dataclass(frozen=True)
class Starts(Columns):
    """Plans that start, each field of shape ``(n,)``.

    Attributes
    ----------
    child : int
        Position in :class:`~secondplan.synthetic.population.population.Children`.
    order : int
        1 for the child's first plan.
    start : int
        Day number.
    category : int
        Position in the scenario's categories; -1: the conference chooses.
    new_episode : bool
        Whether a referral led to the plan; otherwise it belongs to the episode that is still open.
    earliest_referral : int
        Day before which that referral cannot be: the last episode's closure, or far in the past.
    """

    child: np.ndarray
    order: np.ndarray
    start: np.ndarray
    category: np.ndarray
    new_episode: np.ndarray
    earliest_referral: np.ndarray


@dataclass(frozen=True)
class Course(Columns):
    """Plans with their course, each field of shape ``(n,)`` unless stated; days are day numbers.

    Attributes
    ----------
    child, order, start, end : int
    reason : int
        Why the plan ended: position in ``END_REASONS``.
    group : int
        Conference group within this batch.
    category, latest_category : int
    category_day : int
        Day on which the latest category was decided.
    reviews : int, shape (n, N_REVIEWS)
        Days of the reviews up to the plan's end, ``NEVER`` after it.
    not_quorate : bool, shape (n, N_REVIEWS)
    absent : int, shape (n, N_REVIEWS)
        Invited agencies that did not attend.
    progress : int, shape (n, N_REVIEWS)
        Positions in ``PROGRESS``; that of reviews after the plan's end is what they would have found.
    is_free : bool, shape (n, N_REVIEWS)
        Whether the review was free to end the plan or to go on: not the last possible one, nor what a strategy decides.
    """

    child: np.ndarray
    order: np.ndarray
    start: np.ndarray
    end: np.ndarray
    reason: np.ndarray
    group: np.ndarray
    category: np.ndarray
    latest_category: np.ndarray
    category_day: np.ndarray
    reviews: np.ndarray
    not_quorate: np.ndarray
    absent: np.ndarray
    progress: np.ndarray
    is_free: np.ndarray


def run_course(
    scenario: Scenario,
    authorities: Authorities,
    children: Children,
    starts: Starts,
    streams: Streams,
    strategy: Strategy = NATURAL,
) -> Course:
    """The course of each plan from its start to its end, whenever that is, under a strategy.

    From the same streams the same schedule of reviews, progress and care come under every strategy, up to the end.
    """
    child = starts.child
    group, first = group_numbers(children.family[child], starts.start)
    group_authority = children.authority[child[first]]
    schedule = _review_days(scenario, starts.start[first], streams["reviews"])
    category, latest = _categories(scenario, authorities, children, starts, group, first, streams)

    severity, factors = children.severity[child], children.factors[child]
    needs = needs_effect(scenario, scenario.progress_log_odds, severity, factors)
    progress = draw_progress(scenario, needs, group, streams["progress"])
    chance = probability(
        ending_log_odds(scenario, authorities, children, child, category, schedule[group], progress)
        + scenario.end_log_odds.get("severity", 0.0) * severity[:, None]
    )
    end, is_free = _review_end(scenario, chance, starts.start, schedule[group], group, strategy, streams["endings"])
    reason = np.full(child.size, REVIEW)
    for cause, day in (
        (CARE, _care_days(scenario, children, starts, schedule[group], progress, group, streams["care_on_plan"])),
        (TRANSFER, starts.start + _moves(scenario, first.size, streams["care_on_plan"])[group]),
        (ADULT, children.adult[child]),
        (DEATH, children.death[child]),
    ):
        earlier = day < end
        end = np.where(earlier, day, end)
        reason = np.where(earlier, cause, reason)
    end = np.maximum(end, starts.start + 1)

    held = schedule[group] <= end[:, None]
    not_quorate, absent = _attendance(authorities, group_authority, streams["attendance"])
    return Course(
        child=child,
        order=starts.order,
        start=starts.start,
        end=end,
        reason=reason,
        group=group,
        category=category,
        latest_category=np.where(held[:, 0], latest, category),
        category_day=schedule[group, 0],
        reviews=np.where(held, schedule[group], NEVER),
        not_quorate=held & not_quorate[group],
        absent=np.where(held, absent[group], 0),
        progress=progress,
        is_free=is_free,
    )


def _review_days(scenario: Scenario, start: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Days of the reviews of each group, shape (n_groups, N_REVIEWS): near the due day, brought forward, or late."""
    shape = (start.size, N_REVIEWS)
    before_due = np.minimum(_MARGIN + np.floor(9 * rng.standard_exponential(shape)), 60)
    early = 60 + np.floor(51 * rng.random(shape))
    past_due = np.minimum(_MARGIN + 4 + np.floor(20 * rng.standard_exponential(shape)), 120)
    is_early = rng.random(shape) < scenario.early_review_share
    is_early[:, 0] = False
    is_late = rng.random(shape) < scenario.late_review_share
    due = np.full(N_REVIEWS, scenario.later_review_due)
    due[0] = scenario.first_review_due
    gap = np.where(is_late, due + past_due, np.where(is_early, early, due - before_due)).astype(np.int64)
    days = np.empty(shape, dtype=np.int64)
    last = start
    for review in range(N_REVIEWS):
        last = to_weekday_before(last + gap[:, review])
        days[:, review] = last
    return days


def _review_end(
    scenario: Scenario,
    chance: np.ndarray,
    start: np.ndarray,
    schedule: np.ndarray,
    group: np.ndarray,
    strategy: Strategy,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Day on which each plan would end by decision of a review, and which reviews were free to decide."""
    n, n_groups = group.size, int(group.max()) + 1 if group.size else 0
    ours, own = rng.random((n_groups, N_REVIEWS)), rng.random((n, N_REVIEWS))
    together = rng.random((n, N_REVIEWS)) < scenario.sibling_end_share
    ends = np.where(together, ours[group], own) < chance
    is_delayed = (rng.random(n_groups) < scenario.end_delay_share)[group]
    ending = schedule + np.where(is_delayed, rng.integers(1, 15, n_groups)[group], 0)[:, None]
    days, is_free = ending - start[:, None], np.ones((n, N_REVIEWS), dtype=bool)
    is_free[:, -1] = False
    ends[:, -1] = True
    if isinstance(strategy, NotBefore):
        is_free &= days >= strategy.days
        ends &= (days >= strategy.days) | (np.arange(N_REVIEWS) == N_REVIEWS - 1)
    if isinstance(strategy, EndBy):
        # At the last review that lets it end in time; without one, on the last day.
        is_in_time = (schedule - start[:, None] <= strategy.days) & (days <= strategy.days + strategy.grace_days)
        n_in_time = is_in_time.sum(axis=1)
        rows = np.flatnonzero(n_in_time)
        ends[rows, n_in_time[rows] - 1] = True
        is_free[rows, n_in_time[rows] - 1] = False
    end = ending[np.arange(n), ends.argmax(axis=1)]
    if isinstance(strategy, EndBy):
        end = np.where(n_in_time > 0, end, np.minimum(end, start + strategy.days))
    return end, is_free


def ending_log_odds(
    scenario: Scenario,
    authorities: Authorities,
    children: Children,
    child: np.ndarray,
    category: np.ndarray,
    schedule: np.ndarray,
    progress: np.ndarray,
) -> np.ndarray:
    """Log odds of ending at each review, before the effect of severity, shape (n, N_REVIEWS).

    Parameters
    ----------
    scenario : Scenario
    authorities : Authorities
    children : Children
    child, category : ndarray of int, shape (n,)
        Child of each plan, and its category at the start.
    schedule : ndarray of int, shape (n, N_REVIEWS)
        Days of the reviews.
    progress : ndarray of int, shape (n, N_REVIEWS)
        What they find.
    """
    names = list(scenario.initial_category_shares)
    effect = scenario.end_log_odds
    factors = children.factors[child]
    parental_drugs = factors[:, [code == "2B" for code in scenario.factor_shares]].any(axis=1)
    shift = effect.get("neglect", 0.0) * (np.array(names)[category] == "NEG")
    shift = shift + effect.get("parental_drugs", 0.0) * parental_drugs + needs_effect(scenario, effect, 0.0, factors)
    base = np.array(scenario.end_logits)[np.minimum(np.arange(N_REVIEWS), len(scenario.end_logits) - 1)]
    closing = np.where(np.arange(N_REVIEWS) == 0, 1.0, _LATER_CLOSING)
    level = closing * authorities.closing[children.authority[child]][:, None]
    by_day = trend(scenario.trends, "end_at_later_reviews", schedule)
    by_day[:, 0] = trend(scenario.trends, "end_at_first_review", schedule[:, 0])
    return base + shift[:, None] + level + by_day + by_state(scenario.end_progress_log_odds)[progress]


def _care_days(
    scenario: Scenario,
    children: Children,
    starts: Starts,
    schedule: np.ndarray,
    progress: np.ndarray,
    group: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    child, effects = starts.child, scenario.care_on_plan_log_hazard_ratios
    of_needs = needs_effect(scenario, effects, children.severity[child], children.factors[child])
    rate = scenario.care_on_plan_rate * exp(of_needs)
    factors, since_start = care_factors(scenario, progress), schedule - starts.start[:, None]
    highest = max(1.0, *exp(by_state(scenario.care_on_plan_progress)).tolist())

    def share(rows: np.ndarray, years: np.ndarray) -> np.ndarray:
        n_held = (since_start[rows] < years[:, None] * DAYS_PER_YEAR).sum(axis=1)
        return factors[rows, n_held] / highest

    day = starts.start + waiting_days(rate * highest, 1.0, group, rng, share=share, longest_years=_LONGEST_PLAN)
    # The unborn can enter care on the day of their birth at the earliest.
    return np.where(day < children.birth[starts.child], NEVER, day)


def care_factors(scenario: Scenario, progress: np.ndarray) -> np.ndarray:
    """Factors of the hazard of care on the plan, shape (n, 1 + N_REVIEWS).

    1 until the first review, then from each review until the next that of the progress which it found.
    """
    return np.column_stack([np.ones(len(progress)), exp(by_state(scenario.care_on_plan_progress))[progress]])


def _moves(scenario: Scenario, n_groups: int, rng: np.random.Generator) -> np.ndarray:
    """Days until each group's family moves to another authority."""
    years = rng.standard_exponential(n_groups) / max(scenario.transfer_on_plan_rate, 1e-9)
    return np.ceil(np.minimum(years * DAYS_PER_YEAR, NEVER)).astype(np.int64)


def _categories(
    scenario: Scenario,
    authorities: Authorities,
    children: Children,
    starts: Starts,
    group: np.ndarray,
    first: np.ndarray,
    streams: Streams,
) -> tuple[np.ndarray, np.ndarray]:
    """Initial category, and the category after the first review; siblings change together."""
    rng = streams["categories"]
    names = list(scenario.initial_category_shares)
    child = starts.child[first]
    age_days = starts.start[first] - children.birth[child]
    drawn = draw_categories(scenario, authorities, children.authority[child], age_days, rng)[group]
    category = np.where(starts.category >= 0, starts.category, drawn)
    u = rng.random(first.size)[group]
    latest = category.copy()
    for name, others in scenario.category_change.items():
        reached = np.zeros(u.size)
        for other, chance in others.items():
            here = (category == names.index(name)) & (u >= reached) & (u < reached + chance)
            latest[here] = names.index(other)
            reached = reached + chance
    return category, latest


def _attendance(
    authorities: Authorities, group_authority: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    shape = (group_authority.size, N_REVIEWS)
    not_quorate = rng.random(shape) < authorities.not_quorate_share[group_authority][:, None]
    mean = np.broadcast_to(authorities.absent_agencies_mean[group_authority][:, None], shape)
    # A conference that is not quorate lacks at least one of those invited.
    return not_quorate, rng.poisson(mean) + not_quorate
