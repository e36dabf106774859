"""``python -m benchmarks``: every package at every task and size; Markdown and JSON in ``benchmarks/results/``."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from .cases import CASES, HEADLINES, OURS, SIZES, SMALL_SIZES, SMALL_TASKS, TASKS, Case
from .criteria import judge
from .data import make_data
from .report import write
from .runs import Result, measure_case
from .startup import startup_seconds

RESULTS = Path(__file__).parent / "results"
LIMIT = 90.0


def main(arguments: list[str] | None = None) -> int:
    """Run what was asked for; the exit code is 1 when a bound is not met and ``--strict`` was given."""
    asked = _parse(arguments)
    every_size = SMALL_SIZES if asked.small else SIZES[len(SMALL_SIZES) :] if asked.quick else SIZES
    sizes = tuple(asked.sizes or every_size)
    tasks = asked.tasks or (SMALL_TASKS if asked.small else HEADLINES if asked.quick else tuple(TASKS))
    cases = [case for case in CASES if case.task in tasks and _is_asked(case, asked.packages)]
    results: list[Result] = []
    for n_rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            make_data(n_rows).save(Path(folder))
            for case in cases:
                if n_rows <= TASKS[case.task].largest or asked.tasks:
                    result = _measure(case, Path(folder), n_rows, asked.limit, results)
                    results.append(result)
                    _tell(result)
    startup = {} if asked.no_startup or asked.small else startup_seconds()
    criteria = judge(results, startup)
    name = "small_sizes" if asked.small else "benchmarks"
    write(Path(asked.output), name, results, startup, criteria)
    missed = [criterion for criterion in criteria if not criterion.is_met]
    for criterion in missed:
        print(f"not met: {criterion.name}: {criterion.value:.3g} {criterion.unit}", file=sys.stderr)
    return 1 if missed and asked.strict else 0


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", help=f"rows (default: {' '.join(map(str, SIZES))})")
    parser.add_argument("--tasks", nargs="+", choices=list(TASKS), help="default: all")
    parser.add_argument("--packages", nargs="+", help=f"beginnings of names, e.g. R comprisk; {OURS} always runs")
    parser.add_argument("--limit", type=float, default=LIMIT, help="seconds a fit may take (default: %(default)s)")
    parser.add_argument("--quick", action="store_true", help="only the tasks with a bound, and large sizes")
    few = f"only sizes up to {SMALL_SIZES[-1]:,} and what is done often at them; written as small_sizes"
    parser.add_argument("--small", action="store_true", help=few)
    parser.add_argument("--no-startup", action="store_true", help="do not time imports and first fits")
    parser.add_argument("--strict", action="store_true", help="end with code 1 when a bound is not met")
    parser.add_argument("--output", default=str(RESULTS), help="folder for the results")
    return parser.parse_args(arguments)


def _is_asked(case: Case, packages: list[str] | None) -> bool:
    return not packages or case.package == OURS or any(case.package.startswith(name) for name in packages)


def _measure(case: Case, folder: Path, rows: int, limit: float, before: list[Result]) -> Result:
    """Measure, unless the size before tells that the limit would be passed or the package is not here."""
    if rows > case.largest:
        why = f"left out: grows too fast for more than {case.largest:,} rows"
        return Result(case, rows, "left out", why=why)
    smaller = [r for r in before if r.case == case]
    if smaller:
        last = smaller[-1]
        if last.status == "absent":
            return Result(case, rows, "absent", why=last.why)
        least = max(float(last.facts.get("at_least_seconds", 0.0)), last.facts.get("seconds", 0.0)) * rows / last.rows
        if case.package != OURS and least > limit:
            facts = {"at_least_seconds": least}
            why = f"left out: {last.why or f'{last.seconds:.0f} s'} at {last.rows:,}"
            return Result(case, rows, "left out", facts, why=why)
    started = time.perf_counter()
    result = measure_case(case, folder, rows, limit)
    if result.status == "over":
        result.facts["at_least_seconds"] = limit
    result.facts["whole_seconds"] = round(time.perf_counter() - started, 1)
    return result


def _tell(result: Result) -> None:
    case = result.case
    outcome = f"{result.seconds:9.3f} s" if result.status == "done" else f"{result.status}: {result.why}"
    whole = result.facts.get("whole_seconds", 0.0)
    print(
        f"{result.rows:>9,}  {case.task:<18} {case.package:<16} {case.label:<38} {outcome}  ({whole} s)",
        file=sys.stderr,
    )


if __name__ == "__main__":
    sys.exit(main())
