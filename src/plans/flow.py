"""Who is left out of an analysis, step by step, and why: counts that add up."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..errors import EmptyCohortError

FLOW_COLUMNS = ["step", "n_left_out", "n_remaining", "reason"]


@dataclass(frozen=True)
class Exclusion:
    """One step: its name, the reason for a reader, and the rows it leaves out (bool, shape (n,))."""

    step: str
    reason: str
    rows: np.ndarray


@dataclass(frozen=True)
class NeverRows:
    """A first step: units that never became rows, and how many they are."""

    step: str
    reason: str
    count: int


def apply_exclusions(
    n_rows: int, start: str, exclusions: list[Exclusion], *, before: list[NeverRows] | None = None
) -> tuple[np.ndarray, pd.DataFrame]:
    """The rows that no step leaves out, and the flow table. A row is counted at the first step that leaves it out.

    Parameters
    ----------
    n_rows : int
    start : str
        What is counted, for the table's first line: ``"children on a plan"``.
    exclusions : list of Exclusion
        In the order in which they apply.
    before : list of NeverRows, optional
        Steps that come first; their units are added to the table's first line.

    Returns
    -------
    kept : ndarray of bool, shape (n_rows,)
    flow : DataFrame
        ``step, n_left_out, n_remaining, reason``; the first line holds all, each later line is a step. ``n_left_out``
        adds up to the difference between the first and the last ``n_remaining``.
    """
    remaining = n_rows + sum(step.count for step in before or [])
    lines: list[tuple[str, int, int, str]] = [(start, 0, remaining, "")]
    for step in before or []:
        remaining -= step.count
        lines.append((step.step, step.count, remaining, step.reason))
    kept = np.ones(n_rows, dtype=bool)
    for exclusion in exclusions:
        out = kept & np.asarray(exclusion.rows, dtype=bool)
        kept &= ~out
        lines.append((exclusion.step, int(out.sum()), int(kept.sum()), exclusion.reason))
    return kept, pd.DataFrame(lines, columns=FLOW_COLUMNS)


def require_rows(flow: pd.DataFrame, purpose: str) -> None:
    """Raise where the flow ends with nobody.

    Raises
    ------
    EmptyCohortError
        The message names the step that left out most, and how many it left out of how many.
    """
    if flow["n_remaining"].iloc[-1] > 0:
        return
    n_start = int(flow["n_remaining"].iloc[0])
    if n_start == 0:
        raise EmptyCohortError(f"nobody {purpose}: there are no child protection plans in the data")
    worst = flow.loc[flow["n_left_out"].idxmax()]
    raise EmptyCohortError(
        f"nobody {purpose}: of {n_start} {flow['step'].iloc[0]}, {worst['n_left_out']} were left out at "
        f'"{worst["step"]}" ({worst["reason"]})'
    )
