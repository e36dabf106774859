"""Emulated trials: risks of strategies by day, weights and balance over time, risks by minimum length of plans."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from .style import COLOURS, MUTED, axes_or_new, house_style, line_look

WORTH_A_LOOK = 0.1


def plot_strategies(curves: pd.DataFrame, table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Risks of a second plan by day since the plan's start, one line per strategy, with intervals on some days.

    Parameters
    ----------
    curves : DataFrame
        A column a strategy, indexed by day.
    table : DataFrame
        strategy, time, estimate, lower, upper.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    with house_style():
        ax = axes_or_new(ax)
        reach = float(curves.index.max())
        for place, name in enumerate(curves.columns):
            look = {**line_look(place), "marker": None}
            ax.plot(curves.index, 100 * curves[name], drawstyle="steps-post", label=name, **look)
            own = table[table["strategy"] == name]
            day = own["time"] + 0.006 * reach * (place - (curves.shape[1] - 1) / 2)
            ax.vlines(day, 100 * own["lower"], 100 * own["upper"], color=look["color"], linewidth=1.2)
        ax.set(xlabel="days since the plan's start", ylabel="risk of a second plan (%)", xlim=(0, None), ylim=(0, None))
        ax.set_title("Had all plans followed the strategy")
        ax.legend(loc="upper left", fontsize=8)
    return ax


def plot_trial_weights(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Weights of the copies in follow-up by day: median to 99th percentile, and the mean per child, which is near 1.

    Parameters
    ----------
    table : DataFrame
        strategy, day, median, p99, mean_per_child: ``EmulatedTrial.weights``.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    with house_style():
        ax = axes_or_new(ax)
        moved = table.groupby("strategy")["largest"].transform("max") > 1.0
        groups = list((table[moved] if moved.any() else table).groupby("strategy", sort=False))
        for place, (name, rows) in enumerate(groups):
            look = line_look(place)
            day = rows["day"] * (1 + 0.02 * (place - (len(groups) - 1) / 2))
            ax.vlines(day, rows["median"], rows["p99"], color=look["color"], linewidth=3, alpha=0.5)
            ax.plot(day, rows["mean_per_child"], label=name, **look)
        ax.axhline(1.0, color=MUTED, linewidth=0.8)
        ax.set(xlabel="days since the plan's start", ylabel="weight", ylim=(0, None))
        ax.set_title("Weights: median to 99th percentile (bars), mean per child (line)")
        ax.legend(fontsize=8)
    return ax


def plot_trial_balance(table: pd.DataFrame, *, most: int = 20, ax: Axes | None = None) -> Axes:
    """Largest standardised differences over strategies and reviews, before and after weighting.

    Parameters
    ----------
    table : DataFrame
        covariate, before, after: ``EmulatedTrial.balance``.
    most : int
        Covariates drawn, those furthest from balance before weighting.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    with house_style():
        ax = axes_or_new(ax)
        sizes = table.assign(before=table["before"].abs(), after=table["after"].abs())
        largest = sizes.groupby("covariate")[["before", "after"]].max().sort_values("before").tail(most)
        for place, name in enumerate(("before", "after")):
            ax.scatter(
                largest[name], largest.index, label=f"{name} weighting", color=COLOURS[place], marker="os"[place]
            )
        ax.axvline(WORTH_A_LOOK, color=MUTED, linewidth=0.8, linestyle="--")
        ax.set(xlabel="largest standardised difference at any review", xlim=(0, None))
        ax.tick_params(axis="y", labelsize=7)
        ax.set_title("Those who go on against all who came to the review")
        ax.legend(loc="lower right", fontsize=8)
    return ax


def plot_policy(table: pd.DataFrame, *, ax: Axes | None = None) -> Axes:
    """Risk by the minimum length of plans in months, one line per time, with intervals.

    Parameters
    ----------
    table : DataFrame
        months (0: as plans were ended), time, estimate, lower, upper: ``PolicyCurve.table``.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    with house_style():
        ax = axes_or_new(ax)
        for place, (time, rows) in enumerate(table.groupby("time")):
            look = line_look(place)
            ax.plot(rows["months"], 100 * rows["estimate"], label=f"by day {time:g}", **look)
            ax.fill_between(rows["months"], 100 * rows["lower"], 100 * rows["upper"], color=look["color"], alpha=0.15)
        ax.set(
            xlabel="no plan ended before (months; 0: as they were)", ylabel="risk of a second plan (%)", ylim=(0, None)
        )
        ax.set_title("Risk by minimum length of plans")
        ax.legend(fontsize=8)
    return ax
