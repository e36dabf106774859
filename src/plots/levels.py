"""Risks had everybody had one level of a treatment: one line per level, with its interval."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .alt_text import amount, describe, listed
from .legends import heading, legend
from .style import SPREAD, axes_or_new, axis_of_days, house_style, line_look, places_of_days, table_of

# So few days stand at equal distances, the levels beside each other at each.
MOST_TICKS = 5


def plot_levels(
    table: Any,
    *,
    title: str | None = None,
    ylabel: str = "risk of a second plan (%)",
    xlabel: str = "days",
    ax: Axes | None = None,
) -> Axes:
    """Risks by day, one line per level, with intervals.

    Parameters
    ----------
    table : EffectResult or DataFrame
        level (or strategy), time, estimate, lower, upper (NaN without an interval), as ``EffectResult.table``.
    title, ylabel, xlabel : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    table = table_of(table, "table")
    named = "strategy" if "strategy" in table else "level"
    with house_style():
        ax = axes_or_new(ax)
        groups = table.groupby(named, sort=False)
        days = np.sort(table["time"].unique().astype(float))
        for position, (level, rows) in enumerate(groups):
            day = rows["time"].to_numpy(float)
            if days.size <= MOST_TICKS:
                day = places_of_days(days, day, position, len(groups))
            else:  # beside each other too, between one day and the next
                day = day + SPREAD * np.diff(days).min() * ((position + 0.5) / len(groups) - 0.5)
            risk, lower, upper = (100 * rows[name].to_numpy(float) for name in ("estimate", "lower", "upper"))
            ax.errorbar(
                day, risk, yerr=[risk - lower, upper - risk], capsize=3, label=str(level), **line_look(position)
            )
        ax.set(xlabel=xlabel, ylabel=ylabel, ylim=(0, None))
        if days.size <= MOST_TICKS:
            axis_of_days(ax, days)
        heading(ax, title, "What would the risk be, had everybody had one level?")
        legend(ax, title=named)
        final = table[table["time"] == days[-1]]
        numbers = 100 * final[["estimate", "lower", "upper"]].to_numpy(float)
        told = listed(f"{level} {amount(*row)}" for level, row in zip(final[named], numbers, strict=True))
        describe(ax, f"{ylabel.removesuffix(' (%)').capitalize()} by day {days[-1]:,g}: {told}.")
    return ax
