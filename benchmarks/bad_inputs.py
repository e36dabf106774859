"""Bad inputs at random: every format, bundles, plan stores, configuration and options, damaged in many ways.

``python -m benchmarks.bad_inputs --cases 2000 --seed 0`` runs the command line in this process on each, and demands of
each: an exit code that is documented and never 1, no traceback, an end within ``--seconds``, all rows scored or
rejected, and no value of a child in what is printed, logged or published beside scores.
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import io
import json
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import traceback
import warnings
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import secondplan as sp
from secondplan.cli import main as cli
from secondplan.models.estimator.bundle_files import canonical, sha256

SENTINEL = "ZQXSENTINEL"
DOCUMENTED = {0, 2, 3, 4, 5, 6, 7, 8, 130}
N_ROWS = 40
ODD_NUMBERS = [np.nan, np.inf, -np.inf, 1e150, -1e150, 1e308, 5e-324, -1.0, 1e20, 2**63, -(2**70), 0.1, -0.0]
ODD_TEXTS = [
    SENTINEL,
    "",
    " ",
    "1e400",
    "0x10",
    "1,5",
    "=1+1",
    "\u0000",
    "\ud800",
    "é",
    "\u202e",
    "9" * 400,
    "NULL",
    "١٢",
    "-",
    "true",
]
ODD_THINGS = [None, [1], {"a": SENTINEL}, True, b"x"]
ODD_NAMES = ["child_id", "", " ", SENTINEL, "n_reviews ", "é", "x" * 5000, "elapsed"]
FILES = [
    "csv",
    "tsv",
    "csv.gz",
    "jsonl",
    "jsonl.gz",
    "parquet",
    "arrow",
    "feather",
    "xlsx",
    "sqlite",
    "partitions",
    "-csv",
    "-jsonl",
    "-parquet",
    "-arrow",
]


class TooSlow(BaseException):
    """A case that did not end in time."""


def cases(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    ids = [f"C{i:05d}" for i in range(N_ROWS)]
    return pd.DataFrame(
        {
            "child_id": ids,
            "plan_id": [f"P{i}" for i in range(N_ROWS)],
            "plan_length_days": rng.integers(10, 900, N_ROWS).astype(float),
            "n_reviews": rng.integers(0, 6, N_ROWS).astype(float),
            "latest_category": rng.choice(["NEG", "EMO", "PHY"], N_ROWS),
            "factor_alcohol": rng.random(N_ROWS) < 0.4,
            "eligible_days": rng.integers(400, 6000, N_ROWS).astype(float),
            "elapsed": rng.integers(0, 300, N_ROWS),
        }
    )


FEATURES = ["plan_length_days", "n_reviews", "latest_category", "factor_alcohol"]


def fitted(folder: Path) -> None:
    """Bundles and a plan store."""
    rng = np.random.default_rng(5)
    frame = pd.concat([cases(seed)[FEATURES] for seed in range(12)], ignore_index=True)
    y = pd.DataFrame({"duration": rng.integers(1, 1500, len(frame)), "event": rng.choice([0, 1, 2, 4], len(frame))})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        sp.CauseSpecificCox(known_end_event=4).fit(frame, y).save(folder / "cox")
        sp.FineGray().fit(frame, y).save(folder / "fine_gray")
        sp.ParametricAFT().fit(frame[["plan_length_days", "n_reviews"]], y).save(folder / "aft")
        plans = sp.simulate("england-2018", n_children=1000, random_state=3)
        plans.write(folder / "store")
        cohort = sp.build_cohort(plans)
        encoder = sp.FeatureEncoder(columns=["plan_length_days"], numeric_missing="median")
        sp.CauseSpecificCox(known_end_event=4, encoder=encoder).fit(cohort.X, cohort.y).save(folder / "of_store")


def damaged_frame(frame: pd.DataFrame, rnd: random.Random, told: list[str]) -> pd.DataFrame:
    """Odd values, types and columns; rows are never lost here, but for frames without any."""
    frame = frame.astype(object) if rnd.random() < 0.7 else frame.copy()
    for _ in range(rnd.randint(0, 4)):
        how = rnd.choice(["cell", "cell", "cell", "column", "type", "drop", "rename", "again", "empty", "doubled"])
        told.append(how)
        column = rnd.choice([*FEATURES, "eligible_days", "elapsed", "child_id", "plan_id"])
        if column not in frame:
            continue
        is_key = column in ("child_id", "plan_id")
        odd = [one for one in (*ODD_NUMBERS, *ODD_TEXTS, *ODD_THINGS) if not (is_key and SENTINEL in str(one))]
        place = frame.columns.get_loc(column)
        if not isinstance(place, int):
            continue
        if how == "cell" and len(frame):
            values = frame[column].tolist()
            values[rnd.randrange(len(values))] = rnd.choice(odd)
            frame[column] = pd.Series(values, dtype=object, index=frame.index)
        elif how == "column":
            value = rnd.choice(odd)
            frame[column] = pd.Series([value] * len(frame), dtype=object, index=frame.index)
        elif how == "type":
            kinds = {"date": pd.Timestamp("2018-03-31"), "day": pd.Timedelta(days=3), "bytes": b"\xff", "list": [1]}
            value = kinds[rnd.choice(list(kinds))]
            frame[column] = pd.Series([value] * len(frame), index=frame.index)
        elif how == "drop":
            frame = frame.drop(columns=column)
        elif how == "rename":
            frame = frame.rename(columns={column: rnd.choice(ODD_NAMES)})
        elif how == "again":
            frame = pd.concat([frame, frame[[column]]], axis=1)
        elif how == "empty":
            frame = frame.iloc[:0]
        elif how == "doubled" and len(frame):
            frame = pd.concat([frame, frame.iloc[:3]], ignore_index=True)
    return frame


def damaged_bytes(content: bytes, rnd: random.Random, told: list[str]) -> bytes:
    how = rnd.choice(["cut", "flip", "zeros", "none", "noise", "more", "utf-16", "latin-1", "bom", "same", "lines"])
    told.append(how)
    at = rnd.randrange(len(content) + 1)
    if how == "cut":
        return content[:at]
    if how == "flip":
        changed = bytearray(content)
        for _ in range(rnd.randint(1, 20)):
            if changed:
                changed[rnd.randrange(len(changed))] = rnd.randrange(256)
        return bytes(changed)
    if how == "zeros":
        return content[:at] + bytes(50) + content[at + 50 :]
    if how == "none":
        return b""
    if how == "noise":
        return rnd.randbytes(rnd.randint(1, 5000))
    if how == "more":
        return content + rnd.randbytes(200)
    if how in ("utf-16", "latin-1"):
        return content.decode("utf-8", "replace").replace("NEG", "NÉG").encode(how, "replace")
    if how == "bom":
        return b"\xef\xbb\xbf" + content
    if how == "lines":
        lines = content.split(b"\n")
        rnd.shuffle(lines)
        return b"\n".join(lines) + b'\n"'
    return content


def file_of(frame: pd.DataFrame, kind: str, folder: Path) -> tuple[list[str], Path | None]:
    """Write a frame, as well as the format lets it; the words of the command line, and the file."""
    ending = kind.lstrip("-")
    path = folder / f"cases.{ending}"
    if kind == "sqlite":
        with contextlib.closing(sqlite3.connect(path)) as connection:
            frame.map(
                lambda v: v if isinstance(v, int | float | str | bytes | None) and not isinstance(v, bool) else str(v)
            ).to_sql("cases", connection, index=False)
        return ["--input", f"sqlite:///{path}", "--table", "cases"], path
    if kind == "partitions":
        (folder / "cases" / "la_code=330").mkdir(parents=True)
        path = folder / "cases" / "la_code=330" / "part.parquet"
        pq.write_table(table_of(frame), path)
        return ["--input", str(folder / "cases")], path
    if ending.startswith(("csv", "tsv")):
        text = frame.to_csv(index=False, sep="\t" if ending == "tsv" else ",").encode("utf-8", "surrogatepass")
    elif ending.startswith("jsonl"):
        rows = frame.loc[:, ~frame.columns.duplicated()].to_dict("records")
        text = "\n".join(json.dumps(row, default=str) for row in rows).encode()
    elif ending == "xlsx":
        frame.map(lambda v: str(v) if isinstance(v, list | dict | bytes) else v).to_excel(path, index=False)
        text = path.read_bytes()
    else:
        sink = pa.BufferOutputStream()
        if ending == "parquet":
            pq.write_table(table_of(frame), sink)
        else:
            with pa.ipc.new_file(sink, table_of(frame).schema) as writer:
                writer.write_table(table_of(frame), max_chunksize=7)
        text = sink.getvalue().to_pybytes()
    path.write_bytes(gzip.compress(text) if ending.endswith("gz") else text)
    words = ["--input", "-", "--input-format", ending] if kind.startswith("-") else ["--input", str(path)]
    return words, path


def table_of(frame: pd.DataFrame) -> pa.Table:
    arrays = []
    for place in range(frame.shape[1]):
        values = frame.iloc[:, place].tolist()
        try:
            arrays.append(pa.array(values, from_pandas=True))
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            arrays.append(pa.array([str(v).encode("utf-8", "replace").decode() for v in values]))
    return pa.table(arrays, names=[str(name).encode("utf-8", "replace").decode() for name in frame.columns])


def of_file(rnd: random.Random, folder: Path, base: Path, told: list[str]) -> tuple[list[str], int | None]:
    kind = rnd.choice(FILES)
    told.append(kind)
    frame = damaged_frame(cases(rnd.randrange(1000)), rnd, told)
    try:
        words, path = file_of(frame, kind, folder)
        n_rows: int | None = len(frame)
    except Exception:  # the writer of the format refuses what is odd: then the good frame, damaged as bytes
        shutil.rmtree(folder / "cases", ignore_errors=True)
        (folder / f"cases.{kind.lstrip('-')}").unlink(missing_ok=True)
        words, path = file_of(cases(1), kind, folder)
        n_rows = N_ROWS
    if rnd.random() < 0.4 and path is not None:
        path.write_bytes(damaged_bytes(path.read_bytes(), rnd, told))
        n_rows = n_rows if told[-1] == "same" else None
    if rnd.random() < 0.2:
        words += ["--format", rnd.choice(["csv", "xlsx", "ods"])]
    if words[:2] == ["--input", "-"]:
        sys.stdin = io.TextIOWrapper(io.BytesIO(path.read_bytes()))
    return ["score", "--model", str(base / rnd.choice(["cox", "fine_gray", "aft"])), *words], n_rows


def of_bundle(rnd: random.Random, folder: Path, base: Path, told: list[str]) -> tuple[list[str], int | None]:
    bundle = folder / "model"
    shutil.copytree(base / rnd.choice(["cox", "fine_gray", "aft"]), bundle)
    how = rnd.choice(
        ["bytes", "tree", "tree", "tree", "arrays", "arrays", "missing", "more", "link", "pipe", "signature"]
    )
    told += ["bundle", how]
    file = bundle / rnd.choice(["bundle.json", "arrays.npz"])
    if how == "bytes":
        file.write_bytes(damaged_bytes(file.read_bytes(), rnd, told))
    elif how in ("tree", "arrays"):
        document = json.loads((bundle / "bundle.json").read_text())
        if how == "tree":
            for _ in range(rnd.randint(1, 3)):
                mutate(document["content"] if rnd.random() < 0.9 else document, rnd)
        else:
            mutate_arrays(bundle / "arrays.npz", rnd)
        if isinstance(document.get("manifest"), dict):
            document["manifest"] = {
                "content": sha256(canonical(document.get("content"))),
                "arrays.npz": sha256((bundle / "arrays.npz").read_bytes()),
            }
        (bundle / "bundle.json").write_text(json.dumps(document))
    elif how == "missing":
        file.unlink()
    elif how == "more":
        (bundle / "evil.py").write_text("1 / 0")
    else:
        content = file.read_bytes()
        file.unlink()
        if how == "pipe":
            os.mkfifo(file)
        else:
            (folder / "elsewhere").write_bytes(content)
            file.symlink_to(folder / "elsewhere")
    path = folder / "cases.parquet"
    cases(2).to_parquet(path)
    return ["score", "--model", str(bundle), "--input", str(path)], None


def mutate(tree: object, rnd: random.Random) -> None:
    """Change one leaf or branch, somewhere."""
    while isinstance(tree, dict | list):
        keys = list(tree) if isinstance(tree, dict) else list(range(len(tree)))
        if not keys:
            return
        key = rnd.choice(keys)
        inner = tree[key]
        if isinstance(inner, dict | list) and inner and rnd.random() < 0.85:
            tree = inner
            continue
        odd = [
            None,
            -1,
            0,
            2**70,
            1e308,
            float("nan"),
            "",
            SENTINEL,
            [],
            {},
            True,
            [[]],
            {"class": "CoxPH"},
            "nan",
            -0.5,
        ]
        if rnd.random() < 0.15:
            del tree[key]
        else:
            tree[key] = rnd.choice(odd)
        return


def mutate_arrays(path: Path, rnd: random.Random) -> None:
    with np.load(path) as loaded:
        arrays = {name: loaded[name] for name in loaded.files}
    name = rnd.choice(list(arrays))
    array = arrays[name]
    kinds = [
        array[:-1] if array.ndim else array,
        array.astype(str),
        array.reshape(-1),
        np.array([]),
        array.astype(complex),
    ]
    kinds += [
        np.full(array.shape, rnd.choice([np.nan, np.inf, -1.0, 1e308])),
        array[..., None],
        -array if array.dtype != bool else array,
    ]
    kinds += [np.zeros((0, 3)), array.astype(np.float16), np.full(array.shape, 2**40)]
    arrays[name] = rnd.choice(kinds)
    with zipfile.ZipFile(path, "w") as archive:
        for member, values in arrays.items():
            stream = io.BytesIO()
            np.lib.format.write_array(stream, np.asanyarray(values), allow_pickle=False)
            archive.writestr(f"{member}.npy", stream.getvalue())


def of_store(rnd: random.Random, folder: Path, base: Path, told: list[str]) -> tuple[list[str], int | None]:
    store = folder / "store"
    shutil.copytree(base / "store", store)
    file = rnd.choice(sorted(path for path in store.iterdir() if path.is_file()))
    told += ["store", file.name]
    if rnd.random() < 0.1:
        file.unlink()
    elif file.suffix == ".parquet" and rnd.random() < 0.6:
        frame = pd.read_parquet(file)
        column = rnd.choice(list(frame))
        values = [*ODD_NUMBERS, *ODD_TEXTS[:-1], None, pd.Timestamp("1677-09-22"), pd.Timestamp("2262-01-01")]
        how = rnd.choice(["drop", "all", "one"])
        if how == "drop":
            frame = frame.drop(columns=column)
        else:
            frame = frame.astype({column: object})
            rows = slice(None) if how == "all" else slice(3, 5)
            frame.iloc[rows, frame.columns.get_loc(column)] = rnd.choice(values)
        pq.write_table(table_of(frame), file)
    else:
        file.write_bytes(damaged_bytes(file.read_bytes(), rnd, told))
    words = ["score", "--model", str(base / "of_store"), "--input", str(store)]
    if rnd.random() < 0.4:
        words += [
            "--as-of",
            rnd.choice(["2018-03-31", "1066-01-01", "9999-12-31", "31/03/2018", "x", "", "2018-02-30"]),
        ]
    return words, None


def of_config(rnd: random.Random, folder: Path, base: Path, told: list[str]) -> tuple[list[str], int | None]:
    path = folder / "cases.csv"
    cases(3).to_csv(path, index=False)
    odd = [
        "''",
        "'x'",
        "-1",
        "0",
        "1e400",
        "nan",
        "inf",
        "9223372036854775808",
        "true",
        "[]",
        "['a', 'b']",
        "{}",
        "2018-03-31",
    ]
    odd += [
        "'/dev/null'",
        "'\\u0000'",
        f"'{'x' * 5000}'",
        "'0,1,2'",
        "'91,91'",
        "'730,91'",
        "'nan'",
        "'inf'",
        "'1e9'",
        "'0.5,0.1'",
    ]
    names = [
        "times",
        "bands",
        "origin",
        "care",
        "max-rejects",
        "format",
        "resume",
        "as-of",
        "input-format",
        "engine",
        "table",
    ]
    names += [
        "query",
        "output-table",
        "password-file",
        "key-file",
        "model-digest",
        "latest",
        "model",
        "input",
        "output",
        "store",
        "nonsense",
    ]
    given = {"model": f"'{base}/cox'", "input": f"'{path}'", "output": f"'{folder}/out'"}
    for _ in range(rnd.randint(1, 3)):
        given[rnd.choice(names)] = rnd.choice(odd)
    if given.get("engine") == "'spark'":
        del given["engine"]
    if not given["output"].startswith(f"'{folder}"):
        given["output"] = f"'{folder}/cases.csv'"
    told += ["config", str({name: text[:30] for name, text in given.items()})]
    text = f"[{rnd.choice(['score', 'score', 'score', 'scoer', 'score.x'])}]\n" + "".join(
        f"{k} = {v}\n" for k, v in given.items()
    )
    content = text.encode()
    if rnd.random() < 0.3:
        content = damaged_bytes(content, rnd, told)
    (folder / "night.toml").write_bytes(content)
    return ["--config", str(folder / "night.toml"), "score"], None


def run(words: list[str], seconds: int) -> tuple[object, str]:
    """Exit code, and what was printed."""

    def stop(*_: object) -> None:
        raise TooSlow

    said = io.StringIO()
    signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    argv, stdin = sys.argv, sys.stdin
    sys.argv = ["secondplan", *words]
    try:
        with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
            cli.main()
        code: object = 0
    except SystemExit as ended:
        code = ended.code
    except TooSlow:
        code = "hang"
    except BaseException:
        code = "exception"
        said.write(traceback.format_exc())
    finally:
        signal.alarm(0)
        sys.argv, sys.stdin = argv, sys.__stdin__ if stdin is not sys.__stdin__ else stdin
    return code, said.getvalue()


def faults(code: object, said: str, out: Path, n_rows: int | None) -> list[str]:
    found = []
    if code not in DOCUMENTED:
        found.append(f"exit {code}")
    if "Traceback" in said:
        found.append("traceback")
    texts = [said]
    if out.is_dir():
        for path in out.rglob("*"):
            if path.suffix in (".json", ".jsonl", ".md", ".csv"):
                texts.append(path.read_text(encoding="utf-8"))
            elif path.suffix == ".parquet":
                texts.append(str(pq.read_table(path).to_pydict()))
    if any(SENTINEL in text for text in texts):
        found.append("leak")
    manifest = out / "manifest.json"
    if manifest.exists():
        counts = json.loads(manifest.read_text())["counts"]
        if counts["scored"] + counts["rejected"] != counts["read"]:
            found.append("counts")
        if n_rows is not None and counts["read"] != n_rows:
            found.append(f"read {counts['read']} of {n_rows}")
        if code not in (0, 7):
            found.append(f"published with exit {code}")
    elif code == 0:
        found.append("exit 0 without manifest")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--seconds", type=int, default=60)
    asked = parser.parse_args()
    makers = [of_file] * 11 + [of_bundle] * 4 + [of_store] * 2 + [of_config] * 3
    codes: Counter[str] = Counter()
    bad = 0
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        fitted(base)
        os.chdir(base)
        for number in range(asked.first, asked.first + asked.cases):
            rnd = random.Random(f"{asked.seed} {number}")
            folder = base / "case"
            folder.mkdir()
            told: list[str] = []
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                words, n_rows = rnd.choice(makers)(rnd, folder, base, told)
            out = folder / "out"
            if "--config" not in words:
                words += ["--output", str(out)]
            code, said = run(words, asked.seconds)
            codes[str(code)] += 1
            found = faults(code, said, out, n_rows)
            if found:
                bad += 1
                print(f"case {number}: {', '.join(found)}; {told}; {said.strip()[-600:]}", flush=True)
            shutil.rmtree(folder)
    print(f"{asked.cases} cases, {bad} with faults; exit codes {dict(sorted(codes.items()))}")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()
