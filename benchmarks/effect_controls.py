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
    scenario, second, care = _true_rates(cohort, truth)
    years, event = cohort.y["duration"].to_numpy() / DAYS_OF_A_YEAR, cohort.y["event"].to_numpy()
    found = {}
    for level in band.cat.categories:
        rows = np.flatnonzero((band == level).to_numpy() & (weights > 0) & np.isfinite(second))
        given = second[rows], care[rows]
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


def chance_by_row(cohort: Any, truth: Any, times: Any) -> np.ndarray:
    """The same of each row's outcome with what stands in for it after censoring, shape (n, m); 0 where not known.

    With true incidences F and event-free probabilities S, that outcome is F plus an integral over the row's own
    martingales: doubly robust risks err by its weighted mean, as far as outcomes go.
    """
    scenario, second, care = _true_rates(cohort, truth)
    years, event = cohort.y["duration"].to_numpy() / DAYS_OF_A_YEAR, cohort.y["event"].to_numpy()
    eligible = cohort.eligible_days.to_numpy() / DAYS_OF_A_YEAR
    theta, found = scenario.frailty_variance, []
    for time in times:
        grid = np.linspace(0.0, time / DAYS_OF_A_YEAR, PARTS + 1)

        def expected(until: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
            of_second = np.log1p(theta * second[:, None] * until**scenario.second_plan_shape) / theta
            return of_second, care[:, None] * until**scenario.care_shape

        could, did = expected(np.minimum(grid, eligible[:, None])), expected(np.minimum(grid, years[:, None]))
        # Halfway through each part, as the martingale has no say in where its own jumps fall.
        free = np.exp(-(could[0] + could[1]))
        risk = np.cumsum((free[:, 1:] + free[:, :-1]) / 2 * np.diff(could[0], axis=1), axis=1)
        middle = np.column_stack([risk[:, :1] / 2, (risk[:, 1:] + risk[:, :-1]) / 2])
        ahead = (risk[:, -1:] - middle) / ((free[:, 1:] + free[:, :-1]) / 2)
        observed = _observed(years, event, (grid[1:] + grid[:-1]) / 2)
        moved = np.zeros(len(years))
        for code, each, gain in ((SECOND_PLAN, did[0], 1.0), (CARE, did[1], 0.0)):
            came = (years[:, None] <= grid) & (event == code)[:, None]
            moved += ((gain - ahead) / observed * np.diff(came - each, axis=1)).sum(axis=1)
        found.append(np.where(np.isfinite(moved), moved, 0.0))
    return np.column_stack(found)


def mean_by_level(by_row: np.ndarray, weights: np.ndarray, band: pd.Series, times: Any) -> dict[tuple[str, int], float]:
    """By level and time: the mean of the rows' chance (n, m), by weights (n,); 0 where all are 0."""
    found = {}
    for level in band.cat.categories:
        own = np.where((band == level).to_numpy(), weights, 0.0)
        means = own @ by_row / max(own.sum(), np.finfo(float).tiny)
        found.update({(str(level), int(time)): float(mean) for time, mean in zip(times, means, strict=True)})
    return found


def _true_rates(cohort: Any, truth: Any) -> tuple[Any, np.ndarray, np.ndarray]:
    """The scenario, and by row the rates of second plans (frailty not counted) and of care."""
    scenario = truth.scenario
    assert "severity" not in {**scenario.log_hazard_ratios, **scenario.care_log_hazard_ratios}
    known = cohort.keys[["plan_id"]].merge(truth.frame, on="plan_id", how="left")
    second = np.exp(known["log_hazard_ratio_features"] + known["authority_log_hazard"]).to_numpy()
    care = np.exp(known["care_log_hazard_ratio"]).to_numpy()
    return scenario, second * scenario.second_plan_rate, care * scenario.care_rate


def _observed(years: np.ndarray, event: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Share not yet censored by each time of a grid, by Kaplan and Meier."""
    order = np.argsort(years, kind="stable")
    at_risk = np.arange(years.size, 0, -1)
    left = np.append(1.0, np.cumprod(1.0 - (event[order] == 0) / at_risk))
    return np.asarray(left[np.searchsorted(years[order], grid)])
