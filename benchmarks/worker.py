"""One measurement in a process of its own: ``python -m benchmarks.worker SPEC OUTPUT`` (both JSON files).

Runs with the interpreter of any environment that has numpy and pandas; imports the one package that it measures.
"""

from __future__ import annotations

import importlib
import json
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from .data import BenchmarkData
from .measure import measure

N_WARM = 1_000


def run(spec: dict[str, Any]) -> dict[str, Any]:
    """Load, warm up on a few rows, measure; what came out, without the numbers themselves."""
    fits = importlib.import_module(f".fits.{spec['module']}", __package__)
    prepare = getattr(fits, spec["task"])
    data = BenchmarkData.load(Path(spec["folder"]))
    if not spec["options"].get("entry", True):
        data = data.without_entry()
    options = {name: value for name, value in spec["options"].items() if name != "entry"}
    few = {"n_iterations": 2} if "n_iterations" in options else {}
    prepare(data.head(N_WARM), **(options | few)).call()
    prepared = prepare(data, **options)
    timed = Path(spec["timed"])
    timed.touch()
    result, measured = measure(prepared.call)
    timed.unlink()
    np.save(spec["result"], np.asarray(prepared.numbers(result), dtype=float))
    return {"version": fits.version(), **measured, **prepared.facts(result)}


def main(spec_path: str, output_path: str) -> None:
    """Run and write; an error is written as its last line."""
    warnings.simplefilter("ignore")
    spec = json.loads(Path(spec_path).read_text(encoding="utf-8"))
    try:
        answer = run(spec)
    except ImportError as error:
        answer = {"absent": str(error)}
    except Exception as error:  # a peer may fail in any way; the table says how
        answer = {"error": f"{type(error).__name__}: {error}"[:300]}
    Path(output_path).write_text(json.dumps(answer), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
