"""``python -m benchmarks.trial``: emulated trials against the generator's truth, over many stores, and their time.

- ``bias``: 60,000 children of ``confounding-measured``, with all covariates and with those of the plan's start only.
- ``effect-none``: smaller stores in which length has no effect; how often true differences are rejected, and covered.
- ``speed``: 100,000 children without draws, and with draws of families.

Each store's results are a line of ``trial_<task>_<children>.jsonl``, so that a run can be stopped and taken up again;
summaries are written to ``trial.md``. Stores follow from their number alone.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

RESULTS = Path(__file__).parent / "results"
# One process per core: no threads below it.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")
BIAS, MISS = 0.003, 0.008
REJECTED, COVERED = (0.03, 0.07), (0.93, 0.97)


@dataclass(frozen=True)
class Task:
    """A scenario, the children of a store, how many stores, and which weights."""

    scenario: str
    n_children: int
    n_stores: int
    weights: tuple[str, ...]


TASKS = {
    "bias": Task("confounding-measured", 60_000, 40, ("all", "at the start")),
    "effect-none": Task("effect-none", 12_000, 500, ("all",)),
}


def strategies() -> list[Any]:
    """What the generator has a stored truth for."""
    import secondplan as sp

    return [sp.NotBefore(months=3), sp.NotBefore(months=6), sp.NotBefore(months=9), sp.EndBy(months=12)]


def one_store(asked: tuple[str, int, int, tuple[str, ...]]) -> dict[str, Any]:
    """Differences from the natural course, with errors, of one store: (scenario, children, number, weights)."""
    import secondplan as sp

    scenario, n_children, number, weights = asked
    plans = sp.simulate(scenario, n_children=n_children, random_state=1_000 + number)
    rows = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind in weights:
            names = None
            if kind != "all":
                known = sp.emulate_trial(plans, strategies()[:1], times=[365]).covariates
                names = known["covariate"][known["known"] == kind].tolist()
            risk = sp.emulate_trial(plans, strategies(), covariates=names).risk
            for what, table in (("difference", risk.difference()), ("risk", risk.table)):
                chosen = table[["strategy", "time", "estimate", "std_error", "lower", "upper"]]
                rows += [[kind, what, *row] for row in chosen.itertuples(index=False)]
    return {"store": number, "rows": rows}


def run(name: str, task: Task, folder: Path, processes: int) -> pd.DataFrame:
    """Run the stores that are not yet in the file; all results, one row per store and number."""
    path = folder / f"trial_{name}_{task.n_children}.jsonl"
    wanted = [(task.scenario, task.n_children, number, task.weights) for number in range(task.n_stores)]
    done = run_stores(path, one_store, wanted, processes)
    columns = ["weights", "what", "strategy", "time", "estimate", "std_error", "lower", "upper", "store"]
    return pd.DataFrame([[*row, each["store"]] for each in done for row in each["rows"]], columns=columns)


def run_stores(
    path: Path,
    one_store: Callable[[Any], dict[str, Any]],
    wanted: Sequence[tuple[str, int, int, Any]],
    processes: int,
) -> list[dict[str, Any]]:
    """Results of the stores wanted, (scenario, children, number, ...): from the file, or made and added to it."""
    done = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] if path.exists() else []
    known = {each["store"] for each in done}
    asked = [each for each in wanted if each[2] not in known]
    for variable in THREADS:
        os.environ[variable] = "1"
    started = time.perf_counter()
    with multiprocessing.get_context("spawn").Pool(processes) as pool, path.open("a", encoding="utf-8") as file:
        for count, found in enumerate(pool.imap_unordered(one_store, asked), start=1):
            file.write(json.dumps(found) + "\n")
            file.flush()
            done.append(found)
            print(
                f"{time.perf_counter() - started:7.0f} s: {path.stem}, {count} of {len(asked)} stores", file=sys.stderr
            )
    numbers = {each[2] for each in wanted}
    return [each for each in done if each["store"] in numbers]


def summary(found: pd.DataFrame, scenario: str) -> pd.DataFrame:
    """Mean error against the truth, its Monte Carlo error, and how often the truth was covered and rejected."""
    import secondplan as sp

    truth = sp.simulate(scenario, n_children=50).truth.strategy_effect()
    truth = truth[truth["counted_from"] == "start"]
    true = truth.melt(["strategy", "time"], ["risk", "difference"], "what", "truth")
    both = found.merge(true, on=["strategy", "time", "what"])
    both["error"] = both["estimate"] - both["truth"]
    both["covered"] = (both["lower"] <= both["truth"]) & (both["truth"] <= both["upper"])
    groups = both.groupby(["weights", "what", "strategy", "time"], sort=False)
    table = groups.agg(
        stores=("store", "size"),
        truth=("truth", "first"),
        bias=("error", "mean"),
        spread=("error", "std"),
        std_error=("std_error", "mean"),
        covered=("covered", "mean"),
    )
    table.insert(3, "bias_error", table["spread"] / np.sqrt(table["stores"]))
    # Of differences the interval is symmetric: it rejects what it does not cover.
    return table.assign(rejected=1.0 - table["covered"]).reset_index()


def speed(n_children: int, draws: int, folder: Path) -> list[str]:
    """Seconds of a trial without draws and with them, on both cores."""
    import secondplan as sp

    store = folder / f"store_{n_children}"
    if not store.exists():
        sp.simulate_to(store, folder / f"truth_{n_children}", n_children=n_children)
    plans = sp.read_plans(store)
    lines = []
    for bootstrap in (None, draws):
        started = time.perf_counter()
        trial = sp.emulate_trial(plans, bootstrap=bootstrap, n_jobs=2)
        words = "no draws" if bootstrap is None else f"{bootstrap} draws"
        lines.append(
            f"- {n_children:,} children, {trial.risk.n_children:,} in the trial, {words}: "
            f"{time.perf_counter() - started:.0f} s"
        )
        print(lines[-1], file=sys.stderr)
    return lines


def main(arguments: list[str] | None = None) -> int:
    """Run what is asked for and write ``trial.md``; the exit code is 1 where a bound is broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trial", description=__doc__)
    parser.add_argument("tasks", nargs="*", default=[*TASKS, "speed"], help="bias, effect-none, speed")
    parser.add_argument("--stores", type=int, help="stores of each task")
    parser.add_argument("--children", type=int, help="children of each store")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--output", type=Path, default=RESULTS)
    asked = parser.parse_args(arguments)
    asked.output.mkdir(exist_ok=True, parents=True)
    text, broken = ["# Emulated trials against the truth", "", "Made by `python -m benchmarks.trial`.", ""], []
    for name in asked.tasks:
        text += [f"## {name}", ""]
        if name == "speed":
            text += [*speed(asked.children or 100_000, asked.draws, asked.output), ""]
            continue
        given = TASKS[name]
        task = Task(given.scenario, asked.children or given.n_children, asked.stores or given.n_stores, given.weights)
        table = summary(run(name, task, asked.output, asked.processes), task.scenario)
        text += [f"{task.n_stores} stores of {task.n_children:,} children of `{task.scenario}`.", ""]
        text += [markdown(table), ""]
        broken += _broken(name, table)
    text += ["## Outside the bounds", "", *(broken or ["Nothing."]), ""]
    (asked.output / "trial.md").write_text("\n".join(text), encoding="utf-8")
    print("\n".join(broken), file=sys.stderr)
    return 1 if broken else 0


def markdown(table: pd.DataFrame) -> str:
    """A table for people, fractions with four decimals."""
    head = [" | ".join(table.columns), " | ".join("---" for _ in table.columns)]
    rows = [
        " | ".join(f"{value:.4f}" if isinstance(value, float) else str(value) for value in row)
        for row in table.itertuples(index=False)
    ]
    return "\n".join(f"| {line} |" for line in [*head, *rows])


def _broken(name: str, table: pd.DataFrame) -> list[str]:
    own = table[(table["what"] == "difference") & (table["weights"] == "all")]
    if name == "bias":
        wrong = own[own["bias"].abs() > BIAS]
        lines = [f"- bias of {row.strategy}, day {row.time}: {row.bias:+.4f}" for row in wrong.itertuples()]
        start = table[(table["what"] == "difference") & (table["weights"] == "at the start")]
        if start["bias"].abs().max() <= MISS:
            lines.append("- weights of what is known at the start miss nowhere by enough to tell the methods apart")
        return lines
    low, high = REJECTED
    wrong = own[(own["rejected"] < low) | (own["rejected"] > high)]
    return [
        f"- {row.strategy}, day {row.time}: the truth is rejected in {row.rejected:.1%}" for row in wrong.itertuples()
    ]


if __name__ == "__main__":
    sys.exit(main())
