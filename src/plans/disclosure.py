"""Disclosure control for tables that leave the authority, as the Department for Education does it.

Counts of 1 to 5 are withheld and marked ``c``; 0 is shown. Source: *Children in need* methodology, "Confidentiality".
"""

import numpy as np
import pandas as pd

from ..small_counts import SUPPRESSED, is_small

# Entries of a null space of small whole-number equations are either rounding error or far larger.
FREE = 1e-9


def withhold_revealed(values: np.ndarray, withheld: np.ndarray, relations: np.ndarray) -> np.ndarray:
    """Which counts are withheld in the end, so that none of 1 to 5 follows from those that are shown.

    A reader knows sums: that groups make up a total, and parts a whole. A withheld count follows from what is shown if
    these equations have one solution for it (the total less the other parts, in the plainest case). The smallest other
    count of such an equation is then withheld too, and this again until nothing follows (secondary suppression). What
    turns out to protect nothing in the end is shown again, the largest counts first.

    Parameters
    ----------
    values : ndarray, shape (n,)
        Counts; NaN where there is none.
    withheld : ndarray of bool, shape (n,)
        What is withheld to begin with.
    relations : ndarray, shape (n_relations, n)
        Equations that the reader knows, each ``relation @ values = 0``.

    Returns
    -------
    ndarray of bool, shape (n,)

    Examples
    --------
    >>> total_and_parts = np.array([45, 30, 3, 12])
    >>> withhold_revealed(total_and_parts, is_small(total_and_parts), np.array([[1, -1, -1, -1]]))
    array([False, False,  True,  True])
    """
    first, withheld = withheld, withheld.copy()
    # Those withheld for the sake of others are protected too: through them the small ones would follow.
    left = np.ones(withheld.size, dtype=bool)
    while True:
        revealed = np.flatnonzero(_determined(relations, withheld) & left)
        if not revealed.size:
            return _without_needless(values, first, withheld, relations)
        for cell in revealed:
            equations = np.flatnonzero(relations[:, cell])
            others = np.flatnonzero((relations[equations] != 0).any(axis=0) & ~withheld & (values > 0))
            if others.size:
                withheld[others[np.argmin(values[others])]] = True
            else:
                # Nothing else is left to withhold.
                left[cell] = False


def withheld_in_parts(counts: pd.Series | np.ndarray, parts_of: list[pd.Series] | None = None) -> np.ndarray:
    """Which of the counts in a column are withheld, where a reader may know what they add up to.

    Parameters
    ----------
    counts : Series or array, shape (n,)
    parts_of : list of Series, optional
        Columns whose values name a total, such as model and day: rows alike in all of them add up to one. All rows may
        add up to one too.

    Returns
    -------
    ndarray of bool, shape (n,)

    Examples
    --------
    >>> withheld_in_parts(np.array([3, 30, 12, 3, 8, 40]), [pd.Series([365, 365, 365, 730, 730, 730])])
    array([ True, False,  True,  True,  True, False])
    """
    values = np.nan_to_num(np.asarray(counts, dtype=float))
    hidden = is_small(values)
    groups = [np.arange(values.size)]
    if parts_of:
        keys = pd.concat([column.reset_index(drop=True) for column in parts_of], axis=1, ignore_index=True)
        groups = [*keys.groupby(list(keys.columns), dropna=False).indices.values(), *groups]
    for rows in groups:
        if hidden[rows].any():
            own = np.array([values[rows].sum(), *values[rows]])
            first = np.array([is_small(own[:1])[0], *hidden[rows]])
            hidden[rows] = withhold_revealed(own, first, np.array([[1, *[-1] * rows.size]]))[1:]
    return hidden


def _determined(relations: np.ndarray, withheld: np.ndarray) -> np.ndarray:
    """Withheld counts for which the equations have one solution, shape (n,)."""
    unknown = np.flatnonzero(withheld)
    determined = np.zeros(withheld.size, dtype=bool)
    system = relations[:, unknown]
    # A count is free where some solution of the homogeneous equations moves it.
    free = np.abs(_moves(system[(system != 0).any(axis=1)])) > FREE
    determined[unknown] = ~free.any(axis=1)
    return determined


def _moves(system: np.ndarray) -> np.ndarray:
    """A basis of the solutions of homogeneous equations, shape (n, k)."""
    from scipy.linalg import null_space

    return null_space(system) if system.size else np.eye(system.shape[1])  # SciPy before 1.14 takes no empty ones


def _without_needless(values: np.ndarray, first: np.ndarray, withheld: np.ndarray, relations: np.ndarray) -> np.ndarray:
    """``withheld`` less those counts, beyond the first ones, without which no more of the first ones follow."""
    kept = withheld.copy()
    unknown = np.flatnonzero(withheld)
    free = _moves(relations[:, unknown])
    for place in np.argsort(-values[unknown], kind="stable"):
        if first[unknown[place]]:
            continue
        own = free[place]
        length = np.linalg.norm(own)
        if length > FREE:
            # To show a count is to leave the solutions in which it does not move.
            still = free - np.outer(free @ own, own) / length**2
            is_free, stays_free = (np.abs(moves).max(axis=1) > FREE for moves in (free, still))
            if (first[unknown] & is_free & ~stays_free).any():
                continue
            free = still
        kept[unknown[place]] = False
    return kept


def round_to_ten(counts: np.ndarray) -> np.ndarray:
    """Counts rounded to 10, as DfE rounds the totals of England and the regions; halves away from zero."""
    return np.floor(np.asarray(counts, dtype=float) / 10 + 0.5) * 10


def rounded_flow(flow: pd.DataFrame) -> pd.DataFrame:
    """An exclusion flow as it may be published: every number rounded to 10, and those of 1 to 5 withheld.

    The remaining numbers of consecutive steps differ by the number left out, so withholding that one alone would hide
    nothing; rounding every number does (*Children in need* rounds its totals to 10 too).
    """
    shown = flow.copy()
    for column in flow.columns:
        if pd.api.types.is_numeric_dtype(flow[column]) and not pd.api.types.is_bool_dtype(flow[column]):
            values = flow[column].to_numpy(dtype=float)
            rounded = pd.Series((np.round(values / 10) * 10).astype(int), index=flow.index, dtype=object)
            shown[column] = rounded.mask(is_small(values), SUPPRESSED)
    return shown
