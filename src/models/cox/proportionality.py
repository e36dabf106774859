"""The test of proportional hazards, and the coefficients over time that it is a test of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import chdtrc, ndtri

from ...parameter_checks import require_choice
from ...round_days import shown_days
from ..estimator.design import TrainingRows
from ..features.natural_spline import place_knots, spline_basis
from .diagnostics import FittedCox, residual_table

TRANSFORMS = ("km", "rank", "identity", "log")
SPLINE_DF = 4
N_POINTS = 60
MOST_PANELS = 12


@dataclass(frozen=True)
class CoefficientOverTime:
    """Scaled Schoenfeld residuals of one feature, whose smooth line is its coefficient over time.

    Attributes
    ----------
    feature : str
    event : int
    coef : float
        The coefficient that the model takes to be the same at all times.
    place, residual : ndarray, shape (n_events,)
        Each event on the time scale of the test, and its residual (mean: the coefficient).
    grid, estimate, lower, upper : ndarray, shape (n_points,)
        The line, a natural cubic spline of the residuals, and its pointwise 95 % interval; NaN where there are too few
        days of events.
    ticks : dict of float to str
        Places on the time scale, and the days that they are.
    """

    feature: str
    event: int
    coef: float
    place: np.ndarray
    residual: np.ndarray
    grid: np.ndarray
    estimate: np.ndarray
    lower: np.ndarray
    upper: np.ndarray
    ticks: dict[float, str]


class ProportionalityTest(pd.DataFrame):
    """The table of the test: one row per term, and ``GLOBAL``: chisq, df, p; ``plot()`` draws what was tested.

    A frame made from it (a slice, a copy) is a plain DataFrame. What ``plot`` draws comes from rows of training, and is
    worked out when it is called.
    """

    _over_time: Callable[[], list[CoefficientOverTime]]

    @classmethod
    def of(cls, table: pd.DataFrame, over_time: Callable[[], list[CoefficientOverTime]]) -> ProportionalityTest:
        """The table with what it can draw."""
        made = cls(table)
        object.__setattr__(made, "_over_time", over_time)
        return made

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame

    def plot(self, features: Sequence[str] | None = None, *, event: int | None = None) -> Any:  # type: ignore[override]
        """Scaled Schoenfeld residuals against time with a smooth line and its band, a panel for each feature.

        A level line at the coefficient (dashed) is what proportional hazards look like.

        Parameters
        ----------
        features : list of str, optional
            By default the first 12 (of each event).
        event : int, optional
            By default all events of the model.

        Returns
        -------
        ndarray of Axes, shape (n_panels,)

        Raises
        ------
        ValueError
            None of these features or events is in the test.
        """
        from ...plots import plot_coefficients_over_time

        found = [curve for curve in self._over_time() if event is None or curve.event == event]
        wanted = [curve for curve in found if features is None or curve.feature in features]
        if not wanted:
            known = ", ".join(dict.fromkeys(str(curve.feature) for curve in self._over_time()))
            raise ValueError(f"no such feature or event in the test; its features are: {known}")
        return plot_coefficients_over_time(wanted if features is not None else wanted[:MOST_PANELS])


def joined_tests(tests: Mapping[int, ProportionalityTest]) -> ProportionalityTest:
    """The tests of several events as one, indexed by (event, term)."""
    tables = {event: pd.DataFrame(test) for event, test in tests.items()}

    def over_time() -> list[CoefficientOverTime]:
        return [curve for test in tests.values() for curve in test._over_time()]

    return ProportionalityTest.of(pd.concat(tables, names=["event"]), over_time)


def proportionality_table(
    rows: TrainingRows, fitted: FittedCox, transform: str, groups: dict[str, list[int]]
) -> ProportionalityTest:
    """Test of proportional hazards as :meth:`.model.CoxPH.test_proportional_hazards` describes it.

    ``groups`` holds the positions of the columns that are tested together, by the name of the term.
    """
    from .kernels.proportional_hazards import proportional_hazards_test, time_transform

    require_choice("transform", transform, TRANSFORMS)
    is_event = rows.outcome.event == fitted.event
    # A row of weight 0 counts for nothing, the time scale included.
    counted = np.ones(is_event.size, dtype=bool) if rows.weight is None else rows.weight > 0
    scale = np.zeros(is_event.size)
    scale[counted] = time_transform(
        rows.outcome.entry[counted], rows.outcome.duration[counted], is_event[counted], transform
    )
    used = np.diag(fitted.naive_covariance) > 0
    groups = {name: [c for c in columns if used[c]] for name, columns in groups.items()}
    groups = {name: columns for name, columns in groups.items() if columns}
    statistics = proportional_hazards_test(
        rows.design.matrix,
        rows.outcome.entry,
        rows.outcome.duration,
        is_event,
        scale,
        list(groups.values()),
        coef=fitted.coef,
        weight=rows.weight,
        stratum=rows.design.strata,
        offset=rows.design.offset,
        ties=fitted.ties,
    )
    df = np.array([*(len(columns) for columns in groups.values()), int(used.sum())])
    index = pd.Index([*groups, "GLOBAL"], name="term")
    p_values = np.where(df > 0, chdtrc(np.maximum(df, 1), statistics), 1.0)
    result = pd.DataFrame({"chisq": statistics, "df": df, "p": p_values}, index=index)
    return ProportionalityTest.of(result, partial(coefficients_over_time, rows, fitted, scale))


def coefficients_over_time(rows: TrainingRows, fitted: FittedCox, scale: np.ndarray) -> list[CoefficientOverTime]:
    """The coefficient of each estimated feature over time, from residuals of the rows (n,) and their times on a scale.

    The spline and its band are those of R's ``plot.cox.zph``.
    """
    residuals = pd.DataFrame(residual_table(rows, fitted, "scaledsch"))
    is_event = rows.outcome.event == fitted.event
    days, first = np.unique(rows.outcome.duration[is_event], return_index=True)
    place_of_day = scale[is_event][first]
    place = place_of_day[np.searchsorted(days, residuals.index.to_numpy())]
    grid, spread, smooth = _smoother(place)
    variance = np.diag(fitted.naive_covariance) * len(place)
    shown = [day for day in shown_days(float(days[-1])) if days[0] <= day <= days[-1]] or days[[0, -1]].tolist()
    ticks = {float(np.interp(day, days, place_of_day)): f"{day:g}" for day in shown}
    curves = []
    for column, name in enumerate(fitted.names):
        if not variance[column] > 0:
            continue
        values = residuals.iloc[:, column].to_numpy()
        estimate, half = smooth @ values, ndtri(0.975) * np.sqrt(variance[column] * spread)
        bounds = (estimate, estimate - half, estimate + half)
        curves.append(
            CoefficientOverTime(str(name), fitted.event, fitted.coef[column], place, values, grid, *bounds, ticks)
        )
    return curves


def _smoother(place: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A grid (m,), the variance of the line at each of its points for residuals of variance 1, and the line's weights.

    The spline has fewer degrees of freedom where the events fall on few days; NaN where they fall on one.
    """
    grid = np.linspace(place.min(), place.max(), N_POINTS)
    for df in range(SPLINE_DF, 0, -1):
        try:
            spline = place_knots(np.unique(place), df)
        except ValueError:
            continue
        basis, at = (np.column_stack([np.ones(x.size), spline_basis(x, spline)]) for x in (place, grid))
        weights = at @ np.linalg.pinv(basis)
        return grid, (weights**2).sum(axis=1), weights
    nothing = np.full(N_POINTS, np.nan)
    return grid, nothing, np.full((N_POINTS, place.size), np.nan)
