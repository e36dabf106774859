"""The choice of a penalty: deviance by cross-validation, and coefficients, along a path of strengths."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .style import COLOURS, INK, MUTED, axes_or_new, house_style

# More names than these cannot be told apart beside the lines.
MOST_NAMES = 12


def plot_penalty_cv(table: pd.DataFrame, marks: Mapping[str, float] | None = None, *, ax: Axes | None = None) -> Axes:
    """Cross-validated deviance by strength, with one standard error either way.

    Parameters
    ----------
    table : DataFrame
        ``CoxElasticNetCV.to_frame()``: indexed by strength, with cv_mean, cv_lower, cv_upper and n_features.
    marks : mapping of str to float, optional
        Strengths to mark, by name.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    with house_style():
        ax = axes_or_new(ax)
        ax.fill_between(table.index, table["cv_lower"], table["cv_upper"], color=COLOURS[0], alpha=0.2, linewidth=0)
        ax.plot(table.index, table["cv_mean"], color=COLOURS[0])
        _strength_axis(ax, marks)
        ax.set_ylabel("deviance of an event left out, and one standard error")
        ax.set_title("Cross-validation of the penalty")
        _count_features(ax, table["n_features"])
    return ax


def plot_penalty_path(
    coefficients: pd.DataFrame, marks: Mapping[str, float] | None = None, *, ax: Axes | None = None
) -> Axes:
    """Coefficients by strength; the largest at the weakest penalty are named.

    Parameters
    ----------
    coefficients : DataFrame
        ``CoxElasticNetCV.coef_path_``: indexed by strength, one column per feature.
    marks : mapping of str to float, optional
        Strengths to mark, by name.
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    with house_style():
        ax = axes_or_new(ax)
        last = coefficients.iloc[-1]
        named = last.abs().nlargest(MOST_NAMES).index[: int((last != 0).sum())]
        for place, feature in enumerate(coefficients.columns):
            is_named = feature in named
            colour = COLOURS[place % len(COLOURS)] if is_named else MUTED
            ax.plot(coefficients.index, coefficients[feature], color=colour, linewidth=1.4 if is_named else 0.7)
            if is_named:
                ax.annotate(
                    str(feature),
                    (coefficients.index[-1], last[feature]),
                    xytext=(4, 0),
                    textcoords="offset points",
                    va="center",
                    fontsize=7,
                    color=colour,
                )
        ax.axhline(0, color=MUTED, linewidth=0.8)
        _strength_axis(ax, marks)
        ax.set_ylabel("coefficient")
        ax.set_title("Coefficients along the penalty")
        _count_features(ax, (coefficients != 0).sum(axis=1))
    return ax


def _strength_axis(ax: Axes, marks: Mapping[str, float] | None) -> None:
    """Strong penalties to the left, on a log scale, with the marks as vertical lines."""
    ax.set_xscale("log")
    ax.invert_xaxis()
    ax.set_xlabel("strength of the penalty, lambda (log scale)")
    for name, strength in (marks or {}).items():
        ax.axvline(strength, color=INK, linewidth=0.9, linestyle="--" if name.endswith("min") else ":")
        ax.annotate(
            name, (strength, 0.98), xycoords=("data", "axes fraction"), rotation=90, va="top", ha="right", fontsize=7
        )


def _count_features(ax: Axes, n_features: pd.Series) -> None:
    """Numbers of features that the model uses, along the bottom of the axes."""
    for place in np.unique(np.linspace(0, len(n_features) - 1, 8).astype(int)):
        ax.annotate(
            f"{int(n_features.iloc[place])}",
            (float(n_features.index[place]), 0.01),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="bottom",
            fontsize=7,
            color=MUTED,
        )
