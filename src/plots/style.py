"""How every picture looks: a palette for the colour-blind and for grey printing, one size, one way to make axes."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure

from .alt_text import DescribedFigure

# The first three are of Okabe and Ito (2008). Each has a contrast of 3 or more against white, and any two differ for
# those who see no red or no green as well as for others.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#882255", "#548799", "#7B4B00", "#332288", "#661100", "#000000")
# Lines differ by dashes and marks too: in grey, in print, and past the number of colours.
DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1)), (0, (6, 1.5, 1.5, 1.5)), (0, (10, 2)))
MARKERS = ("o", "s", "D", "^", "v", "P", "X", "*", "h", "<", ">")
INK = "#222222"
MUTED = "#767676"
# Ticks of ratios, finest first: the first are taken of which no two labels touch.
RATIO_TICKS = (
    (0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.4, 1.6, 1.8, 2),
    (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20, 50, 100),
    (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100),
    (0.001, 0.01, 0.1, 0.3, 1, 3, 10, 100, 1000),
    (0.001, 0.01, 0.1, 1, 10, 100, 1000),
)
# Contrast of text against its ground (WCAG 2, AA).
READABLE = 4.5
# Part of the distance between two days over which the marks of several lines are spread.
SPREAD = 0.6
# Least distance of two labels of ratios, in parts of the axis.
TICK_GAP = 0.075

RC: Any = {
    "figure.figsize": (7.2, 4.6),
    "figure.dpi": 110,
    "savefig.dpi": 150,
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=COLOURS),
    "axes.grid": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.8,
    "axes.axisbelow": True,
    "legend.frameon": False,
    "svg.hashsalt": "secondplan",
}


def table_of(given: Any, attribute: str) -> Any:
    """A table that is given, or that a result which is given holds under a name."""
    return given if isinstance(given, pd.DataFrame) else getattr(given, attribute, given)


@contextmanager
def house_style() -> Iterator[None]:
    """Draw with the package's settings, leaving the user's own untouched.

    Only these are put back: what else changes meanwhile is a notebook's, which makes pyplot interactive when a chart is
    the first to ask for it. All put back, as ``rc_context`` does, no later chart of the notebook would be shown.
    """
    before = {name: mpl.rcParams[name] for name in RC}
    mpl.rcParams.update(RC)
    try:
        yield
    finally:
        mpl.rcParams.update(before)


def axes_or_new(ax: Axes | None, height: float | None = None) -> Axes:
    """``ax``, or new axes in the current pyplot backend, so that a notebook shows them; ``height`` in inches."""
    if ax is not None:
        ax.spines[["top", "right"]].set_visible(False)
        ax.spines[["bottom", "left"]].set_edgecolor(MUTED)
        ax.grid(visible=True, color=RC["grid.color"], linewidth=RC["grid.linewidth"])
        ax.set_axisbelow(True)
        return ax
    import matplotlib.pyplot as plt

    with house_style():
        width, usual = RC["figure.figsize"]
        size = (width, height or usual)
        return plt.subplots(figsize=size, layout="constrained", FigureClass=DescribedFigure)[1]


def ratio_ticks(axis: Axis, lowest: float, highest: float) -> None:
    """Ticks of ratios on a log axis, as people say them, from ``lowest`` to ``highest``."""
    begin, end = min(lowest, 1) / 1.05, max(highest, 1) * 1.05
    length = np.log(end / begin)
    for candidates in RATIO_TICKS:
        ticks = [tick for tick in candidates if begin <= tick <= end]
        covers = len(ticks) > 1 and ticks[0] < 1.4 * begin and ticks[-1] > end / 1.4
        if (covers or candidates is not RATIO_TICKS[0]) and np.all(np.diff(np.log(ticks)) >= TICK_GAP * length):
            break
    axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_ticks([], minor=True)


def line_look(position: int, *, mark: bool = True) -> dict[str, Any]:
    """Colour, dashes and mark of the line at ``position``: no two of the first 495 are alike (45 without marks)."""
    look = {"color": COLOURS[position % len(COLOURS)], "linestyle": DASHES[position % len(DASHES)]}
    return {**look, "marker": MARKERS[position % len(MARKERS)]} if mark else look


def text_colour(colour: str) -> str:
    """The colour, darkened until text in it can be read: a contrast of 4.5 or more against white."""
    parts = np.array(to_rgb(colour))
    while contrast(parts) < READABLE:
        parts = 0.95 * parts
    return to_hex(tuple(parts))


def contrast(colour: Any) -> float:
    """Contrast against white, by the rules of WCAG 2."""
    parts = np.array(to_rgb(colour))
    linear = np.where(parts <= 0.04045, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4)
    return float(1.05 / (linear @ [0.2126, 0.7152, 0.0722] + 0.05))


def places_of_days(days: np.ndarray, own: Any, position: int, n_lines: int) -> np.ndarray:
    """Days at equal distances, the marks of several lines beside each other at each.

    ``own`` are the days of the line at ``position`` of ``n_lines``.
    """
    return np.searchsorted(days, np.asarray(own, dtype=float)) + SPREAD * ((position + 0.5) / n_lines - 0.5)


def axis_of_days(ax: Axes, days: np.ndarray) -> None:
    """The axis for :func:`places_of_days`."""
    ax.set_xticks(range(days.size), [f"{day:,g}" for day in days])
    ax.set_xlim(-0.5, days.size - 0.5)
    ax.grid(axis="x", visible=False)


def new_figure(width: float = 7.2, height: float = 4.6) -> tuple[Figure, Axes]:
    """A figure outside pyplot: nothing to close, safe in threads and on machines without a screen."""
    with house_style():
        figure = DescribedFigure(figsize=(width, height), layout="constrained")
        return figure, figure.add_subplot()


def png(figure: Figure) -> bytes:
    """The figure as PNG, the same bytes for the same picture."""
    buffer = io.BytesIO()
    with house_style():
        figure.savefig(buffer, format="png", metadata={"Software": None})
    return buffer.getvalue()


def data_uri(figure: Figure) -> str:
    """The figure as an address that an HTML page can hold inside itself (SVG, sharp at every size)."""
    buffer = io.BytesIO()
    with house_style():
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
