"""Legends and titles that cover nothing."""

from __future__ import annotations

import textwrap
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.transforms import ScaledTranslation

# Bold letters of a title in an inch, and the room that the labels of the y axis take.
LETTERS, MARGIN = 9.5, 6
# Axes in columns of fewer inches have their legend below, and fewer ticks.
NARROW = 6.0
# Points below the axes at which tick labels and an axis label of one line end.
BELOW = 42


def legend(
    ax: Axes, *, place: Literal["right", "below"] = "right", below: float = BELOW, ncols: int = 1, **options: Any
) -> None:
    """A legend beside the axes or below them, where the figure makes room for it; else inside, where there is most."""
    options = {"fontsize": 8, "title_fontsize": 8, "alignment": "left", "handlelength": 3.2} | options
    if ax.figure.get_layout_engine() is None:
        ax.legend(loc="best", **options)
    elif place == "right" and width_of_column(ax) >= NARROW:
        ax.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), **options)
    else:
        shifted = ax.transAxes + ScaledTranslation(0, -below / 72, ax.figure.dpi_scale_trans)
        options |= {"bbox_to_anchor": (0.0, 0.0), "bbox_transform": shifted, "borderaxespad": 0.0}
        ax.legend(loc="upper left", ncols=ncols, **options)


def heading(ax: Axes, given: str | None, usual: str, **options: Any) -> None:
    """The title that was given, or the usual one; in lines that fit the figure. An empty one is none."""
    text = usual if given is None else given
    if not text:
        return
    width = int(LETTERS * width_of_column(ax)) - MARGIN
    lines = (textwrap.fill(line, max(width, 20)) for line in text.splitlines())
    ax.set_title("\n".join(lines), **options)


def width_of_column(ax: Axes) -> float:
    """Inches of the figure that the axes share with no other ones beside them."""
    place = ax.get_subplotspec()
    return float(ax.figure.bbox.width / ax.figure.dpi / (place.get_gridspec().ncols if place is not None else 1))
