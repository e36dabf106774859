"""What a chart says to those who do not see it: its finding with the numbers, kept by axes, notebooks and files."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

# So many things are told one by one.
MOST_TOLD = 8
# The formats of files, and of pictures in notebooks, that keep a description.
DESCRIBED = {"png": "image/png", "svg": "image/svg+xml"}


def describe(ax: Axes, *sentences: str) -> None:
    """Keep the finding as ``ax.alt_text``; a plain figure of the user's learns to hand it on."""
    ax.alt_text = " ".join(filter(None, sentences))  # type: ignore[attr-defined]
    figure = ax.get_figure()
    if type(figure) is Figure:
        figure.__class__ = DescribedFigure


def alt_text(figure: Figure) -> str:
    """What the charts of a figure say, in the order of their axes; empty where none was described."""
    return " ".join(filter(None, (getattr(ax, "alt_text", "") for ax in figure.axes)))


class DescribedFigure(Figure):
    """A figure whose pictures carry its alternative text: in files as description, in notebooks as ``alt``."""

    def savefig(self, fname: Any, *, metadata: dict[str, Any] | None = None, **options: Any) -> None:
        """As matplotlib's, with the description of PNG and SVG filled in."""
        ending = Path(fname).suffix[1:] if isinstance(fname, str | os.PathLike) else ""
        kind = str(options.get("format") or ending or mpl.rcParams["savefig.format"]).lower()
        words = alt_text(self)
        if words and kind in DESCRIBED:
            metadata = {"Description": words} | (metadata or {})
        if metadata is not None:
            options["metadata"] = metadata
        super().savefig(fname, **options)

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> tuple[dict[str, Any], dict[str, Any]]:
        """No picture of its own (IPython makes it in the user's format), but what goes with it."""
        words = alt_text(self)
        return {}, {kind: {"alt": words} for kind in DESCRIBED.values()} if words else {}


def amount(
    estimate: float, lower: float = np.nan, upper: float = np.nan, *, unit: str = " %", digits: int | None = 1
) -> str:
    """A number with its unit, and its interval where it has one: ``8.2 % (7.1 to 9.4)``; three digits if ``None``."""
    if not np.isfinite(estimate):
        return "not known"
    first, *bounds = (_number(value, digits) for value in (estimate, lower, upper))
    return f"{first}{unit} ({' to '.join(bounds)})" if np.isfinite([lower, upper]).all() else f"{first}{unit}"


def listed(parts: Iterable[str], most: int = MOST_TOLD) -> str:
    """Parts of a sentence one after the other, the first ``most`` of them."""
    told = list(parts)
    more = len(told) - most
    return "; ".join(told[:most]) + (f"; and {more} more" if more > 0 else "")


def span(values: Any, unit: str = "", digits: int | None = 1) -> str:
    """The smallest and the largest of values: ``3.1 to 8.2 %``."""
    known = np.asarray(values, dtype=float)
    known = known[np.isfinite(known)]
    if not known.size:
        return "not known"
    low, high = _number(known.min(), digits), _number(known.max(), digits)
    return f"{low}{unit}" if low == high else f"{low} to {high}{unit}"


def _number(value: float, digits: int | None) -> str:
    return f"{value:.3g}" if digits is None else f"{round(value, digits) + 0.0:,.{digits}f}"  # 0.0, not -0.0
