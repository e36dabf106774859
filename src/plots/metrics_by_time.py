"""A metric of several models by time, with intervals."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from .importance import WORDS
from .style import axes_or_new, house_style


def plot_metric(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """One metric by time, a line for each model, with its intervals as bars.

    Parameters
    ----------
    table : DataFrame
        Rows of one metric of ``RiskEvaluation.table``.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    with house_style():
        ax = axes_or_new(ax)
        models = list(dict.fromkeys(table["model"]))
        width = 0.01 * float(table["time"].max() - table["time"].min() or 1.0)
        for place, (marker, model) in enumerate(zip("osD^vPX*hd" * 10, models, strict=False)):
            rows = table[table["model"] == model].sort_values("time")
            # Beside each other, so that bars of one day can be told apart.
            days = rows["time"] + width * (place - (len(models) - 1) / 2)
            below, above = rows["estimate"] - rows["lower"], rows["upper"] - rows["estimate"]
            ax.errorbar(days, rows["estimate"], yerr=[below.clip(0), above.clip(0)], marker=marker, ms=4, label=model)
        name = str(table["metric"].iloc[0])
        ax.set(xlabel="days", ylabel=WORDS.get(name, name.replace("_", " ")))
        ax.set_xticks(sorted(table["time"].unique()))
        ax.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.0))
    return ax
