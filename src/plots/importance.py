"""Permutation importance with its intervals, one feature below the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from .alt_text import amount, describe, listed
from .legends import heading
from .style import COLOURS, MUTED, axes_or_new, house_style

if TYPE_CHECKING:
    from ..evaluation.feature_importance import FeatureImportance

WORDS = {"brier": "Brier score", "integrated_brier": "integrated Brier score", "ipa": "IPA", "auc": "AUC"}


def plot_importance(
    importance: FeatureImportance, time: float | None = None, *, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """How much worse the metric is without each feature, by one of the times, with intervals.

    Parameters
    ----------
    importance : FeatureImportance
        Of :func:`secondplan.permutation_importance`.
    time : float, optional
        One of the days; the last if not given.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        There is no such day.
    """
    day = float(importance.table["time"].max()) if time is None else float(time)
    rows = importance.table[importance.table["time"] == day].sort_values("importance", ascending=False, kind="stable")
    if not len(rows):
        raise ValueError(f"importance was not measured by day {day:g}")
    places = np.arange(len(rows))[::-1]
    clear = (rows["p_adjusted"] < 1 - importance.level).to_numpy()
    with house_style():
        ax = axes_or_new(ax, max(2.6, 1.3 + 0.26 * len(rows)))
        ax.axvline(0, color=MUTED, linewidth=1, linestyle="--")
        for own, colour, fill in ((clear, COLOURS[0], COLOURS[0]), (~clear, MUTED, "white")):
            if own.any():
                ax.hlines(places[own], rows["lower"][own], rows["upper"][own], color=colour, linewidth=1.6)
                look: dict[str, Any] = {"color": colour, "markerfacecolor": fill, "markersize": 5}
                ax.plot(rows["importance"][own], places[own], "o", **look)
        ax.set_yticks(places, rows["feature"], fontsize=8)
        ax.set_ylim(-0.7, len(rows) - 0.3)
        metric = WORDS.get(importance.metric, importance.metric.replace("_", " "))
        ax.set_xlabel(f"how much worse the {metric} by day {day:g} is without it; filled: clear of 0")
        heading(ax, title, "Which features does the model need?")
        ax.grid(axis="y", visible=False)
        found = rows[clear][["importance", "lower", "upper"]].to_numpy(float)
        told = listed(f"{feature} {amount(*numbers, unit='', digits=None)}"
                      for feature, numbers in zip(rows["feature"][clear], found, strict=True))  # fmt: skip
        needed = f"{clear.sum()} of {len(rows)} features are clear of chance"
        describe(ax, f"How much worse the {metric} by day {day:,g} is without a feature: {needed}{':' if told else ''}"
                     f" {told}".rstrip() + ".")  # fmt: skip
    return ax
