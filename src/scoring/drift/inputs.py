"""Whether plans that ended newly look like those of training, column by column, and what they must look like at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from ...models.metrics.metric_bounds import holm
from ...models.monitoring.distribution_shift import ShiftTest, shift_test, smallest_shift
from ...small_counts import SUPPRESSED, is_small
from ..cases import CODES
from ..values import as_words, level_text, to_numbers
from .reference import RISK, ColumnProfile, TrainingProfile

if TYPE_CHECKING:
    from ...models.estimator.base import IncidenceModel
    from ...plans.cohort import Cohort
    from ..cases import CheckedCases

# Plans that a window needs; with fewer the next month joins it.
LEAST_PLANS = 50
# A column that is all one value is an alarm where that would happen by chance less often than this.
RARE = 1e-3
# Share of new values beyond what one in ten were beyond in training.
SHARE_BEYOND = 0.7


@dataclass(frozen=True)
class Window:
    """Whole months in which at least ``LEAST_PLANS`` plans ended.

    Attributes
    ----------
    first, last : Period
        Months.
    rows : ndarray of int
        Positions in the cohort of new plans.
    """

    first: pd.Period
    last: pd.Period
    rows: np.ndarray

    @property
    def n_months(self) -> int:
        """How many months it spans."""
        return (self.last - self.first).n + 1

    @property
    def name(self) -> str:
        """Its months in words."""
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


def windows_of(ended: pd.Series, first: pd.Period, last: pd.Period) -> list[Window]:
    """The months from ``first`` to ``last``, joined until each window has enough plans; what is left over waits.

    Parameters
    ----------
    ended : Series of Timestamp, n rows
        The day on which each plan ended.
    first, last : Period
        Whole months.
    """
    month = ended.dt.to_period("M")
    found: list[Window] = []
    begin, held = first, np.zeros(0, dtype=np.int64)
    for period in pd.period_range(first, last, freq="M"):
        held = np.concatenate([held, np.flatnonzero(month == period)])
        if held.size >= LEAST_PLANS:
            found.append(Window(begin, period, held))
            begin, held = period + 1, np.zeros(0, dtype=np.int64)
    return found


def input_table(
    profile: TrainingProfile, cohort: Cohort, risk: np.ndarray, windows: list[Window], false_alarms_per_year: float
) -> pd.DataFrame:
    """Every column of every window against training.

    Parameters
    ----------
    profile : TrainingProfile
    cohort : Cohort
        The plans that ended newly.
    risk : ndarray, shape (n,)
        Their predicted risks at the model's horizon; NaN where it states none.
    windows : list of Window
    false_alarms_per_year : float
        How often a window would give an alarm although nothing has changed: Holm's correction over the columns holds
        the chance of a window to this rate times its length in years.

    Returns
    -------
    DataFrame
        ``window, n, column, moved, moved_by_chance, higher, lower, upper, p_value, p_adjusted, alarm, finding,
        smallest_seen``. ``higher``: probability that a new value is above one of training, with its 95 % interval, for
        numbers. ``smallest_seen``: what a window of this size finds four times in five: of numbers how far ``higher``
        is from 0.5, of other columns the change in the share of their most frequent value.
    """
    bins = {column.name: column.bins(_values(column, cohort, risk)) for column in profile.columns}
    families = pd.factorize(cohort.cluster)[0]
    rows: list[dict[str, Any]] = []
    for window in windows:
        sizes = np.bincount(families[window.rows]).astype(float)
        size = float(sizes @ sizes / window.rows.size)
        counts = {name: _counts(found[window.rows], column) for column, (name, found) in _paired(profile, bins)}
        tests = [shift_test(column.sample, counts[column.name], cluster_size=size) for column in profile.columns]
        level = min(false_alarms_per_year * window.n_months / 12.0, 0.5)
        p_values = np.nan_to_num([test.p_value for test in tests], nan=1.0)
        adjusted = holm(p_values)
        for column, test, p in zip(profile.columns, tests, adjusted, strict=True):
            alarm = bool(p < level)
            rows.append(
                {
                    "window": window.name,
                    "n": test.n,
                    "column": column.name,
                    "moved": test.moved,
                    "moved_by_chance": test.moved_by_chance,
                    "higher": 0.5 + test.rank_shift,
                    "lower": 0.5 + test.rank_lower,
                    "upper": 0.5 + test.rank_upper,
                    "p_value": test.p_value,
                    "p_adjusted": p,
                    "alarm": alarm,
                    "finding": _finding(column, test, counts[column.name]) if alarm else "",
                    "smallest_seen": smallest_shift(column.sample, test.n, size, level / len(tests)),
                }
            )
    return pd.DataFrame(rows, columns=INPUT_COLUMNS)


INPUT_COLUMNS = [
    *("window", "n", "column", "moved", "moved_by_chance", "higher", "lower", "upper", "p_value", "p_adjusted"),
    *("alarm", "finding", "smallest_seen"),
]
CONTRACT_COLUMNS = ["window", "column", "rule", "finding"]


def contract_table(
    model: IncidenceModel,
    profile: TrainingProfile,
    cohort: Cohort,
    checked: CheckedCases,
    windows: list[Window],
    max_reject_share: float,
) -> pd.DataFrame:
    """What new plans must look like, whatever their distribution: one row per breach.

    Parameters
    ----------
    model : IncidenceModel
    profile : TrainingProfile
    cohort : Cohort
    checked : CheckedCases
        Which of its plans can be scored.
    windows : list of Window
    max_reject_share : float
        The share of plans that may be rejected.

    Returns
    -------
    DataFrame
        ``window, column, rule, finding``; rules: ``unseen_level``, ``one_value``, ``unit``, ``rejects``.
    """
    rows = []
    for window in windows:
        for column in profile.columns:
            if column.name == RISK:
                continue
            values = cohort.X[column.name].iloc[window.rows]
            breaches = [_unseen(model, column, values), _one_value(column, values), _unit(column, values)]
            rows += [(window.name, column.name, *breach) for breach in breaches if breach is not None]
        n_rejected = int((~checked.is_valid[window.rows]).sum())
        if n_rejected > max_reject_share * window.rows.size:
            share = (
                f"{100 * n_rejected / window.rows.size:.0f} % of" if not is_small(np.array([n_rejected])) else "some"
            )
            codes = ", ".join(sorted(CODES[code] for code in set(checked.code[window.rows].tolist()) - {-1}))
            rows.append(
                (
                    window.name,
                    "",
                    "rejects",
                    f"{share} plans cannot be scored ({codes}), limit {max_reject_share:.0%}",
                )
            )
    return pd.DataFrame(rows, columns=CONTRACT_COLUMNS)


def _unseen(model: IncidenceModel, column: ColumnProfile, values: pd.Series) -> tuple[str, str] | None:
    if column.kind != "categorical":
        return None
    levels = set(model.encoder_.columns_[column.name].levels)
    text = level_text(values, levels)
    n_unseen = int((text.notna() & ~text.isin(levels)).sum())
    if not n_unseen:
        return None
    shown = SUPPRESSED if is_small(np.array([n_unseen])) else n_unseen
    return "unseen_level", f"{shown} of {len(values)} plans have levels that training did not have"


def _one_value(column: ColumnProfile, values: pd.Series) -> tuple[str, str] | None:
    """A column that is all one value, though in training it was not."""
    bins = column.bins(values)
    counts = np.bincount(bins, minlength=column.sample.counts.size)
    if np.count_nonzero(counts) > 1 or (column.kind == "numeric" and values.nunique(dropna=False) > 1):
        return None
    share = float(column.sample.shares[counts.argmax()])
    design_effect = max(1.0 + (column.sample.cluster_size - 1.0) * column.sample.likeness, 1.0)
    if share ** (len(values) / design_effect) >= RARE:
        return None
    what = "missing" if int(counts.argmax()) == counts.size - 1 else "the same value"
    return "one_value", f"is {what} for all {len(values)} plans; in training for {100 * share:.0f} %"


def _unit(column: ColumnProfile, values: pd.Series) -> tuple[str, str] | None:
    """Most values above (or below) what one in ten were above (or below) in training."""
    if column.kind != "numeric" or len(column.edges) < 2:
        return None
    numbers = to_numbers(values, column.name, as_words(values))[0]
    numbers = numbers[~np.isnan(numbers)]
    if not numbers.size:
        return None
    counts = column.sample.counts[: len(column.edges) + 1]
    shares = counts / counts.sum()
    for side, beyond, usual in (
        ("above", float((numbers > column.edges[-1]).mean()), shares[-1]),
        ("below", float((numbers <= column.edges[0]).mean()), shares[0]),
    ):
        if usual <= 0.2 and beyond >= SHARE_BEYOND:
            return "unit", (
                f"{100 * beyond:.0f} % of values are {side} {_rounded(column.edges[-1 if side == 'above' else 0])}, in "
                f"training {100 * usual:.0f} %: has its unit changed?"
            )
    return None


def _values(column: ColumnProfile, cohort: Cohort, risk: np.ndarray) -> Any:
    return risk if column.name == RISK else cohort.X[column.name]


def _paired(profile: TrainingProfile, bins: dict[str, np.ndarray]) -> Any:
    return zip(profile.columns, bins.items(), strict=True)


def _counts(bins: np.ndarray, column: ColumnProfile) -> np.ndarray:
    return np.bincount(bins, minlength=column.sample.counts.size)


def _finding(column: ColumnProfile, test: ShiftTest, counts: np.ndarray) -> str:
    """What has changed, in words, without a count of 1 to 5."""
    name = column.name.replace("_", " ")
    if column.kind == "numeric" and (test.rank_lower > 0.0 or test.rank_upper < 0.0):
        is_higher = test.rank_shift > 0.0
        chances = sorted(0.5 + (part if is_higher else -part) for part in (test.rank_lower, test.rank_upper))
        chance = 0.5 + abs(test.rank_shift)
        return (
            f"{name} is {'higher' if is_higher else 'lower'}: a new value is {'above' if is_higher else 'below'} one "
            f"of training {100 * chance:.0f} times in 100 ({100 * chances[0]:.0f} to {100 * min(chances[1], 1.0):.0f}; "
            "50 without a change)"
        )
    shares, before = counts / counts.sum(), column.sample.shares
    place = int(np.abs(shares - before).argmax())
    rest = int(counts.sum() - counts[place])
    now = "few" if is_small(np.array([counts[place], rest])).any() else f"{100 * shares[place]:.0f} %"
    return f"{name}, {_bin_name(column, place)}: {now}, in training {100 * before[place]:.0f} %"


def _bin_name(column: ColumnProfile, place: int) -> str:
    if place == column.sample.counts.size - 1:
        return "missing"
    if column.kind != "numeric":
        return column.levels[place].replace("_", " ")
    if not column.edges:
        return "known"
    if place == 0:
        return f"up to {_rounded(column.edges[0])}"
    if place == len(column.edges):
        return f"over {_rounded(column.edges[-1])}"
    return f"over {_rounded(column.edges[place - 1])} to {_rounded(column.edges[place])}"


def _rounded(value: float) -> str:
    return f"{value:.3g}"
