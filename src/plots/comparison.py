"""Models beside each other: how much better than no features at all, by horizon."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .style import MUTED, axes_or_new, house_style, line_look

# Part of the distance between two days over which the marks of the models are spread.
SPREAD = 0.6


def plot_comparison(curves: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Index of prediction accuracy of each model by day: 0 is no better than telling everyone the average.

    Days stand at equal distances, the models beside each other at each, in the order of the legend.

    Parameters
    ----------
    curves : DataFrame
        ``Comparison.curves``: ``model``, ``day``, ``ipa`` (1 - Brier / Brier of Aalen-Johansen), with its bounds
        ``ipa_lower`` and ``ipa_upper`` where known.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    days = np.sort(curves["day"].unique())
    last = curves[curves["day"] == days[-1]].set_index("model")["ipa"]
    has_intervals = {"ipa_lower", "ipa_upper"} <= set(curves.columns) and curves["ipa_lower"].notna().any()
    models = sorted(curves["model"].unique(), key=lambda name: -np.nan_to_num(last.get(name, np.nan), nan=-np.inf))
    with house_style():
        ax = axes_or_new(ax)
        ax.axhline(0, color=MUTED, linewidth=1, linestyle="--", label="average risk")
        for position, model in enumerate(models):
            rows = curves[curves["model"] == model].sort_values("day")
            aside = SPREAD * ((position + 0.5) / len(models) - 0.5)
            place = np.searchsorted(days, rows["day"]) + aside
            look = line_look(position)
            ax.plot(place, 100 * rows["ipa"], markersize=5, linewidth=1.4, label=str(model), **look)
            if has_intervals:
                ax.vlines(place, 100 * rows["ipa_lower"], 100 * rows["ipa_upper"], color=look["color"], linewidth=1)
        ax.set(xlabel="days after the plan's end", ylabel="gain over the average risk (IPA, %)")
        ax.set_xticks(range(days.size), [f"{day:g}" for day in days])
        ax.set_xlim(-0.5, days.size - 0.5)
        ax.grid(axis="x", visible=False)
        ax.set_title("Gain over the average risk, out of fold" + (", with 95 % intervals" if has_intervals else ""))
        ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0), handlelength=3.5)
    return ax
