"""A metric by group of children, with intervals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .alt_text import amount, describe, listed
from .legends import heading, legend
from .style import COLOURS, MUTED, axes_or_new, house_style, ratio_ticks

SIGNIFICANT = 0.05


def plot_subgroups(
    table: pd.DataFrame, *, name: str, is_ratio: bool = False, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Forest plot: a line for each group that was measured; those that chance cannot explain are coloured.

    Parameters
    ----------
    table : DataFrame
        Rows of one metric and day of ``Subgroups.table``; the first row is everybody.
    name : str
        What the metric is called.
    is_ratio : bool
        On a log axis, with a line at 1.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    rows = table[table["estimate"].notna()]
    place = np.arange(len(rows))[::-1]
    labels = [row.group if row.characteristic == row.group else f"{row.characteristic}: {row.group}"
              for row in rows.itertuples()]  # fmt: skip
    with house_style():
        ax = axes_or_new(ax, max(2.6, 1.3 + 0.24 * len(rows)))
        is_found = rows["p_adjusted"].to_numpy(dtype=float) < SIGNIFICANT
        for own, colour, fill, label in (
            (~is_found, MUTED, "white", "can be explained by chance"),
            (is_found, COLOURS[0], COLOURS[0], "not explained by chance"),
        ):
            part = rows[own]
            if len(part):
                ax.hlines(place[own], part["lower"], part["upper"], color=colour, linewidth=1.6)
                look: dict[str, Any] = {"color": colour, "markerfacecolor": fill, "markersize": 5, "label": label}
                ax.plot(part["estimate"], place[own], "o", **look)
        if len(rows):
            ax.axvline(1.0 if is_ratio else rows["estimate"].iloc[0], color=MUTED, linewidth=1, linestyle="--")
        if is_ratio and len(rows):
            ax.set_xscale("log")
            ratio_ticks(ax.xaxis, float(rows["lower"].min()), float(rows["upper"].max()))
        ax.set_yticks(place, labels, fontsize=8)
        ax.set_ylim(-0.7, len(rows) - 0.3)
        ax.set_xlabel(name)
        heading(ax, title, "Is it the same in every group?")
        if len(rows):
            legend(ax, place="below", ncols=2)
        numbers = rows[["estimate", "lower", "upper"]].to_numpy(float)
        told = [f"{label} {amount(*row, unit='', digits=2)}" for label, row in zip(labels, numbers, strict=True)]
        beyond = [words for words, own in zip(told, is_found, strict=True) if own]
        describe(
            ax,
            f"{name[:1].upper()}{name[1:]}: {told[0] if told else 'no group could be measured'}.",
            f"{len(beyond)} of {len(rows)} lines are beyond chance{': ' if beyond else ''}{listed(beyond)}.",
        )
    return ax
