"""The totals of a quality report, as they may be passed on: which counts are withheld, and totals kept on disk."""

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from ..errors import InputError
from ..small_counts import SMALLEST_SHOWN, SUPPRESSED, is_small
from .disclosure import withhold_revealed
from .findings import KEPT, NOTED

COUNTS = ("read", "kept", "repaired", "merged", "rejected")
FOUND = ("severity", "code", "table", "action", "n", "meaning", "advice")

COUNTS_EXPLAINED = (
    "Counts are of records: read = kept + repaired + merged + rejected. Repaired records are kept too, with one or "
    "more values mended; the numbers below are of findings, of which a record may have several."
)

CROSS_CHECK = ("previous-plans-differ", "previous-plans-unseen", "previous-plans-missing")
"""Findings of which a plan has at most one: with the plans that have none they add up to all plans."""


@dataclass(frozen=True, eq=False)
class QualityTotals:
    """What a quality report says without the places of findings.

    Attributes
    ----------
    source : str
        What was read, in words.
    counts : DataFrame, one row per table (the index)
        ``read, kept, repaired, merged, rejected``: numbers of rows.
    found : DataFrame, one row per code, table and action
        ``severity, code, table, action, n, meaning, advice``, the worst first.
    skipped : mapping of str to int
        What was passed over, and how often.
    """

    source: str
    counts: pd.DataFrame
    found: pd.DataFrame
    skipped: Mapping[str, int | str] = field(default_factory=dict)

    def withheld(self) -> "QualityTotals":
        """The totals with ``c`` in place of counts that could single out children; see the functions of this module."""
        skipped = {
            name: SUPPRESSED if not isinstance(n, str) and is_small([n])[0] else n for name, n in self.skipped.items()
        }
        found = self.found.assign(n=withheld_findings(self.found, self.counts))
        return QualityTotals(self.source, withheld_counts(self.counts), found, skipped)


def withheld_counts(counts: pd.DataFrame) -> pd.DataFrame:
    """Counts of rows with those of 1 to 5 withheld, and with them the table's other counts.

    A withheld count must not be the difference of the others: the row goes as a whole, but for its zeros.
    """
    shown = counts.astype(object)
    numbers = counts.apply(pd.to_numeric, errors="coerce")
    small = (numbers > 0) & (numbers < SMALLEST_SHOWN)
    return shown.mask((numbers > 0) & small.any(axis=1).to_numpy()[:, None], SUPPRESSED)


def withheld_findings(found: pd.DataFrame, counts: pd.DataFrame) -> pd.Series:
    """Numbers of findings with those of 1 to 5 withheld, and those from which such a number would follow.

    Of rows that were kept, the number without the finding is known too, as the total less the others: both must be 0 or
    at least 6. Findings that repaired, joined or rejected rows add up to the rows that were: where one is withheld, so
    is the next smallest. Findings about files or the data as a whole count no children.
    """
    numbers = pd.to_numeric(found["n"], errors="coerce")
    is_withheld = pd.Series(is_small(numbers), index=found.index)
    for (table, action), group in found.groupby(["table", "action"], sort=False):
        parts = numbers[group.index].to_numpy(dtype=float)
        if action == NOTED:
            is_withheld[group.index] = False
        elif action == KEPT:
            total = float(pd.to_numeric(counts["read"], errors="coerce").get(table, np.nan))
            is_withheld[group.index] |= is_small(total - parts)
            crossed = group["code"].isin(CROSS_CHECK).to_numpy()
            if crossed.any():
                is_withheld[group.index[crossed]] |= withheld_cross_check(parts[crossed], total)[:-1]
        else:
            is_withheld[group.index] |= _withheld_parts(parts)
    return found["n"].astype(object).mask(is_withheld, SUPPRESSED)


def withheld_cross_check(parts: np.ndarray, total: float) -> np.ndarray:
    """Which of ``parts`` and of what they leave of ``total`` are withheld, in this order."""
    return _withheld_parts(np.append(parts, total - parts.sum())) | is_small([total])[0]


def _withheld_parts(parts: np.ndarray) -> np.ndarray:
    """Which parts of a total that is known are withheld."""
    values = np.append(parts.sum(), parts)
    total_and_parts = np.where(np.arange(values.size) == 0, 1.0, -1.0)[None, :]
    return withhold_revealed(values, is_small(values), total_and_parts)[1:]


def read_quality(path: str | os.PathLike[str]) -> QualityTotals:
    """The totals of a report that :meth:`QualityReport.write_json` wrote.

    Parameters
    ----------
    path : path
        The ``quality.json`` that ``secondplan read`` puts beside a store.

    Returns
    -------
    QualityTotals

    Raises
    ------
    InputError
        The file is missing or is no quality report.

    Examples
    --------
    >>> import tempfile
    >>> from secondplan.plans import Plans, check_plans
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     read_quality(check_plans(Plans()).write_json(f"{folder}/quality.json")).found["code"].iloc[0]
    'no-plans'
    """
    file = Path(path)
    try:
        stored = json.loads(file.read_text(encoding="utf-8"))
        rows = dict(stored["counts"])
        counts = pd.DataFrame.from_dict(rows, orient="index", columns=list(COUNTS)).rename_axis("table")
        found = pd.DataFrame([[row[name] for name in FOUND] for row in stored["findings"]], columns=list(FOUND))
        return QualityTotals(str(stored["source"]), counts, found, dict(stored["skipped"]))
    except FileNotFoundError:
        raise InputError(f"{file}: does not exist") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise InputError(f"{file}: cannot be read as a quality report") from None
