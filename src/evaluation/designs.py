"""How the rows of a cohort are parted into training and test rows: what ``folds=`` of a comparison may be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ..caller_warnings import warn
from ..given_dates import given_date
from ..parameter_checks import shown
from ..renamed_parameters import renamed_parameters
from .combining import Combine, over_authorities
from .optimism import LEAST_DRAWS, Draw, OptimismCorrection
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
    repeat : int
        A row is tested once in each repeat.
    label : str
        What is tested, for a table: an authority, or a day.
    is_draw : bool
        The training rows are drawn with replacement; the model is measured on them and on all rows, and ``rows`` are
        those for which it is the first that did not see their family.
    test_cohort : Cohort or None
        Where ``rows`` are not rows of the cohort that trains the models.
    """

    train_rows: np.ndarray
    rows: np.ndarray
    cut: pd.Timestamp | None = None
    repeat: int = 0
    label: str = ""
    is_draw: bool = False
    test_cohort: Cohort | None = None

    def train(self, cohort: Cohort) -> Cohort:
        """The training rows of ``cohort``."""
        train = cohort.take(self.train_rows)
        return train if self.cut is None else known_on(train, self.cut)

    def test(self, cohort: Cohort) -> Cohort:
        """The test rows of ``cohort``, or the cohort that is tested instead."""
        return cohort.take(self.rows) if self.test_cohort is None else self.test_cohort


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
        return Partition(train, test, cut, label=f"{cut:%Y-%m-%d}")


class LeaveOneAuthorityOut:
    """Test each authority on models of all the others: how a model does where it has not been.

    Measures are estimated within each authority, on its own children, and pooled over authorities by random effects
    (variance by Paule and Mandel, intervals by Hartung and Knapp; see
    :mod:`~secondplan.models.numerics.random_effects`), on the logit scale for those between 0 and 1 and on that of the
    logarithm for ratios. ``Comparison.measures`` states how much authorities differ, and an interval for a new one. The
    average risk against which models are held is that of the same authority, which a model of the others does not know.

    Parameters
    ----------
    min_events : int
        Authorities with fewer second plans are not tested; they are named in ``Comparison.remarks``, and their children
        still train the models of the others.

    Examples
    --------
    >>> from secondplan import build_cohort, simulate
    >>> cohort = build_cohort(simulate(n_children=1000))
    >>> [part.label for part in LeaveOneAuthorityOut().parts(cohort)]
    ['501', '502']
    """

    def __init__(self, min_events: int = 10):
        self.min_events = min_events

    def __repr__(self) -> str:
        return f"LeaveOneAuthorityOut(min_events={self.min_events})"

    def parts(self, cohort: Cohort) -> list[Partition]:
        """Training and test rows of each authority.

        Raises
        ------
        ValueError
            Fewer than two authorities have enough second plans.
        """
        codes = cohort.keys["la_code"].astype(str).to_numpy()
        tested = [code for code in np.unique(codes) if code not in self.too_small(cohort)]
        if len(tested) < 2:
            raise ValueError(
                f"two authorities with at least {self.min_events} second plans are needed, {len(tested)} of "
                f"{np.unique(codes).size} have them: lower min_events, or test by family (folds=FamilyKFold(5))"
            )
        return [Partition(np.flatnonzero(codes != code), np.flatnonzero(codes == code), label=code) for code in tested]

    def too_small(self, cohort: Cohort) -> list[str]:
        """Codes of the authorities that are not tested."""
        events = (cohort.y["event"] == 1).groupby(cohort.keys["la_code"].astype(str).to_numpy()).sum()
        return sorted(events.index[events < self.min_events])


class BootstrapOptimism:
    """Fit to all children, and correct the measures by the optimism of models fitted to draws of families.

    All children train the model and all count, which suits small samples. Each measure is corrected by how much better
    draws are predicted than all children by the models fitted to them (Harrell's bootstrap), with an interval shifted
    alike (Noma and others, 2021; see :mod:`~secondplan.evaluation.optimism`). ``Comparison.measures`` states
    ``apparent`` and ``optimism``. Risks in ``predictions``, ``calibration`` and ``by_fold`` are of children whose
    family the model did not see: each has that of the first draw without its family.

    Parameters
    ----------
    n : int
        Draws. With fewer than 100, measures and differences have no intervals, so that no gate is passed on them.
    random_state : int

    Examples
    --------
    >>> BootstrapOptimism(200)
    BootstrapOptimism(n=200, random_state=0)
    """

    def __init__(self, n: int = 200, random_state: int = 0):
        self.n = n
        self.random_state = random_state

    def __repr__(self) -> str:
        return f"BootstrapOptimism(n={self.n}, random_state={self.random_state})"

    def parts(self, cohort: Cohort) -> list[Partition]:
        """All rows for training and testing, then a part for each draw.

        Raises
        ------
        ValueError
            There are fewer than two draws.
        """
        if self.n < 2:
            raise ValueError(f"n must be at least 2 draws, got {self.n}")
        everybody = np.arange(len(cohort))
        family = pd.factorize(cohort.cluster)[0]
        n_families = int(family.max()) + 1
        rng = np.random.default_rng(self.random_state)
        found, waiting = [Partition(everybody, everybody)], np.ones(len(cohort), dtype=bool)
        for _ in range(self.n):
            times_drawn = np.bincount(rng.integers(n_families, size=n_families), minlength=n_families)[family]
            unseen = np.flatnonzero(waiting & (times_drawn == 0))
            waiting[unseen] = False
            found.append(Partition(np.repeat(everybody, times_drawn), unseen, is_draw=True))
        return found


class OtherCohort:
    """Train on the whole cohort, test on children of another source: another place, or another system.

    Parameters
    ----------
    cohort : Cohort
        The children that are tested; tables, and ``Comparison.cohort``, are of them.

    Examples
    --------
    >>> from secondplan import AalenJohansen, build_cohort, compare_models, simulate
    >>> england = build_cohort(simulate("england-2018", n_children=300))
    >>> birmingham = build_cohort(simulate("birmingham", n_children=2000, random_state=1))
    >>> found = compare_models({"by sex": AalenJohansen(strata="sex")}, england, folds=OtherCohort(birmingham))
    >>> found.n_rows == len(birmingham)
    True
    """

    def __init__(self, cohort: Cohort):
        self.cohort = cohort

    def parts(self, cohort: Cohort) -> list[Partition]:
        """One part: all rows of ``cohort`` train, all of the other are tested."""
        return [Partition(np.arange(len(cohort)), np.arange(len(self.cohort)), test_cohort=self.cohort)]


def tested_cohort(folds: Any, cohort: Cohort) -> Cohort:
    """The cohort whose rows are tested."""
    return folds.cohort if isinstance(folds, OtherCohort) else cohort


def design_words(folds: Any, parts: Sequence[Partition]) -> str:
    """How the children were tested, for a caption: ``"5 folds by family"``."""
    if isinstance(folds, LeaveOneAuthorityOut):
        return f"{len(parts)} authorities, each tested on models of the others and pooled by random effects"
    if isinstance(folds, TemporalSplit):
        return f"{len(parts)} test sets, from {' and '.join(part.label for part in parts)} on"
    if isinstance(folds, OtherCohort):
        return "a cohort that trained no model"
    if isinstance(folds, BootstrapOptimism):
        return f"{folds.n} bootstrap draws of families, corrected for optimism"
    n_repeats = parts[-1].repeat + 1
    by = " by family" if folds is None or isinstance(folds, int | FamilyKFold) else ""
    return f"{len(parts) // n_repeats} folds{by}" + (f", averaged over {n_repeats} repeats" if n_repeats > 1 else "")


def design_remarks(folds: Any, cohort: Cohort) -> tuple[str, ...]:
    """What a reader of the comparison must know of its design."""
    if isinstance(folds, BootstrapOptimism) and folds.n < LEAST_DRAWS:
        return (f"{folds.n} draws correct the measures, but are too few for intervals: take {LEAST_DRAWS} or more.",)
    small = folds.too_small(cohort) if isinstance(folds, LeaveOneAuthorityOut) else []
    if not small:
        return ()
    line = f"Not tested, with fewer than {folds.min_events} second plans each: authorities {', '.join(small)}"
    return (f"{line}; their children train the models of the others.",)


def combine_of(folds: Any, draws: Mapping[str, Sequence[Draw]]) -> Combine | None:
    """How measures of the parts become one, where they are not measured together: see ``pooled_metrics``."""
    if isinstance(folds, BootstrapOptimism):
        return OptimismCorrection({name: found for name, found in draws.items() if found})
    return over_authorities if isinstance(folds, LeaveOneAuthorityOut) else None


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
    if isinstance(folds, FamilyKFold):
        pairs = folds.split(cohort.X, cohort.y["event"], cohort.cluster)
        return [Partition(train, test, repeat=k // folds.n_splits) for k, (train, test) in enumerate(pairs)]
    return list(_of_positions(cohort, folds))


def _of_positions(cohort: Cohort, folds: Any) -> Iterator[Partition]:
    """Parts by a splitter of scikit-learn's kind, or by pairs of training and test positions."""
    if isinstance(folds, str) or not (hasattr(folds, "split") or isinstance(folds, Iterable)):
        raise TypeError(f"folds must be a number, a design such as FamilyKFold(5) or pairs of rows, got {shown(folds)}")
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
    if cohort.keys["index_end"].isna().any():
        raise ValueError("a split by date needs the day from which each row is followed: Cohort.of_table(index_end=)")
    return (cut - cohort.keys["index_end"]).dt.days.to_numpy(dtype=float)


def known_on(cohort: Cohort, cut: pd.Timestamp) -> Cohort:
    """The cohort with outcomes as known on a day after each row's plan end and entry."""
    days, duration = _days_to(cut, cohort), cohort.y["duration"].to_numpy(dtype=float)
    event = cohort.y["event"].mask(duration > days, 0).astype(cohort.y["event"].dtype)
    y = cohort.y.assign(duration=np.minimum(duration, days), event=event)
    return replace(cohort, y=y, as_of=min(cut, cohort.as_of))
