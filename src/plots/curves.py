"""Curves without a model, as steps with intervals and the numbers at risk beneath."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from ..round_days import shown_days
from .incidence import numbers_at_risk
from .style import COLOURS, axes_or_new, house_style

if TYPE_CHECKING:
    from ..models.curves.results import IncidenceCurve, StepCurve, StratifiedCurves

LABELS = {"survival": "event-free probability", "cumulative_hazard": "cumulative hazard"}


def plot_curves(
    result: IncidenceCurve | StepCurve | StratifiedCurves,
    *,
    event: int | None = None,
    until: float | None = None,
    level: float = 0.95,
    interval: str = "log",
    at_risk: bool = True,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Curves of Kaplan-Meier, Nelson-Aalen or Aalen-Johansen by day: one line per stratum, or one per event.

    Parameters
    ----------
    result : IncidenceCurve, StepCurve or StratifiedCurves
        What :func:`~secondplan.models.kaplan_meier`, :func:`~secondplan.models.nelson_aalen` or
        :func:`~secondplan.models.aalen_johansen` gave.
    event : int, optional
        Code of the event whose incidence is drawn, 0 for the probability of none. By default all events of one curve,
        and event 1 of several strata.
    until : float, optional
        Last day of the axis; by default the last day of the curves.
    level : float
        Level of the intervals.
    interval : {"log", "log-log", "plain"}
        Their scale.
    at_risk : bool
        Whether to print the numbers at risk below the axis; those of 1 to 5 are withheld (``c``).
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> import secondplan as sp
    >>> axes = plot_curves(sp.kaplan_meier([2, 3, 3, 5], [1, 1, 0, 1]))
    >>> axes.get_ylabel()
    'event-free probability'
    """
    curves: dict[Any, Any] = dict(result.curves) if hasattr(result, "curves") else {"": result}
    first = next(iter(curves.values()))
    begin = max(min(float(curve.entry_times[0]) for curve in curves.values()), 0.0)
    end = max(float(curve.times[-1]) for curve in curves.values()) if until is None else float(until)
    if until is not None and until <= begin:
        raise ValueError(f"until must lie after day {begin:g}, where the curves begin, got {until:g}")
    end = end if end > begin else begin + 1.0
    with house_style():
        ax = axes_or_new(ax)
        for position, (label, curve, code) in enumerate(_lines(curves, event)):
            _draw_line(ax, curve, code, (begin, end), COLOURS[position % len(COLOURS)], label, level, interval)
        ax.set(xlim=(begin, end), xlabel="days", ylabel=_label(first, event, len(curves)))
        is_probability = getattr(first, "kind", "survival") == "survival"
        ax.set_ylim(0, 1 if is_probability and ax.get_ylim()[1] > 1 else None)
        if len(ax.get_lines()) > 1:
            ax.legend(loc="best", fontsize=8)
        if title:
            ax.set_title(title)
        ticks = begin + np.concatenate([[0.0], shown_days(end - begin)])
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        if at_risk:
            numbers_at_risk(ax, curves, ticks)
    return ax


def _lines(curves: dict[Any, Any], event: int | None) -> list[tuple[str, Any, int | None]]:
    """Label, curve and event of each line; no event where the curve is of one kind only."""
    first = next(iter(curves.values()))
    if hasattr(first, "kind"):
        return [(str(label), curve, None) for label, curve in curves.items()]
    if len(curves) == 1 and event is None:
        codes = first.events or (0,)
        return [(f"event {code}" if code else "no event", first, code) for code in codes]
    return [(str(label), curve, 1 if event is None else event) for label, curve in curves.items()]


def _draw_line(
    ax: Axes,
    curve: Any,
    code: int | None,
    axis: tuple[float, float],
    colour: str,
    label: str,
    level: float,
    interval: str,
) -> None:
    inside = (curve.times > axis[0]) & (curve.times < axis[1])
    days = np.concatenate([[axis[0]], curve.times[inside], [min(axis[1], max(float(curve.times[-1]), axis[0]))]])
    options = {"level": level, "interval": interval}
    band = curve.at(days, **options) if code is None else curve.at(days, code, **options)
    ax.step(days, band["estimate"], where="post", color=colour, linewidth=1.6, label=label)
    lower, upper = band["lower"].to_numpy(float), band["upper"].to_numpy(float)
    ax.fill_between(days, lower, upper, step="post", color=colour, alpha=0.13, linewidth=0)


def _label(first: Any, event: int | None, n_curves: int) -> str:
    if hasattr(first, "kind"):
        return LABELS[first.kind]
    if event == 0:
        return LABELS["survival"]
    if event is None and n_curves == 1:
        return "cumulative incidence"
    return f"cumulative incidence of event {1 if event is None else event}"
