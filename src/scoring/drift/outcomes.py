"""Whether second plans come as often as the model expects: late, censored, and few."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ...models.inputs.follow_up import FollowUpWarning
from ...models.monitoring import (
    RiskAdjustedCusum,
    expected_by_row,
    expected_events,
    overdispersion_of,
    ratio_of_counts,
    risk_adjusted_cusum,
)
from ...plans.disclosure import withheld_in_parts

if TYPE_CHECKING:
    from ...models.estimator.base import IncidenceModel
    from ...plans.cohort import Cohort

SECOND_PLAN = 1
DAYS_OF_A_YEAR = 365.25
QUARTER_COLUMNS = ["quarter", "n", "observed", "expected", "ratio", "lower", "upper", "share_shown"]


@dataclass(frozen=True)
class Outcomes:
    """Observed against expected second plans of children whose plans ended after training.

    Attributes
    ----------
    by_quarter : DataFrame
        ``quarter`` (in which the plan ended), ``n``, ``observed``, ``expected``, ``ratio`` with ``lower`` and ``upper``
        (95 %, families allowed for), ``share_shown``: how much of the risk within the horizon can have shown by now.
        NaN where a count is 1 to 5, would reveal such a one, or is of so few children.
    expected : float
        Of all of them, by now.
    expected_per_month : float
        Of late: what is expected in a month once follow-up is long enough.
    batches : ndarray of int
        Second plans of each family that had any: siblings return together.
    cusum : RiskAdjustedCusum or None
        None where nothing is expected yet.
    """

    by_quarter: pd.DataFrame
    expected: float
    expected_per_month: float
    batches: np.ndarray
    cusum: RiskAdjustedCusum | None

    @property
    def has_signal(self) -> bool:
        """Whether the chart has reached its limit."""
        return self.cusum is not None and self.cusum.first_signal is not None


NOTHING_SEEN = Outcomes(pd.DataFrame(columns=QUARTER_COLUMNS), 0.0, 0.0, np.zeros(0, dtype=int), None)
"""Where no plan has ended, or none of them can be scored."""


def watch_outcomes(
    model: IncidenceModel,
    cohort: Cohort,
    *,
    n_training_events: int,
    hazard_ratio: float,
    false_alarm: float,
    random_state: int,
) -> Outcomes:
    """Compare the second plans of ``cohort`` with the model's hazard.

    Parameters
    ----------
    model : IncidenceModel
        Fitted on plans that ended earlier.
    cohort : Cohort
        The plans that ended newly, with what has been seen of them.
    n_training_events : int
        Second plans that the model was fitted on: what it may have wrong by chance is allowed for.
    hazard_ratio : float
        The change that the chart is tuned to.
    false_alarm : float
        The chance of a signal in the whole period although nothing has changed.
    random_state : int
    """
    if not len(cohort):
        return NOTHING_SEEN
    families, horizon = cohort.cluster.to_numpy(), float(model.horizon)
    observed, expected = expected_by_row(model, cohort.X, cohort.y, horizon=horizon)
    events = np.bincount(pd.factorize(families)[0], weights=observed).astype(int)
    batches = events[events > 0]
    shown, at_horizon = _shown_by_now(model, cohort, horizon)
    quarter = cohort.keys["index_end"].dt.to_period("Q")
    rows = []
    for name, places in quarter.groupby(quarter).indices.items():
        seen, due = float(observed[places].sum()), float(expected[places].sum())
        share = float(np.nansum(shown[places]) / np.nansum(at_horizon[places]))
        rows.append((str(name), len(places), seen, due, *ratio_of_counts(seen, due, overdispersion_of(batches)), share))
    table = _withheld(pd.DataFrame(rows, columns=QUARTER_COLUMNS))
    per_month = _per_month(cohort, at_horizon)
    total = float(expected.sum())
    if total <= 0.0:
        return Outcomes(table, total, per_month, batches, None)
    counted = expected_events(
        model, cohort.X, cohort.y, cohort.keys["index_end"], last=cohort.as_of, horizon=horizon, cluster=families
    )
    chart = risk_adjusted_cusum(
        counted,
        hazard_ratio=hazard_ratio,
        false_alarm=false_alarm,
        baseline_events=float(max(n_training_events, 1)),
        random_state=random_state,
    )
    return Outcomes(table, total, per_month, batches, chart)


def _shown_by_now(model: IncidenceModel, cohort: Cohort, horizon: float) -> tuple[np.ndarray, np.ndarray]:
    """Of each plan: the risk by the day up to which anything is known, and by the horizon, shape (n,) both."""
    elapsed = (cohort.as_of - cohort.keys["index_end"]).dt.days.to_numpy(dtype=float)
    grid = np.append(np.arange(0.0, horizon, 7.0), horizon)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FollowUpWarning)
        risk = model.predict_cumulative_incidence(cohort.X, grid, eligible_days=cohort.eligible_days)
    place = np.searchsorted(grid, np.minimum(elapsed, horizon), side="right") - 1
    return risk[np.arange(len(cohort)), place], risk[:, -1]


def _per_month(cohort: Cohort, at_horizon: np.ndarray) -> float:
    """Expected second plans in a month of steady state: those of the plans that end in a month, within the horizon."""
    months = (cohort.as_of - cohort.keys["index_end"].min()).days / DAYS_OF_A_YEAR * 12.0
    return float(np.nansum(at_horizon) / max(months, 1.0))


def _withheld(table: pd.DataFrame) -> pd.DataFrame:
    """The quarters, without counts of 1 to 5 and whatever would reveal them, and without sums over 1 to 5 children."""
    few = withheld_in_parts(table["n"])
    unseen = withheld_in_parts(table["observed"]) | few
    shown = table.astype({"n": float})
    shown.loc[unseen, ["observed", "ratio", "lower", "upper"]] = np.nan
    shown.loc[few, ["n", "expected", "share_shown"]] = np.nan
    return shown
