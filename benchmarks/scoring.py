"""``python -m benchmarks.scoring``: how fast a night is scored, in how much memory, and whether the numbers are right.

Cases are rows of a simulated cohort, drawn anew, in Parquet. A cause-specific Cox model scores them into a folder, in
one process and in two, with intervals and reasons and without; the floor reads the same file, multiplies features and
coefficients, takes the exponential and writes it. Every other model scores some, counted once it is loaded. Each run is
a process of its own. Writes ``scoring.md`` and ``scoring.json`` into ``benchmarks/results/``; for an idle machine.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import secondplan as sp
from secondplan.scoring import score_batch, score_batches

from .drift import FEATURES

RESULTS = Path(__file__).parent / "results"
SEED, N_CHILDREN, N_TRAINING = 20261130, 20_000, 10_000
ROWS_PER_GROUP = 100_000
LONGEST_ELAPSED = 1_500
DAYS = np.array([91.0, 182.0, 365.0, 730.0])
ROWS_COMPARED = 20_000
# Other models score so many times fewer rows where intervals and reasons are stated too.
FEWER = 10
RUNS = {
    "floor": {},
    "risks, intervals, reasons": {"n_jobs": 1},
    "the same, two processes": {"n_jobs": 2},
    "risks": {"n_jobs": 1, "intervals": False, "reasons": False},
    "risks, two processes": {"n_jobs": 2, "intervals": False, "reasons": False},
}


def models() -> dict:
    """The models by name; those of one event count the others as censoring."""
    return {
        "CauseSpecificCox": sp.CauseSpecificCox(known_end_event=4),
        "AalenJohansen": sp.AalenJohansen(),
        "CoxPH": sp.CoxPH(),
        "CoxElasticNetCV": sp.CoxElasticNetCV(lambdas=[0.001], n_folds=3),
        "FineGray": sp.FineGray(),
        "RoystonParmar": sp.RoystonParmar(known_end_event=4),
        "ParametricAFT": sp.ParametricAFT(),
        "DiscreteTimeHazard": sp.DiscreteTimeHazard(known_end_event=4),
        "BoostedHazard": sp.BoostedHazard(known_end_event=4),
    }


def prepare(folder: Path, sizes: list[int], chosen: list[str]) -> None:
    """Fit the models, and write cases of each size."""
    cohort = sp.build_cohort(sp.simulate("england-2018", n_children=N_CHILDREN, random_state=SEED))
    X, y, cluster = cohort.X[FEATURES], cohort.y, np.asarray(cohort.cluster)
    for name in chosen:
        model, options = models()[name], {"cluster": cluster[:N_TRAINING]} if name == "CauseSpecificCox" else {}
        model.fit(X.iloc[:N_TRAINING], y.iloc[:N_TRAINING], **options).save(folder / name)
    for size in sizes:
        writer, rng = None, np.random.default_rng(SEED)
        for begin in range(0, size, ROWS_PER_GROUP):
            table = cases(X, np.arange(begin, min(begin + ROWS_PER_GROUP, size)), rng)
            writer = writer or pq.ParquetWriter(folder / f"cases_{size}.parquet", table.schema)
            writer.write_table(table)
        writer.close()


def cases(X: pd.DataFrame, number: np.ndarray, rng: np.random.Generator) -> pa.Table:
    """Rows drawn from a cohort, with other lengths and ages, keys and days."""
    rows = X.iloc[rng.integers(0, len(X), number.size)].reset_index(drop=True)
    rows["plan_length_days"] = np.maximum(1.0, rows["plan_length_days"] + rng.integers(-20, 20, number.size))
    rows["age_at_end"] = np.clip(rows["age_at_end"] + rng.normal(0, 0.3, number.size), 0, 17.9)
    keys = {"child_id": [f"C{one:08d}" for one in number], "plan_id": [f"P{one:08d}" for one in number]}
    days = {"elapsed": rng.integers(0, LONGEST_ELAPSED, number.size)}
    days["eligible_days"] = np.round((18 - rows["age_at_end"]) * 365.25)
    return pa.Table.from_pandas(rows.assign(**keys, **days), preserve_index=False)


def floor(source: Path, output: Path) -> None:
    """Read, multiply, exponentiate, write: what no scoring can do without."""
    beta, writer = np.linspace(-0.1, 0.1, len(FEATURES)), None
    for batch in pq.ParquetFile(source).iter_batches(ROWS_PER_GROUP, columns=[*FEATURES, "child_id", "plan_id"]):
        columns = [batch[name] for name in FEATURES]
        columns = [col.cast(pa.int8()) if pa.types.is_boolean(col.type) else col for col in columns]
        columns = [col.dictionary.take(col.indices) if pa.types.is_dictionary(col.type) else col for col in columns]
        numbers = [np.unique(col, return_inverse=True)[1] if pa.types.is_string(col.type) else col for col in columns]
        matrix = np.column_stack([np.asarray(values, dtype=float) for values in numbers])
        risk = pa.table({"child_id": batch["child_id"], "plan_id": batch["plan_id"], "risk": np.exp(matrix @ beta)})
        writer = writer or pq.ParquetWriter(output, risk.schema, compression="zstd")
        writer.write_table(risk)
    writer.close()


def run(folder: Path, what: str, size: int) -> dict:
    """One run, in this process: seconds, and the largest memory of this process and of one that it started."""
    source, started = folder / f"cases_{size}.parquet", time.perf_counter()
    with tempfile.TemporaryDirectory(dir=folder) as place:
        if what == "floor":
            floor(source, Path(place) / "floor.parquet")
        elif what in RUNS:
            model = sp.load_model(folder / "CauseSpecificCox")
            score_batch(model, source, Path(place) / "scores", latest=False, **RUNS[what])
        else:
            name, _, only = what.partition(": ")
            stated = only != "risks"
            model, batches = sp.load_model(folder / name), pq.ParquetFile(source).iter_batches(ROWS_PER_GROUP)
            started = time.perf_counter()
            for _ in score_batches(model, batches, intervals=stated, reasons=stated):
                pass
    seconds = time.perf_counter() - started
    own, others = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = sum(use.ru_utime + use.ru_stime for use in (own, others))
    peaks = {"mb": own.ru_maxrss / 1024, "mb_of_a_worker": others.ru_maxrss / 1024}
    return {"run": what, "rows": size, "seconds": seconds, "cpu_seconds": cpu, **peaks}


def differences(folder: Path, size: int) -> dict:
    """How far scores are from the model's own predictions, row by row."""
    model, table = sp.load_model(folder / "CauseSpecificCox"), pq.ParquetFile(folder / f"cases_{size}.parquet")
    batch = next(table.iter_batches(ROWS_COMPARED))
    ((scores, _),) = score_batches(model, [batch])
    frame, found = batch.to_pandas(), scores.to_pandas()
    since = frame["elapsed"].to_numpy(float)
    options = {"eligible_days": frame["eligible_days"].to_numpy(), "elapsed": since}
    rows = frame[FEATURES], since[:, None] + DAYS
    risk = model.predict_cumulative_incidence(*rows, **options)
    bounds = model.predict_cumulative_incidence_interval(*rows, **options)
    largest = {"risk": np.nanmax(np.abs(found.filter(like="risk_").to_numpy() - risk))}
    for place, name in enumerate(("lower", "upper")):
        largest[name] = np.nanmax(np.abs(found.filter(like=f"{name}_").to_numpy() - bounds[..., place]))
    return {name: float(value) for name, value in largest.items()}


def measure(folder: Path, what: str, size: int) -> dict:
    """A run in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.scoring", "--run", what, "--rows", str(size), "--folder", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    print(f"{what:38} {size:10,} rows  {size / found['seconds']:10,.0f} a second", flush=True)
    return found


def as_text(found: dict) -> str:
    """The page of results."""
    runs = pd.DataFrame(found["runs"])
    runs["rows_per_second"] = (runs["rows"] / runs["seconds"]).round()
    runs["rows_per_cpu_second"] = (runs["rows"] / runs["cpu_seconds"]).round()
    lines = ["# Scoring", "", f"`python -m benchmarks.scoring --rows {found['rows']}`: {found['note']}", ""]
    head = ["run", "rows", "seconds", "rows_per_second", "rows_per_cpu_second", "mb", "mb_of_a_worker"]
    lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in runs[head].itertuples(index=False):
        shown = [f"{value:,.1f}" if isinstance(value, float) else f"{value}" for value in row]
        lines.append("| " + " | ".join(shown) + " |")
    lines += ["", *(f"- {name}: {value:.3g}" for name, value in found["figures"].items()), ""]
    return "\n".join(lines)


def main() -> None:
    """Measure, and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--model-rows", type=int, default=100_000, help="rows for each other model")
    parser.add_argument("--models", nargs="*", default=list(models()))
    parser.add_argument("--note", default="two processors, otherwise idle.")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--folder", help=argparse.SUPPRESS)
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    if given.run:
        print(json.dumps(run(Path(given.folder), given.run, given.rows)))
        return
    with tempfile.TemporaryDirectory() as place:
        folder, half = Path(place), given.rows // 2
        sizes = sorted({given.rows, half, given.model_rows, given.model_rows // FEWER})
        prepare(folder, sizes, sorted({"CauseSpecificCox", *given.models}))
        runs = [measure(folder, what, given.rows) for what in RUNS]
        full, two, base = runs[1], runs[2], runs[0]
        smaller = measure(folder, full["run"], half)
        for name in given.models:
            runs.append(measure(folder, f"{name}: risks", given.model_rows))
            runs.append(measure(folder, f"{name}: all", given.model_rows // FEWER))
        figures = {f"largest difference of {name}": value for name, value in differences(folder, half).items()}
    figures["times the floor, one process"] = full["seconds"] / base["seconds"]
    figures["wall time of two processes by that of one"] = two["seconds"] / full["seconds"]
    figures["bytes a row by which memory grows"] = (full["mb"] - smaller["mb"]) * 2**20 / (given.rows - half)
    found = {"rows": given.rows, "note": given.note, "runs": [*runs, smaller], "figures": figures}
    (RESULTS / "scoring.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    (RESULTS / "scoring.md").write_text(as_text(found), encoding="utf-8")
    print(as_text(found))


if __name__ == "__main__":
    main()
