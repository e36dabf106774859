"""Seconds until the package is imported, and until a first fit or curve in a fresh process is done."""

from __future__ import annotations

import statistics
import subprocess
import sys

from .runs import ROOT

REPEATS = 7
# A figure without a bound, to be held against those of first fits.
LIBRARIES = "scikit-learn and Numba alone"

_BASE = "import time; started = time.perf_counter(); import numpy, pandas"
_IMPORT = "; import secondplan; dir(secondplan)"
_DATA = (
    "; import numpy as np; rng = np.random.default_rng(0); X = rng.normal(size=(1000, 5))"
    "; y = pandas.DataFrame({'duration': rng.integers(1, 700, 1000), 'event': rng.integers(0, 3, 1000)})"
    "; started = time.perf_counter()"
)
_FIT = "; import secondplan as sp; sp.{name}().fit(X, y)"
_CURVE = "; import secondplan as sp; sp.{name}(y['duration'], y['event'])"
# What a first fit waits for whatever its own code: scikit-learn's base, and Numba ready to run a compiled function.
_LIBRARIES = (
    "; import sklearn.base; from secondplan.models.engine.counting_sort import counting_sort"
    "; counting_sort(np.zeros(1, np.int32), 1)"
)
_PRINT = "; print(time.perf_counter() - started)"


def startup_seconds(
    models: tuple[str, ...] = ("CoxPH", "CauseSpecificCox", "FineGray"),
    curves: tuple[str, ...] = ("kaplan_meier", "aalen_johansen"),
) -> dict[str, float]:
    """Medians over fresh processes; a first fit or curve counts from the import of the package, compiled code cached.

    ``import`` is what ``import secondplan`` takes on top of numpy and pandas; :data:`LIBRARIES` what scikit-learn and
    Numba take of each first fit.
    """
    base = _median(_BASE + _PRINT)
    found = {"import": _median(_BASE + _IMPORT + _PRINT) - base}
    first = {LIBRARIES: _LIBRARIES}
    first |= {f"first {name}": _FIT.replace("{name}", name) for name in models}
    first |= {f"first {name}": _CURVE.replace("{name}", name) for name in curves}
    for name, call in first.items():
        code = _BASE + _DATA + call + _PRINT
        try:
            _seconds(code)  # fills the cache of compiled code
            found[name] = _median(code)
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
