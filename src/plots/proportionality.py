"""Coefficients over time: scaled Schoenfeld residuals with a smooth line, a panel for each feature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .alt_text import DescribedFigure, amount, describe
from .style import COLOURS, MUTED, house_style

if TYPE_CHECKING:
    from ..models.cox.proportionality import CoefficientOverTime

COLUMNS = 3
# Least distance of two days on the axis, in parts of the distance of the first and the last.
TICK_GAP = 0.15


def plot_coefficients_over_time(curves: Sequence[CoefficientOverTime]) -> np.ndarray:
    """A panel for each curve: residuals as points, the line with its band, the coefficient of the model dashed.

    Parameters
    ----------
    curves : list of CoefficientOverTime
        What ``test_proportional_hazards().plot()`` draws.

    Returns
    -------
    ndarray of Axes, shape (n_panels,)
    """
    import matplotlib.pyplot as plt

    several = len({curve.event for curve in curves}) > 1
    n_columns = min(COLUMNS, len(curves))
    n_lines = -(-len(curves) // n_columns)
    with house_style():
        figure, panels = plt.subplots(
            n_lines,
            n_columns,
            figsize=(3.0 * n_columns + 0.6, 2.7 * n_lines),
            layout="constrained",
            squeeze=False,
            FigureClass=DescribedFigure,
        )
        for ax, curve in zip(panels.flat, curves, strict=False):
            ax.plot(curve.place, curve.residual, "o", color=MUTED, markersize=2.5, alpha=0.35, markeredgewidth=0)
            ax.fill_between(curve.grid, curve.lower, curve.upper, color=COLOURS[0], alpha=0.18, linewidth=0)
            ax.plot(curve.grid, curve.estimate, color=COLOURS[0], linewidth=1.6)
            ax.axhline(curve.coef, color=COLOURS[1], linewidth=1, linestyle="--")
            # A few far residuals would press the line flat.
            low, high = np.quantile(curve.residual, [0.02, 0.98])
            line = np.concatenate([curve.lower, curve.upper, [curve.coef]])
            low, high = min(low, np.nanmin(line)), max(high, np.nanmax(line))
            ax.set_ylim(low - 0.05 * (high - low), high + 0.05 * (high - low))
            ticks = _apart(curve.ticks)
            ax.set_xticks(list(ticks), list(ticks.values()), fontsize=8)
            name = f"{curve.feature}, event {curve.event}" if several else curve.feature
            ax.set_title(name, fontsize=10)
            ends = (amount(curve.estimate[k], curve.lower[k], curve.upper[k], unit="", digits=None) for k in (0, -1))
            begin, end = ends
            describe(ax, f"Coefficient of {name} over time: {begin} at the first event, {end} at the last; "
                         f"{curve.coef:.3g} if it is the same at all times.")  # fmt: skip
        for ax in panels.flat[len(curves) :]:
            ax.remove()
        words = "Does the coefficient change with time? (dashed: the same at all times)"
        figure.suptitle(words if n_columns > 1 else words.replace("? (", "?\n("), fontsize=11, fontweight="bold")
        figure.supxlabel("days (on the scale of the test)", fontsize=9)
        figure.supylabel("coefficient over time", fontsize=9)
    return panels.ravel()[: len(curves)]


def _apart(ticks: dict[float, str]) -> dict[float, str]:
    """The ticks without those that would touch the one before."""
    width = max(ticks, default=0.0) - min(ticks, default=0.0)
    kept: dict[float, str] = {}
    for place in sorted(ticks):
        if not kept or place - max(kept) >= TICK_GAP * width:
            kept[place] = ticks[place]
    return kept
