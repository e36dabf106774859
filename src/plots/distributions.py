"""Cumulative hazards of fitted distributions beside the estimate that supposes no shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from ..round_days import shown_days
from .alt_text import describe, listed
from .incidence import height_with_rows, numbers_at_risk
from .legends import NARROW, heading, legend, width_of_column
from .style import INK, axes_or_new, house_style, line_look

if TYPE_CHECKING:
    from ..models.aft.distributions import DistributionComparison


def plot_distributions(
    result: DistributionComparison, *, only: list[str] | None = None, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Cumulative hazards by day: Nelson-Aalen as steps with its interval, each fitted distribution as a line.

    Parameters
    ----------
    result : DistributionComparison
        What :func:`~secondplan.models.compare_distributions` gave.
    only : list of str, optional
        Distributions to draw; by default all that were fitted, best AIC first.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        A distribution that was not fitted is asked for.

    Examples
    --------
    >>> import secondplan as sp
    >>> axes = plot_distributions(sp.compare_distributions([2, 3, 3, 5, 8], [1, 1, 2, 1, 0]))
    >>> axes.get_ylabel()
    'cumulative hazard of event 1'
    """
    curves = {str(name): table for name, table in result.cumulative_hazards.groupby("distribution", sort=False)}
    steps = curves.pop("Nelson-Aalen")
    names = [name for name in result.table.index if name in curves] if only is None else list(only)
    absent = [name for name in names if name not in curves]
    if absent:
        raise ValueError(f"only must name fitted distributions ({', '.join(curves)}), got {', '.join(absent)}")
    last = max(table["day"].max() for table in curves.values())
    days, estimate, lower, upper = ([*steps[name]] for name in ("day", "estimate", "lower", "upper"))
    with house_style():
        ax = axes_or_new(ax, height_with_rows(1))
        ax.step([*days, last], [*estimate, estimate[-1]], where="post", color=INK, linewidth=1.2, label="Nelson-Aalen")
        band = [*lower, lower[-1]], [*upper, upper[-1]]
        ax.fill_between([*days, last], *band, step="post", color=INK, alpha=0.13, linewidth=0)
        for position, name in enumerate(names):
            look = line_look(position, mark=False)
            ax.plot(curves[name]["day"], curves[name]["estimate"], linewidth=1.6, label=name, **look)
        ax.set(xlabel="days", ylabel=f"cumulative hazard of event {result.event}")
        ax.set_ylim(0, 1.1 * max(upper[-1], *(curves[name]["estimate"].max() for name in names), 0.0))
        legend(ax)
        ticks = shown_days(last)
        ticks = ticks if width_of_column(ax) >= NARROW else ticks[1::2]
        ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
        numbers_at_risk(ax, {"": result.at_risk(ticks)}, ticks)
        heading(ax, title, f"Which shape fits the time to event {result.event}?")
        behind = result.table["aic_difference"].reindex(names).dropna()
        told = listed(f"{name} {difference:.1f}" for name, difference in behind.items())
        describe(
            ax,
            f"Cumulative hazard of event {result.event} by day {last:,g}: Nelson-Aalen {estimate[-1]:.3f}"
            f" ({lower[-1]:.3f} to {upper[-1]:.3f}). AIC above that of the best shape: {told or 'not known'}.",
        )
    return ax
