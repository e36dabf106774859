"""The choice of a penalty: deviance by cross-validation, and coefficients, along a path of strengths."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from .alt_text import describe, listed
from .legends import heading
from .style import COLOURS, INK, MUTED, axes_or_new, house_style, line_look, text_colour

# More names than these cannot be told apart beside the lines.
MOST_NAMES = 12
# Points above the axes, where the title leaves room for numbers of features.
ABOVE = 20
# Least distance of two names, in parts of the axis.
NAME_GAP = 0.045


def plot_penalty_cv(
    table: pd.DataFrame, marks: Mapping[str, float] | None = None, *, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Cross-validated deviance by strength, with one standard error either way.

    Parameters
    ----------
    table : DataFrame
        ``CoxElasticNetCV.to_frame()``: indexed by strength, with cv_mean, cv_lower, cv_upper and n_features.
    marks : mapping of str to float, optional
        Strengths to mark, by name.
    title : str, optional
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
        ax.set_ylabel("deviance left out, with one standard error")
        heading(ax, title, "How strong a penalty predicts best?", pad=ABOVE)
        _count_features(ax, table["n_features"])
        at = {name: int(np.abs(np.log(table.index / strength)).argmin()) for name, strength in (marks or {}).items()}
        told = listed(f"{name} {table.index[row]:.3g} with {table['n_features'].iloc[row]:.0f} features, deviance "
                      f"{table['cv_mean'].iloc[row]:.2f}" for name, row in at.items())  # fmt: skip
        describe(ax, f"Deviance of an event left out, by cross-validation: lowest {table['cv_mean'].min():.2f} at "
                     f"strength {table['cv_mean'].idxmin():.3g}{'; ' if told else ''}{told}.")  # fmt: skip
    return ax


def plot_penalty_path(
    coefficients: pd.DataFrame,
    marks: Mapping[str, float] | None = None,
    *,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Coefficients by strength; the largest at the weakest penalty are named.

    Parameters
    ----------
    coefficients : DataFrame
        ``CoxElasticNetCV.coef_path_``: indexed by strength, one column per feature.
    marks : mapping of str to float, optional
        Strengths to mark, by name.
    title : str, optional
    ax : matplotlib Axes, optional

    Returns
    -------
    Axes
    """
    with house_style():
        ax = axes_or_new(ax)
        last = coefficients.iloc[-1]
        colours: dict[str, str] = {}
        named = last.abs().nlargest(MOST_NAMES).index[: int((last != 0).sum())]
        for place, feature in enumerate(coefficients.columns):
            is_named = feature in named
            look = line_look(place, mark=False) if is_named else {"color": MUTED}
            ax.plot(coefficients.index, coefficients[feature], linewidth=1.4 if is_named else 0.7, **look)
            colours[feature] = text_colour(str(look["color"]))
        _name_ends(ax, float(coefficients.index[-1]), last[named], colours)
        ax.axhline(0, color=MUTED, linewidth=0.8)
        _strength_axis(ax, marks)
        ax.set_ylabel("coefficient")
        heading(ax, title, "Which features stay as the penalty grows?", pad=ABOVE)
        _count_features(ax, (coefficients != 0).sum(axis=1))
        kept = (coefficients != 0).sum().sort_values(ascending=False, kind="stable")
        told = listed(f"{feature} {last[feature]:.2f}" for feature in kept.index[kept > 0])
        describe(ax, f"Coefficients along the penalty, at its weakest, those that stay longest first: {told}.")
    return ax


def _name_ends(ax: Axes, weakest: float, ends: pd.Series, colours: Mapping[str, str]) -> None:
    """Names of the lines that end at the right, moved apart where they would cover each other."""
    low, high = ax.get_ylim()
    ordered = ends.sort_values()
    places = np.array((ordered - low) / (high - low), dtype=float)
    for _ in range(500):
        short = np.maximum(NAME_GAP - np.diff(places), 0.0) / 2
        places[:-1] -= short
        places[1:] += short
        places = np.clip(places, 0.02, 0.97)
    for (feature, value), place in zip(ordered.items(), places, strict=True):
        ax.annotate(
            str(feature),
            (weakest, value),
            (1.03, place),
            textcoords="axes fraction",
            va="center",
            fontsize=8,
            color=colours[feature],
            arrowprops={"arrowstyle": "-", "color": MUTED, "linewidth": 0.5},
        )


def _strength_axis(ax: Axes, marks: Mapping[str, float] | None) -> None:
    """Strong penalties to the left, on a log scale, with the marks as vertical lines."""
    ax.set_xscale("log")
    ax.invert_xaxis()
    ax.set_xlabel("strength of the penalty, lambda (log scale)")
    for name, strength in (marks or {}).items():
        ax.axvline(strength, color=INK, linewidth=0.9, linestyle="--" if name.endswith("min") else ":")
        ax.annotate(
            name,
            (strength, 0.98),
            (-3, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            rotation=90,
            va="top",
            ha="right",
            fontsize=8,
        )


def _count_features(ax: Axes, n_features: pd.Series) -> None:
    """Numbers of features that the model uses, along the top of the axes."""
    ax.annotate("features", (0, 1), (-6, 4), "axes fraction", "offset points", fontsize=8, color=MUTED, ha="right")
    for place in np.unique(np.linspace(0, len(n_features) - 1, 8).astype(int)):
        ax.annotate(
            f"{int(n_features.iloc[place])}",
            (float(n_features.index[place]), 1),
            (0, 4),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="center",
            fontsize=8,
            color=MUTED,
        )
