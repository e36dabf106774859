"""Indicators of a period beside those of the region and of England."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .alt_text import amount, describe, listed
from .legends import heading, legend
from .style import COLOURS, INK, axes_or_new, house_style

if TYPE_CHECKING:
    from ..plans.indicators import Indicators

ALL = "all"
BESIDE = (("region_pct", "s", COLOURS[1], "region, published"), ("england_pct", "D", INK, "England, published"))


def plot_indicators(
    result: Indicators, *, key: str | None = None, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Shares of a period with their intervals, beside the published ones of the region and of England.

    What is withheld by disclosure control is not drawn.

    Parameters
    ----------
    result : Indicators
        What :func:`~secondplan.plans.indicators` gave.
    key : str, optional
        One indicator, to compare the groups of ``result``; by default every share of all groups together.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes

    Examples
    --------
    >>> import secondplan as sp
    >>> axes = plot_indicators(sp.indicators(sp.simulate(n_children=500, random_state=1), 2018))
    >>> axes.get_xlabel()
    '% (1 April 2017 to 31 March 2018)'
    """
    rows, labels = _drawn(result, key)
    if rows.empty:
        raise ValueError("every share is withheld or undefined: there is nothing to draw")
    place = range(len(rows))[::-1]
    with house_style():
        ax = axes_or_new(ax)
        pct, lower, upper = rows[["pct", "lower", "upper"]].to_numpy(dtype=float).T
        spread = np.array([pct - lower, upper - pct])
        ax.errorbar(pct, place, xerr=spread, fmt="o", color=COLOURS[0], capsize=2.5, label="these data")
        for column, marker, colour, label in BESIDE:
            if rows[column].notna().any():
                ax.plot(rows[column], place, marker, color=colour, fillstyle="none", markersize=7, label=label)
        ax.set_yticks(list(place), labels)
        ax.set(xlabel=f"% ({result.period})", ylim=(-0.7, len(rows) - 0.3))
        ax.set_xlim(left=0)
        legend(ax, place="below", ncols=3)
        heading(ax, title, rows["indicator"].iloc[0] if key else "How does the period compare?")
        describe(ax, f"Per cent, {result.period}, with interval: {_told(rows, labels)}.")
    return ax


def _told(rows: pd.DataFrame, labels: list[str]) -> str:
    told = []
    for label, (_, row) in zip(labels, rows.iterrows(), strict=True):
        beside = (
            f"{name.partition(',')[0]} {row[column]:.1f}" for column, _, _, name in BESIDE if pd.notna(row[column])
        )
        told.append(", ".join([f"{label} {amount(row['pct'], row['lower'], row['upper'], unit='')}", *beside]))
    return listed(told, len(told))


def _drawn(result: Indicators, key: str | None) -> tuple[pd.DataFrame, list[str]]:
    """The rows that are drawn, and what each is called."""
    frame = result.to_frame()
    names = list(result.by)
    is_all = frame[names].eq(ALL).all(axis=1)
    frame["pct"] = pd.to_numeric(frame["pct"], errors="coerce")
    if key is None:
        rows = frame[is_all & frame["pct"].notna()]
        return rows, rows["indicator"].tolist()
    if not frame["key"].eq(key).any():
        raise ValueError(f"key must be one of {', '.join(frame['key'].unique())}, got {key!r}")
    rows = frame[frame["key"].eq(key) & frame["pct"].notna()]
    if not names:
        return rows, rows["indicator"].tolist()
    return rows, [" ".join(dict.fromkeys(group)) for group in rows[names].astype(str).to_numpy()]
