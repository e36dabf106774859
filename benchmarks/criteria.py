"""The bounds that the package sets itself, against what was measured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .cases import OURS, SMALL_SIZES
from .data import N_FEATURES
from .runs import Result
from .startup import is_bounded

BOOSTING_ROWS = 100_000
_CRITERIA_TASKS = (
    *("cox", "cox_robust", "aalen_johansen", "fine_gray", "incidence", "incidence_interval", "boosting", "metrics"),
)

# At small sizes: the peers to be no slower than, called as their users do; what the same process took, with the factor
# allowed; milliseconds.
_PEERS = {("cox", "survival (PyPI)"), ("fine_gray", "comprisk")}
_SAME_PROCESS = {
    "two_cox_seconds": ("cause_specific", 1.0, "against two Cox fits"),
    "scikit_learn_seconds": ("boosting", 1.2, "against scikit-learn's own fit"),
}
_ALLOWED = {("aft", 1_000): 15.0, ("royston_parmar", 1_000): 15.0, ("discrete_time", 10_000): 60.0} | {
    (task, rows): milliseconds
    for task, milliseconds in (("incidence", 5.0), ("incidence_interval", 30.0))
    for rows in SMALL_SIZES
}


@dataclass(frozen=True)
class Criterion:
    """One bound: ``value`` must be at most (or, with ``at_least``, at least) ``bound``."""

    name: str
    value: float
    bound: float
    unit: str
    at_least: bool = False
    detail: str = ""

    @property
    def is_met(self) -> bool:
        """Whether the bound holds."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound


def judge(results: list[Result], startup: dict[str, float]) -> list[Criterion]:
    """Every criterion for which there are measurements: at the largest size of each task, and at each small one."""
    found: list[Criterion] = []
    for task in _CRITERIA_TASKS:
        rows = [r.rows for r in results if r.case.task == task and r.case.package == OURS and r.status == "done"]
        if rows and max(rows) > SMALL_SIZES[-1]:
            at_size = [r for r in results if r.case.task == task and r.rows == max(rows)]
            found += _BY_TASK[task](at_size)
    found += _memory(results) + _growth(results) + _small(results)
    for name, seconds in startup.items():
        if name == "import":
            found.append(Criterion("import over numpy and pandas", seconds, 0.3, "s"))
        elif is_bounded(name):
            found.append(Criterion(f"{name}, fresh process", seconds, 1.0, "s"))
    return found


def growth(results: list[Result]) -> dict[tuple[str, str, str], list[tuple[int, int, float]]]:
    """Exponents b of seconds ~ n^b between neighbouring sizes, by task, package and variant."""
    times: dict[tuple[str, str, str], dict[int, float]] = {}
    for result in results:
        if result.status == "done":
            key = (result.case.task, result.case.package, result.case.label)
            times.setdefault(key, {})[result.rows] = result.seconds
    exponents = {}
    for key, by_rows in times.items():
        sizes = sorted(by_rows)
        if len(sizes) > 1:
            exponents[key] = [
                (a, b, float(np.log(by_rows[b] / by_rows[a]) / np.log(b / a))) for a, b in pairwise(sizes)
            ]
    return exponents


def _cox(results: list[Result]) -> list[Criterion]:
    own = next((r for r in _ours(results) if r.case.label == "Efron, delayed entry"), None)
    if own is None:
        return []
    found = [Criterion(f"Cox, {own.rows:,} rows", own.seconds / own.facts["floor_seconds"], 3.0, "x floor")]
    peers = [r for r in results if r.case.like == own.case.like and r.case.package != OURS]
    found += _faster("Cox, against the fastest peer", own, peers, 4.0)
    return found + _faster("Cox, against R", own, [r for r in peers if r.case.package == "R survival"], 20.0)


def _cox_robust(results: list[Result]) -> list[Criterion]:
    return [
        Criterion("errors by family add, of the fit", r.seconds / r.facts["plain_seconds"] - 1.0, 0.5, "")
        for r in _ours(results)
    ]


def _aalen_johansen(results: list[Result]) -> list[Criterion]:
    return [
        Criterion(f"Aalen-Johansen with variance, {r.case.label}, {r.rows:,} rows", r.seconds, 0.2, "s")
        for r in _ours(results)
    ]


def _fine_gray(results: list[Result]) -> list[Criterion]:
    found: list[Criterion] = []
    for own in _ours(results):
        peers = [r for r in results if r.case.like == own.case.like and r.case.package != OURS]
        found += _faster(f"Fine-Gray with errors, {own.case.label}, against the fastest peer", own, peers, 3.0)
    return found


def _incidence(results: list[Result]) -> list[Criterion]:
    found = []
    for own in _ours(results):
        found.append(Criterion(f"incidence, {own.case.label}, {own.rows:,} rows", own.seconds, 1.0, "s"))
        found.append(Criterion(f"the fit that it needs, {own.case.label}", own.facts["fit_seconds"], 10.0, "s"))
        difference = own.facts["difference_from_exact_sum"]
        found.append(Criterion("the same, from the exact sum", difference, 1e-8, ""))
    return found


def _interval(results: list[Result]) -> list[Criterion]:
    return [
        Criterion(f"incidence with intervals, {r.case.label}, {r.rows:,} rows", r.seconds, 10.0, "s")
        for r in _ours(results)
    ]


def _boosting(results: list[Result]) -> list[Criterion]:
    found: list[Criterion] = []
    for own in _ours(results):
        if own.rows == BOOSTING_ROWS:
            found.append(Criterion(f"boosting, {own.rows:,} rows", own.seconds, 40.0, "s"))
        found += _faster("boosting, against hazardous", own, [r for r in results if r.case.package != OURS], 1.0)
    return found


def _metrics(results: list[Result]) -> list[Criterion]:
    return [
        Criterion(f"metrics with errors by family, {r.case.label}, {r.rows:,} rows", r.seconds, 15.0, "s")
        for r in _ours(results)
    ]


def _memory(results: list[Result]) -> list[Criterion]:
    """Peak over what was there when the arrays had been read, in multiples of X, at the largest size of all."""
    found = []
    largest = max((r.rows for r in results), default=0)
    for result in _ours(results):
        peak = result.facts.get("peak_bytes")
        # Metrics read no X: their arrays are a few numbers of each row, for each metric and day.
        if result.rows == largest > SMALL_SIZES[-1] and peak is not None and result.case.task != "metrics":
            times = peak / (8 * N_FEATURES * result.rows)
            name = f"memory, {result.case.task}, {result.case.label}, {result.rows:,} rows"
            found.append(Criterion(name, times, 3.0, "x X"))
    return found


def _small(results: list[Result]) -> list[Criterion]:
    """At the sizes of councils each fit counts against the fastest of its peers, or the time it is allowed."""
    found = []
    for own in _ours(results):
        at_size = [r for r in results if r.rows == own.rows and r.status == "done"]
        task, rows = own.case.task, own.rows
        if rows > SMALL_SIZES[-1]:
            continue
        name = f"{task}, {own.case.label}, {rows:,} rows" if own.case.label else f"{task}, {rows:,} rows"
        for peer in at_size:
            if (task, peer.case.package) in _PEERS and peer.case.like == own.case.like and _same_errors(own, peer):
                ratio = own.seconds / peer.seconds
                found.append(Criterion(name, ratio, 1.0, "x the time of the peer", detail=peer.case.package))
        for fact, (of_task, bound, words) in _SAME_PROCESS.items():
            if task == of_task and fact in own.facts:
                found.append(Criterion(name, own.seconds / own.facts[fact], bound, "x", detail=words))
        if (task, rows) in _ALLOWED:
            found.append(Criterion(name, 1000.0 * own.seconds, _ALLOWED[task, rows], "ms"))
    return found


def _same_errors(own: Result, peer: Result) -> bool:
    return own.case.options.get("std_errors") == peer.case.options.get("std_errors")


def _growth(results: list[Result]) -> list[Criterion]:
    found = []
    for (task, package, label), steps in growth(results).items():
        below, above, exponent = steps[-1]
        if package == OURS and above > SMALL_SIZES[-1]:
            found.append(Criterion(f"growth, {task}, {label}, {below:,} to {above:,} rows", exponent, 1.1, "exponent"))
    return found


def _faster(name: str, own: Result, peers: list[Result], bound: float) -> list[Criterion]:
    """How many times faster than the fastest of the peers that ran."""
    done = [peer for peer in peers if peer.status == "done"]
    if done:
        fastest = min(done, key=lambda peer: peer.seconds)
        detail = fastest.case.package
        return [Criterion(name, fastest.seconds / own.seconds, bound, "x faster", at_least=True, detail=detail)]
    over = [peer for peer in peers if "at_least_seconds" in peer.facts]
    if over:
        detail = f"at least: {', '.join(peer.case.package for peer in over)} took too long"
        least = min(float(peer.facts["at_least_seconds"]) for peer in over)
        return [Criterion(name, least / own.seconds, bound, "x faster", at_least=True, detail=detail)]
    return []


def _ours(results: list[Result]) -> list[Result]:
    return [r for r in results if r.case.package == OURS and r.status == "done"]


_BY_TASK: dict[str, Callable[[list[Result]], list[Criterion]]] = {
    "cox": _cox,
    "cox_robust": _cox_robust,
    "aalen_johansen": _aalen_johansen,
    "fine_gray": _fine_gray,
    "incidence": _incidence,
    "incidence_interval": _interval,
    "boosting": _boosting,
    "metrics": _metrics,
}
