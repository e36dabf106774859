"""Ratios of a regression model with their intervals, on one scale."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .style import COLOURS, MUTED, axes_or_new, house_style

RATIOS = ("hazard_ratio", "odds_ratio")
TICKS = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20)


def plot_coefficients(
    summary: pd.DataFrame,
    *,
    event: int = 1,
    units: Mapping[str, float] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Forest plot of ``model.summary_``: each ratio on a log axis, with its interval.

    Parameters
    ----------
    summary : DataFrame
        ``summary_`` of a regression model, indexed by feature or by (event, feature). Hazard or odds ratios where it
        has them with intervals, else time ratios.
    event : int
        The event to draw where the model has several; 1 is the second plan.
    units : mapping of str to float, optional
        Draw the ratio for so many units of a feature: ``{"plan_length_days": 91}``.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    rows = _one_event(summary, event).dropna(subset=["coef"])
    name, ratio = _log_ratios(rows)
    units = units or {}
    scale = np.array([units.get(str(feature), 1.0) for feature in rows.index])
    ratios, lower, upper = np.exp(ratio * scale)
    labels = [f"{feature}, per {units[feature]:g}" if feature in units else str(feature) for feature in rows.index]
    places = np.arange(len(rows))[::-1]
    with house_style():
        ax = axes_or_new(ax)
        clear_of_one = (lower > 1) | (upper < 1)
        for mask, colour in ((clear_of_one, COLOURS[0]), (~clear_of_one, MUTED)):
            ax.hlines(places[mask], lower[mask], upper[mask], color=colour, linewidth=1.6)
            ax.plot(ratios[mask], places[mask], "o", color=colour, markersize=4)
        ax.axvline(1, color=MUTED, linewidth=1, linestyle="--")
        ax.set_xscale("log")
        ticks = [tick for tick in TICKS if np.nanmin(lower) / 1.3 <= tick <= np.nanmax(upper) * 1.3]
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.minorticks_off()
        ax.set_yticks(places, labels, fontsize=8)
        ax.set_ylim(-0.7, len(rows) - 0.3)
        ax.set_xlabel(f"{name} (log scale) with its interval; blue: clear of 1")
        ax.set_title(title or f"{name.capitalize()}s")
        ax.grid(axis="y", visible=False)
    return ax


def has_hazard_ratios(summary: pd.DataFrame | None) -> bool:
    """Whether a summary states hazard ratios with intervals."""
    return summary is not None and "hazard_ratio_lower" in summary


def _log_ratios(rows: pd.DataFrame) -> tuple[str, np.ndarray]:
    """The kind of ratio, and log estimates, lower and upper limits, shape (3, n_features)."""
    for kind in RATIOS:
        columns = [kind, f"{kind}_lower", f"{kind}_upper"]
        if all(column in rows for column in columns):
            return kind.replace("_", " "), np.log(rows[columns].to_numpy(float).T)
    kind = "time ratio" if "time_ratio" in rows else "ratio"
    return kind, rows[["coef", "lower", "upper"]].to_numpy(float).T


def _one_event(summary: pd.DataFrame, event: int) -> pd.DataFrame:
    if summary.index.nlevels == 1:
        return summary
    events = summary.index.get_level_values(0).unique()
    if event not in events:
        raise ValueError(f"event must be one of {', '.join(map(str, events))}, got {event!r}")
    return summary.loc[event]
