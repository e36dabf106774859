"""Make the shipped synthetic data again, byte for byte.

    python data/synthetic/make.py            writes them anew
    python data/synthetic/make.py --check    verifies that what is here is what would be written
    python data/synthetic/make.py --calibrate england-2018 ...    calibrates scenarios anew (some minutes each) first
    python data/synthetic/make.py --strategies [NAME ...]    simulates effects of strategies anew (a minute each) first

Written are ``store/`` (a plan store), ``cin_census/`` (the returns of its smallest authority), ``DATA_DICTIONARY.md``,
``CALIBRATION.md`` and ``checksums.json``; calibration and strategies write to ``src/synthetic/calibration/``. Parquet's
bytes depend on the version of pyarrow: under another version than the recorded one, ``--check`` compares the tables
instead.
"""

import argparse
import hashlib
import json
import shutil
import sys
import tempfile
from pathlib import Path

import pandas as pd
import pyarrow

from secondplan.plans.store import Plans, read_plans
from secondplan.synthetic import data_dictionary, scenario, simulate, write_cin_census
from secondplan.synthetic.calibration_search.calibrate import calibrate, uncalibrated
from secondplan.synthetic.calibration_search.calibration_report import calibration_page
from secondplan.synthetic.scenarios.calibrated import FOLDER, PARAMETERS, forget_stored
from secondplan.synthetic.scenarios.named import scenario_names
from secondplan.synthetic.truth.strategy_effect import STORED as STRATEGY_EFFECTS
from secondplan.synthetic.truth.strategy_effect import digest, simulated_strategy_effect

HERE = Path(__file__).resolve().parent
STORED = HERE.parents[1] / "src" / "synthetic" / FOLDER
SCENARIO, N_CHILDREN, SEED = "england-2018", 6000, 2018
MADE = ("store", "cin_census", "DATA_DICTIONARY.md", "CALIBRATION.md", "checksums.json")


def make(folder: Path) -> None:
    """Write everything to ``folder``."""
    plans = simulate(SCENARIO, n_children=N_CHILDREN, random_state=SEED)
    plans.write(folder / "store")
    write_cin_census(smallest_authority(plans), folder / "cin_census")
    (folder / "DATA_DICTIONARY.md").write_text(data_dictionary(plans), encoding="utf-8", newline="\n")
    (folder / "CALIBRATION.md").write_text(calibration_page(), encoding="utf-8", newline="\n")
    files = {path.relative_to(folder).as_posix(): sha256(path) for path in made_files(folder)}
    text = json.dumps({"pyarrow": pyarrow.__version__, "sha256": files}, indent=1)
    (folder / "checksums.json").write_text(text + "\n", encoding="utf-8", newline="\n")


def smallest_authority(plans: Plans) -> Plans:
    """The records of the authority with the fewest children."""
    sizes = plans.children["la_code"].value_counts().sort_index()
    code = sizes.index[sizes.argmin()]
    own = {name: frame[frame["la_code"] == code] for name, frame in plans.tables.items() if "la_code" in frame}
    reviews = plans.reviews[plans.reviews["plan_id"].isin(own["plans"]["plan_id"])]
    return Plans(**own, reviews=reviews, metadata=plans.metadata)


def made_files(folder: Path) -> list[Path]:
    """The files that ``make`` writes, but not the checksums."""
    inside = [path for name in MADE[:2] for path in (folder / name).rglob("*") if path.is_file()]
    return sorted([*inside, folder / "DATA_DICTIONARY.md", folder / "CALIBRATION.md"])


def calibrate_anew(name: str) -> None:
    """Calibrate a scenario and store where it ended in the package."""
    result = calibrate(uncalibrated(name))
    parameters = json.loads((STORED / PARAMETERS).read_text(encoding="utf-8"))
    text = json.dumps(parameters | {name: result.values}, indent=1)  # noqa: PD011
    (STORED / PARAMETERS).write_text(text + "\n", encoding="utf-8", newline="\n")
    result.table.to_csv(STORED / f"{name}.csv", index=False, float_format="%.6g", lineterminator="\n")


def simulate_strategies(names: list[str]) -> None:
    """Simulate the true effects of strategies in these scenarios, or all that ship, and store them in the package."""
    path = STORED / STRATEGY_EFFECTS
    stored = pd.read_csv(path) if path.exists() else pd.DataFrame(columns=["scenario"])
    for name in names or scenario_names():
        chosen = scenario(name)
        table = simulated_strategy_effect(chosen)
        table.insert(0, "scenario", name)
        table.insert(1, "digest", digest(chosen))
        stored = pd.concat([stored[stored["scenario"] != name], table], ignore_index=True)
    stored = stored.sort_values("scenario", kind="stable")
    stored.to_csv(path, index=False, float_format="%.8g", lineterminator="\n")


def differences(here: Path, again: Path) -> list[str]:
    """What differs between the shipped files and those made again: one line each."""
    recorded = json.loads((here / "checksums.json").read_text(encoding="utf-8"))
    same_pyarrow = recorded["pyarrow"] == pyarrow.__version__
    names = {path.relative_to(again).as_posix() for path in made_files(again)}
    found = [f"{name}: not listed in checksums.json" for name in sorted(names ^ set(recorded["sha256"]))]
    for name in sorted(names):
        if not (here / name).is_file():
            found.append(f"{name}: missing")
        elif sha256(here / name) != recorded["sha256"].get(name):
            found.append(f"{name}: not the recorded bytes")
        elif (same_pyarrow or not name.startswith("store/")) and sha256(here / name) != sha256(again / name):
            found.append(f"{name}: other bytes when made again")
    if not found and not read_plans(here / "store").equals(read_plans(again / "store")):
        found.append("store: other rows when made again")
    return found


def sha256(path: Path) -> str:
    """Hexadecimal SHA-256 of a file."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def main(arguments: list[str] | None = None) -> int:
    """Write, or check; the exit code."""
    parser = argparse.ArgumentParser(description="Make the shipped synthetic data again.")
    parser.add_argument("--check", action="store_true", help="verify instead of writing")
    parser.add_argument("--calibrate", nargs="*", default=[], metavar="SCENARIO", help="calibrate these first")
    parser.add_argument("--strategies", nargs="*", metavar="SCENARIO", help="simulate effects of strategies first")
    given = parser.parse_args(arguments)
    check = given.check
    for name in given.calibrate:
        calibrate_anew(name)
    if given.calibrate:
        forget_stored()
    if given.strategies is not None:
        simulate_strategies(given.strategies)
    with tempfile.TemporaryDirectory() as temporary:
        again = Path(temporary)
        make(again)
        if check:
            found = differences(HERE, again)
            sys.stdout.write("".join(f"{line}\n" for line in found) or "The shipped data are as made.\n")
            return 1 if found else 0
        for name in MADE:
            old = HERE / name
            if old.is_dir():
                shutil.rmtree(old)
            shutil.move(again / name, old)
    sys.stdout.write(f"Written to {HERE}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
