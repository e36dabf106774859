"""For whom a model fails: metrics by group of children, with intervals, and which gaps chance can explain."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.special import ndtri, stdtr, stdtrit

from ..models.inputs.outcome import Outcome, check_outcome
from ..models.metrics import MetricWarning, evaluate_risks
from ..models.metrics.calibration_estimate import group_codes
from ..models.metrics.metric_bounds import difference_bounds, holm_within, normal_p_value, on_scale
from ..models.metrics.metric_table import GROUPS, METRICS, scale_of
from ..plans.disclosure import withhold_revealed
from ..plans.group_words import group_labels
from ..small_counts import SUPPRESSED, is_small
from .subgroup_result import EVERYBODY, Subgroups

if TYPE_CHECKING:
    from .comparison import Comparison

# From these alone nobody can work out how many children had a second plan: they stand where counts are withheld.
RELATIVE = frozenset(
    {"observed_expected", "calibration_intercept", "calibration_slope"}
    | {"auc", "concordance", "concordance_uno", "concordance_harrell"}
)
# Their errors rest on the few second plans of a small group, and are too small there for the normal distribution (in
# simulated data without any gap): they are judged by Student's, with one degree of freedom for each but one.
BY_STUDENT = RELATIVE - {"observed_expected"}
MODEL = "model"
NUMBERS = ("estimate", "std_error", "lower", "upper", "rest", "difference", "difference_lower", "difference_upper")
COLUMNS = ("characteristic", "group", "n", "n_events", "metric", "time", *NUMBERS, "p_value", "p_adjusted", "note")


def measure_subgroups(
    comparison: Comparison,
    by: str | Sequence[str] | Mapping[str, Any] | None,
    *,
    model: str | None,
    metrics: Sequence[str],
    times: Sequence[float],
    level: float,
    min_children: int,
    min_events: int,
) -> Subgroups:
    """What :meth:`Comparison.subgroups` says."""
    if min_events <= 5 or min_children <= 5:
        given = f"{min_children} and {min_events}"
        raise ValueError(f"min_children and min_events must be above 5, got {given}: smaller counts are withheld")
    unknown = [name for name in metrics if name not in METRICS and name not in GROUPS]
    if unknown or not len(metrics):
        known = ", ".join((*METRICS, *GROUPS))
        raise ValueError(f"metrics must be some of {known}; got {', '.join(map(repr, unknown)) or 'none'}")
    name = str(comparison.table.index[0]) if model is None else model
    tested = _tested(comparison, name)
    labels = group_labels(comparison.cohort, by)  # type: ignore[arg-type]
    rules = Rules(tuple(metrics), level, min_children, min_events)
    records = [record for day in times for record in _by_group(tested, labels, float(day), rules)]
    table = pd.DataFrame(records, columns=list(COLUMNS))
    table["p_adjusted"] = holm_within(table["p_value"], table["metric"])
    return Subgroups(name, table, level, min_children, min_events)


@dataclass(frozen=True)
class Rules:
    """What is measured of a group, and of how many children and second plans at least."""

    metrics: tuple[str, ...]
    level: float
    min_children: int
    min_events: int


@dataclass(frozen=True)
class Tested:
    """The tested rows of one model.

    Attributes
    ----------
    rows : ndarray of int, shape (n,)
        Positions in the cohort; a child that was tested several times has several rows.
    outcome : Outcome
    risk : dict of float to ndarray, shape (n,)
        By day.
    family : ndarray of int, shape (n,)
    """

    rows: np.ndarray
    outcome: Outcome
    risk: dict[float, np.ndarray]
    family: np.ndarray

    def counts(self, members: np.ndarray, day: float) -> tuple[int, int]:
        """Children, and those with a second plan by ``day``."""
        own = members[np.unique(self.rows[members], return_index=True)[1]]
        had = (self.outcome.event[own] == 1) & (self.outcome.duration[own] <= day)
        return own.size, int(had.sum())


@dataclass(frozen=True)
class GroupEstimate:
    """A metric of a group; ``sums`` of influence by family, shape (n_families,), or None without influence."""

    value: float
    std_error: float
    lower: float
    upper: float
    sums: np.ndarray | None


def _tested(comparison: Comparison, model: str) -> Tested:
    cohort = comparison.cohort
    if cohort is None:
        raise ValueError("this comparison was made without its cohort: groups are not known")
    chosen = comparison.predictions[comparison.predictions["model"] == model]
    if chosen.empty:
        raise ValueError(f"{model} is not in the comparison; it has {', '.join(map(str, comparison.table.index))}")
    rows = chosen["row"].to_numpy()
    days = [name for name in chosen if str(name).startswith("risk_")]
    return Tested(
        rows,
        check_outcome(cohort.y, n_rows=len(cohort)).take(rows),
        {float(str(name).removeprefix("risk_")): chosen[name].to_numpy(dtype=float) for name in days},
        group_codes(cohort.cluster, len(cohort))[rows],
    )


def _by_group(tested: Tested, labels: Mapping[str, pd.Categorical], day: float, rules: Rules) -> list[dict[str, Any]]:
    """A record for each group and metric by one day; the first group is everybody."""
    if day not in tested.risk:
        raise ValueError(f"day {day:g} is not in the comparison")
    all_rows = np.arange(tested.rows.size)
    total = np.array(tested.counts(all_rows, day))
    records: list[dict[str, Any]] = []
    seen: dict[bytes, dict[str, GroupEstimate]] = {}

    def measured(members: np.ndarray) -> dict[str, GroupEstimate]:
        key = members.tobytes()  # of two groups one is the rest of the other
        if key not in seen:
            seen[key] = _estimates(tested, members, day, rules)
        return seen[key]

    for characteristic, label in {EVERYBODY: None, **labels}.items():
        codes = np.zeros(all_rows.size, dtype=int) if label is None else label.codes[tested.rows]
        groups = {code: np.flatnonzero(codes == code) for code in np.unique(codes)}
        counts = np.array([tested.counts(members, day) for members in groups.values()])
        is_hidden, note = _withheld(counts, rules)
        for place, (code, members) in enumerate(groups.items()):
            own = measured(members) if not note[place] else {}
            others = total - counts[place]
            rest = {}
            if own and others[0] >= rules.min_children and others[1] >= rules.min_events:
                rest = measured(np.flatnonzero(codes != code))
            why = note[place]
            if not why and not any(np.isfinite(found.value) for found in own.values()):
                why = "not followed for so long"
            shown = [SUPPRESSED if is_hidden[place] else int(count) for count in counts[place]]
            named = {"characteristic": characteristic, "group": EVERYBODY if label is None else label.categories[code]}
            for metric in _names(rules.metrics):
                if is_hidden[place] and metric not in RELATIVE:
                    numbers: dict[str, float] = {}
                else:
                    fewest = int(min(counts[place][1], others[1]))
                    numbers = _numbers(own.get(metric), rest.get(metric), metric, rules.level, fewest)
                counted = {"n": shown[0], "n_events": shown[1], "metric": metric, "time": day, "note": why}
                records.append(named | counted | numbers)
        seen = {key: seen[key] for key in seen.keys() & {all_rows.tobytes()}}
    return records


def _withheld(counts: np.ndarray, rules: Rules) -> tuple[np.ndarray, list[str]]:
    """Whose counts are withheld, and why nothing is measured of a group (or an empty text).

    Parameters
    ----------
    counts : ndarray, shape (n_groups, 2)
        Children and second plans of the groups of one characteristic.
    """
    n, n_events = counts.T
    hidden = is_small(n) | is_small(n_events) | is_small(n - n_events)
    notes = []
    for few_children, few_events in zip(n < rules.min_children, n_events < rules.min_events, strict=True):
        why = f"fewer than {rules.min_children} children" if few_children else ""
        notes.append(why or (f"fewer than {rules.min_events} second plans" if few_events else ""))
    notes = [why or ("too few without a second plan" if few else "") for why, few in zip(notes, hidden, strict=True)]
    if n.size > 1:  # everybody is no part of a total
        total_and_parts = np.array([[1, *[-1] * n.size]])
        for column in (n_events, n):
            sums = np.array([column.sum(), *column])
            first = np.array([bool(is_small(sums[:1])[0]), *hidden])
            hidden = withhold_revealed(sums, first, total_and_parts)[1:]
    return hidden, notes


def _names(metrics: Sequence[str]) -> list[str]:
    return [part for name in metrics for part in (GROUPS[name][0] if name in GROUPS else (name,))]


def _estimates(tested: Tested, members: np.ndarray, day: float, rules: Rules) -> dict[str, GroupEstimate]:
    """The metrics of some rows; none where the model states no risk for one of them by that day."""
    risk = tested.risk[day][members]
    if np.isnan(risk).any():
        return {}
    family = tested.family[members]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", MetricWarning)  # what cannot be measured is a blank cell here
        found = evaluate_risks(
            {MODEL: risk}, tested.outcome.take(members), [day], metrics=rules.metrics, cluster=family, level=rules.level
        )
    estimates = {}
    own = found.table[found.table["model"] == MODEL]
    for metric, value, error, lower, upper in own[["metric", *NUMBERS[:4]]].itertuples(index=False):
        sums = None
        if metric in METRICS and np.isfinite(value):
            influence = found.influence(MODEL, metric, day) / members.size
            sums = np.bincount(family, weights=influence, minlength=int(tested.family.max()) + 1)
        estimates[metric] = GroupEstimate(value, error, lower, upper, sums)
    return estimates


def _numbers(
    own: GroupEstimate | None, rest: GroupEstimate | None, metric: str, level: float, n_events: int
) -> dict[str, float]:
    """Estimate of a group, and its difference to the rest, whose families may be the same.

    ``n_events`` are the second plans of the smaller of the two.
    """
    if own is None:
        return {}
    numbers = {"estimate": own.value, "std_error": own.std_error, "lower": own.lower, "upper": own.upper}
    if rest is None:
        return numbers
    difference = own.value - rest.value
    numbers |= {"rest": rest.value, "difference": difference}
    if own.sums is None or rest.sums is None:
        return numbers
    scale = scale_of(metric)
    (one, slope), (other, other_slope) = on_scale(own.value, scale), on_scale(rest.value, scale)
    error = float(np.linalg.norm(slope * own.sums - other_slope * rest.sums))
    lower, upper = difference_bounds(
        (own.value, own.lower, own.upper),
        (rest.value, rest.lower, rest.upper),
        _correlation(own, rest),
    )
    p_value = normal_p_value(one - other, error)
    if metric in BY_STUDENT and error > 0:
        freedom = n_events - 1
        p_value = float(2.0 * stdtr(freedom, -abs(one - other) / error))
        wider = float(stdtrit(freedom, 0.5 + level / 2.0) / ndtri(0.5 + level / 2.0))
        lower, upper = (difference + wider * (bound - difference) for bound in (lower, upper))
    return numbers | {"difference_lower": lower, "difference_upper": upper, "p_value": p_value}


def _correlation(own: GroupEstimate, rest: GroupEstimate) -> float:
    """Correlation of two estimates, through families that have children in both."""
    length = own.std_error * rest.std_error
    if own.sums is None or rest.sums is None or not length > 0:
        return 0.0
    return float((own.sums * rest.sums).sum()) / length
