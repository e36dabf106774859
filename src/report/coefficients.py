"""Hazard ratios with their intervals, on one scale."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .style import COLOURS, MUTED, axes_or_new, house_style


def plot_coefficients(
    summary: pd.DataFrame, *, cause: int | None = None, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Forest plot of ``model.summary_``: the ratio of each coefficient on a log axis, with its interval.

    Parameters
    ----------
    summary : DataFrame
        ``summary_`` of a regression model: index of features (for several causes, a first level with the cause),
        columns ``coef``, ``lower``, ``upper`` on the log scale.
    cause : int, optional
        The event to draw where the model has several; 1, the second plan, by default.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    rows = _one_cause(summary, cause).dropna(subset=["coef"])
    labels = [str(label) for label in rows.index]
    ratios, lower, upper = (np.exp(rows[name].to_numpy(float)) for name in ("coef", "lower", "upper"))
    places = np.arange(len(rows))[::-1]
    with house_style():
        ax = axes_or_new(ax)
        clear_of_one = (lower > 1) | (upper < 1)
        for mask, colour in ((clear_of_one, COLOURS[0]), (~clear_of_one, MUTED)):
            ax.hlines(places[mask], lower[mask], upper[mask], color=colour, linewidth=1.6)
            ax.plot(ratios[mask], places[mask], "o", color=colour, markersize=4)
        ax.axvline(1, color=MUTED, linewidth=1, linestyle="--")
        ax.set_xscale("log")
        ticks = [
            tick
            for tick in (0.1, 0.2, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10)
            if 0.8 * lower.min() <= tick <= 1.25 * upper.max()
        ]
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.minorticks_off()
        ax.set_yticks(places, labels, fontsize=8)
        ax.set_ylim(-0.7, len(rows) - 0.3)
        ax.set_xlabel("hazard ratio (log scale), 95 % interval; blue: interval clear of 1")
        ax.set_title(title or "What goes with more or fewer second plans")
        ax.grid(axis="y", visible=False)
    return ax


def _one_cause(summary: pd.DataFrame, cause: int | None) -> pd.DataFrame:
    if summary.index.nlevels == 1:
        return summary
    cause = 1 if cause is None else cause
    causes = summary.index.get_level_values(0).unique()
    if cause not in causes:
        raise ValueError(f"no cause {cause} in the summary; there is {', '.join(map(str, causes))}")
    return summary.loc[cause]
