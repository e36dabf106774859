"""Rows that are at risk on some day; the others are left out of fits, curves and tests, and counted."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ...caller_warnings import warn
from .case_weights import check_weight
from .cluster_levels import check_cluster, codes_within
from .outcome import Outcome


@dataclass(frozen=True)
class RowsAtRisk:
    """What was given of the rows at risk; n of them.

    Attributes
    ----------
    outcome : Outcome
    weight : ndarray, shape (n,), or None
    cluster : ndarray of int, shape (n,), or None
        Codes.
    kept : ndarray of bool, shape (n_given,), or None
        Which of the given rows these are; None for all.
    """

    outcome: Outcome
    weight: np.ndarray | None
    cluster: np.ndarray | None
    kept: np.ndarray | None

    def of_given(self, values: Any) -> Any:
        """Some of an array or frame that has a row for each given row."""
        if self.kept is None or values is None:
            return values
        return values[self.kept] if isinstance(values, pd.DataFrame | pd.Series) else np.asarray(values)[self.kept]


def rows_at_risk(outcome: Outcome, sample_weight: Any = None, cluster: Any = None) -> RowsAtRisk:
    """Check weights and clusters, and leave out rows whose delayed entry is their duration, with a warning.

    Parameters
    ----------
    outcome : Outcome
    sample_weight, cluster : array, shape (n_given,), optional

    Raises
    ------
    ValueError
        No row is at risk on any day, or weights or clusters break a rule of :func:`.case_weights.check_weight` or
        :func:`.cluster_levels.check_cluster`.

    Examples
    --------
    >>> from secondplan.models import check_outcome
    >>> rows = rows_at_risk(check_outcome({"entry": [0, 3], "duration": [5, 8], "event": [1, 0]}), [1.0, 2.0])
    >>> rows.weight.tolist(), rows.kept
    ([1.0, 2.0], None)
    """
    weight = check_weight(sample_weight, len(outcome))
    kept = outcome.entry < outcome.duration
    n_never = int(kept.size - np.count_nonzero(kept))
    if not n_never:
        return RowsAtRisk(outcome, weight, check_cluster(cluster, kept.size, weight), None)
    counted = kept if weight is None else kept & (weight > 0)
    if not counted.any():
        positive = "" if weight is None else " of positive weight"
        raise ValueError(
            f"no row{positive} is at risk on any day: entry equals duration in {n_never} of {kept.size} rows"
        )
    groups = codes_within(check_cluster(cluster, kept.size, counted), kept)
    warn(
        f"{n_never} of {kept.size} rows are left out: their entry equals their duration, so that they are at risk on "
        "no day"
    )
    return RowsAtRisk(outcome.take(kept), None if weight is None else weight[kept], groups, kept)
