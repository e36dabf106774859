"""Cumulative incidence curves with the numbers at risk beneath."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.offsetbox import AnnotationBbox, DrawingArea

from ..parameter_checks import check_event_of
from ..small_counts import SUPPRESSED, is_small
from .alt_text import amount, describe, listed
from .legends import NARROW, heading, width_of_column
from .style import INK, MUTED, axes_or_new, house_style, line_look, text_colour

if TYPE_CHECKING:
    from ..models.curves.results import IncidenceCurve, StratifiedCurves


def plot_incidence(
    result: IncidenceCurve | StratifiedCurves,
    *,
    event: int = 1,
    until: float = 1095,
    level: float = 0.95,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Cumulative incidence of an event by day, one line per stratum, with intervals and numbers at risk.

    Parameters
    ----------
    result : IncidenceCurve or StratifiedCurves
        Of :func:`~secondplan.models.aalen_johansen`.
    event : int
        Code of the event; 1 is the second plan.
    until : float
        Last day of the axis.
    level : float
        Level of the intervals.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
        Numbers at risk of 1 to 5 are withheld (``c``).
    """
    curves = dict(result.curves) if hasattr(result, "curves") else {"": result}
    check_event_of(event, tuple(sorted({code for curve in curves.values() for code in curve.events})))
    step = 182.5 if until <= 1100 else 365
    told: list[str] = []
    with house_style():
        ax = axes_or_new(ax, height_with_rows(len(curves)))
        ticks = np.arange(0, until + 1, step if width_of_column(ax) >= NARROW else 2 * step).round()
        for position, (label, curve) in enumerate(curves.items()):
            look = line_look(position, mark=False)
            days = np.concatenate([[0.0], curve.times[curve.times < until], [until]])
            days = days[days <= curve.times[-1]]
            if event not in curve.events:
                ax.plot(days, np.zeros_like(days), label=str(label), **look)
                told.append(f"{label} none".strip())
                continue
            band = curve.at(days, event, level=level, interval="log-log")
            risk = 100 * band["estimate"].to_numpy(float)
            ax.step(days, risk, where="post", linewidth=1.6, label=str(label), **look)
            lower, upper = 100 * band["lower"].to_numpy(float), 100 * band["upper"].to_numpy(float)
            ax.fill_between(days, lower, upper, step="post", color=look["color"], alpha=0.13, linewidth=0)
            told.append(f"{label} {amount(risk[-1], lower[-1], upper[-1])}".strip())
        ax.set(xlim=(0, until), ylim=(0, None), ylabel="children (%)", xlabel="days after the plan's end")
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        what = "a second plan" if event == 1 else f"event {event}"
        heading(ax, title, f"How many children have {what}, and when?")
        describe(ax, f"Children with {what} by day {until:,g} after the plan's end, with {100 * level:g} % interval: "
                     f"{listed(told)}.")  # fmt: skip
        numbers_at_risk(ax, {label: curve.at_risk(ticks) for label, curve in curves.items()}, ticks)
    return ax


def height_with_rows(n_rows: int) -> float:
    """Height of a figure, in inches, that leaves the axes their room above so many rows of numbers."""
    return 4.6 + 0.17 * max(n_rows - 1, 0)


def numbers_at_risk(ax: Axes, counts: dict, ticks: np.ndarray) -> None:
    """A row of counts a curve below the axis, with the curve's line: the legend too. In points: any axes fit.

    Counts are numbers, one per tick, or ``c`` where they are withheld already.
    """
    below = -46.0
    _beneath(ax, 0, -30, below, "at risk", INK, ha="right")
    withheld = False
    for position, (label, row) in enumerate(counts.items()):
        look = line_look(position, mark=False)
        colour = text_colour(look["color"]) if len(counts) > 1 else INK
        if len(counts) > 1 or str(label):  # 0 and False are labels too
            below -= 12
            _beneath(ax, 0, -60 if len(counts) > 1 else -30, below, str(label), colour, ha="right")
        if len(counts) > 1:
            _line_beneath(ax, below, look)
        for tick, count in zip(ticks, row, strict=True):
            shown = SUPPRESSED if count == SUPPRESSED or is_small([count])[0] else f"{count:,.0f}"
            withheld |= shown == SUPPRESSED
            _beneath(ax, tick, 0, below, shown, colour, ha="center")
    if withheld:
        _beneath(ax, ticks[-1], 0, below - 13, f"{SUPPRESSED}: 1 to 5", MUTED, ha="center")


def _line_beneath(ax: Axes, below: float, look: dict) -> None:
    """A piece of the line itself, between the label of a row and its numbers."""
    piece = DrawingArea(26, 8, 0, 0)
    piece.add_artist(Line2D([0, 26], [4, 4], linewidth=1.6, **look))
    # The left end of the axis: its day need not be 0.
    at: dict[str, Any] = {
        "xycoords": "axes fraction",
        "xybox": (-56, below),
        "boxcoords": "offset points",
        "box_alignment": (0, 1),
    }
    ax.add_artist(AnnotationBbox(piece, (0, 0), frameon=False, pad=0, annotation_clip=False, **at))


def _beneath(ax: Axes, day: float, right: float, below: float, text: str, colour: str, *, ha: str) -> None:
    ax.annotate(
        text,
        (day, 0),
        xycoords=("data", "axes fraction"),
        xytext=(right, below),
        textcoords="offset points",
        fontsize=8,
        color=colour,
        ha=ha,
        va="top",
    )
