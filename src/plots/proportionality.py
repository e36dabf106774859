"""Coefficients over time: scaled Schoenfeld residuals with a smooth line, a panel for each feature."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from .style import COLOURS, MUTED, house_style

if TYPE_CHECKING:
    from ..models.cox.proportionality import CoefficientOverTime

COLUMNS = 3


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
            n_lines, n_columns, figsize=(3.6 * n_columns + 0.6, 3.0 * n_lines), layout="constrained", squeeze=False
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
            ax.set_xticks(list(curve.ticks), list(curve.ticks.values()), fontsize=8)
            ax.set_title(f"{curve.feature}, event {curve.event}" if several else curve.feature, fontsize=10)
        for ax in panels.flat[len(curves) :]:
            ax.set_visible(False)
        figure.supxlabel("days (on the scale of the test)", fontsize=9)
        figure.supylabel("coefficient over time", fontsize=9)
    return panels.ravel()[: len(curves)]
