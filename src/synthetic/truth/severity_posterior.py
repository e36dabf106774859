"""What a child's own record says of its latent severity: the distribution of severity given the record.

Severity ``s`` is standard normal over first plans. It moves the chance of each assessment factor, what progress reviews
find, the chance that a plan ends at each review, and the hazard of care while on the plan. So a plan's length is
informative about severity, and the risk given what is seen is the mean over this distribution, not the risk of an
average child. The likelihood of ``s``, for a first plan that ended at its ``r``-th review, is

    product over factors  p_f(s)**x_f (1 - p_f(s))**(1 - x_f)
      * product over reviews j <= r  of the chance of the progress found, given s and what the one before found
      * product over reviews j < r  (1 - q_j(s))  *  q_r(s)
      * probability of no care before the end, given s ,

where ``q_j`` depends also on the progress found, the category at the start, the factor 2B, the authority's closing
practice and the calendar; all of these, the days of the reviews and the scenario's parameters, are taken as known. What
else the record holds (age, sex, attendance, workers, referrals, number of siblings) is independent of ``s`` given
these, with one exception that is left aside: the records of siblings, whose severity is related, are not used.

The family's frailty is independent of the record of a first plan.
"""

import numpy as np

from ..population.authorities import Authorities, log_odds
from ..population.course import Course, care_factors, ending_log_odds
from ..population.population import Children, needs_effect
from ..population.progress import state_chances
from ..randomness.day_numbers import DAYS_PER_YEAR, NEVER
from ..randomness.portable import exp, log
from ..scenarios.definition import Scenario

# The Gauss-Hermite rule of 7 nodes for the standard normal distribution, written out so that no library's eigenvalues
# decide the last bit. The likelihood is flat: more nodes change hardly a risk by a thousandth of itself, and none by
# three, as a test shows.
_POSITIVE = (1.1544053947399682, 2.3667594107345415, 3.7504397177257425)
_CHANCE = (0.24012317860501273, 0.030757123967586498, 0.00054826885597221804)
SEVERITY_NODES = np.array([-node for node in reversed(_POSITIVE)] + [0.0, *_POSITIVE])
_PRIOR = np.array([*reversed(_CHANCE), 0.45714285714285714, *_CHANCE])


def severity_weights(
    scenario: Scenario,
    authorities: Authorities,
    children: Children,
    course: Course,
    nodes: np.ndarray = SEVERITY_NODES,
    prior: np.ndarray = _PRIOR,
) -> np.ndarray:
    """Probability of each value of severity, given the record of a first plan that ended at a review.

    Parameters
    ----------
    scenario : Scenario
    authorities : Authorities
    children : Children
    course : Course, n plans
        First plans that ended at a review.
    nodes, prior : ndarray, shape (n_nodes,)
        Values of severity, and their probabilities before anything is known.

    Returns
    -------
    ndarray, shape (n, n_nodes)
        Rows add up to 1.
    """
    likelihood = _factors(scenario, children, course, nodes) + _ending(scenario, authorities, children, course, nodes)
    likelihood += _progress(scenario, children, course, nodes)
    weights = (
        prior * exp(likelihood - likelihood.max(axis=1, keepdims=True)) * _no_care(scenario, children, course, nodes)
    )
    total = np.zeros(len(course))
    for node in range(nodes.size):
        total += weights[:, node]
    return weights / total[:, None]


def _factors(scenario: Scenario, children: Children, course: Course, nodes: np.ndarray) -> np.ndarray:
    """Log likelihood of the assessment factors, shape (n, n_nodes)."""
    names = list(scenario.initial_category_shares)
    category, present = children.category[course.child], children.factors[course.child]
    total = np.zeros((len(course), nodes.size))
    for column, (code, share) in enumerate(scenario.factor_shares.items()):
        by_category = scenario.factor_category_log_odds.get(code, {})
        effect = np.array([by_category.get(name, 0.0) for name in names])
        logit = log_odds(share) + effect[:, None] + scenario.factor_severity_log_odds * nodes
        # One row per presence and category.
        table = np.concatenate([_log_probability(-logit), _log_probability(logit)])
        total += table[category + len(names) * present[:, column]]
    return total


def _ending(
    scenario: Scenario, authorities: Authorities, children: Children, course: Course, nodes: np.ndarray
) -> np.ndarray:
    """Log likelihood of having gone on at every review but the last, and ended there, shape (n, n_nodes)."""
    logit = ending_log_odds(
        scenario, authorities, children, course.child, course.category, course.reviews, course.progress
    )
    effect = scenario.end_log_odds.get("severity", 0.0)
    n_held = (course.reviews < NEVER).sum(axis=1)
    total = np.zeros((len(course), nodes.size))
    for review in range(int(n_held.max(initial=0))):
        rows = np.flatnonzero((n_held > review) & course.is_free[:, review])
        sign = np.where(n_held[rows] == review + 1, 1.0, -1.0)[:, None]
        total[rows] += _log_probability(sign * (logit[rows, review, None] + effect * nodes))
    return total


def _progress(scenario: Scenario, children: Children, course: Course, nodes: np.ndarray) -> np.ndarray:
    """Log likelihood of what the reviews found, shape (n, n_nodes)."""
    effects = scenario.progress_log_odds
    recorded = needs_effect(scenario, effects, 0.0, children.factors[course.child])
    # Few factors have an effect: each sum of effects has its table, of what was before, what was found, and severity.
    different, row = np.unique(recorded, return_inverse=True)
    chance = log(state_chances(scenario, different[:, None] + effects.get("severity", 0.0) * nodes))
    n_held = (course.reviews < NEVER).sum(axis=1)
    total = np.zeros((len(course), nodes.size))
    before = np.full(len(course), -1)
    for review in range(int(n_held.max(initial=0))):
        rows = np.flatnonzero(n_held > review)
        total[rows] += chance[before[rows], course.progress[rows, review], row[rows]]
        before = course.progress[:, review]
    return total


def _no_care(scenario: Scenario, children: Children, course: Course, nodes: np.ndarray) -> np.ndarray:
    """Probability of no entry into care while on the plan, shape (n, n_nodes); never before birth."""
    birth = children.birth[course.child]
    effects = scenario.care_on_plan_log_hazard_ratios
    recorded = needs_effect(scenario, effects, 0.0, children.factors[course.child])
    rate = scenario.care_on_plan_rate / DAYS_PER_YEAR
    rate = rate * exp(recorded)[:, None] * exp(effects.get("severity", 0.0) * nodes)
    until_end = course.end - course.start - 1
    before_birth = np.clip(birth - course.start - 1, 0, until_end)
    since_start = np.column_stack([np.zeros(len(course)), course.reviews - course.start[:, None]])
    factors = care_factors(scenario, course.progress)

    def exposure(until: np.ndarray) -> np.ndarray:
        """Days, each as often as the hazard is higher than before the first review, shape (n, 1)."""
        reached = np.minimum(since_start, until[:, None])
        days = np.diff(reached, axis=1, append=until[:, None])
        total = np.zeros(len(course))
        for part in range(days.shape[1]):
            total += factors[:, part] * days[:, part]
        return total[:, None]

    survival = exp(-rate * exposure(until_end))
    return np.where(before_birth[:, None] > 0, 1 - exp(-rate * exposure(before_birth)) + survival, survival)


def _log_probability(logit: np.ndarray) -> np.ndarray:
    """``log(1 / (1 + exp(-logit)))``."""
    return np.minimum(logit, 0) - log(1 + exp(-np.abs(logit)))
