"""Pictures of calibration: do as many children return as the model said?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..plans.disclosure import withheld_in_parts
from ..plots.calibration import plot_calibration
from ..plots.style import new_figure, png
from .blocks import Block, SideBySide, picture, table

if TYPE_CHECKING:
    from ..evaluation import Comparison

DAYS = (365, 730)


def drawn_points(comparison: Comparison, model: str) -> pd.DataFrame:
    """The points of a model's calibration that may be drawn.

    Without those whose second plans could be counted from them: 1 to 5, and what would give such a number away.
    """
    points = comparison.calibration[comparison.calibration["model"] == model]
    hidden = [withheld_in_parts(points[name], [points["day"]]) for name in ("n", "n_events")]
    return points[~np.any(hidden, axis=0)]


def calibration_images(comparison: Comparison, model: str) -> dict[int, bytes]:
    """The calibration plot of a model at each horizon, as PNG by day."""
    points = drawn_points(comparison, model)
    images = {}
    for day in points["day"].unique():
        figure, ax = new_figure(5.5, 5.0)
        plot_calibration(points, day=day, title=f"{model}, {day:g} days", ax=ax)
        images[int(day)] = png(figure)
    return images


def calibration_blocks(points: pd.DataFrame) -> list[Block]:
    """Pictures for a page, side by side, and their points as a table.

    Parameters
    ----------
    points : DataFrame
        ``day, predicted, observed, lower, upper`` of one model.
    """
    pictures = []
    for day in (day for day in DAYS if day in set(points["day"])):
        figure, ax = new_figure(4.6, 4.6)
        plot_calibration(points, day=day, ax=ax)
        pictures.append(picture(figure))
    if not pictures:
        return []
    own = points[points["day"].isin(DAYS)]
    shown = pd.DataFrame(
        {
            "days": [f"{day:g}" for day in own["day"]],
            "predicted risk, %": [f"{100 * value:.1f}" for value in own["predicted"]],
            "observed, % (95 %)": [
                f"{100 * row.observed:.1f} ({100 * row.lower:.1f} to {100 * row.upper:.1f})" for row in own.itertuples()
            ],
        }
    )
    terms = ["A line for each group by predicted risk: the mean of what was said, and the share who returned."]
    caption = "Predicted and observed risk of a second plan"
    return [SideBySide(tuple(pictures)), table(shown, caption=caption, numbers=list(shown), notes=terms)]
