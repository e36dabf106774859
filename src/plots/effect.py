"""The effect of one column: a curve over a number, or points of levels, with its band and the stated reference."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .alt_text import amount, describe, listed
from .legends import LETTERS, heading, legend, width_of_column
from .style import MUTED, axes_or_new, house_style, line_look, ratio_ticks

if TYPE_CHECKING:
    from ..models.explanation.column_effect import PartialEffect


def plot_effect(effect: PartialEffect, *, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Effect of a column on ratios (log axis, 1 at the reference) or on average risks, a colour for each event.

    Parameters
    ----------
    effect : PartialEffect
        Of ``model.partial_effect(column)``.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    table = effect.table
    is_ratio = effect.reference is not None
    is_number = not any(isinstance(value, str | bool) for value in table["value"])
    lines = list(table.groupby(["event", "time"], sort=False, dropna=False))
    several_events, several_days = table["event"].nunique() > 1, len(effect.times) > 1
    with house_style():
        ax = axes_or_new(ax)
        if is_ratio:
            ax.axhline(1, color=MUTED, linewidth=1, linestyle="--")
        for position, ((event, day), rows) in enumerate(lines):
            words = [f"event {event}"] * (several_events or not several_days) + [f"day {day:g}"] * several_days
            draw = _curve if is_number else _points
            draw(ax, rows, line_look(position), ", ".join(words), position - (len(lines) - 1) / 2)
        if is_ratio:
            ax.set_yscale("log")
            ratio_ticks(ax.yaxis, table["lower"].min(), table["upper"].max())
        elif table["estimate"].min() < 0:
            ax.axhline(0, color=MUTED, linewidth=1, linestyle="--")
        else:
            highest = float(np.nan_to_num(table[["estimate", "upper"]].max().max()))
            ax.set_ylim(0, 1.1 * highest if highest > 0 else 1.0)
        at = f" {'on' if is_ratio else 'by'} day {effect.times[0]:g}" if len(effect.times) == 1 else ""
        against = f", against {_shown(effect.reference)}" if is_ratio else ""
        ax.set(xlabel=effect.column, ylabel=f"{effect.scale}{at}{against}")
        heading(ax, title, f"Effect of {effect.column}", pad=18 if effect.held else None)
        if effect.held:
            ax.annotate(effect.held, (0, 1), (0, 5), "axes fraction", "offset points", fontsize=8, color=MUTED)
        if len(lines) > 1:
            legend(ax)
        describe(ax, *_findings(effect, ax.get_ylabel(), lines))
    return ax


def _findings(effect: PartialEffect, scale: str, lines: list) -> list[str]:
    """The estimate at the lowest and at the highest value, or at each level, of each line."""
    found = []
    for (event, day), rows in lines:
        of = f"event {event}" + ("" if pd.isna(day) else f", day {day:,g}")
        ends = rows if isinstance(rows["value"].iloc[0], str | bool) else rows.iloc[[0, -1]]
        limits = ends[["estimate", "lower", "upper"]].to_numpy(float)
        told = (f"{amount(*row, unit='', digits=None)} at {_shown(value)}"
                for value, row in zip(ends["value"], limits, strict=True))  # fmt: skip
        found.append(f"{scale[:1].upper()}{scale[1:]}, by {effect.column}, {of}: {listed(told)}.")
    return found


def _curve(ax: Axes, rows: pd.DataFrame, look: dict, label: str, shift: float) -> None:
    value, lower, upper = (rows[name].to_numpy(float) for name in ("value", "lower", "upper"))
    ax.plot(value, rows["estimate"], linewidth=1.6, label=label, **{**look, "marker": None})
    ax.fill_between(value, lower, upper, color=look["color"], alpha=0.13, linewidth=0)


def _points(ax: Axes, rows: pd.DataFrame, look: dict, label: str, shift: float) -> None:
    places = np.arange(len(rows)) + 0.15 * shift
    ax.vlines(places, rows["lower"], rows["upper"], color=look["color"], linewidth=1.6)
    ax.plot(places, rows["estimate"], markersize=5, label=label, **{**look, "linestyle": "none"})
    letters = max(int(LETTERS * width_of_column(ax) / len(rows)), 8)
    ax.set_xticks(np.arange(len(rows)), [textwrap.fill(_shown(value), letters) for value in rows["value"]])
    ax.set_xlim(-0.6, len(rows) - 0.4)
    ax.grid(axis="x", visible=False)


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
