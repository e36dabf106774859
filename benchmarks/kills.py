"""Kill a scoring run at random moments, resume it, and compare the folder with that of a run that was not killed.

``python -m benchmarks.kills --runs 30`` scores cases in a process of its own, kills it (SIGKILL) at a moment
between its start and its usual end, up to three times, lets a run with ``resume`` finish, and demands the same files,
byte for byte, and that ``latest`` points to a whole folder at every moment.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import secondplan as sp

NOT_COMPARED = {"log.jsonl", ".lock"}
ROWS_PER_PART = 2_000
CONTEXT = multiprocessing.get_context("forkserver")
CONTEXT.set_forkserver_preload(
    ["secondplan.scoring.batch", "secondplan.models.cause_specific.model", "pyarrow.parquet"]
)


def prepare(folder: Path, n_rows: int) -> None:
    rng = np.random.default_rng(1)

    def features(n: int) -> pd.DataFrame:
        return pd.DataFrame({name: rng.integers(0, 300, n).astype(float) for name in ("plan_length_days", "n_reviews")})

    X = features(800)
    y = pd.DataFrame({"duration": rng.integers(1, 1500, 800), "event": rng.choice([0, 1, 2], 800)})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sp.CauseSpecificCox().fit(X, y).save(folder / "model")
    rows = features(n_rows).assign(child_id=np.arange(n_rows), plan_id=1, elapsed=rng.integers(0, 300, n_rows))
    rows.loc[::97, "n_reviews"] = -1
    rows.to_parquet(folder / "cases.parquet")


def score(folder: Path, out: Path) -> None:
    """One run of the night, in a process of its own."""
    warnings.simplefilter("ignore")
    options = {"rows_per_part": ROWS_PER_PART, "formats": ["csv"], "resume": True}
    sp.score_batch(sp.load_model(folder / "model"), folder / "cases.parquet", out, **options)


def start(folder: Path, out: Path) -> Any:
    """The run, begun by a server that has imported everything and does nothing else."""
    run = CONTEXT.Process(target=score, args=(folder, out))
    run.start()
    return run


def finish(run: Any) -> None:
    run.join()
    if run.exitcode:
        raise SystemExit(f"a run that was not killed ended with {run.exitcode}")


def files_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name not in NOT_COMPARED
    }


def latest_is_whole(parent: Path) -> bool:
    return (parent / "latest" / "manifest.json").is_file()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=30)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    rnd, kills, after, bad = random.Random(asked.seed), 0, 0, 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, asked.rows)
        finish(start(folder, folder / "first"))
        begin = time.monotonic()
        finish(start(folder, folder / "whole"))
        usual = time.monotonic() - begin
        expected = files_of(folder / "whole")
        for number in range(asked.runs):
            out = folder / f"night-{number}"
            for _ in range(rnd.randint(1, 3)):
                run = start(folder, out)
                time.sleep(rnd.uniform(0.02, 1.0) * usual)
                kills, after = (kills + 1, after) if run.is_alive() else (kills, after + 1)
                run.kill()
                run.join()
                bad += not latest_is_whole(folder)
            finish(start(folder, out))
            is_same = files_of(out) == expected
            points = (folder / "latest").readlink() == Path(out.name)
            bad += not (is_same and points)
            print(
                f"run {number}: {'identical' if is_same else 'DIFFERENT'}, latest {'right' if points else 'WRONG'}",
                flush=True,
            )
            for path in sorted(out.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            out.rmdir()
            finish(start(folder, folder / "whole"))  # takes latest back: its target is gone
    print(f"{asked.runs} runs of {usual:.1f} s, {len(expected)} files: {kills} kills, {after} too late, {bad} faults")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
