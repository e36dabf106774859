"""Strengths of a hidden confounder that would explain an effect away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from .alt_text import describe, listed
from .legends import heading, legend
from .style import DASHES, axes_or_new, house_style, line_look

if TYPE_CHECKING:
    from ..effects.sensitivity import TippingPoint


def plot_tipping_point(
    result: TippingPoint, *, time: float | None = None, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Pairs of strengths, with treatment and with outcome, at which each risk ratio would be explained away.

    Parameters
    ----------
    result : TippingPoint
        What :func:`~secondplan.tipping_point` gave.
    time : float, optional
        Day; by default the last.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        The result has no such day.

    Examples
    --------
    >>> import secondplan as sp
    >>> result = sp.EffectResult(("3 months", "6 months"), [365], [[0.3], [0.2]], [[[0.01, -0.01]], [[0.0, 0.01]]])
    >>> axes = sp.tipping_point(result).plot()
    >>> axes.get_ylabel()
    'multiplies the risk by'
    """
    table = result.table
    day = table["time"].max() if time is None else float(time)
    rows = table[table["time"] == day]
    if rows.empty:
        raise ValueError(f"time must be one of the result's, {sorted(set(table['time']))}, got {day:g}")
    name = table.columns[0]
    highest = 1.6 * max(float(np.nanmax(rows["e_value"])), 1.5)
    grid = np.linspace(1.001, highest, 400)
    with house_style():
        ax = axes_or_new(ax)
        for k, row in enumerate(rows.to_dict("records")):
            look = line_look(k)
            nearest = row["lower"] if row["ratio"] > 1 else row["upper"]
            for ratio, style, of in ((row["ratio"], DASHES[0], "the estimate"), (nearest, DASHES[2], "its interval")):
                needed = ratio if ratio > 1 else 1.0 / ratio
                is_beyond_noise = (nearest > 1) == (row["ratio"] > 1)
                if not np.isfinite(needed) or (of == "its interval" and not is_beyond_noise):
                    continue
                chosen = grid > needed
                other = needed * (grid[chosen] - 1.0) / (grid[chosen] - needed)
                label = f"{row[name]}: {of}"
                spread = {"markevery": (10 + 7 * k, 60), "markersize": 5}
                ax.plot(grid[chosen], other, label=label, **{**look, **spread, "linestyle": style})
        ax.set(xlabel=f"multiplies the chance of the {name} by", ylabel="multiplies the risk by")
        ax.set_xlim(1.0, highest)
        ax.set_ylim(1.0, highest)
        legend(ax, title=f"explains away, day {day:g}")
        heading(ax, title, "How strong would something unmeasured have to be?")
        told = listed(f"{level} {value:.2f}" for level, value in zip(rows[name], rows["e_value"], strict=True))
        describe(
            ax,
            f"Strengths of a hidden confounder that would explain the risk ratios by day {day:,g} away; with both equal"
            f" (E-value), it would have to multiply chance and risk by: {told}.",
        )
    return ax
