"""Pictures of calibration: do as many children return as the model said?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..plans.disclosure import withheld_in_parts
from ..plots.calibration import plot_calibration
from ..plots.style import new_figure, png
from .blocks import Picture, picture

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


def calibration_pictures(points: pd.DataFrame) -> tuple[Picture, ...]:
    """Pictures for a page, side by side; their text says how many groups agree.

    Parameters
    ----------
    points : DataFrame
        ``day, predicted, observed, lower, upper`` of one model.
    """
    pictures = []
    for day in (day for day in DAYS if day in set(points["day"])):
        figure, ax = new_figure(4.6, 4.6)
        plot_calibration(points, day=day, ax=ax)
        own = points[points["day"] == day]
        n_right = int(((own["lower"] <= own["predicted"]) & (own["predicted"] <= own["upper"])).sum())
        alt = f"Observed against predicted risk at {day} days: in {n_right} of {len(own)} groups by predicted risk"
        pictures.append(picture(figure, f"{alt} the interval of the observed risk holds the predicted one."))
    return tuple(pictures)
