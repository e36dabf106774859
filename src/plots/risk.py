"""How predicted risks are spread over the children."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from .style import COLOURS, INK, axes_or_new, house_style


def plot_risk_distribution(risk: np.ndarray, *, day: float = 730, ax: Axes | None = None) -> Axes:
    """Histogram of predicted risks of a second plan, with the median and the highest tenth marked.

    Parameters
    ----------
    risk : array, shape (n_rows,)
        Predicted risks, as proportions.
    day : float
        The horizon in days, for the labels.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    percent = 100 * np.asarray(risk, dtype=float)
    percent = percent[np.isfinite(percent)]
    if percent.size == 0:
        raise ValueError("no risks to draw")
    shown_to = max(float(np.quantile(percent, 0.999)), 1e-9) * 1.05
    beyond = int((percent > shown_to).sum())
    with house_style():
        ax = axes_or_new(ax)
        bins = min(40, max(8, int(np.sqrt(percent.size))))
        ax.hist(percent, bins=bins, range=(0, shown_to), color=COLOURS[4], edgecolor="white", linewidth=0.5)
        top = ax.get_ylim()[1]
        for share, name, height in ((0.5, "median", 0.98), (0.9, "highest tenth", 0.91)):
            place = np.quantile(percent, share)
            ax.axvline(place, color=INK, linewidth=1, linestyle=":")
            ax.text(place, height * top, f" {name}: {place:.1f} %", va="top", fontsize=8, color=INK)
        further = f"; {percent.max():.0f} % at most" if beyond else ""
        ax.set(xlabel=f"predicted risk of a second plan within {day:g} days (%{further})", ylabel="children")
        ax.set_xlim(0, shown_to)
        ax.set_title(f"Predicted risk, {percent.size:,} children")
    return ax
