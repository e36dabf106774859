"""Risks had everybody had one level of a treatment: one line per level, with its interval."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from .style import axes_or_new, house_style, line_look

# So few days are marked themselves: between them nothing is drawn.
MOST_TICKS = 5


def plot_levels(
    table: pd.DataFrame,
    *,
    title: str | None = None,
    ylabel: str = "risk of a second plan (%)",
    xlabel: str = "days",
    ax: Axes | None = None,
) -> Axes:
    """Risks by day, one line per level, with intervals.

    Parameters
    ----------
    table : DataFrame
        level, time, estimate, lower, upper (NaN without an interval), as ``EffectResult.table``.
    title, ylabel, xlabel : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    with house_style():
        ax = axes_or_new(ax)
        groups = table.groupby("level", sort=False)
        reach = float(table["time"].max()) or 1.0
        for position, (level, rows) in enumerate(groups):
            # Side by side, so that intervals of one day do not cover each other.
            day = rows["time"].to_numpy(float) + 0.006 * reach * (position - (len(groups) - 1) / 2)
            risk, lower, upper = (100 * rows[name].to_numpy(float) for name in ("estimate", "lower", "upper"))
            ax.errorbar(
                day, risk, yerr=[risk - lower, upper - risk], capsize=3, label=str(level), **line_look(position)
            )
        ax.set(xlabel=xlabel, ylabel=ylabel, ylim=(0, None))
        days = sorted(table["time"].unique())
        if len(days) <= MOST_TICKS:
            ax.set_xticks(days)
        ax.set_title(title or "Risk by level")
        ax.legend(loc="upper left", fontsize=8)
    return ax
