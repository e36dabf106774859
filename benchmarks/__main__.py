"""``python -m benchmarks [ROWS ...]``: time of a warm Cox fit, ratio to the floor, agreement; Markdown and JSON."""

import json
import platform
import sys
import time
from pathlib import Path

import numpy as np

import secondplan as sp

from .data import BenchmarkData, make_data
from .peers import available, has_r, quiet, r_survival

RESULTS = Path(__file__).parent / "results"
SIZES = (10_000, 100_000)
TOO_SLOW = 30.0


def main(sizes: list[int]) -> None:
    """Run every peer at every size, unless the size before took more than half a minute."""
    rows = []
    slow: set[str] = set()
    for n_rows in sizes:
        data = make_data(n_rows)
        expected = quiet(available()["secondplan"], data)  # warm: compiled code is loaded
        floor = floor_seconds(data, n_iterations(data))
        measured = {}
        for name, fit in available().items():
            if name not in slow:
                started = time.perf_counter()
                coef = quiet(fit, data)
                measured[name] = (time.perf_counter() - started, coef)
        if has_r() and "R survival" not in slow:
            coef, seconds = r_survival(data)
            measured["R survival"] = (seconds, coef)
        for name, (seconds, coef) in measured.items():
            if seconds > TOO_SLOW:
                slow.add(name)
            difference = float(np.max(np.abs(coef - expected)))
            row = {"rows": n_rows, "package": name, "seconds": round(seconds, 3), "times the floor": seconds / floor}
            rows.append(row | {"largest difference of coefficients": difference})
            print(f"{n_rows:>9,}  {name:<20} {seconds:8.3f} s  {seconds / floor:8.1f} x floor  {difference:.1e}")
    write(rows)


def n_iterations(data: BenchmarkData) -> int:
    """Newton iterations of our fit."""
    y = {"entry": data.entry, "duration": data.duration, "event": data.is_event.astype(int)}
    return sp.CoxPH().fit(data.X, y).n_iterations_


def floor_seconds(data: BenchmarkData, iterations: int) -> float:
    """What no Newton method can do without: a weighted Gram matrix and one exponential of X beta, each iteration."""
    weight = np.ones(len(data.X))
    best = np.inf
    for _ in range(3):
        started = time.perf_counter()
        weight = np.exp(data.X @ data.beta)
        (data.X * weight[:, None]).T @ data.X
        best = min(best, time.perf_counter() - started)
    return best * iterations


def write(rows: list[dict]) -> None:
    """The table as JSON and Markdown."""
    RESULTS.mkdir(exist_ok=True)
    machine = {"python": platform.python_version(), "processor": platform.machine(), "secondplan": sp.__version__}
    (RESULTS / "cox.json").write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")
    lines = [
        "# A Cox fit with delayed entry (Efron, 20 features, daily ties)",
        "",
        f"Python {machine['python']}, secondplan {machine['secondplan']}. Made by `make bench`.",
        "",
        "| rows | package | seconds | times the floor | largest difference of coefficients |",
        "|---:|---|---:|---:|---:|",
    ]
    for row in rows:
        difference = row["largest difference of coefficients"]
        times = f"{row['seconds']:.3f} | {row['times the floor']:.1f}"
        lines.append(f"| {row['rows']:,} | {row['package']} | {times} | {difference:.1e} |")
    (RESULTS / "cox.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or list(SIZES))
