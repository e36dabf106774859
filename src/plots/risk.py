"""Predicted risks: of a few rows day by day, and how they are spread over the children."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .style import COLOURS, INK, axes_or_new, house_style


def plot_risk(curves: pd.DataFrame, *, event: int = 1, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Predicted risk of a few rows by day, one line per row, with its band.

    Parameters
    ----------
    curves : DataFrame
        row, day, risk, lower, upper (NaN without a band); what ``model.plot_risk`` draws.
    event : int
        Code of the event, for the labels; 1 is the second plan.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    with house_style():
        ax = axes_or_new(ax)
        for position, (row, curve) in enumerate(curves.groupby("row", sort=False)):
            colour = COLOURS[position % len(COLOURS)]
            day, risk, lower, upper = (curve[name].to_numpy(float) for name in ("day", "risk", "lower", "upper"))
            ax.plot(day, 100 * risk, color=colour, linewidth=1.6, label=str(row))
            ax.fill_between(day, 100 * lower, 100 * upper, color=colour, alpha=0.13, linewidth=0)
        ax.set(xlim=(0, curves["day"].max()), ylim=(0, None))
        ax.set(xlabel="days after the plan's end", ylabel=f"cumulative incidence of event {event} (%)")
        has_band = bool(curves["lower"].notna().any())
        ax.set_title(title or ("Predicted risk with its interval" if has_band else "Predicted risk (no interval)"))
        if curves["row"].nunique() > 1:
            ax.legend(loc="upper left", fontsize=8)
    return ax


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
        ax.hist(percent, bins=bins, range=(0, shown_to), color=COLOURS[5], edgecolor="white", linewidth=0.5)
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
