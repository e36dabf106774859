"""How every picture looks: a palette for the colour-blind and for grey printing, one size, one way to make axes."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import matplotlib as mpl
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure

# Okabe and Ito (2008), darkest first, without the yellow that vanishes on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
INK = "#222222"
MUTED = "#767676"
RATIO_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20, 50, 100)

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


@contextmanager
def house_style() -> Iterator[None]:
    """Draw with the package's settings, leaving the user's own untouched."""
    with mpl.rc_context(RC):
        yield


def axes_or_new(ax: Axes | None, height: float | None = None) -> Axes:
    """``ax``, or new axes in the current pyplot backend, so that a notebook shows them; ``height`` in inches."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    with house_style():
        width, usual = RC["figure.figsize"]
        return plt.subplots(figsize=(width, height or usual), layout="constrained")[1]


def ratio_ticks(axis: Axis, lowest: float, highest: float) -> None:
    """Ticks of ratios on a log axis, as people say them, from ``lowest`` to ``highest``."""
    ticks = [tick for tick in RATIO_TICKS if lowest / 1.3 <= tick <= highest * 1.3]
    axis.set_ticks(ticks, [f"{tick:g}" for tick in ticks])
    axis.set_ticks([], minor=True)


def new_figure(width: float = 7.2, height: float = 4.6) -> tuple[Figure, Axes]:
    """A figure outside pyplot: nothing to close, safe in threads and on machines without a screen."""
    with house_style():
        figure = Figure(figsize=(width, height), layout="constrained")
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
