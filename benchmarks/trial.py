"""``python -m benchmarks.trial``: emulated trials against the generator's truth, over many stores, and their time.

- ``bias``: 60,000 children of ``confounding-measured``, with all covariates and with those of the plan's start only.
- ``effect-none``: smaller stores in which length has no effect; how often true differences are rejected, and covered.
- ``speed``: 100,000 children without draws, and with draws of families.

Each store's results are a line of ``trial_<task>_<children>.jsonl``, so that a run can be stopped and taken up again;
summaries are written to ``trial.md`` and ``trial.json``. Stores follow from their number alone. Stores of 60,000 have
150 authorities, those of 12,000 have 30: about 250 plans in the trial in each, as many as in England. Below 12,000 the
later reviews of a store are too few for models of their own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import sys
import tempfile
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
REJECTED = (0.03, 0.07)


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
    rows, known = [], pd.DataFrame()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind in weights:
            names = None if kind == "all" else known.loc[known["known"] == kind, "covariate"].tolist()
            trial = sp.emulate_trial(plans, strategies(), covariates=names)
            known = trial.covariates
            for what, table in (("difference", trial.risk.difference()), ("risk", trial.risk.table)):
                chosen = table[["strategy", "time", "estimate", "std_error", "lower", "upper"]]
                rows += [[kind, what, *row] for row in chosen.itertuples(index=False)]
    return {"store": number, "rows": rows}


def run(name: str, task: Task, numbers: Sequence[int], asked: argparse.Namespace) -> pd.DataFrame:
    """Run the stores of these numbers that are not yet in the file; all results, one row per store and number."""
    path = asked.output / f"trial_{name}_{task.n_children}.jsonl"
    wanted = [(task.scenario, task.n_children, number, task.weights) for number in numbers]
    done = run_stores(path, one_store, wanted, asked.processes)
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


def with_truth(found: pd.DataFrame, scenario: str) -> pd.DataFrame:
    """The results with the truth, their error and whether the interval covers the truth."""
    import secondplan as sp

    truth = sp.simulate(scenario, n_children=50).truth.strategy_effect()
    truth = truth[truth["counted_from"] == "start"]
    true = truth.melt(["strategy", "time"], ["risk", "difference"], "what", "truth")
    both = found.merge(true, on=["strategy", "time", "what"])
    both["time"] = both["time"].astype(int)
    both["error"] = both["estimate"] - both["truth"]
    both["covered"] = (both["lower"] <= both["truth"]) & (both["truth"] <= both["upper"])
    return both


def summary(both: pd.DataFrame) -> pd.DataFrame:
    """Mean error against the truth, its Monte Carlo error, and how often the truth was covered and rejected."""
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
    table["covered_error"] = np.sqrt(table["covered"] * (1.0 - table["covered"]) / table["stores"])
    # Of differences the interval is symmetric: it rejects what it does not cover.
    return table.assign(rejected=1.0 - table["covered"]).reset_index()


def pooled(both: pd.DataFrame) -> pd.DataFrame:
    """Coverage of differences over all times, by strategy and of all; its error is from stores, whose rows go together.

    Of weights from all covariates: the others are there to miss.
    """
    own = both[(both["what"] == "difference") & (both["weights"] == "all")]
    each = pd.concat([own, own.assign(strategy="all strategies")])
    by_store = each.groupby(["strategy", "store"], sort=False)["covered"].mean().groupby("strategy", sort=False)
    table = by_store.agg(stores="size", covered="mean", covered_error="sem").reset_index()
    return table.assign(rejected=1.0 - table["covered"])


def speed(n_children: int, draws: int) -> list[str]:
    """Seconds of a trial of the default strategies without draws and with them, on two cores."""
    import secondplan as sp

    with tempfile.TemporaryDirectory() as folder:
        sp.simulate_to(Path(folder) / "store", Path(folder) / "truth", n_children=n_children)
        plans = sp.read_plans(Path(folder) / "store")
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
    """Run what is asked for and write the results; the exit code is 1 where a bound is broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.trial", description=__doc__)
    parser.add_argument("tasks", nargs="*", default=[*TASKS, "speed"], help="bias, effect-none, speed")
    parser.add_argument("--stores", type=int, help="stores of each task")
    parser.add_argument("--children", type=int, help="children of each store")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--done", action="store_true", help="make no store, summarise those made so far")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--output", type=Path, default=RESULTS)
    asked = parser.parse_args(arguments)
    asked.output.mkdir(exist_ok=True, parents=True)
    path = asked.output / "trial.json"
    # Tasks that are not run again stay as they are.
    stored = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    for name in asked.tasks:
        if name == "speed":
            stored[name] = speed(asked.children or 100_000, asked.draws)
            continue
        given = TASKS[name]
        n_children = asked.children or given.n_children
        numbers: Sequence[int] = range(asked.stores or given.n_stores)
        if asked.done:
            lines = (asked.output / f"trial_{name}_{n_children}.jsonl").read_text(encoding="utf-8").splitlines()
            numbers = [json.loads(line)["store"] for line in lines]
        task = Task(given.scenario, n_children, given.n_stores, given.weights)
        both = with_truth(run(name, task, numbers, asked), given.scenario)
        stored[name] = {
            "scenario": given.scenario,
            "n_children": n_children,
            "n_stores": len(numbers),
            "table": summary(both).to_dict(orient="records"),
            "coverage": pooled(both).to_dict(orient="records"),
        }
    path.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")
    text, broken = report(stored)
    (asked.output / "trial.md").write_text(text, encoding="utf-8")
    print("\n".join(broken), file=sys.stderr)
    return 1 if broken else 0


def report(stored: dict[str, Any]) -> tuple[str, list[str]]:
    """The page of stored results, and what is outside the bounds, in words."""
    text, broken = ["# Emulated trials against the truth", "", "Made by `python -m benchmarks.trial`.", ""], []
    for name, found in stored.items():
        text += [f"## {name}", ""]
        if name == "speed":
            text += [*found, ""]
            continue
        table = pd.DataFrame(found["table"])
        text += [f"{found['n_stores']} stores of {found['n_children']:,} children of `{found['scenario']}`.", ""]
        text += [markdown(pd.DataFrame(found["coverage"])), "", markdown(table), ""]
        broken += _broken(name, table)
    text += ["## Outside the bounds", "", *(broken or ["Nothing."]), ""]
    return "\n".join(text), broken


def markdown(table: pd.DataFrame) -> str:
    """A table for people, fractions with four decimals."""
    head = [" | ".join(table.columns), " | ".join("---" for _ in table.columns)]
    rows = [
        " | ".join(f"{value:.4f}" if isinstance(value, float) else str(value) for value in row)
        for row in table.itertuples(index=False)
    ]
    return "\n".join(f"| {line} |" for line in [*head, *rows])


def _broken(name: str, table: pd.DataFrame) -> list[str]:
    """Biases above their bound and shares outside theirs, each with its Monte Carlo error."""
    differences = table[table["what"] == "difference"]
    own = differences[differences["weights"] == "all"]
    if name == "bias":
        lines = [
            f"- bias of {row.strategy}, day {row.time}: {row.bias:+.4f} (Monte Carlo error {row.bias_error:.4f})"
            for row in own[own["bias"].abs() > BIAS].itertuples()
        ]
        if differences.loc[differences["weights"] == "at the start", "bias"].abs().max() <= MISS:
            lines.append(f"- weights of what is known at the start miss nowhere by more than {MISS}")
        return lines
    low, high = REJECTED
    wrong = own[(own["rejected"] < low) | (own["rejected"] > high)]
    return [
        f"- {row.strategy}, day {row.time}: the truth is rejected in {row.rejected:.1%} "
        f"(Monte Carlo error {row.covered_error:.1%})"
        for row in wrong.itertuples()
    ]


if __name__ == "__main__":
    sys.exit(main())
