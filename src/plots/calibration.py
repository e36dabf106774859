"""Calibration: do as many children return as the model said?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .alt_text import describe, span
from .legends import heading, legend
from .style import COLOURS, MUTED, axes_or_new, house_style

if TYPE_CHECKING:
    from ..models.metrics import CalibrationCurve


def plot_calibration(
    calibration: pd.DataFrame | CalibrationCurve,
    *,
    day: float | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Observed against predicted risk of a second plan, by tenth of predicted risk.

    Parameters
    ----------
    calibration : CalibrationCurve or DataFrame
        What :func:`~secondplan.calibration_curve` gave, or columns ``predicted``, ``observed``, ``lower``, ``upper``
        (proportions), one row per bin; ``day`` where it holds several horizons, as ``Comparison.calibration`` does for
        one model. Without ``lower`` and ``upper``, as :func:`~secondplan.smooth_calibration_curve` gives it, a line.
    day : float, optional
        The horizon to draw; needed where there are several.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    points = _one_horizon(calibration, day)
    with house_style():
        ax = axes_or_new(ax)
        predicted, observed = 100 * points["predicted"], 100 * points["observed"]
        has_interval = {"lower", "upper"} <= set(points)
        lower, upper = (100 * points[name] if has_interval else observed for name in ("lower", "upper"))
        limit = 1.08 * np.nanmax([predicted.max(), upper.max(), 1e-9])
        ax.plot([0, limit], [0, limit], color=MUTED, linewidth=1, linestyle="--", label="perfect agreement")
        ax.errorbar(
            predicted,
            observed,
            yerr=np.clip([observed - lower, upper - observed], 0, None) if has_interval else None,
            fmt="o" if has_interval else "-",
            color=COLOURS[0],
            ecolor=COLOURS[0],
            elinewidth=1,
            capsize=2,
            label="groups by predicted risk, 95 % interval" if has_interval else "smoothed",
        )
        ax.set(
            xlim=(0, limit),
            ylim=(0, limit),
            xlabel="predicted risk of a second plan (%)",
            ylabel="observed (Aalen-Johansen, %)",
        )
        ax.set_aspect("equal", adjustable="box")
        by = "" if day is None else f" by day {day:,g}"
        heading(ax, title, f"Do as many children return{by} as predicted?")
        legend(ax, place="below")
        held = int(((lower <= predicted) & (predicted <= upper)).sum())
        finding = f": in {held} of {len(points)} groups the interval of the observed risk holds the predicted one"
        describe(
            ax,
            f"Observed against predicted risk of a second plan{by}{finding if has_interval else ', smoothed'}.",
            f"Predicted {span(predicted, ' %')}, observed {span(observed, ' %')}.",
        )
    return ax


def _one_horizon(calibration: pd.DataFrame | CalibrationCurve, day: float | None) -> pd.DataFrame:
    if not isinstance(calibration, pd.DataFrame):
        return calibration.to_frame()
    if "model" in calibration and calibration["model"].nunique() > 1:
        raise ValueError("calibration holds several models; choose the rows of one")
    if "day" not in calibration:
        return calibration
    if day is None:
        if calibration["day"].nunique() > 1:
            raise ValueError("calibration holds several horizons; choose one with day=")
        return calibration
    points = calibration[calibration["day"] == day]
    if points.empty:
        raise ValueError(
            f"no calibration at {day:g} days; there is {', '.join(f'{d:g}' for d in calibration['day'].unique())}"
        )
    return points
