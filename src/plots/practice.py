"""An authority's shares before and after a date, against its own trend and against other authorities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from .alt_text import describe
from .legends import heading, legend
from .style import COLOURS, DASHES, INK, MUTED, axes_or_new, house_style

if TYPE_CHECKING:
    from ..effects.practice import PracticeChange


def plot_practice_change(
    result: PracticeChange, *, title: str | None = None, ax: Axes | None = None, **options: Any
) -> Axes:
    """Shares of periods with intervals, the fitted lines, the trend as it would have gone on, and the controls.

    Parameters
    ----------
    result : PracticeChange
        What :func:`~secondplan.change_of_practice` gave.
    title : str, optional
    ax : matplotlib Axes, optional
    **options
        For the points of the authority.

    Returns
    -------
    Axes

    Examples
    --------
    >>> import secondplan as sp
    >>> axes = sp.change_of_practice(sp.published_second_plans(), "330", "2017-04-01").plot()
    >>> axes.get_ylabel()
    'second and later plans of those started'
    """
    series = result.series
    after = series.index >= result.date
    distance = [series["share"] - series["lower"], series["upper"] - series["share"]]
    with house_style():
        ax = axes_or_new(ax)
        name = f"authority {result.la_code}"
        ax.errorbar(series.index, series["share"], yerr=distance, fmt="o", color=COLOURS[0], label=name, **options)
        for chosen in (after, ~after):
            ax.plot(series.index[chosen], series["fitted"][chosen], color=COLOURS[0], linewidth=2)
        ax.plot(
            series.index[after],
            series["projected"][after],
            linestyle=DASHES[1],
            color=COLOURS[0],
            label="its own trend before",
        )
        if "controls" in series:
            name = f"{result.difference.n_controls} other authorities" if result.difference else "other authorities"
            ax.plot(series.index, series["controls"], linestyle=DASHES[2], color=COLOURS[1], linewidth=2, label=name)
        ax.axvline(result.date, color=INK, linewidth=1)
        ax.annotate(
            f" {result.date.day} {result.date:%b %Y}",
            (result.date, 1.0),
            xycoords=("data", "axes fraction"),
            va="top",
            color=MUTED,
        )
        ax.set(ylabel=result.what, xlabel="start of the period")
        ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
        ax.set_ylim(0.0, 1.12 * ax.get_ylim()[1])
        legend(ax, place="below", ncols=3)
        heading(ax, title, f"Did the share move on {result.date.day} {result.date:%B %Y}?")
        describe(ax, " ".join(result.words.split("\n")))
    return ax
