"""Ratios of regression models with their intervals, on one scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from sklearn.utils.validation import check_is_fitted

from ..parameter_checks import check_event
from ..renamed_parameters import renamed_parameters
from .alt_text import amount, describe, listed
from .legends import heading, legend
from .style import COLOURS, MARKERS, MUTED, axes_or_new, house_style, ratio_ticks

# What each kind of ratio is a ratio of.
SCALES = {
    "hazard ratio": "hazard",
    "odds ratio": "odds of the event",
    "time ratio": "time to the event",
    "ratio": "risk",
}
RATIOS = ("hazard_ratio", "odds_ratio")


@renamed_parameters(units="per")
def plot_coefficients(
    summary: Any,
    *,
    event: int | None = None,
    per: Mapping[str, float] | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Forest plot of a model, or of several side by side: each ratio on a log axis, with its interval.

    Parameters
    ----------
    summary : model, DataFrame or mapping of str to these
        A fitted regression model, its ``summary_``, or several by name. Hazard or odds ratios where they have
        intervals, else time ratios.
    event : int, optional
        The event to draw; by default all events of one model, a colour and mark each, and event 1 of several models.
    per : mapping of str to float, optional
        Draw the ratio for so many units of a feature: ``{"plan_length_days": 91}``.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        No coefficients, an event that a model does not have, or models whose ratios are of different kinds.
    """
    series = _series(summary, event)
    kinds = {kind for kind, _ in series.values()}
    if len(kinds) > 1:
        raise ValueError(f"ratios of different kinds do not stand on one axis: {', '.join(sorted(kinds))}")
    features = list(dict.fromkeys(feature for _, rows in series.values() for feature in rows.index))
    per = per or {}
    labels = [f"{feature}, per {per[feature]:g}" if feature in per else str(feature) for feature in features]
    places = pd.Series(np.arange(len(features))[::-1], index=features)
    one = len(series) == 1
    with house_style():
        ax = axes_or_new(ax, max(4.6, 1.3 + (0.24 if one else 0.3) * len(features)))
        ends, told = [], []
        for position, (label, (_, rows)) in enumerate(series.items()):
            unit = np.array([per.get(str(feature), 1.0) for feature in rows.index])
            ratios, lower, upper = np.exp(rows.to_numpy(float).T * unit)
            ends.append((np.nanmin(lower), np.nanmax(upper)))
            place = places[rows.index].to_numpy() + 0.5 * ((len(series) - 1) / 2 - position) / len(series)
            is_clear = (lower > 1) | (upper < 1)
            colour, mark = COLOURS[position % len(COLOURS)], MARKERS[position % len(MARKERS)]
            groups = ((is_clear, colour), (~is_clear, MUTED)) if one else ((np.ones(len(rows), dtype=bool), colour),)
            for own, chosen in (group for group in groups if group[0].any()):
                ax.hlines(place[own], lower[own], upper[own], color=chosen, linewidth=1.6)
                fill = "white" if one and chosen == MUTED else chosen
                ax.plot(ratios[own], place[own], mark, color=chosen, markerfacecolor=fill, markersize=5, label=label)
            numbers = zip(
                (labels[features.index(feature)] for feature in rows.index), ratios, lower, upper, strict=True
            )
            clear = [f"{name} {amount(*limits, unit='', digits=2)}" for (name, *limits), own in
                     zip(numbers, is_clear, strict=True) if own]  # fmt: skip
            of = f"{label}: " if label else ""
            told.append(f"{of}{len(clear)} of {len(rows)} clear of 1{': ' if clear else ''}{listed(clear)}.")
        ax.axvline(1, color=MUTED, linewidth=1, linestyle="--")
        ax.set_xscale("log")
        ratio_ticks(ax.xaxis, min(low for low, _ in ends), max(high for _, high in ends))
        ax.set_yticks(places, labels, fontsize=8)
        ax.set_ylim(-0.7, len(features) - 0.3)
        name = kinds.pop()
        ax.set_xlabel(f"{name} (log scale) with its interval{'; filled: clear of 1' if one else ''}")
        heading(ax, title, f"Which features go with a higher or lower {SCALES[name]}?")
        ax.grid(axis="y", visible=False)
        if not one:
            legend(ax, place="below", ncols=2)
        describe(ax, f"{name.capitalize()}s of {len(features)} features, with intervals.", *told)
    return ax


def has_hazard_ratios(summary: pd.DataFrame | None) -> bool:
    """Whether a summary states hazard ratios with intervals."""
    return summary is not None and "hazard_ratio_lower" in summary


def _series(given: Any, event: int | None) -> dict[str, tuple[str, pd.DataFrame]]:
    """Kind of ratio, and log estimates with limits by feature, of each line of points, by its label."""
    if isinstance(given, Mapping):
        return {str(name): _log_ratios(_one_event(_summary_of(model), event)) for name, model in given.items()}
    summary = _summary_of(given)
    if event is None and summary.index.nlevels > 1:
        events = summary.index.get_level_values(0).unique()
        return {f"event {code}": _log_ratios(summary.loc[code]) for code in events}
    return {"": _log_ratios(_one_event(summary, event))}


def _summary_of(model: Any) -> pd.DataFrame:
    if hasattr(model, "predict_cumulative_incidence"):
        check_is_fitted(model)
    summary = model if isinstance(model, pd.DataFrame) else getattr(model, "summary_", None)
    if summary is None or summary.empty:
        advice = ""
        if hasattr(model, "named_steps"):
            advice = "; its last step may have: type: sp.plot_coefficients(model[-1])"
        elif hasattr(model, "best_estimator_"):
            advice = "; its best model may have: type: sp.plot_coefficients(model.best_estimator_)"
        elif isinstance(model, list | tuple):
            advice = (
                '; several models need names: type: sp.plot_coefficients({"a name": model, "another": other_model})'
            )
        raise ValueError(f"{type(model).__name__} has no coefficients to draw{advice}")
    return summary


def _log_ratios(rows: pd.DataFrame) -> tuple[str, pd.DataFrame]:
    """The kind of ratio, and log estimates, lower and upper limits, of the features that have them."""
    kind, names = "time ratio" if "time_ratio" in rows else "ratio", ["coef", "lower", "upper"]
    logs = rows[names]
    for ratio in RATIOS:
        columns = [ratio, f"{ratio}_lower", f"{ratio}_upper"]
        if all(column in rows for column in columns):
            kind, logs = ratio.replace("_", " "), np.log(rows[columns]).set_axis(names, axis=1)
            break
    return kind, logs[rows["coef"].notna()]


def _one_event(summary: pd.DataFrame, event: int | None) -> pd.DataFrame:
    event = 1 if event is None else check_event(event)
    if summary.index.nlevels == 1:
        return summary
    events = summary.index.get_level_values(0).unique()
    if event not in events:
        raise ValueError(f"event must be one of {', '.join(map(str, events))}, got {event!r}")
    return summary.loc[event]
