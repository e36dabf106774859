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
    with house_style():
        ax = axes_or_new(ax)
        ax.hist(
            percent,
            bins=min(40, max(8, int(np.sqrt(percent.size)))),
            color=COLOURS[4],
            edgecolor="white",
            linewidth=0.5,
        )
        top = ax.get_ylim()[1]
        for share, name in ((0.5, "median"), (0.9, "highest tenth")):
            place = np.quantile(percent, share)
            ax.axvline(place, color=INK, linewidth=1, linestyle=":")
            ax.text(place, 0.97 * top, f" {name}: {place:.1f} %", va="top", fontsize=8, color=INK)
        ax.set(xlabel=f"predicted risk of a second plan within {day:g} days (%)", ylabel="children", xlim=(0, None))
        ax.set_title(f"Predicted risk, {percent.size:,} children")
    return ax
