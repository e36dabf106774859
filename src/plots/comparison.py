"""Models beside each other: how much better than no features at all, by horizon."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from .style import MUTED, axes_or_new, house_style


def plot_comparison(curves: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Index of prediction accuracy of each model by day: 0 is no better than telling everyone the average.

    Parameters
    ----------
    curves : DataFrame
        ``Comparison.curves``: ``model``, ``day``, ``ipa`` (1 - Brier / Brier of Aalen-Johansen).
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    with house_style():
        ax = axes_or_new(ax)
        ax.axhline(0, color=MUTED, linewidth=1, linestyle="--")
        for marker, (model, rows) in zip("osD^vPX*hd" * 10, curves.groupby("model", sort=False), strict=False):
            ordered = rows.sort_values("day")
            ax.plot(ordered["day"], 100 * ordered["ipa"], marker=marker, markersize=4, label=model)
        ax.set(xlabel="days after the plan's end", ylabel="index of prediction accuracy (%)")
        ax.set_xticks(sorted(curves["day"].unique()))
        ax.set_title("Gain over the average risk, out of fold")
        ax.legend(fontsize=8)
    return ax
