"""Hazards over time, and their ratio over time, with intervals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .alt_text import amount, describe, listed, span
from .legends import heading, legend
from .style import COLOURS, MUTED, axes_or_new, house_style, line_look

# Hazards a day are small numbers: they are shown for so many children over so many days.
CHILDREN, DAYS = 1000, 30
RATIO_TICKS = (0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20, 50)


def plot_hazard(
    curves: pd.DataFrame,
    *,
    labels: Mapping[object, str] | Sequence[str] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Hazard of an event over time, one line per row, with intervals.

    Parameters
    ----------
    curves : DataFrame
        ``hazard_curves`` or ``baseline_hazard`` of a model: row (if there are several), time, hazard a day, lower,
        upper.
    labels : list of str, or mapping, optional
        What to call the rows, in their order or by their index; by default row 1, row 2, ... (an index may hold
        identifiers of children).
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
        In events per month among 1,000 children still free of all events. The scale is that of the hazards: intervals
        can leave the picture.

    Raises
    ------
    ValueError
        ``labels`` are another number than the rows.
    """
    # Rows may share a name, as where one child is shown twice: a row begins where time does.
    groups = [rows for _, rows in curves.groupby((curves["time"].diff() <= 0).cumsum())]
    unit = CHILDREN * DAYS
    names = [f"row {number}" for number in range(1, len(groups) + 1)] if "row" in curves else [""]
    if isinstance(labels, Mapping):
        rows_named = [rows["row"].iloc[0] if "row" in curves else "" for rows in groups]
        names = [str(labels.get(row, name)) for row, name in zip(rows_named, names, strict=True)]
    elif labels is not None:
        names = [str(label) for label in labels]
    if len(names) != len(groups):
        raise ValueError(f"labels has {len(names)} values, curves {len(groups)} rows")
    told: list[str] = []
    with house_style():
        ax = axes_or_new(ax)
        for position, (name, curve) in enumerate(zip(names, groups, strict=True)):
            look = line_look(position, mark=False)
            ax.plot(curve["time"], unit * curve["hazard"], linewidth=1.6, label=name, **look)
            _band(ax, curve["time"], unit * curve["lower"], unit * curve["upper"], look["color"])
            final = unit * curve[["hazard", "lower", "upper"]].iloc[-1].to_numpy(float)
            ending = amount(*final, unit="", digits=None)
            told.append(f"{name} {span(unit * curve['hazard'], digits=None)}, {ending} on the last day".strip())
        ax.set(xlim=(0, curves["time"].max()), ylim=(0, 1.6 * unit * _high(curves["hazard"])))
        ax.set(xlabel="days after the plan's end", ylabel=f"events per month in {CHILDREN:,} children")
        heading(ax, title, "How does the hazard go with time?")
        if len(groups) > 1:
            legend(ax)
        scale = ax.get_ylabel()
        describe(ax, f"{scale[:1].upper()}{scale[1:]}, to day {curves['time'].max():,g}: {listed(told)}.")
    return ax


def plot_hazard_ratio(ratio: pd.DataFrame, *, title: str | None = None, ax: Axes | None = None) -> Axes:
    """A hazard ratio over time on a log axis, with its interval and a line at 1.

    Parameters
    ----------
    ratio : DataFrame
        ``hazard_ratio`` of a model: time, hazard_ratio, lower, upper.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    with house_style():
        ax = axes_or_new(ax)
        ax.axhline(1, color=MUTED, linewidth=1, linestyle="--")
        ax.plot(ratio["time"], ratio["hazard_ratio"], color=COLOURS[0], linewidth=1.6)
        _band(ax, ratio["time"], ratio["lower"], ratio["upper"], COLOURS[0])
        ax.set_yscale("log")
        low = min(float(np.quantile(ratio["lower"], 0.05)), 0.7)
        high = max(float(np.quantile(ratio["upper"], 0.95)), 1.5)
        low, high = max(low, RATIO_TICKS[0]), min(high, RATIO_TICKS[-1])
        ticks = [tick for tick in RATIO_TICKS if low / 1.2 <= tick <= high * 1.2]
        ax.set_yticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.minorticks_off()
        ax.set(xlim=(0, ratio["time"].max()), ylim=(low / 1.2, high * 1.2))
        ax.set(xlabel="days after the plan's end", ylabel="hazard ratio (log scale) with its interval")
        heading(ax, title, "Does the hazard ratio change with time?")
        ends = ratio.iloc[[0, -1]]
        told = (f"{amount(*row, unit='', digits=2)} on day {time:,.0f}" for time, row in
                zip(ends["time"], ends[["hazard_ratio", "lower", "upper"]].to_numpy(float), strict=True))  # fmt: skip
        describe(ax, f"Hazard ratio over time: {listed(told)}.")
    return ax


def _band(ax: Axes, time: pd.Series, lower: pd.Series, upper: pd.Series, colour: str) -> None:
    ax.fill_between(
        time.to_numpy(float), lower.to_numpy(float), upper.to_numpy(float), color=colour, alpha=0.13, linewidth=0
    )


def _high(hazard: pd.Series) -> float:
    """A top that neither an infinite hazard near day 0 nor a flat 0 spoils."""
    top = float(np.quantile(hazard, 0.98)) if len(hazard) else 0.0
    return top if np.isfinite(top) and top > 0 else 1.0 / (CHILDREN * DAYS)
