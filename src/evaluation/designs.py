"""How the rows of a cohort are parted into training and test rows: what ``folds=`` of a comparison may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..caller_warnings import warn
from ..given_dates import given_date
from ..renamed_parameters import renamed_parameters
from .splits import FamilyKFold, families_in_both

if TYPE_CHECKING:
    from ..plans.cohort import Cohort


@dataclass(frozen=True)
class Partition:
    """Training and test rows of one part of a design.

    Attributes
    ----------
    train_rows, rows : ndarray of int
        Positions in the cohort of the rows that models are fitted to, and tested on.
    cut : Timestamp or None
        Training outcomes are those known on this day.
    """

    train_rows: np.ndarray
    rows: np.ndarray
    cut: pd.Timestamp | None = None

    def train(self, cohort: Cohort) -> Cohort:
        """The training rows of ``cohort``."""
        train = cohort.take(self.train_rows)
        return train if self.cut is None else known_on(train, self.cut)

    def test(self, cohort: Cohort) -> Cohort:
        """The test rows of ``cohort``."""
        return cohort.take(self.rows)


class TemporalSplit:
    """Train on what was known on a day, test on the plans that ended from that day on; on one day or several.

    Training rows are plans that ended before the cut, with outcomes as an extract made on that day would show them:
    whatever happened later is censored on the day of the cut, and rows that came under observation only later are left
    out. Test rows are plans that ended on that day or later, up to the next cut, so that each is tested once; all that
    is known of them counts. A family may be on both sides, as it is when a model is used.

    Parameters
    ----------
    dates : date, str, Timestamp, or several of them
        The cuts.

    Examples
    --------
    >>> from secondplan import build_cohort, simulate
    >>> cohort = build_cohort(simulate(n_children=200))
    >>> train, test = TemporalSplit("2016-01-01").split(cohort)
    >>> bool(train.keys["index_end"].max() < test.keys["index_end"].min())
    True
    >>> [len(part.rows) > 0 for part in TemporalSplit(["2015-01-01", "2016-01-01"]).parts(cohort)]
    [True, True]
    """

    @renamed_parameters(cut_date="dates")
    def __init__(self, dates: Any):
        several = isinstance(dates, Iterable) and not isinstance(dates, str)
        cuts = [given_date(day, "dates") for day in (dates if several else [dates])]
        if not cuts or len(set(cuts)) < len(cuts):
            raise ValueError(f"dates must be distinct days, one at least; got {len(cuts)}, {len(set(cuts))} distinct")
        self.dates = tuple(sorted(cuts))

    def __repr__(self) -> str:
        return f"TemporalSplit({[f'{day:%Y-%m-%d}' for day in self.dates]})"

    def parts(self, cohort: Cohort) -> list[Partition]:
        """Training and test rows of each cut.

        Raises
        ------
        ValueError
            No plan ended before a cut, or none between it and the next.
        """
        ends = [*self.dates[1:], None]
        return [self._part(cohort, cut, until) for cut, until in zip(self.dates, ends, strict=True)]

    def split(self, cohort: Cohort) -> tuple[Cohort, Cohort]:
        """The training and the test cohort of a single cut; see :meth:`parts` for several.

        Raises
        ------
        ValueError
            There are several cuts, no plan ended before the cut, or none from it on.
        """
        if len(self.dates) > 1:
            raise ValueError(f"split is of one date, there are {len(self.dates)}; parts(cohort) gives the rows of each")
        part = self.parts(cohort)[0]
        return part.train(cohort), part.test(cohort)

    def _part(self, cohort: Cohort, cut: pd.Timestamp, until: pd.Timestamp | None) -> Partition:
        days = _days_to(cut, cohort)
        train = np.flatnonzero((days > 0) & (cohort.y["entry"].to_numpy(dtype=float) < days))
        if train.size == 0:
            raise ValueError(f"no plan ended before {cut:%Y-%m-%d}: nothing to train on")
        test = np.flatnonzero((days <= 0) & (until is None or _days_to(until, cohort) > 0))
        if test.size == 0:
            before = "" if until is None else f" and before {until:%Y-%m-%d}"
            raise ValueError(f"no plan ended on or after {cut:%Y-%m-%d}{before}: nothing to test on")
        return Partition(train, test, cut)


def partitions(cohort: Cohort, folds: Any, random_state: int) -> list[Partition]:
    """The parts that ``folds`` asks for; see :func:`~secondplan.compare_models`.

    Raises
    ------
    ValueError
        A row is tested twice.
    """
    if hasattr(folds, "parts"):
        return list(folds.parts(cohort))
    if folds is None or isinstance(folds, int):
        folds = FamilyKFold(5 if folds is None else folds, random_state=random_state)
    return list(_of_positions(cohort, folds))


def _of_positions(cohort: Cohort, folds: Any) -> Iterator[Partition]:
    """Parts by a splitter of scikit-learn's kind, or by pairs of training and test positions."""
    family = cohort.cluster
    pairs = folds.split(cohort.X, cohort.y["event"], family) if hasattr(folds, "split") else folds
    tested = np.zeros(len(cohort), dtype=bool)
    n_parted = 0
    for train_rows, test_rows in pairs:
        train, rows = np.asarray(train_rows), np.asarray(test_rows)
        if tested[rows].any():
            raise ValueError(f"folds: {int(tested[rows].sum())} rows are tested more than once")
        tested[rows] = True
        n_parted = max(n_parted, families_in_both(train, rows, family))
        yield Partition(train, rows)
    if n_parted:
        warn(
            f"folds: up to {n_parted} families have children on both sides of a fold, which flatters the models; "
            "FamilyKFold keeps them together"
        )


def _days_to(cut: pd.Timestamp, cohort: Cohort) -> np.ndarray:
    """Days from each row's plan end to the cut, shape (n,)."""
    return (cut - cohort.keys["index_end"]).dt.days.to_numpy(dtype=float)


def known_on(cohort: Cohort, cut: pd.Timestamp) -> Cohort:
    """The cohort with outcomes as known on a day after each row's plan end and entry."""
    days, duration = _days_to(cut, cohort), cohort.y["duration"].to_numpy(dtype=float)
    event = cohort.y["event"].mask(duration > days, 0).astype(cohort.y["event"].dtype)
    y = cohort.y.assign(duration=np.minimum(duration, days), event=event)
    return replace(cohort, y=y, as_of=min(cut, cohort.as_of))
