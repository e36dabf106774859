"""Whether second plans come as often as the model expects: late, censored, and few."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import gammaincinv

from ...models.inputs.follow_up import FollowUpWarning
from ...models.monitoring import RiskAdjustedCusum, expected_by_row, expected_events, risk_adjusted_cusum
from ...models.monitoring.cusum import cusum_path, simulate_events
from ...small_counts import is_small

if TYPE_CHECKING:
    from ...models.estimator.base import IncidenceModel
    from ...plans.cohort import Cohort

SECOND_PLAN = 1
DAYS_OF_A_YEAR = 365.25
QUARTER_COLUMNS = ["quarter", "n", "observed", "expected", "ratio", "lower", "upper", "share_shown"]
# How far ahead the power of the chart is looked at, and how many charts are simulated for it.
MONTHS_AHEAD = 120
N_CHARTS = 2000
RATIOS = (1.25, 1.5, 2.0)


@dataclass(frozen=True)
class Outcomes:
    """Observed against expected second plans of children whose plans ended after training.

    Attributes
    ----------
    by_quarter : DataFrame
        ``quarter`` (in which the plan ended), ``n``, ``observed``, ``expected``, ``ratio`` with ``lower`` and ``upper``
        (95 %, families allowed for), ``share_shown``: how much of the risk within the horizon can have shown by now.
        NaN where the observed count is 1 to 5, or would reveal such a one.
    expected : float
        Of all of them, by now.
    expected_per_month : float
        Of late: what is expected in a month once follow-up is long enough.
    cusum : RiskAdjustedCusum or None
        None where nothing is expected yet.
    """

    by_quarter: pd.DataFrame
    expected: float
    expected_per_month: float
    cusum: RiskAdjustedCusum | None

    @property
    def has_signal(self) -> bool:
        """Whether the chart has reached its limit."""
        return self.cusum is not None and self.cusum.first_signal is not None


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
    families, horizon = cohort.cluster.to_numpy(), float(model.horizon)
    observed, expected = expected_by_row(model, cohort.X, cohort.y, horizon=horizon)
    dispersion = _dispersion(families, observed)
    shown, at_horizon = _shown_by_now(model, cohort, horizon)
    quarter = cohort.keys["index_end"].dt.to_period("Q")
    rows = []
    for name, places in quarter.groupby(quarter).indices.items():
        seen, due = float(observed[places].sum()), float(expected[places].sum())
        share = float(np.nansum(shown[places]) / np.nansum(at_horizon[places]))
        rows.append((str(name), len(places), seen, due, *_ratio(seen, due, dispersion), share))
    table = _withheld(pd.DataFrame(rows, columns=QUARTER_COLUMNS))
    per_month = _per_month(cohort, at_horizon)
    total = float(expected.sum())
    if total <= 0.0:
        return Outcomes(table, total, per_month, None)
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
    return Outcomes(table, total, per_month, chart)


def months_to_signal(expected_per_month: float, false_alarm: float, random_state: int) -> pd.DataFrame:
    """How long a council of this size would wait for a signal.

    Parameters
    ----------
    expected_per_month : float
        Second plans expected in a month, as long as nothing changes.
    false_alarm : float
        The chance of a signal within two years although nothing has changed.
    random_state : int

    Returns
    -------
    DataFrame
        ``hazard_ratio``, ``months`` (median of simulated charts that are tuned to 1.5 and wait from the day of the
        change on; infinite where more than half have not signalled after ten years) and ``within_a_year`` (share).
    """
    rng = np.random.default_rng(random_state)
    expected = np.full(MONTHS_AHEAD, expected_per_month)
    none = np.ones(1, dtype=int)
    quiet = simulate_events(expected, none, None, N_CHARTS, rng)
    highest = cusum_path(quiet, expected, 1.5)[:, :24].max(axis=-1)
    limit = float(np.quantile(highest, 1.0 - false_alarm))
    rows = []
    for ratio in RATIOS:
        path = cusum_path(simulate_events(expected * ratio, none, None, N_CHARTS, rng), expected, 1.5)
        is_reached = path >= limit
        months = np.where(is_reached.any(axis=1), is_reached.argmax(axis=1) + 1.0, np.inf)
        rows.append((ratio, float(np.median(months)), float((months <= 12).mean())))
    return pd.DataFrame(rows, columns=["hazard_ratio", "months", "within_a_year"])


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


def _dispersion(families: np.ndarray, observed: np.ndarray) -> float:
    """How much counts vary more than Poisson's do because siblings come back together: mean of squares by mean."""
    sizes = np.bincount(pd.factorize(families)[0], weights=observed)
    sizes = sizes[sizes > 0]
    return float((sizes**2).sum() / sizes.sum()) if sizes.size else 1.0


def _ratio(observed: float, expected: float, dispersion: float) -> tuple[float, float, float]:
    """Observed by expected, with exact Poisson limits of the count of families widened by the dispersion."""
    if expected <= 0.0:
        return (float("nan"),) * 3
    families = observed / dispersion
    lower = gammaincinv(families, 0.025) * dispersion if families > 0.0 else 0.0
    upper = gammaincinv(families + 1.0, 0.975) * dispersion
    return observed / expected, lower / expected, upper / expected


def _withheld(table: pd.DataFrame) -> pd.DataFrame:
    """The quarters, without counts of 1 to 5 and, where one alone would follow from the total, without another."""
    small = is_small(table["observed"]) | is_small(table["n"])
    if small.sum() == 1 and len(table) > 1:
        others = table["observed"].where(~small & (table["observed"] > 0))
        if others.notna().any():
            small[int(others.argmin())] = True
    shown = table.copy()
    shown.loc[small, ["observed", "ratio", "lower", "upper"]] = np.nan
    shown["n"] = table["n"].astype(float).mask(is_small(table["n"]))
    return shown
