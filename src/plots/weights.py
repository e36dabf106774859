"""How alike levels are after weighting, and whether they overlap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..small_counts import is_small
from .alt_text import describe, listed, span
from .legends import heading, legend
from .style import COLOURS, INK, MARKERS, MUTED, axes_or_new, house_style, table_of

# Differences in standard deviations under which a column counts as balanced, by convention.
BALANCED = 0.1


def plot_balance(balance: Any, *, most: int = 20, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Standardised differences before and after weighting, one line per column; the largest of all levels.

    Parameters
    ----------
    balance : LengthWeights or DataFrame
        column, level, before, after, as ``LengthWeights.balance``.
    most : int
        Columns shown, those that differed most first.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    balance = table_of(balance, "balance")
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
        heading(ax, title, "Are children of all levels alike after weighting?")
        legend(ax, place="below", ncols=2)
        describe(ax, balance_words(largest, BALANCED))
    return ax


def balance_words(largest: pd.DataFrame, bound: float) -> str:
    """How many columns (the index) differ by more than ``bound`` before and after weighting, and which."""
    over = {name: int((largest[name] > bound).sum()) for name in ("before", "after")}
    left = largest["after"][largest["after"] > bound].sort_values(ascending=False)
    told = listed(f"{name} {value:.2f}" for name, value in left.items())
    words = f"{over['before']} of {len(largest)} features differ by more than {bound:g} standard deviations before"
    return f"{words} weighting, {over['after']} after{': ' if told else ''}{told}."


def plot_overlap(
    probability: np.ndarray,
    level_of_row: np.ndarray,
    levels: list[str],
    *,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """How likely the level that children had was, and how likely it was for children who had others: a row a level.

    Where the two outlines of a row cover different parts of the axis, children who had the level are compared with
    nobody like them. Shares that stand for 1 to 5 children are not drawn.

    Parameters
    ----------
    probability : ndarray, shape (n, K)
        Of each level.
    level_of_row : ndarray of int, shape (n,)
    levels : list of str
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    grid = np.linspace(0.0, 1.0, 41)
    middle = (grid[1:] + grid[:-1]) / 2
    told: list[str] = []
    with house_style():
        ax = axes_or_new(ax, max(2.6, 1.4 + 0.7 * len(levels)))
        for place, level in enumerate(levels):
            outlines = []
            for is_own in (True, False):
                values = probability[(level_of_row == place) == is_own, place]
                count = np.histogram(values, bins=grid)[0]
                outlines.append(np.where(is_small(count), 0, count) / max(values.size, 1))
                if is_own:
                    tells = values.size and not is_small([values.size])[0]
                    told.append(f"{level} {span(np.quantile(values, [0.05, 0.95]) if tells else [], digits=2)}")
            base, scale = len(levels) - 1 - place, 0.85 / max(max(map(np.max, outlines)), 1e-9)
            had, other = (base + scale * outline for outline in outlines)
            ax.fill_between(middle, base, had, color=COLOURS[0], alpha=0.25, linewidth=0)
            names = ("had the level", "had another") if place == 0 else (None, None)
            ax.plot(middle, had, color=COLOURS[0], linewidth=1.4, label=names[0])
            ax.plot(middle, other, color=INK, linewidth=1.4, linestyle="--", label=names[1])
        ax.set_yticks(range(len(levels))[::-1], levels)
        ax.set(xlabel="probability of the level, given the features", xlim=(0, 1), ylim=(-0.05, None))
        ax.set_ylabel("share of children, by level")
        heading(ax, title, "Could children of one level have had another?")
        legend(ax, place="below", ncols=2)
        describe(ax, "Probability of the level that they had, middle 90 % of the children of each level: "
                     f"{listed(told)}.")  # fmt: skip
    return ax
