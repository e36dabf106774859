"""Seconds until the package is imported, and until a first fit in a fresh process is done."""

from __future__ import annotations

import statistics
import subprocess
import sys

from .runs import ROOT

REPEATS = 7

_BASE = "import time; started = time.perf_counter(); import numpy, pandas"
_IMPORT = "; import secondplan; dir(secondplan)"
_FIT = (
    "; import numpy as np; rng = np.random.default_rng(0); X = rng.normal(size=(1000, 5))"
    "; y = pandas.DataFrame({'duration': rng.integers(1, 700, 1000), 'event': rng.integers(0, 3, 1000)})"
    "; started = time.perf_counter(); import secondplan as sp; sp.{model}().fit(X, y)"
)
_PRINT = "; print(time.perf_counter() - started)"


def startup_seconds(models: tuple[str, ...] = ("CoxPH", "CauseSpecificCox", "FineGray")) -> dict[str, float]:
    """Medians over fresh processes; a first fit counts from the import of the package, its compiled code cached.

    ``import`` is what ``import secondplan`` takes on top of numpy and pandas.
    """
    base = _median(_BASE + _PRINT)
    found = {"import": _median(_BASE + _IMPORT + _PRINT) - base}
    for model in models:
        fit = _BASE + _FIT.replace("{model}", model) + _PRINT
        try:
            _seconds(fit)  # fills the cache of compiled code
            found[f"first {model}"] = _median(fit)
        except subprocess.CalledProcessError:
            continue
    return found


def _median(code: str) -> float:
    return statistics.median(_seconds(code) for _ in range(REPEATS))


def _seconds(code: str) -> float:
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return float(run.stdout)
