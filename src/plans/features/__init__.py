"""Case features: what was known of the child and the case on the day the index plan ended, and nothing later."""

from __future__ import annotations

import pandas as pd

from ..snapshot import Snapshot
from .assessments import FACTOR_FEATURES, assessment_features
from .child import CHILD_FEATURES, child_features
from .history import HISTORY_FEATURES, history_features
from .plan import CATEGORY_FEATURES, LENGTH_FEATURES, PLACE_AND_SEASON_FEATURES, plan_features
from .reviews import REVIEW_FEATURES, review_features
from .siblings import SIBLING_FEATURES, sibling_features
from .workers import WORKER_FEATURES, worker_features

FEATURES = (
    *LENGTH_FEATURES,
    *CHILD_FEATURES,
    *CATEGORY_FEATURES,
    *REVIEW_FEATURES,
    *FACTOR_FEATURES,
    *HISTORY_FEATURES,
    *SIBLING_FEATURES,
    *WORKER_FEATURES,
    *PLACE_AND_SEASON_FEATURES,
)

__all__ = ["FEATURES", "case_features"]


def case_features(
    index_plans: pd.DataFrame, snapshot: Snapshot, period_of_plan: pd.DataFrame
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """The features of each index plan, and the names of those that the data cannot give.

    Every record that a feature uses is dated on or before ``index_end``; an interval that ends later counts as open, up
    to ``index_end``. Values without a date of their own (sex, ethnicity, disability, categories) are as delivered.

    Parameters
    ----------
    index_plans : DataFrame, n rows, index 0, 1, ...
        ``child, la_code, family_id, period, start_date, index_end, initial_category, latest_category``.
    snapshot : Snapshot
    period_of_plan : DataFrame
        ``plan_id``, ``period``: which plans make up each period, for their reviews.

    Returns
    -------
    X : DataFrame, n rows
        Those of ``FEATURES`` whose source holds anything at all. A value that is not known for a row is missing.
    missing : tuple of str
        The other names of ``FEATURES``.
    """
    parts = [
        plan_features(index_plans, snapshot.plans),
        child_features(index_plans, snapshot.children),
        review_features(index_plans, snapshot.reviews, period_of_plan),
        assessment_features(index_plans, snapshot.assessments),
        history_features(index_plans, snapshot.cin_episodes),
        sibling_features(index_plans, snapshot.children, snapshot.plans),
        worker_features(index_plans, snapshot.involvements),
    ]
    found = pd.concat(parts, axis=1)
    present = [name for name in FEATURES if name in found.columns]
    return found[present], tuple(name for name in FEATURES if name not in found.columns)
