"""How alike levels are after weighting, and whether they overlap."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .style import COLOURS, MARKERS, MUTED, axes_or_new, house_style, line_look

# Differences in standard deviations under which a column counts as balanced, by convention.
BALANCED = 0.1


def plot_balance(balance: pd.DataFrame, *, most: int = 20, ax: Axes | None = None) -> Axes:
    """Standardised differences before and after weighting, one line per column; the largest of all levels.

    Parameters
    ----------
    balance : DataFrame
        column, level, before, after, as ``LengthWeights.balance``.
    most : int
        Columns shown, those that differed most first.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    largest = balance.assign(before=balance["before"].abs(), after=balance["after"].abs())
    largest = largest.groupby("column", sort=False)[["before", "after"]].max().sort_values("before").tail(most)
    place = np.arange(len(largest))
    with house_style():
        ax = axes_or_new(ax, 1.2 + 0.28 * len(largest))
        for position, name in enumerate(("before", "after")):
            ax.plot(largest[name], place, MARKERS[position], color=COLOURS[position], label=f"{name} weighting")
        ax.axvline(BALANCED, color=MUTED, linewidth=1, linestyle=":")
        ax.set_yticks(place, [str(name) for name in largest.index])
        ax.set(xlabel="largest difference between levels (standard deviations)", xlim=(0, None))
        ax.set_title("Balance of the features")
        ax.legend(loc="lower right", fontsize=8)
    return ax


def plot_overlap(
    probability: np.ndarray, level_of_row: np.ndarray, levels: list[str], *, ax: Axes | None = None
) -> Axes:
    """How likely the level that children had was, and how likely it was for children who had others.

    Parameters
    ----------
    probability : ndarray, shape (n, K)
        Of each level.
    level_of_row : ndarray of int, shape (n,)
    levels : list of str
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    grid = np.linspace(0.0, 1.0, 41)
    middle = (grid[1:] + grid[:-1]) / 2
    with house_style():
        ax = axes_or_new(ax)
        for place, level in enumerate(levels):
            look = {key: value for key, value in line_look(place).items() if key == "color"}
            for own, dashes, who in ((True, "-", "had it"), (False, ":", "had another")):
                values = probability[(level_of_row == place) == own, place]
                height = np.histogram(values, bins=grid)[0] / max(values.size, 1)
                ax.plot(middle, 100 * height, linestyle=dashes, label=f"{level}: {who}", **look)
        ax.set(
            xlabel="probability of the level, given the features", ylabel="children (%)", xlim=(0, 1), ylim=(0, None)
        )
        ax.set_title("Overlap of the levels")
        ax.legend(loc="upper right", fontsize=8)
    return ax
