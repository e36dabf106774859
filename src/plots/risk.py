"""Predicted risks: of a few rows day by day, and how they are spread over the children."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from ..small_counts import SMALLEST_SHOWN, is_small
from .alt_text import amount, describe, listed
from .legends import heading, legend
from .style import COLOURS, INK, axes_or_new, house_style, line_look


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
    told: list[str] = []
    with house_style():
        ax = axes_or_new(ax)
        for position, (row, curve) in enumerate(curves.groupby("row", sort=False)):
            look = line_look(position, mark=False)
            day, risk, lower, upper = (curve[name].to_numpy(float) for name in ("day", "risk", "lower", "upper"))
            ax.plot(day, 100 * risk, linewidth=1.6, label=str(row), **look)
            ax.fill_between(day, 100 * lower, 100 * upper, color=look["color"], alpha=0.13, linewidth=0)
            known = np.flatnonzero(np.isfinite(risk))
            if known.size:
                ending = (100 * values[known[-1]] for values in (risk, lower, upper))
                told.append(f"{row} {amount(*ending)} by day {day[known[-1]]:,.0f}".strip())
        ax.set(xlim=(0, curves["day"].max()), ylim=(0, None))
        ax.set(xlabel="days after the plan's end", ylabel=f"cumulative incidence of event {event} (%)")
        has_band = bool(curves["lower"].notna().any())
        usual = f"Predicted risk {'with its interval' if has_band else '(no interval)'}"
        heading(ax, title, usual)
        if curves["row"].nunique() > 1:
            legend(ax)
        describe(ax, f"{usual}, cumulative incidence of event {event}: {listed(told) or 'not known'}.")
    return ax


def plot_risk_distribution(
    risk: np.ndarray, *, day: float = 730, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Histogram of predicted risks of a second plan, with the median and the highest tenth marked.

    Bars of 1 to 5 children are withheld.

    Parameters
    ----------
    risk : array, shape (n_rows,)
        Predicted risks, as proportions.
    day : float
        The horizon in days, for the labels.
    title : str, optional
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
    bins = min(40, max(8, int(np.sqrt(percent.size))))
    count, edges = np.histogram(percent, bins=bins, range=(0, shown_to))
    hidden = is_small(count)
    median, high = np.quantile(percent, [0.5, 0.9])
    with house_style():
        ax = axes_or_new(ax)
        drawn = np.where(hidden, 0, count)
        ax.bar(
            edges[:-1], drawn, width=np.diff(edges), align="edge", color=COLOURS[0], edgecolor="white", linewidth=0.5
        )
        for place, dashes, name in ((median, ":", "median"), (high, "--", "highest tenth, from")):
            ax.axvline(place, color=INK, linewidth=1.2, linestyle=dashes, label=f"{name} {place:.1f} %")
        without = f"; bars of fewer than {SMALLEST_SHOWN} left out" if hidden.any() else ""
        ax.set(xlabel=f"predicted risk of a second plan within {day:g} days (%)", ylabel=f"children{without}")
        ax.set_xlim(0, edges[1:][drawn > 0].max(initial=edges[1]))
        heading(ax, title, f"How are the risks of {percent.size:,} children spread?")
        legend(ax, place="below", ncols=2)
        describe(
            ax,
            f"Predicted risk of a second plan within {day:g} days of {percent.size:,} children: half have less than "
            f"{median:.1f} %, one in ten has {high:.1f} % or more.",
        )
    return ax
