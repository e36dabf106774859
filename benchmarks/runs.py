"""Starts one process per measurement, with a time limit, and gathers what came out."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from .cases import OURS, Case

ROOT = Path(__file__).parent.parent
R_SCRIPT = Path(__file__).parent / "fits" / "fits.R"
PEERS_PYTHON = ROOT / ".venv-bench" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
# Seconds a process may take before what is timed (reading the arrays, a first small fit, a fit that a prediction
# needs), and again after it.
ALLOWANCE = 200.0

MODULES = {
    OURS: "secondplan_",
    "lifelines": "lifelines_",
    "statsmodels": "statsmodels_",
    "scikit-survival": "sksurv_",
    "comprisk": "comprisk_",
    "survival (PyPI)": "survival_",
    "survival (PyPI), arrays": "survival_arrays_",
    "hazardous": "hazardous_",
}


@dataclass
class Result:
    """What became of one case at one size.

    ``status`` is "done", "over" (the limit), "left out" (too slow at the size before), "absent" or "error".
    """

    case: Case
    rows: int
    status: str
    facts: dict[str, Any] = field(default_factory=dict)
    numbers: np.ndarray | None = None
    why: str = ""

    @property
    def seconds(self) -> float:
        """Of one fit; infinite unless it was done."""
        return float(self.facts["seconds"]) if self.status == "done" else np.inf


def measure_case(case: Case, folder: Path, rows: int, limit: float) -> Result:
    """Run one case in a process of its own; the arrays are in ``folder``."""
    with tempfile.TemporaryDirectory() as scratch:
        result, output = Path(scratch) / "result.npy", Path(scratch) / "facts.json"
        is_r = case.package.startswith("R ")
        if is_r and shutil.which("Rscript") is None:
            return Result(case, rows, "absent", why="no Rscript")
        command = (_r_command if is_r else _python_command)(case, folder, Path(scratch), result, output)
        code, errors = _run(command, Path(scratch) / "timed", limit)
        if code is None:
            return Result(case, rows, "over", why=f"over {errors} s")
        if not output.exists():
            last = (errors.strip().splitlines() or [f"ended with code {code}"])[-1]
            return Result(case, rows, "error", why=last[:200])
        facts = _r_facts(output) if is_r else json.loads(output.read_text(encoding="utf-8"))
        for failed in ("absent", "error"):
            if failed in facts:
                return Result(case, rows, failed, why=str(facts[failed]))
        numbers = np.loadtxt(result, ndmin=1) if is_r else np.load(result)
        return Result(case, rows, "done", facts, np.ravel(numbers))


def _python_command(case: Case, folder: Path, scratch: Path, result: Path, output: Path) -> list[str]:
    spec = {
        "module": MODULES[case.package],
        "task": "cox" if case.task == "cox_robust" else case.task,
        "folder": str(folder),
        "options": case.options,
        "result": str(result),
        "timed": str(scratch / "timed"),
    }
    written = scratch / "spec.json"
    written.write_text(json.dumps(spec), encoding="utf-8")
    python = PEERS_PYTHON if case.package != OURS and PEERS_PYTHON.exists() else Path(sys.executable)
    return [str(python), "-m", "benchmarks.worker", str(written), str(output)]


def _r_command(case: Case, folder: Path, scratch: Path, result: Path, output: Path) -> list[str]:
    written = scratch / "options.csv"
    with written.open("w", newline="", encoding="utf-8") as file:
        for name, value in case.options.items():
            text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
            csv.writer(file).writerow([name, text])
    task = "cox" if case.task == "cox_robust" else case.task
    package = case.package.removeprefix("R ")
    return [
        "Rscript",
        str(R_SCRIPT),
        task,
        package,
        str(folder),
        str(written),
        str(result),
        str(output),
        str(scratch / "timed"),
    ]


def _r_facts(path: Path) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    with path.open(encoding="utf-8") as file:
        for name, value in csv.reader(file):
            facts[name] = value if name in ("version", "absent") else None if value == "NA" else float(value)
    return facts


def _run(command: list[str], timed: Path, limit: float) -> tuple[int | None, str]:
    """Exit code and errors; when the time was up the process was ended, and they are None and the seconds it had.

    The file ``timed`` is there while the process does what is timed.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as errors:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            start_new_session=True,
        )
        try:
            late = _wait(process, timed, limit)
        except BaseException:
            _end(process)
            raise
        if late is not None:
            _end(process)
            return None, f"{late:.0f}"
        errors.seek(0)
        return process.returncode, errors.read()


def _wait(process: subprocess.Popen[bytes], timed: Path, limit: float) -> float | None:
    """Wait for the end; the seconds that the process had, when it took longer than it may."""
    since, was_timed = time.monotonic(), False
    while process.poll() is None:
        is_timed = timed.exists()
        if is_timed != was_timed:
            since, was_timed = time.monotonic(), is_timed
        allowed = limit if is_timed else ALLOWANCE
        if time.monotonic() - since > allowed:
            return allowed
        time.sleep(0.05)
    return None


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process that we started, with those that it started."""
    if os.name == "posix":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
