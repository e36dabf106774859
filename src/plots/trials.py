"""Emulated trials: risks of strategies by day, weights and balance over time, risks by minimum length of plans."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .alt_text import amount, describe, listed, span
from .incidence import height_with_rows, numbers_at_risk
from .legends import heading, legend
from .style import COLOURS, MUTED, axes_or_new, house_style, line_look, table_of
from .weights import balance_words

WORTH_A_LOOK = 0.1
LEAST_SHARE = 0.06  # of the axis: numbers of earlier days would run into each other


def plot_strategies(
    curves: pd.DataFrame,
    table: pd.DataFrame,
    *,
    at_risk: pd.DataFrame | None = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Risks of a second plan by day since the plan's start, one line per strategy, with intervals on some days.

    Parameters
    ----------
    curves : DataFrame
        A column a strategy, indexed by day.
    table : DataFrame
        strategy, time, estimate, lower, upper.
    at_risk : DataFrame, optional
        strategy, day, copies: the children who follow each strategy so far, as ``EmulatedTrial.weights`` has them; they
        are written beneath.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    with house_style():
        ax = axes_or_new(ax, height_with_rows(1 if at_risk is None else curves.shape[1]))
        reach = float(curves.index.max())
        for place, name in enumerate(curves.columns):
            look = line_look(place, mark=False)
            ax.plot(curves.index, 100 * curves[name], drawstyle="steps-post", label=name, **look)
            own = table[table["strategy"] == name]
            day = own["time"] + 0.006 * reach * (place - (curves.shape[1] - 1) / 2)
            ax.vlines(day, 100 * own["lower"], 100 * own["upper"], color=look["color"], linewidth=1.2)
        ylabel = "risk of a second plan (%, 95 % intervals)"
        ax.set(xlabel="days since the plan's start", ylabel=ylabel, xlim=(0, None), ylim=(0, None))
        heading(ax, title, "What if all plans had followed the strategy?")
        if at_risk is None:
            legend(ax)
        else:
            given = [int(day) for day in at_risk["day"].unique()]
            days = np.array([day for day in given if day == given[0] or day >= LEAST_SHARE * reach])
            ax.set_xticks(days, [f"{day:g}" for day in days])
            copies = at_risk.set_index(["strategy", "day"])["copies"]
            numbers_at_risk(ax, {name: [copies[name, day] for day in days] for name in curves.columns}, days)
        last = table["time"].max()
        final = table[table["time"] == last].set_index("strategy")
        told = listed(f"{name} {amount(*(100 * final.loc[name, ['estimate', 'lower', 'upper']]))}"
                      for name in curves.columns if name in final.index)  # fmt: skip
        describe(ax, f"Risk of a second plan by day {last:,g} since the plan's start: {told}.")
    return ax


def plot_trial_weights(table: Any, *, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Weights of the copies in follow-up by day: median to 99th percentile, and the mean per child, which is near 1.

    Parameters
    ----------
    table : EmulatedTrial or DataFrame
        strategy, day, median, p99, mean_per_child: ``EmulatedTrial.weights``.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    table = table_of(table, "weights")
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
        told = listed(f"{name}, mean {span(rows['mean_per_child'], digits=2)}, 99th percentile up to "
                      f"{rows['p99'].max():.1f}" for name, rows in groups)  # fmt: skip
        ax.set(xlabel="days since the plan's start", ylabel="weight", ylim=(0, None))
        heading(ax, title, "Weights: median to 99th percentile (bars), mean per child (line)")
        legend(ax)
        describe(ax, f"Weights of children who follow each strategy, by day: {told}.")
    return ax


def plot_trial_balance(table: Any, *, most: int = 20, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Largest standardised differences over strategies and reviews, before and after weighting.

    Parameters
    ----------
    table : EmulatedTrial or DataFrame
        covariate, before, after: ``EmulatedTrial.balance``.
    most : int
        Covariates drawn, those furthest from balance before weighting.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    table = table_of(table, "balance")
    sizes = table.assign(before=table["before"].abs(), after=table["after"].abs())
    largest = sizes.groupby("covariate")[["before", "after"]].max().sort_values("before").tail(most)
    rows = range(len(largest))
    with house_style():
        ax = axes_or_new(ax, max(2.6, 1.2 + 0.24 * len(largest)))
        for place, name in enumerate(("before", "after")):
            mark: dict[str, Any] = {"marker": "os"[place], "color": COLOURS[place], "clip_on": False}  # whole at 0
            ax.plot(largest[name], rows, linestyle="none", label=f"{name} weighting", **mark)
        ax.axvline(WORTH_A_LOOK, color=MUTED, linewidth=0.8, linestyle="--")
        ax.set(xlabel="largest difference from all who came (standard deviations)", xlim=(0, None))
        ax.set_yticks(rows, [str(name) for name in largest.index], fontsize=8)
        heading(ax, title, "Are those who go on like all who came to the review?")
        legend(ax, place="below", ncols=2)
        describe(ax, balance_words(largest, WORTH_A_LOOK))
    return ax


def plot_policy(table: Any, *, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Risk by the minimum length of plans in months, one line per time, with intervals.

    Parameters
    ----------
    table : PolicyCurve or DataFrame
        months (0: as plans were ended), time, estimate, lower, upper: ``PolicyCurve.table``.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    table = table_of(table, "table")
    with house_style():
        ax = axes_or_new(ax)
        for place, (time, rows) in enumerate(table.groupby("time")):
            look = line_look(place)
            ax.plot(rows["months"], 100 * rows["estimate"], label=f"by day {time:g}", **look)
            band = {"color": look["color"], "alpha": 0.15, "linewidth": 0}
            ax.fill_between(rows["months"], 100 * rows["lower"], 100 * rows["upper"], **band)
        ylabel = "risk of a second plan (%, 95 % intervals)"
        ax.set(xlabel="no plan ended before (months; 0: as they were)", ylabel=ylabel, ylim=(0, None))
        heading(ax, title, "How does the risk go with the least length of plans?")
        legend(ax)
        told = []
        for time, rows in table.groupby("time"):
            ends = rows.sort_values("months").iloc[[0, -1]]
            limits = 100 * ends[["estimate", "lower", "upper"]].to_numpy(float)
            each = (f"{amount(*row)} at {months:g} months" for months, row in zip(ends["months"], limits, strict=True))
            told.append(f"by day {time:,g} {', '.join(each)}")
        describe(ax, f"Risk of a second plan by the least length of plans (0: as they were): {listed(told)}.")
    return ax
