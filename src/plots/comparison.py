"""Models beside each other: how much better than no features at all, by horizon."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .alt_text import amount, describe, listed
from .legends import heading, legend
from .style import MUTED, axes_or_new, axis_of_days, house_style, line_look, places_of_days, table_of


def plot_comparison(curves: Any, *, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Index of prediction accuracy of each model by day: 0 is no better than telling everyone the average.

    Days stand at equal distances, the models beside each other at each, in the order of the legend.

    Parameters
    ----------
    curves : Comparison or DataFrame
        A comparison, or its ``curves``: ``model``, ``day``, ``ipa`` (1 - Brier / Brier of Aalen-Johansen), with its
        bounds ``ipa_lower`` and ``ipa_upper`` where known.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    curves = table_of(curves, "curves")
    days = np.sort(curves["day"].unique())
    last = curves[curves["day"] == days[-1]].set_index("model")["ipa"]
    has_intervals = {"ipa_lower", "ipa_upper"} <= set(curves.columns) and curves["ipa_lower"].notna().any()
    models = sorted(curves["model"].unique(), key=lambda name: -np.nan_to_num(last.get(name, np.nan), nan=-np.inf))
    with house_style():
        ax = axes_or_new(ax)
        ax.axhline(0, color=MUTED, linewidth=1, linestyle="--", label="average risk")
        for position, model in enumerate(models):
            rows = curves[curves["model"] == model].sort_values("day")
            place = places_of_days(days, rows["day"], position, len(models))
            look = line_look(position)
            ax.plot(place, 100 * rows["ipa"], markersize=5, linewidth=1.4, label=str(model), **look)
            if has_intervals:
                ax.vlines(place, 100 * rows["ipa_lower"], 100 * rows["ipa_upper"], color=look["color"], linewidth=1)
        ax.set(xlabel="days after the plan's end", ylabel="gain over the average risk (IPA, %)")
        axis_of_days(ax, days)
        usual = "Gain over the average risk, out of fold" + (", with 95 % intervals" if has_intervals else "")
        heading(ax, title, usual)
        legend(ax)
        final = curves[curves["day"] == days[-1]].set_index("model")
        bounds = ["ipa", "ipa_lower", "ipa_upper"] if has_intervals else ["ipa"]
        told = (f"{model} {amount(*(100 * final.loc[model, bounds]))}" for model in models if model in final.index)
        describe(ax, f"{usual}: by day {days[-1]:,g} {listed(told)}; 0 is no better than the average risk.")
    return ax
