"""Curves without a model, as steps with intervals and the numbers at risk beneath."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from ..round_days import shown_days
from .alt_text import amount, describe, listed
from .incidence import height_with_rows, numbers_at_risk
from .legends import NARROW, heading, legend, width_of_column
from .style import axes_or_new, house_style, line_look

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
        ax = axes_or_new(ax, height_with_rows(len(curves) if at_risk else 1))
        lines = _lines(curves, event)
        last = [
            _draw_line(ax, curve, code, (begin, end), line_look(position, mark=False), label, level, interval)
            for position, (label, curve, code) in enumerate(lines)
        ]
        ax.set(xlim=(begin, end), xlabel="days", ylabel=_label(first, event, len(curves)))
        is_probability = getattr(first, "kind", "survival") == "survival"
        ax.set_ylim(0, 1 if is_probability and ax.get_ylim()[1] > 1 else None)
        if len(lines) > 1 and not (at_risk and len(curves) > 1):  # beneath, the lines stand beside their numbers
            legend(ax)
        heading(ax, title, _question(first, event, len(curves)))
        told = listed(f"{label} {value}".strip() for (label, *_), value in zip(lines, last, strict=True))
        describe(ax, f"{ax.get_ylabel().capitalize()} by day {end:,g}, with {100 * level:g} % interval: {told}.")
        ticks = begin + np.concatenate([[0.0], shown_days(end - begin)])
        ticks = ticks if width_of_column(ax) >= NARROW else ticks[::2]
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        if at_risk:
            numbers_at_risk(ax, {label: curve.at_risk(ticks) for label, curve in curves.items()}, ticks)
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
    look: dict[str, Any],
    label: str,
    level: float,
    interval: str,
) -> str:
    """Draw a line with its band; what it says at its end."""
    inside = (curve.times > axis[0]) & (curve.times < axis[1])
    days = np.concatenate([[axis[0]], curve.times[inside], [min(axis[1], max(float(curve.times[-1]), axis[0]))]])
    options = {"level": level, "interval": interval}
    band = curve.at(days, **options) if code is None else curve.at(days, code, **options)
    ax.step(days, band["estimate"], where="post", linewidth=1.6, label=label, **look)
    lower, upper = band["lower"].to_numpy(float), band["upper"].to_numpy(float)
    ax.fill_between(days, lower, upper, step="post", color=look["color"], alpha=0.13, linewidth=0)
    scale, unit = (1.0, "") if getattr(curve, "kind", "") == "cumulative_hazard" else (100.0, " %")
    final = (scale * float(values[-1]) for values in (band["estimate"].to_numpy(float), lower, upper))
    return amount(*final, unit=unit, digits=1 if unit else 3)


def _question(first: Any, event: int | None, n_curves: int) -> str:
    if event == 0 or getattr(first, "kind", None) == "survival":
        return "How many are still free of the event?"
    if hasattr(first, "kind"):
        return "How fast do events come?"
    if event is None and n_curves == 1:
        return "Which event comes first, and when?"
    return f"How many have had event {1 if event is None else event}, and when?"


def _label(first: Any, event: int | None, n_curves: int) -> str:
    if hasattr(first, "kind"):
        return LABELS[first.kind]
    if event == 0:
        return LABELS["survival"]
    if event is None and n_curves == 1:
        return "cumulative incidence"
    return f"cumulative incidence of event {1 if event is None else event}"
