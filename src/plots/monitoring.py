"""Charts that watch for change: funnel plots, control charts of monthly shares, CUSUM charts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import AutoDateLocator, ConciseDateFormatter
from matplotlib.ticker import PercentFormatter

from .alt_text import describe, listed, span
from .legends import NARROW, heading, legend, width_of_column
from .style import COLOURS, INK, MUTED, axes_or_new, house_style

if TYPE_CHECKING:
    from ..models.monitoring import Funnel, PChart, RiskAdjustedCusum

# Labels are readable up to so many units outside the limits.
LABELLED = 12


def plot_funnel(
    result: Funnel,
    *,
    highlight: Any = (),
    size: str = "denominator",
    share: str = "share",
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Shares of units by their size, within control limits; units beyond the outermost limits are named.

    Parameters
    ----------
    result : Funnel
        What :func:`~secondplan.models.monitoring.funnel` gave.
    highlight : list of labels
        Units that are named and drawn larger wherever they lie.
    size, share : str
        What the axes are called.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> import secondplan as sp
    >>> axes = plot_funnel(sp.funnel([40, 22, 95], [200, 110, 250], labels=["a", "b", "c"]))
    >>> axes.get_ylabel()
    'share'
    """
    table = result.table
    grid = np.unique(np.linspace(max(table["n"].min() * 0.8, 1), table["n"].max() * 1.03, 300).round())
    limits = result.limits(grid)
    chosen = [highlight] if isinstance(highlight, str) else list(highlight)
    is_chosen = table.index.isin(chosen)
    with house_style():
        ax = axes_or_new(ax)
        for style, level in zip((":", "--", "-."), result.levels, strict=False):
            name = f"{100 * level:g}"
            ax.plot(grid, limits[f"upper_{name}"], style, color=MUTED, label=f"{name} % limits")
            ax.plot(grid, limits[f"lower_{name}"], style, color=MUTED)
        ax.axhline(result.target, color=INK, linewidth=1, label=f"all together ({100 * result.target:.1f} %)")
        is_out = (table["position"] != "inside").to_numpy()
        ax.plot(table["n"][~is_out], table["share"][~is_out], "o", color=COLOURS[0], markersize=4, label="inside")
        ax.plot(table["n"][is_out], table["share"][is_out], "D", color=COLOURS[1], markersize=5, label="outside")
        ax.plot(table["n"][is_chosen], table["share"][is_chosen], "o", color=INK, markersize=11, fillstyle="none")
        _name_units(ax, result, is_chosen)
        ax.set(xlabel=size, ylabel=share)
        ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
        ax.set_ylim(bottom=max(ax.get_ylim()[0], 0.0))
        legend(ax)
        heading(ax, title, "Which units differ by more than chance?")
        describe(ax, *_funnel_words(result, share, is_chosen))
    return ax


def plot_p_chart(result: PChart, *, share: str = "share", title: str | None = None, ax: Axes | None = None) -> Axes:
    """Monthly shares with their centre and control limits, and the months that signal.

    Parameters
    ----------
    result : PChart
        What :func:`~secondplan.models.monitoring.p_chart` gave.
    share : str
        What the axis is called.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> import secondplan as sp
    >>> axes = plot_p_chart(sp.p_chart([20, 26, 22, 25, 24, 45], [100] * 6, baseline=5))
    >>> axes.get_ylabel()
    'share'
    """
    table = result.table
    is_signal = (table["signal"] != "").to_numpy()
    with house_style():
        ax = axes_or_new(ax)
        ax.plot(table.index, table["share"], "-o", color=COLOURS[0], markersize=4, linewidth=1, label="month")
        ax.plot(table.index, table["centre"], color=INK, linewidth=1, label=f"baseline ({100 * result.centre:.1f} %)")
        for side in ("lower", "upper"):
            ax.step(table.index, table[side], where="mid", color=MUTED, linewidth=1, linestyle="--")
        ax.plot([], [], "--", color=MUTED, label=f"limits ({result.sigmas:g} SD)")
        _shade_baseline(ax, table.index, table["is_baseline"].to_numpy())
        if is_signal.any():
            signals = table[is_signal]
            ax.plot(signals.index, signals["share"], "D", color=COLOURS[1], markersize=8, label="signal", zorder=4)
        ax.set(ylabel=share, xlabel="month")
        _few_dates(ax, table.index)
        ax.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0, symbol=" %"))
        legend(ax, place="below", ncols=3)
        ax.set_ylim(bottom=max(ax.get_ylim()[0], 0.0))
        signals = [f"{month:%B %Y}" if hasattr(month, "strftime") else str(month) for month in table.index[is_signal]]
        found = f"{len(signals)} of {len(table)} points signal" if signals else f"None of {len(table)} points signals"
        heading(ax, title, f"{found}{f', first {signals[0]}' if signals else ''}")
        told = f"{found}{': ' if signals else ''}{listed(signals)}."
        describe(ax, f"{share[:1].upper()}{share[1:]}: {span(100 * table['share'], ' %')}, baseline "
                     f"{100 * result.centre:.1f} %.", told)  # fmt: skip
    return ax


def plot_cusum(result: RiskAdjustedCusum, *, title: str | None = None, ax: Axes | None = None) -> Axes:
    """The CUSUM chart with its limit, and the day on which it first signalled.

    Parameters
    ----------
    result : RiskAdjustedCusum
        What :func:`~secondplan.models.monitoring.risk_adjusted_cusum` gave.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> import pandas as pd, secondplan as sp
    >>> days = pd.DataFrame({"observed": 1.0, "expected": 0.9}, index=pd.date_range("2017-01-01", periods=60))
    >>> from secondplan.models.monitoring import ObservedExpected
    >>> chart = sp.risk_adjusted_cusum(ObservedExpected(days, pd.Series([1]).to_numpy()))
    >>> plot_cusum(chart).get_ylabel()
    'CUSUM (log likelihood ratio)'
    """
    days = result.days
    with house_style():
        ax = axes_or_new(ax)
        ax.plot(days.index, days["cusum"], color=COLOURS[0], linewidth=1.6, label="CUSUM")
        limit = f"limit (false alarms in {100 * result.false_alarm_rate:.1f} % of periods)"
        ax.axhline(result.limit, color=COLOURS[1], linestyle="--", label=limit)
        if result.first_signal is not None:
            day = result.first_signal
            ax.plot([day], [days.loc[day, "cusum"]], "D", color=COLOURS[1], markersize=8, zorder=4)
            ax.annotate(
                f"{day.day} {day:%b %Y}", (day, result.limit), xytext=(-8, 8), textcoords="offset points", ha="right"
            )
        # Room for the date above the limit.
        top = 1.25 * max(result.limit, days["cusum"].max())
        ax.set(ylabel="CUSUM (log likelihood ratio)", xlabel="day", ylim=(0, top))
        _few_dates(ax, days.index)
        legend(ax, place="below", ncols=2)
        first = result.first_signal
        found = "No signal" if first is None else f"A signal on {first.day} {first:%B %Y}"
        heading(ax, title, f"{found} (tuned to a hazard {result.hazard_ratio:g} times as high)")
        describe(
            ax,
            f"{found}. CUSUM of observed against expected events, tuned to a hazard {result.hazard_ratio:g} times as"
            f" high: at most {days['cusum'].max():.1f}, {days['cusum'].iloc[-1]:.1f} on the last day, limit"
            f" {result.limit:.1f}.",
        )
    return ax


def _few_dates(ax: Axes, index: Any) -> None:
    """Dates that leave room between each other, each year said once."""
    if isinstance(index, pd.DatetimeIndex):
        places = AutoDateLocator() if width_of_column(ax) >= NARROW else AutoDateLocator(minticks=2, maxticks=5)
        ax.xaxis.set_major_locator(places)
        ax.xaxis.set_major_formatter(ConciseDateFormatter(places))


def _funnel_words(result: Funnel, share: str, is_chosen: np.ndarray) -> list[str]:
    """How many units lie outside each pair of limits, and where the chosen ones lie."""
    table = result.table
    counts = []
    for level in result.levels:
        upper, lower = (result.limits(table["n"])[f"{side}_{100 * level:g}"].to_numpy() for side in ("upper", "lower"))
        n_out = int(((table["share"] > upper) | (table["share"] < lower)).sum())
        counts.append(f"{n_out} of {len(table)} units outside the {100 * level:g} % limits")
    chosen = table[is_chosen]
    named = listed(f"{unit} {100 * value:.1f} %, {position}" for unit, value, position in
                   zip(chosen.index, chosen["share"], chosen["position"], strict=True))  # fmt: skip
    whole = f"{share[:1].upper()}{share[1:]}: {100 * result.target:.1f} % all together; {'; '.join(counts)}."
    return [whole, f"{named}." if named else ""]


def _name_units(ax: Axes, result: Funnel, is_chosen: np.ndarray) -> None:
    """Name the chosen units and those farthest outside the outermost limits."""
    table = result.table
    outermost = f"{100 * result.levels[-1]:g} %"
    is_far = table["position"].str.endswith(outermost).to_numpy()
    farthest = np.argsort(-table["z"].abs().to_numpy())[:LABELLED]
    order = [*np.flatnonzero(is_chosen), *(row for row in farthest if is_far[row] and not is_chosen[row])]
    width, height = table["n"].max(), np.ptp(ax.get_ylim())
    placed: list[tuple[float, float]] = []
    for row in order:
        x, y = table["n"].iloc[row] / width, (table["share"].iloc[row] - ax.get_ylim()[0]) / height
        # A name over another one is worse than none.
        if all(abs(x - other) > 0.24 or abs(y - at) > 0.05 for other, at in placed):
            placed.append((x, y))
            side: Any = {"ha": "right", "xytext": (-7, 6)} if x > 0.8 else {"ha": "left", "xytext": (6, 5)}
            point = (table["n"].iloc[row], table["share"].iloc[row])
            ax.annotate(str(table.index[row]), point, textcoords="offset points", fontsize=8, color=INK, **side)


def _shade_baseline(ax: Axes, index: Any, is_baseline: np.ndarray) -> None:
    if not is_baseline.all():
        ax.axvspan(index[0], index[is_baseline][-1], color=COLOURS[0], alpha=0.1, linewidth=0, label="baseline months")
