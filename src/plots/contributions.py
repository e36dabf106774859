"""How the features of one row take its risk from the baseline to where it is: a waterfall."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.axes import Axes

from .alt_text import describe, listed
from .legends import heading
from .style import COLOURS, INK, MUTED, axes_or_new, house_style

if TYPE_CHECKING:
    from ..models.explanation.contributions import RiskContributions


def plot_contributions(
    contributions: RiskContributions,
    row: int = 0,
    time: float | None = None,
    *,
    n_shown: int = 10,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """The largest contributions of one row one below the other, from the baseline at the top to its risk.

    Parameters
    ----------
    contributions : RiskContributions
        Of :func:`secondplan.explain_risk`.
    row : int
        Position of the row.
    time : float, optional
        One of the days; the last if not given.
    n_shown : int
        Features with a bar of their own; the others share one.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        There is no such row or day, or its risk is not known.
    """
    risks = contributions.risks
    day = float(risks["time"].max()) if time is None else float(time)
    ends = risks[(risks["row"] == row) & (risks["time"] == day)]
    if not len(ends) or ends["risk"].isna().any():
        raise ValueError(f"no risk of row {row} by day {day:g} is known")
    table = contributions.table
    own = table[(table["row"] == row) & (table["time"] == day) & (table["contribution"] != 0)]
    own = own.iloc[np.argsort(-own["contribution"].abs().to_numpy(), kind="stable")]
    labels = [
        str(feature) if value is None else f"{feature} = {_shown(value)}"
        for feature, value in zip(own["feature"], own["value"], strict=True)
    ]
    size = 100 * own["contribution"].to_numpy(float)
    if len(labels) > n_shown:
        labels = [*labels[:n_shown], f"the other {len(labels) - n_shown}"]
        size = np.append(size[:n_shown], size[n_shown:].sum())
    baseline, risk = 100 * float(ends["baseline"].iloc[0]), 100 * float(ends["risk"].iloc[0])
    left = baseline + np.concatenate([[0.0], np.cumsum(size)])
    places = np.arange(len(size))
    with house_style():
        ax = axes_or_new(ax, max(2.6, 1.6 + 0.34 * len(size)))
        ax.barh(places, size, left=left[:-1], height=0.6, color=np.where(size > 0, COLOURS[1], COLOURS[0]))
        for place, (begin, change) in enumerate(zip(left[:-1], size, strict=True)):
            ax.annotate(
                f"{change:+.1f}", (max(begin, begin + change), place), (4, 0), textcoords="offset points", va="center"
            )
        for value, colour in ((baseline, MUTED), (risk, INK)):
            ax.axvline(value, color=colour, linewidth=1, linestyle="--" if colour == MUTED else "-")
        ax.set_yticks(places, labels, fontsize=9)
        ax.set_ylim(len(size) - 0.4, -0.6)
        room = 0.12 * max(float(np.ptp(left)), 0.1)
        ax.set_xlim(left.min() - room / 2, left.max() + room)
        ax.set_xlabel(f"risk of event {contributions.event} by day {day:g} (%), in points from feature to feature")
        heading(ax, title, f"From {baseline:.1f} % (baseline, dashed) to {risk:.1f} %")
        ax.grid(axis="y", visible=False)
        told = listed(f"{label} {change:+.1f}" for label, change in zip(labels, size, strict=True))
        describe(
            ax,
            f"Risk of event {contributions.event} by day {day:,g}: from {baseline:.1f} % (baseline) to {risk:.1f} %;"
            f" in percentage points: {told or 'no feature moves it'}.",
        )
    return ax


def _shown(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float | np.floating) else str(value)
