"""The results as JSON and as Markdown."""

from __future__ import annotations

import json
import os
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np

from .cases import OURS, TASKS
from .criteria import Criterion, growth
from .data import N_FEATURES, SEED
from .overhead import PARTS
from .runs import Result

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS")


def write(folder: Path, name: str, results: list[Result], startup: dict[str, float], criteria: list[Criterion]) -> None:
    """``name.json`` and ``name.md`` in the folder."""
    folder.mkdir(exist_ok=True)
    facts = machine()
    rows = [_as_json(result, _reference(result, results)) for result in results]
    judged = [
        {
            "name": c.name,
            "value": c.value,
            "bound": c.bound,
            "at_least": c.at_least,
            "met": c.is_met,
            "detail": c.detail,
        }
        for c in criteria
    ]
    exponents = [
        {"task": task, "package": package, "variant": label, "from": a, "to": b, "exponent": exponent}
        for (task, package, label), steps in growth(results).items()
        for a, b, exponent in steps
    ]
    whole = {"machine": facts, "seed": SEED, "startup_seconds": startup, "results": rows}
    whole |= {"growth": exponents, "criteria": judged}
    (folder / f"{name}.json").write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
    (folder / f"{name}.md").write_text(_markdown(facts, results, startup, criteria), encoding="utf-8")


def machine() -> dict[str, Any]:
    """What the numbers depend on; no name of a machine or a user."""
    facts: dict[str, Any] = {"python": platform.python_version(), "system": platform.system()}
    facts |= {"architecture": platform.machine(), "cores": len(_cores()), "processor": _processor()}
    for package in ("numpy", "numba", OURS):
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = None
    return facts | {name: os.environ[name] for name in THREADS if name in os.environ}


def _cores() -> set[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set(range(os.cpu_count() or 1))


def _processor() -> str:
    try:
        run = subprocess.run(["lscpu"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return ""
    return next(
        (line.split(":", 1)[1].strip() for line in run.stdout.splitlines() if line.startswith("Model name")), ""
    )


def _reference(result: Result, results: list[Result]) -> Result | None:
    """Our result for the same problem at the same size."""
    for other in results:
        if (other.case.package, other.rows, other.case.like) == (OURS, result.rows, result.case.like):
            return other if other.status == "done" else None
    return None


def differences(result: Result, ours: Result | None) -> tuple[float, float] | None:
    """Largest difference from ours, absolute and relative; None where there is nothing to compare."""
    if ours is None or result.numbers is None or ours.numbers is None or result.case.package == OURS:
        return None
    if result.numbers.size == 0 or result.numbers.shape != ours.numbers.shape:
        return None
    distance = np.abs(result.numbers - ours.numbers)
    scale = np.maximum(np.abs(ours.numbers), 1e-3)  # coefficients near 0 have no relative difference worth naming
    return float(distance.max()), float((distance / scale).max())


def _as_json(result: Result, ours: Result | None) -> dict[str, Any]:
    case = result.case
    row: dict[str, Any] = {"task": case.task, "rows": result.rows, "package": case.package, "variant": case.label}
    row |= {"status": result.status, "note": case.note, "why": result.why, **result.facts}
    if (difference := differences(result, ours)) is not None:
        row |= {"largest_difference": difference[0], "largest_relative_difference": difference[1]}
    return row


def _markdown(
    facts: dict[str, Any], results: list[Result], startup: dict[str, float], criteria: list[Criterion]
) -> str:
    made = ", ".join(f"{name} {value}" for name, value in facts.items() if value)
    lines = [
        "# Speed and memory",
        "",
        f"Made by `make bench`, seed {SEED}: {N_FEATURES} columns, whole days, 20 % delayed entry, pairs of siblings.",
        "Every measurement is of a warm fit in a process of its own, on the same arrays; short ones are the median of",
        "five or more. Memory is the peak above what was there once the arrays were read, in multiples of the size of",
        "X. The floor is (Newton iterations) x (one weighted Gram matrix of X + one exponential of X beta), measured",
        "in the same process. Differences are from ours for the same problem: largest absolute, and largest relative.",
        "",
        f"On: {made}.",
        "",
        "## Bounds",
        "",
        "| what | measured | bound | met | |",
        "|---|---:|---:|---|---|",
    ]
    for c in criteria:
        sign = "at least" if c.at_least else "at most"
        met = "yes" if c.is_met else "**no**"
        lines.append(f"| {c.name} | {c.value:.3g} {c.unit} | {sign} {c.bound:g} | {met} | {c.detail} |")
    for name, task in TASKS.items():
        rows = [r for r in results if r.case.task == name]
        if rows:
            lines += _table(task.title, task.numbers, rows, results)
    lines += _parts_table(results)
    lines += _growth_table(results)
    if startup:
        lines += ["", "## Start", "", "| what | seconds |", "|---|---:|"]
        lines += [f"| {name} | {seconds:.3f} |" for name, seconds in startup.items()]
    return "\n".join(lines) + "\n"


def _table(title: str, numbers: str, rows: list[Result], results: list[Result]) -> list[str]:
    lines = ["", f"## {title}", "", f"Compared: {numbers}.", ""]
    lines.append(
        "| rows | package | variant | seconds | of processor | times ours | x floor | memory / X | difference | |"
    )
    lines.append("|---:|---|---|---:|---:|---:|---:|---:|---:|---|")
    for result in rows:
        case = result.case
        head = f"| {result.rows:,} | {case.package} {result.facts.get('version', '')} | {case.label} "
        if result.status != "done":
            lines.append(
                head + f"| {result.why if result.status != 'error' else 'failed'} | | | | | | {_remark(result)} |"
            )
            continue
        ours = _reference(result, results)
        times = "" if ours is None or case.package == OURS else f"{result.seconds / ours.seconds:.1f}"
        floor = ours.facts.get("floor_seconds") if ours is not None else None
        times_floor = f"{result.seconds / floor:.1f}" if floor else ""
        peak = result.facts.get("peak_bytes")
        memory = "" if peak is None else f"{peak / (8 * N_FEATURES * result.rows):.1f}"
        pair = differences(result, ours)
        difference = "" if pair is None else f"{pair[0]:.0e}, {pair[1]:.0e}"
        seconds = f"{result.seconds:.3g} | {result.facts['cpu_seconds']:.3g}"
        lines.append(head + f"| {seconds} | {times} | {times_floor} | {memory} | {difference} | {_remark(result)} |")
    return lines


def _remark(result: Result) -> str:
    words = [result.case.note] if result.case.note else []
    if result.status == "error":
        words.append(result.why.replace("|", "/"))
    if "rmse_of_risk" in result.facts:
        words.append(f"risks are {result.facts['rmse_of_risk']:.4f} from the truth (root mean square)")
    return "; ".join(words)


def _parts_table(results: list[Result]) -> list[str]:
    """Where the time of short fits goes, in milliseconds."""
    measured = [(result, result.facts["parts"]) for result in results if "parts" in result.facts]
    if not measured:
        return []
    lines = ["", "## Parts of a fit", "", "Milliseconds, medians: checks of the input, encoding of the features, the"]
    lines += ["maximum of the likelihood with what hangs on it, and what a model makes of these.", ""]
    lines += ["| task | variant | rows | " + " | ".join(PARTS) + " |", "|---|---|---:|" + "---:|" * len(PARTS)]
    for result, parts in measured:
        figures = " | ".join(f"{1000.0 * parts[part]:.2f}" for part in PARTS)
        lines.append(f"| {TASKS[result.case.task].title} | {result.case.label} | {result.rows:,} | {figures} |")
    return lines


def _growth_table(results: list[Result]) -> list[str]:
    exponents = growth(results)
    if not exponents:
        return []
    lines = ["", "## Growth", "", "b of seconds ~ n^b between neighbouring sizes.", ""]
    lines += ["| task | package | variant | from | to | b |", "|---|---|---|---:|---:|---:|"]
    for (task, package, label), steps in exponents.items():
        lines += [f"| {task} | {package} | {label} | {a:,} | {b:,} | {exponent:.2f} |" for a, b, exponent in steps]
    return lines
