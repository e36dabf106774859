"""A metric of several models by time, with intervals."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .alt_text import amount, describe, listed
from .importance import WORDS
from .legends import heading, legend
from .style import axes_or_new, axis_of_days, house_style, line_look, places_of_days


def plot_metric(table: pd.DataFrame, *, title: str | None = None, ax: Axes | None = None) -> Axes:
    """One metric by time, a line for each model, with its intervals as bars.

    Parameters
    ----------
    table : DataFrame
        Rows of one metric of ``RiskEvaluation.table``.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    with house_style():
        ax = axes_or_new(ax)
        models = list(dict.fromkeys(table["model"]))
        days = np.sort(table["time"].unique().astype(float))
        for position, model in enumerate(models):
            rows = table[table["model"] == model].sort_values("time")
            place = places_of_days(days, rows["time"], position, len(models))
            below, above = rows["estimate"] - rows["lower"], rows["upper"] - rows["estimate"]
            bars = [below.clip(0), above.clip(0)]
            ax.errorbar(place, rows["estimate"], yerr=bars, markersize=5, label=model, **line_look(position))
        name = str(table["metric"].iloc[0])
        words = WORDS.get(name, name.replace("_", " "))
        ax.set(xlabel="days", ylabel=words)
        axis_of_days(ax, days)
        heading(ax, title, f"{words[:1].upper()}{words[1:]} of each model, with intervals")
        legend(ax)
        final = table[table["time"] == days[-1]]
        numbers = final[["estimate", "lower", "upper"]].to_numpy(float)
        told = listed(f"{model} {amount(*row, unit='', digits=3)}"
                      for model, row in zip(final["model"], numbers, strict=True))  # fmt: skip
        describe(ax, f"{words[:1].upper()}{words[1:]} by day {days[-1]:,g}: {told}.")
    return ax
