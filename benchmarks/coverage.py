"""``python -m benchmarks.coverage``: how often 95 % intervals hold the truth, over many data sets.

Writes ``coverage.md`` and ``coverage.json``, or files of another ``--name``, into ``benchmarks/results/``. The data
sets follow from the seed alone, not from the number of processes.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from .coverage_data import DESIGNS, N_ROWS

RESULTS = Path(__file__).parent / "results"
SEED = 20180331
LOWEST, HIGHEST = 0.93, 0.97
CHUNK = 10
# One process per core: no threads below it.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@dataclass(frozen=True)
class Coverage:
    """Coverage of one quantity of one estimator in one design.

    ``bias`` and ``spread`` are the mean error and the standard deviation of the estimates; ``width`` is the mean width
    of the intervals divided by that of a normal interval with this spread: about 1 when the standard errors are right.
    """

    estimator: str
    design: str
    quantity: str
    n: int
    coverage: float
    bias: float
    spread: float
    width: float

    @property
    def is_good(self) -> bool:
        """Whether the coverage is between 93 and 97 %."""
        return LOWEST <= self.coverage <= HIGHEST


def one_data_set(
    task: tuple[str, int, int, int],
) -> tuple[str, int, list[tuple[str, float, float, float, float]] | str]:
    """Intervals of one estimator (name, number of the design, of the data set, rows), or the error it ended with."""
    from .coverage_estimators import ESTIMATORS

    name, design, number, n_rows = task
    estimator = ESTIMATORS[name]
    rng = np.random.default_rng(np.random.SeedSequence(SEED, spawn_key=(design, number)))
    sample = estimator.draw(rng, DESIGNS[design], n_rows)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            found = estimator.intervals(sample)
        except Exception as error:  # counted and told
            return name, design, f"{type(error).__name__}: {error}"
    return name, design, [(i.quantity, i.truth, i.estimate, i.lower, i.upper) for i in found]


def simulate(
    names: Iterable[str], designs: Iterable[int], n_sets: int, n_rows: int = N_ROWS, processes: int = 1
) -> tuple[list[Coverage], Counter[str]]:
    """Coverage of all quantities, and how often which error came up."""
    tasks = [(name, design, number, n_rows) for name in names for design in designs for number in range(n_sets)]
    values: dict[tuple[str, int, str], list[tuple[float, ...]]] = {}
    errors: Counter[str] = Counter()
    for name, design, found in _results(tasks, processes):
        if isinstance(found, str):
            errors[f"{name}, {DESIGNS[design].name}: {found}"] += 1
            continue
        for quantity, *numbers in found:
            values.setdefault((name, design, quantity), []).append(tuple(numbers))
    rows = [_summarise(*key, np.array(numbers), n_sets) for key, numbers in values.items()]
    return rows, errors


def _results(tasks: list[tuple[str, int, int, int]], processes: int) -> Iterator[Any]:
    if processes == 1:
        yield from map(one_data_set, tasks)
        return
    for variable in THREADS:
        os.environ[variable] = "1"
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        yield from pool.imap(one_data_set, tasks, chunksize=CHUNK)


def _summarise(name: str, design: int, quantity: str, numbers: np.ndarray, n_sets: int) -> Coverage:
    """Intervals that were not given, or with a missing end, count as not covering."""
    truth, estimate, lower, upper = numbers.T
    covered = int(np.sum((lower <= truth) & (truth <= upper)))
    error = estimate - truth
    spread = float(np.nanstd(error, ddof=1)) if len(error) > 1 else float("nan")
    width = float(np.nanmean(upper - lower) / (2 * 1.959964 * spread)) if spread > 0 else float("nan")
    return Coverage(
        name, DESIGNS[design].name, quantity, len(numbers), covered / n_sets, float(np.nanmean(error)), spread, width
    )


def main(arguments: list[str] | None = None) -> int:
    """Simulate and write; the exit code is 1 when a coverage is outside of 93 to 97 %."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.coverage", description=__doc__)
    parser.add_argument("--datasets", type=int, default=1000)
    parser.add_argument("--rows", type=int, nargs="+", default=[N_ROWS])
    parser.add_argument("--estimators", nargs="+", help="beginnings of names; default: all")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--output", default=str(RESULTS), help="folder for the results")
    parser.add_argument("--name", default="coverage", help="name of the files")
    asked = parser.parse_args(arguments)

    from .coverage_estimators import ESTIMATORS

    names = [n for n in ESTIMATORS if not asked.estimators or any(n.startswith(start) for start in asked.estimators)]
    started = time.perf_counter()
    rows: list[Coverage] = []
    errors: Counter[str] = Counter()
    made_by = [f"--datasets {asked.datasets}", f"--rows {' '.join(map(str, asked.rows))}"]
    made_by += [f"--estimators {' '.join(asked.estimators)}"] if asked.estimators else []
    made_by += [f"--name {asked.name}"] if asked.name != "coverage" else []
    for name in names:
        for n_rows in asked.rows:
            found, failed = simulate([name], range(len(DESIGNS)), asked.datasets, n_rows, asked.processes)
            size = f", {n_rows:,} children" if len(asked.rows) > 1 else ""
            rows += [replace(row, design=row.design + size) for row in found]
            errors += failed
            print(f"{time.perf_counter() - started:7.0f} s: {name}, {n_rows} rows", file=sys.stderr)
            _write(Path(asked.output) / asked.name, rows, errors, asked.datasets, asked.rows, " ".join(made_by))
    outside = [row for row in rows if not row.is_good]
    for row in outside:
        print(f"{row.estimator}, {row.design}, {row.quantity}: {row.coverage:.1%}", file=sys.stderr)
    return 1 if outside or errors else 0


def _write(
    path: Path, rows: list[Coverage], errors: Counter[str], n_sets: int, n_rows: list[int], made_by: str
) -> None:
    """What there is so far; ``path`` is without its suffix."""
    path.parent.mkdir(exist_ok=True)
    written = {"seed": SEED, "datasets": n_sets, "rows": n_rows, "errors": dict(errors)}
    written |= {"coverage": [vars(row) | {"in_range": row.is_good} for row in rows]}
    path.with_suffix(".json").write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(_markdown(rows, errors, n_sets, n_rows, made_by), encoding="utf-8")


def _markdown(rows: list[Coverage], errors: Counter[str], n_sets: int, n_rows: list[int], made_by: str) -> str:
    deviation = np.sqrt(0.95 * 0.05 / n_sets)
    sizes = " or ".join(f"{n:,}" for n in n_rows)
    lines = [
        "# Coverage of 95 % intervals",
        "",
        f"Made by `python -m benchmarks.coverage {made_by}`, seed {SEED}.",
        f"{n_sets:,} data sets of {sizes} children each with known truth; chance alone moves a coverage by",
        f"{deviation:.1%} (one standard deviation). Wanted: {LOWEST:.0%} to {HIGHEST:.0%}. Bias is in standard",
        "deviations of the estimate; width: that of the intervals against a normal one with the estimates' own spread.",
        "",
        "| estimator | quantity | design | coverage | | bias | width |",
        "|---|---|---|---:|---|---:|---:|",
    ]
    for row in rows:
        flag = "" if row.is_good else "**outside**"
        numbers = f"{row.coverage:.1%} | {flag} | {row.bias / row.spread:+.2f} | {row.width:.2f}"
        lines.append(f"| {row.estimator} | {row.quantity} | {row.design} | {numbers} |")
    if errors:
        lines += ["", "Errors, counted as not covering:", ""]
        lines += [f"- {count} x {text}" for text, count in errors.items()]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main())
