"""Differences of risks by the method that estimated them."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from .alt_text import amount, describe, listed
from .legends import heading, legend
from .style import COLOURS, INK, MARKERS, axes_or_new, house_style, table_of


def plot_effect_methods(
    differences: Any, *, time: float | None = None, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """A row per level, a mark with its interval per method.

    Parameters
    ----------
    differences : EffectStudy or DataFrame
        ``method``, ``level``, ``reference``, ``time``, ``estimate``, ``lower``, ``upper``, as an effect study has them.
    time : float, optional
        Day; by default the last.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> import pandas as pd
    >>> row = {"method": "weighted", "level": "short", "reference": "long", "time": 365}
    >>> axes = plot_effect_methods(pd.DataFrame([row | {"estimate": 0.02, "lower": 0.01, "upper": 0.03}]))
    >>> axes.alt_text
    'Risk within 365 days less that of “long”, in percentage points: short: weighted 2.0 (1.0 to 3.0).'
    """
    differences = table_of(differences, "differences")
    day = differences["time"].max() if time is None else float(time)
    rows = differences[differences["time"] == day]
    levels, methods = list(dict.fromkeys(rows["level"])), list(dict.fromkeys(rows["method"]))
    with house_style():
        ax = axes_or_new(ax, height=1.2 + 0.75 * len(levels))
        for k, method in enumerate(methods):
            own = rows[rows["method"] == method].set_index("level").reindex(levels)
            place = np.arange(len(levels)) + 0.7 * (k / max(len(methods) - 1, 1) - 0.5)
            value = 100 * own["estimate"].to_numpy()
            ends = np.abs(100 * own[["lower", "upper"]].to_numpy().T - value)
            colour, mark = COLOURS[k % len(COLOURS)], MARKERS[k % len(MARKERS)]
            ax.errorbar(value, place, xerr=ends, fmt=mark, color=colour, markersize=5, elinewidth=1.2, label=method)
        ax.axvline(0.0, color=INK, linewidth=1)
        ax.set_yticks(np.arange(len(levels)), levels)
        ax.invert_yaxis()
        reference = rows["reference"].iloc[0]
        ax.set_xlabel(f"risk within {day:g} days less that of “{reference}”\n(percentage points, 95 % intervals)")
        legend(ax)
        heading(ax, title, "Does the level change the risk? One answer per method")
        numbers = rows.set_index(["level", "method"])[["estimate", "lower", "upper"]]
        told = []
        for level in levels:
            own = numbers.loc[[level]]
            each = (f"{method} {amount(*(100 * found), unit='')}" for (_, method), found in own.iterrows())
            told.append(f"{level}: {', '.join(each)}")
        describe(ax, f"Risk within {day:g} days less that of “{reference}”, in percentage points: {listed(told)}.")
    return ax
