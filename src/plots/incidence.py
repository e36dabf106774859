"""Cumulative incidence curves with the numbers at risk beneath."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from ..parameter_checks import check_event_of
from ..small_counts import SUPPRESSED, is_small
from .style import COLOURS, DASHES, INK, axes_or_new, house_style

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
    ticks = np.arange(0, until + 1, step).round()
    with house_style():
        ax = axes_or_new(ax)
        for position, (label, curve) in enumerate(curves.items()):
            colour = COLOURS[position % len(COLOURS)]
            days = np.concatenate([[0.0], curve.times[curve.times < until], [until]])
            days = days[days <= curve.times[-1]]
            if event not in curve.events:
                ax.plot(days, np.zeros_like(days), color=colour, label=str(label))
                continue
            band = curve.at(days, event, level=level, interval="log-log")
            dashes = DASHES[position % len(DASHES)]
            risk = 100 * band["estimate"]
            ax.step(days, risk, where="post", color=colour, linestyle=dashes, linewidth=1.6, label=str(label))
            lower, upper = 100 * band["lower"].to_numpy(float), 100 * band["upper"].to_numpy(float)
            ax.fill_between(days, lower, upper, step="post", color=colour, alpha=0.13, linewidth=0)
        ax.set(xlim=(0, until), ylim=(0, None), ylabel="children (%)", xlabel="days after the plan's end")
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        ax.set_title(title or "Children with a second plan")
        if len(curves) > 1:
            ax.legend(loc="upper left", fontsize=8, handlelength=3.5)
        numbers_at_risk(ax, curves, ticks)
    return ax


def numbers_at_risk(ax: Axes, curves: dict, ticks: np.ndarray) -> None:
    """A row of counts a curve below the axis, in the curve's colour; in points, so that any size of axes fits."""
    below = -46.0
    _beneath(ax, 0, -30, below, "at risk", INK, ha="right")
    for position, (label, curve) in enumerate(curves.items()):
        colour = COLOURS[position % len(COLOURS)] if len(curves) > 1 else INK
        if len(curves) > 1 or str(label):  # 0 and False are labels too
            below -= 11
            _beneath(ax, 0, -30, below, str(label), colour, ha="right")
        for tick, count in zip(ticks, curve.at_risk(ticks), strict=True):
            shown = SUPPRESSED if is_small([count])[0] else f"{count:,.0f}"
            _beneath(ax, tick, 0, below, shown, colour, ha="center")


def _beneath(ax: Axes, day: float, right: float, below: float, text: str, colour: str, *, ha: str) -> None:
    ax.annotate(
        text,
        (day, 0),
        xycoords=("data", "axes fraction"),
        xytext=(right, below),
        textcoords="offset points",
        fontsize=7.5,
        color=colour,
        ha=ha,
        va="top",
    )
