"""Where the time of a fit goes: checks of the input, encoding of the features, kernel, and what is made of that."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import Any
from unittest.mock import patch

PARTS = ("checks", "encoding", "kernel", "result")
REPEATS = 9
_MODELS = "secondplan.models."
# The functions in which each model's likelihood is maximised, and what hangs on the maximum computed, where they are
# looked up when they are called.
KERNELS = {
    "CoxPH": (("cox.kernels.fit", "fit_cox"),),
    "CauseSpecificCox": (("cox.kernels.fit", "fit_cox"),),
    "FineGray": (("fine_gray.kernels.fit", "fit_fine_gray"),),
    "ParametricAFT": (("aft.model", "fit_aft"),),
    "RoystonParmar": (("royston_parmar.model", "fit_cause"), ("royston_parmar.model", "joint_covariance")),
    "DiscreteTimeHazard": (("discrete_time.fit", "fit_discrete_time"),),
}


def parts_of_fit(make: Callable[[], Any], X: Any, y: Any) -> dict[str, float]:
    """Median seconds of each part of a fit of the model that ``make()`` gives.

    The checks are what is neither encoding nor the model's own part; the result is what is not kernel of the latter.
    """
    name = type(make()).__name__
    spent: dict[str, float] = {}
    with ExitStack() as stack:
        base = import_module(_MODELS + "features.encoder").FeatureEncoder
        stack.enter_context(_timed(base, "fit_design", "encoding", spent))
        stack.enter_context(_timed(type(make()), "_fit", "own", spent))
        for module, function in KERNELS[name]:
            stack.enter_context(_timed(import_module(_MODELS + module), function, "kernel", spent))
        runs = [_run(make, X, y, spent) for _ in range(REPEATS)]
    return {part: statistics.median(run[part] for run in runs) for part in PARTS}


def _run(make: Callable[[], Any], X: Any, y: Any, spent: dict[str, float]) -> dict[str, float]:
    spent.update(encoding=0.0, own=0.0, kernel=0.0)
    started = time.perf_counter()
    make().fit(X, y)
    whole = time.perf_counter() - started
    return {
        "checks": whole - spent["encoding"] - spent["own"],
        "encoding": spent["encoding"],
        "kernel": spent["kernel"],
        "result": spent["own"] - spent["kernel"],
    }


@contextmanager
def _timed(owner: Any, name: str, part: str, spent: dict[str, float]) -> Iterator[None]:
    """Add the seconds in a function to a part."""
    original = getattr(owner, name)

    def timed(*args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        try:
            return original(*args, **kwargs)
        finally:
            spent[part] = spent.get(part, 0.0) + time.perf_counter() - started

    with patch.object(owner, name, timed):
        yield
