"""One module a package, one function a task: ``task(data, **options) -> Prepared``, only its ``call`` is timed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np


def _no_facts(result: Any) -> dict[str, Any]:
    return {}


@dataclass(frozen=True)
class Prepared:
    """A task with its input in the form that the package takes.

    ``call()`` is what is timed; ``numbers(result)`` what is compared with ours; ``facts(result)`` is found afterwards.
    """

    call: Callable[[], Any]
    numbers: Callable[[Any], np.ndarray]
    facts: Callable[[Any], dict[str, Any]] = _no_facts
