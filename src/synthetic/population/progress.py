"""What progress each review of a plan finds: good, some or poor.

The state is ordered. With ``e`` the effects of the child's needs and of the state that the review before found, the
log odds of anything but good progress are ``a + e``, those of poor progress ``b + e``: a Markov chain of ordered
logits (McCullagh, 1980, *Journal of the Royal Statistical Society B* 42, 109-142). It goes on for as long as the plan
does, whatever is decided: what a review that is not held would have found is drawn too.
"""

from collections.abc import Mapping

import numpy as np

from ...plans.codes import PROGRESS
from ..scenarios.definition import Scenario
from .authorities import log_odds, probability

GOOD, SOME, POOR = range(len(PROGRESS))
"""Positions in ``PROGRESS``."""

N_REVIEWS = 14
"""Every plan ends at its 14th review at the latest, after about six years."""


def by_state(effects: Mapping[str, float]) -> np.ndarray:
    """The effect of each state, in the order of ``PROGRESS``; 0 of a state that is not named."""
    return np.array([effects.get(state, 0.0) for state in PROGRESS])


def draw_progress(scenario: Scenario, needs: np.ndarray, group: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """States at the reviews, positions in ``PROGRESS``, shape (n, N_REVIEWS).

    Parameters
    ----------
    scenario : Scenario
    needs : ndarray, shape (n,)
        What the child's severity and recorded factors add to the log odds of worse progress.
    group : ndarray of int, shape (n,)
        Conference group: siblings are mostly found together to have made progress.
    rng : Generator
    """
    n, n_groups = group.size, int(group.max()) + 1 if group.size else 0
    ours, own = rng.random((n_groups, N_REVIEWS)), rng.random((n, N_REVIEWS))
    together = rng.random(n) < scenario.sibling_end_share
    noise = log_odds(np.where(together[:, None], ours[group], own))
    not_good, poor = scenario.progress_logits
    after = by_state(scenario.progress_after)
    found = np.empty((n, N_REVIEWS), dtype=np.int64)
    shift = needs
    for review in range(N_REVIEWS):
        found[:, review] = (noise[:, review] < not_good + shift).astype(np.int64) + (noise[:, review] < poor + shift)
        shift = needs + after[found[:, review]]
    return found


def state_chances(scenario: Scenario, needs: np.ndarray) -> np.ndarray:
    """Chance of each state by what the review before found, shape (4, 3, ...): the first three rows as ``PROGRESS``.

    The last row is the first review, which has none before it.

    Parameters
    ----------
    scenario : Scenario
    needs : ndarray, shape (...)
        As for :func:`draw_progress`.
    """
    shift = needs + np.append(by_state(scenario.progress_after), 0.0).reshape(-1, *(1 for _ in needs.shape))
    not_good, poor = (probability(logit + shift) for logit in scenario.progress_logits)
    return np.stack([1 - not_good, not_good - poor, poor], axis=1)
