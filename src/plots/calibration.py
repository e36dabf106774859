"""Calibration: do as many children return as the model said?"""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .alt_text import describe, span
from .legends import heading, legend
from .style import COLOURS, MUTED, axes_or_new, house_style


def plot_calibration(
    calibration: pd.DataFrame, *, day: float | None = None, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Observed against predicted risk of a second plan, by tenth of predicted risk.

    Parameters
    ----------
    calibration : DataFrame
        Columns ``predicted``, ``observed``, ``lower``, ``upper`` (proportions) and ``n``, one row per bin; ``day``
        where it holds several horizons, as ``Comparison.calibration`` does for one model.
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
        below, above = observed - 100 * points["lower"], 100 * points["upper"] - observed
        limit = 1.08 * np.nanmax([predicted.max(), (observed + above).max(), 1e-9])
        ax.plot([0, limit], [0, limit], color=MUTED, linewidth=1, linestyle="--", label="perfect agreement")
        ax.errorbar(
            predicted,
            observed,
            yerr=np.clip([below, above], 0, None),
            fmt="o",
            color=COLOURS[0],
            ecolor=COLOURS[0],
            elinewidth=1,
            capsize=2,
            label="tenths by predicted risk, 95 % interval",
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
        held = int(((points["lower"] <= points["predicted"]) & (points["predicted"] <= points["upper"])).sum())
        describe(
            ax,
            f"Observed against predicted risk of a second plan{by}: in {held} of {len(points)} groups by predicted risk"
            " the interval of the observed risk holds the predicted one.",
            f"Predicted {span(predicted, ' %')}, observed {span(observed, ' %')}.",
        )
    return ax


def _one_horizon(calibration: pd.DataFrame, day: float | None) -> pd.DataFrame:
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
