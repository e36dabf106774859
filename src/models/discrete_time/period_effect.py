"""How the hazard runs over the periods: the basis of the period effect of a discrete-time model."""

from __future__ import annotations

import numpy as np

from ...parameter_checks import require_choice, shown
from ..features.natural_spline import place_knots, spline_basis
from .person_period import PersonPeriods

PERIOD_EFFECTS = ("spline", "polynomial", "indicator")


def period_basis(kind: str, df: int, ends: np.ndarray, lines: PersonPeriods) -> np.ndarray:
    """Basis of the period effect, its span containing the constant, orthonormal over the periods that have lines.

    Parameters
    ----------
    kind : {"spline", "polynomial", "indicator"}
        Natural cubic spline of the middle of the period, with knots spread evenly over the periods that have lines;
        polynomial of it; or one free level for each period.
    df : int
        Columns beside the constant, for spline and polynomial. Lowered where there are fewer periods with lines.
    ends : ndarray, shape (n_periods,)
        Last day of each period.
    lines : PersonPeriods

    Returns
    -------
    ndarray, shape (n_periods, q)
        A period without lines takes part in a spline or polynomial as any other; with indicators it has the level of
        the last period before it that has lines (of the first one, if there is none before).

    Raises
    ------
    ValueError
        Unknown ``kind``, or ``df`` is not a whole number of at least 1.
    """
    require_choice("period_effect", kind, PERIOD_EFFECTS)
    if isinstance(df, bool) or df != int(df) or df < 1:
        raise ValueError(f"period_df must be a whole number, at least 1, got {shown(df)}")
    occupied = np.unique(lines.period)
    if kind == "indicator":
        level = np.maximum(np.searchsorted(occupied, np.arange(ends.size), side="right") - 1, 0)
        return np.eye(occupied.size)[level]
    middle = (ends + np.concatenate([[0.0], ends[:-1]])) / 2
    df = min(int(df), occupied.size - 1)
    if df == 0:
        shape = np.empty((ends.size, 0))
    elif kind == "polynomial":
        low, high = middle[occupied[0]], middle[occupied[-1]]
        shape = np.polynomial.legendre.legvander((2 * middle - low - high) / (high - low), df)[:, 1:]
    else:
        shape = spline_basis(middle, place_knots(middle[occupied], df))
    basis = np.column_stack([np.ones(ends.size), shape])
    return basis @ np.linalg.inv(np.linalg.qr(basis[occupied], mode="r"))
