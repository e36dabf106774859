"""Seconds until the package is imported, and until a first fit or curve in a fresh process is done."""

from __future__ import annotations

import statistics
import subprocess
import sys

from .runs import ROOT

REPEATS = 7
BEGINS, TAKES, WHOLE = "until a first {name} fit begins", "a first {name} fit, begun", "both, {name}"
# Figures without a bound: what no code of ours can spare, to be held against the others.
LIBRARIES = "scikit-learn and Numba alone"

_BASE = "import time; started = time.perf_counter(); import numpy, pandas"
_IMPORT = "; import secondplan; dir(secondplan)"
_DATA = (
    "; import numpy as np; rng = np.random.default_rng(0); X = rng.normal(size=(1000, 5))"
    "; y = pandas.DataFrame({'duration': rng.integers(1, 700, 1000), 'event': rng.integers(0, 3, 1000)})"
    "; started = time.perf_counter()"
)
_FIT = "; import secondplan as sp; model = sp.{name}(); print(time.perf_counter() - started); model.fit(X, y)"
_CURVE = "; import secondplan as sp; sp.{name}(y['duration'], y['event'])"
# What a first fit waits for whatever its own code: scikit-learn's base, and Numba ready to run a compiled function.
_LIBRARIES = (
    "; import sklearn.base; from secondplan.models.numerics.counting_sort import counting_sort"
    "; counting_sort(np.zeros(1, np.int32), 1)"
)
_PRINT = "; print(time.perf_counter() - started)"


def startup_seconds(
    models: tuple[str, ...] = ("CoxPH", "CauseSpecificCox", "FineGray"),
    curves: tuple[str, ...] = ("kaplan_meier", "aalen_johansen"),
) -> dict[str, float]:
    """Medians over fresh processes, compiled code cached.

    ``import`` is what ``import secondplan`` takes on top of numpy and pandas. A first fit begins when the class is
    loaded, which takes scikit-learn's own import; the fit takes Numba's. Curves count from the import of the package.
    :data:`LIBRARIES` is what scikit-learn and Numba take of the whole.
    """
    found = {"import": _median(_BASE + _IMPORT)[0] - _median(_BASE)[0]}
    for name in models:
        times = _median(_BASE + _DATA + _FIT.replace("{name}", name))
        if times:
            begins, whole = times
            labels = (label.format(name=name) for label in (BEGINS, TAKES, WHOLE))
            found |= dict(zip(labels, (begins, whole - begins, whole), strict=True))
    others = {f"first {name}": _CURVE.replace("{name}", name) for name in curves} | {LIBRARIES: _LIBRARIES}
    for name, call in others.items():
        times = _median(_BASE + _DATA + call)
        if times:
            found[name] = times[0]
    return found


def is_bounded(name: str) -> bool:
    """Whether a figure is judged: not what other libraries take, nor the sum of two that are."""
    return name != LIBRARIES and not name.startswith(WHOLE.format(name=""))


def _median(code: str) -> list[float]:
    """Medians of what the code printed and of when it ended; nothing where it fails."""
    try:
        _seconds(code)  # fills the cache of compiled code
        return [statistics.median(times) for times in zip(*(_seconds(code) for _ in range(REPEATS)), strict=True)]
    except subprocess.CalledProcessError:
        return []


def _seconds(code: str) -> list[float]:
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code + _PRINT], cwd=ROOT, check=True, capture_output=True, text=True
    )
    return [float(line) for line in run.stdout.split()]
