"""What chance alone adds to a weighted risk in one store, known because the true hazards are.

The error of an Aalen-Johansen estimate is nearly a sum of martingales: second plans that came less those that the true
hazards let expect, at each moment by what one of them moves the estimate, and the same of care. Its mean is 0 whatever
the weights, so that less of it an error has the same mean and a fraction of the spread (a control variate): some 20
stores then say what hundreds would. The store has events on the next working day, and so a fraction of a day late; of
differences of risks that is less than 0.0001.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

DAYS_OF_A_YEAR = 365.25
PARTS = 24
SECOND_PLAN, CARE = 1, 2


def chance(cohort: Any, truth: Any, weights: np.ndarray, band: pd.Series, times: Any) -> dict[tuple[str, int], float]:
    """By level and time: the weighted sum of martingales; of scenarios in which severity moves no hazard.

    Parameters
    ----------
    cohort : Cohort, n rows
    truth : Truth
    weights : ndarray, shape (n,)
        0 of rows that are left out.
    band : Series of n levels
    times : sequence of int
        Days.
    """
    scenario = truth.scenario
    assert "severity" not in {**scenario.log_hazard_ratios, **scenario.care_log_hazard_ratios}
    known = cohort.keys[["plan_id"]].merge(truth.frame, on="plan_id", how="left")
    second = np.exp(known["log_hazard_ratio_features"] + known["authority_log_hazard"]).to_numpy()
    care = np.exp(known["care_log_hazard_ratio"]).to_numpy() * scenario.care_rate
    years, event = cohort.y["duration"].to_numpy() / DAYS_OF_A_YEAR, cohort.y["event"].to_numpy()
    found = {}
    for level in band.cat.categories:
        rows = np.flatnonzero((band == level).to_numpy() & (weights > 0) & np.isfinite(second))
        given = second[rows] * scenario.second_plan_rate, care[rows]
        for time in times:
            share = weights[rows] / weights[rows].sum()
            found[str(level), int(time)] = _of_level(scenario, *given, years[rows], event[rows], share, time)
    return found


def _of_level(
    scenario: Any,
    second: np.ndarray,
    care: np.ndarray,
    years: np.ndarray,
    event: np.ndarray,
    share: np.ndarray,
    time: int,
) -> float:
    grid = np.linspace(0.0, time / DAYS_OF_A_YEAR, PARTS + 1)
    # Rows by ends of parts: expected events so far, given the record (frailty averaged over), and those that came.
    reached = np.minimum(years[:, None], grid)
    theta = scenario.frailty_variance
    expected = np.log1p(theta * second[:, None] * reached**scenario.second_plan_shape) / theta
    of_care = care[:, None] * reached**scenario.care_shape
    came = years[:, None] <= grid
    second_came, care_came = (came & (event == code)[:, None] for code in (SECOND_PLAN, CARE))
    any_came = came & (event > 0)[:, None]
    at_risk = share @ (years[:, None] > (grid[1:] + grid[:-1]) / 2)
    hazards = [np.diff(share @ each) / at_risk for each in (second_came, any_came)]
    free = np.cumprod(np.append(1.0, 1.0 - hazards[1]))[:-1]
    risk = np.cumsum(free * hazards[0])
    ahead = (risk[-1] - risk + free * hazards[0] / 2) / at_risk
    moved = (free / at_risk - ahead) * (share @ np.diff(second_came - expected, axis=1))
    return float((moved - ahead * (share @ np.diff(care_came - of_care, axis=1))).sum())
