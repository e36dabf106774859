"""For whom a model is right: discrimination and calibration by group, with small groups withheld."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..models.inputs.outcome import Outcome, check_outcome
from ..models.metrics import MetricWarning, brier_score, observed_expected_ratio, time_dependent_auc
from ..models.metrics.inputs import followed_to
from ..small_counts import SUPPRESSED, is_small
from .measures import usable

if TYPE_CHECKING:
    from ..plans.cohort import Cohort
    from .comparison import Comparison

CHARACTERISTICS = ("sex", "ethnicity_group", "disabled", "la_code")
NOT_RECORDED = "not recorded"


def subgroup_table(
    comparison: Comparison,
    cohort: Cohort,
    *,
    model: str | None = None,
    day: float = 730,
    by: Sequence[str] = CHARACTERISTICS,
    min_rows: int = 100,
    min_events: int = 10,
) -> pd.DataFrame:
    """A model's out-of-fold risks of a second plan by group of children.

    Read it with care: groups are compared one at a time, small groups differ by chance (see the interval), and a
    difference in observed risk is a difference in recorded plans, not in need. The Brier score depends on how common a
    second plan is in the group; AUC within a group is lower where its children are alike.

    Parameters
    ----------
    comparison : Comparison
        Its ``predictions`` are used.
    cohort : Cohort
        The one that was compared on.
    model : str, optional
        By default the first of ``comparison.table``.
    day : float
        One of the days of the comparison.
    by : sequence of str
        Columns of ``cohort.X``, or of ``cohort.keys``; those that the cohort lacks are left out.
    min_rows, min_events : int
        Measures of a group with fewer children, or fewer second plans by ``day``, are left blank (NaN).

    Returns
    -------
    DataFrame
        ``characteristic, group, n, n_events, expected, observed, observed_expected, lower, upper, auc, brier``; the
        first row is everybody. Counts of 1 to 5 are withheld (``c``), and with a single one of them the next smallest
        of that characteristic, so that it does not follow from the total. ``lower`` and ``upper`` bound the 95 %
        interval of ``observed_expected``.

    Raises
    ------
    ValueError
        The model or the day is not in the comparison, or ``min_events`` would let a withheld count be worked out.
    """
    if min_events <= 5:
        raise ValueError(f"min_events must be above 5, got {min_events}: smaller counts are withheld")
    name = str(comparison.table.index[0]) if model is None else model
    column = f"risk_{day:g}"
    chosen = comparison.predictions[comparison.predictions["model"] == name]
    if chosen.empty:
        raise ValueError(f"{name} is not in the comparison; it has {', '.join(map(str, comparison.table.index))}")
    if column not in chosen:
        raise ValueError(f"day {day:g} is not in the comparison")
    outcome = check_outcome(cohort.y, n_rows=len(cohort))
    rows = chosen["row"].to_numpy()
    kept = usable(outcome, rows)
    rows, risk = rows[kept], chosen[column].to_numpy()[kept]
    y, families = outcome.take(rows), cohort.cluster.to_numpy()[rows]

    tables = []
    for characteristic, labels in _labels(cohort, rows, by).items():
        groups = [
            {"group": group} | _measures(y, risk, families, np.flatnonzero(labels == group), day, min_rows, min_events)
            for group in sorted(set(labels))
        ]
        table = pd.DataFrame(groups)
        table.insert(0, "characteristic", characteristic)
        for counts in ("n", "n_events"):
            table[counts] = _withhold(table[counts])
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def _labels(cohort: Cohort, rows: np.ndarray, by: Sequence[str]) -> dict[str, np.ndarray]:
    labels = {"all": np.full(rows.size, "all", dtype=object)}
    for name in by:
        frame = cohort.X if name in cohort.X else cohort.keys
        if name in frame:
            column = frame[name].iloc[rows]
            labels[name] = column.astype(object).where(column.notna(), NOT_RECORDED).astype(str).to_numpy(dtype=object)
    return labels


def _measures(
    y: Outcome, risk: np.ndarray, families: np.ndarray, members: np.ndarray, day: float, min_rows: int, min_events: int
) -> dict[str, float]:
    part, own = y.take(members), risk[members]
    n_events = int(np.sum((part.event == 1) & (part.duration <= day)))
    names = ("expected", "observed", "observed_expected", "lower", "upper", "auc", "brier")
    result = {"n": members.size, "n_events": n_events} | dict.fromkeys(names, float("nan"))
    followed = bool(followed_to(part, np.array([day]))[0])
    if members.size < min_rows or n_events < min_events or not followed or np.isnan(risk).any():
        return result
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MetricWarning)  # an AUC without controls is a blank cell here
        ratio = observed_expected_ratio(part, own, day, cluster=families[members])
        auc, brier = time_dependent_auc(part, own, [day])[0], brier_score(part, own, [day])[0]
    expected = float(own.mean())
    values = (expected, ratio.estimate * expected, ratio.estimate, ratio.lower, ratio.upper, float(auc), float(brier))
    return result | dict(zip(names, values, strict=True))


def _withhold(counts: pd.Series) -> pd.Series:
    """Counts with 1 to 5 replaced by ``c``; where that is a single one, with the next smallest replaced too."""
    hidden = is_small(counts)
    if hidden.sum() == 1 and counts.size > 1:
        others = np.where(hidden | (counts == 0), np.inf, counts.to_numpy(dtype=float))
        if np.isfinite(others).any():
            hidden[int(np.argmin(others))] = True
    return counts.astype(object).mask(hidden, SUPPRESSED)
