"""Largest difference of each estimator from what the tests compare it with: ``python -m benchmarks.differences``.

The tests that ``differences.csv`` lists are run, and every number that they compare is looked at. A difference is
absolute, or relative where the number is larger than 1.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from _pytest.approx import ApproxScalar

ROOT = Path(__file__).resolve().parents[1]
# What is compared, with what, and the test that does it.
COMPARISONS = pd.read_csv(ROOT / "benchmarks" / "differences.csv")


class Differences:
    """A plugin of pytest that keeps, of each test, how many numbers were compared and the largest difference."""

    def __init__(self) -> None:
        self.found: dict[str, tuple[int, float]] = {}
        self._test = ""

    def pytest_runtest_call(self, item: Any) -> None:
        """Remember which test runs."""
        self._test = item.nodeid.partition("[")[0]

    def look_at(self, actual: Any, expected: Any) -> None:
        """Enter two numbers or arrays that a test compares."""
        one, other = np.broadcast_arrays(np.asarray(actual, dtype=float), np.asarray(expected, dtype=float))
        apart = np.abs(one - other)
        smaller = apart / np.maximum(np.abs(other), 1.0)
        finite = smaller[np.isfinite(smaller)]
        count, largest = self.found.get(self._test, (0, 0.0))
        self.found[self._test] = (count + finite.size, max(largest, float(finite.max(initial=0.0))))


def run_tests(tests: Iterable[str]) -> dict[str, tuple[int, float]]:
    """Run tests, and give what was compared in each."""
    seen = Differences()
    allclose, equals = np.testing.assert_allclose, ApproxScalar.__eq__

    def close(actual: Any, desired: Any, *args: Any, **options: Any) -> None:
        seen.look_at(actual, desired)
        allclose(actual, desired, *args, **options)

    def equal(self: Any, actual: Any) -> bool:
        seen.look_at(actual, self.expected)
        return bool(equals(self, actual))

    np.testing.assert_allclose, ApproxScalar.__eq__ = close, equal
    code = pytest.main(["-q", "-p", "no:xdist", *(f"tests/{test}" for test in tests)], plugins=[seen])
    np.testing.assert_allclose, ApproxScalar.__eq__ = allclose, equals
    if code:
        raise SystemExit(f"the tests did not pass (exit code {int(code)})")
    return seen.found


def page(found: dict[str, tuple[int, float]]) -> Iterator[str]:
    """Lines of the table."""
    yield (
        "# Largest differences from other software\n\n"
        "Made by `python -m benchmarks.differences`: the tests that hold estimators to stored results of R and of\n"
        "others are run, and every number that they compare is looked at. A difference is absolute, or relative where\n"
        "the number is larger than 1. R's own iterations stop early: where they do, the difference is theirs.\n"
    )
    yield "| what | against | numbers | largest difference |\n|---|---|---:|---:|"
    for what, against, test in COMPARISONS.itertuples(index=False):
        count, largest = found[f"tests/{test}"]
        yield f"| {what} | {against} | {count:,} | {largest:.0e} |"


def main() -> None:
    """Run the tests and write ``benchmarks/results/differences.md``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "benchmarks" / "results" / "differences.md")
    out = parser.parse_args().out
    text = "\n".join(page(run_tests(COMPARISONS["test"]))) + "\n"
    out.write_text(text, encoding="utf-8", newline="\n")
    print(text)


if __name__ == "__main__":
    sys.exit(main())
