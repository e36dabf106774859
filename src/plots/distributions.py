"""Cumulative hazards of fitted distributions beside the estimate that supposes no shape."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.axes import Axes

from .style import COLOURS, INK, axes_or_new, house_style

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
        ax = axes_or_new(ax)
        ax.step([*days, last], [*estimate, estimate[-1]], where="post", color=INK, linewidth=1.2, label="Nelson-Aalen")
        band = [*lower, lower[-1]], [*upper, upper[-1]]
        ax.fill_between([*days, last], *band, step="post", color=INK, alpha=0.13, linewidth=0)
        for position, name in enumerate(names):
            ax.plot(curves[name]["day"], curves[name]["estimate"], color=COLOURS[position], label=name)
        ax.set(xlabel="days", ylabel=f"cumulative hazard of event {result.event}")
        ax.set_ylim(0, 1.1 * max(upper[-1], *(curves[name]["estimate"].max() for name in names), 0.0))
        ax.legend(loc="best", fontsize=8)
        if title:
            ax.set_title(title)
    return ax
