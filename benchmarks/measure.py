"""Time and peak memory of one call in this process, and the floor of a Newton method."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

REPEATS = 5
MANY_REPEATS = 51
LONG_ENOUGH = 3.0  # seconds: what has been measured for longer is not repeated
SHORT = 0.5  # seconds: what has been measured for less is repeated more often


def measure(call: Callable[[], Any]) -> tuple[Any, dict[str, Any]]:
    """Result of ``call`` and its wall and processor seconds (medians) and peak bytes above what was there before.

    ``peak_bytes`` is of the first call, and None where the system does not tell.
    """
    gc.collect()
    before = _reset_peak()
    wall: list[float] = []
    processor: list[float] = []
    result, peak = None, None
    while not wall or _goes_on(len(wall), sum(wall)):
        result = None
        started, started_processor = time.perf_counter(), time.process_time()
        result = call()
        wall.append(time.perf_counter() - started)
        processor.append(time.process_time() - started_processor)
        if peak is None and before is not None:
            peak = max(_status("VmHWM") - before, 0)
    measured = {
        "seconds": statistics.median(wall),
        "first_seconds": wall[0],
        "cpu_seconds": statistics.median(processor),
        "n_runs": len(wall),
        "peak_bytes": peak,
    }
    return result, measured


def _goes_on(n_runs: int, seconds: float) -> bool:
    return (n_runs < REPEATS and seconds < LONG_ENOUGH) or (n_runs < MANY_REPEATS and seconds < SHORT)


def floor_seconds(X: np.ndarray, beta: np.ndarray) -> float:
    """One weighted Gram matrix of X and one exponential of X beta: what no Newton iteration can do without."""
    best = np.inf
    for _ in range(REPEATS):
        started = time.perf_counter()
        weight = np.exp(X @ beta)
        (X * weight[:, None]).T @ X
        best = min(best, time.perf_counter() - started)
    return best


def _reset_peak() -> int | None:
    """Forget the peak of resident memory so far; bytes resident now, None where the system does not tell."""
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        return _status("VmRSS")
    except OSError:
        return None


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(name + ":"):
            return 1024 * int(line.split()[1])
    raise OSError(f"/proc/self/status has no {name}")
