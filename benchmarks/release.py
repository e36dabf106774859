"""Build the wheel and the sdist, look at what is in them, install them in empty environments and use them there.

``make release`` (``python -m benchmarks.release``) needs uv, and the Pythons that it is to try; it names those that
are not there. It ends with exit code 1 where anything is wrong, and writes sizes into
``benchmarks/results/release.md``.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
USE = Path(__file__).with_name("release_use.py")
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
EXTRAS = ("io", "tracking", "lifelines", "notebooks", "spark")
# What the demonstration needs, and what all else of the package but Spark, which wants Java, and Jupyter.
DEMO, ALL = ("tracking",), ("io", "tracking", "lifelines")
SCORING = "requirements-scoring.txt"
IN_SDIST = ("src/", "experiments/", "secondplan.egg-info/")
FILES_IN_SDIST = {"LICENSE", "MANIFEST.in", "PKG-INFO", "README.md", "pyproject.toml", "setup.cfg"}
DEMO_CHILDREN = "3000"
MEGABYTE = 1e6
BIN, EXE = ("Scripts", ".exe") if os.name == "nt" else ("bin", "")


@dataclass(frozen=True)
class Installed:
    """An environment: what was installed, how many packages that are, and how much they take."""

    python: str
    what: str
    n_packages: int
    megabytes: float


def main() -> None:
    """Do all of it, or what the options ask for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--python", nargs="+", default=list(PYTHONS), help="versions, or paths of interpreters")
    parser.add_argument("--dist", type=Path, help="a folder with a wheel and an sdist; as default both are built")
    parser.add_argument("--quick", action="store_true", help="neither each extra by itself nor the demonstration")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="secondplan-release-") as name:
        work = Path(name)
        dist = work / "dist" if asked.dist is None else asked.dist
        if asked.dist is None:
            say("Building ...")
            run("uv", "build", "--quiet", "--out-dir", dist, ROOT)
        wheel, sdist = next(dist.glob("*.whl")), next(dist.glob("*.tar.gz"))
        run("uv", "tool", "run", "--quiet", "twine", "check", "--strict", wheel, sdist)
        faults = [*faults_of(wheel, names_of_wheel(wheel)), *faults_of(sdist, names_of_sdist(sdist))]
        found = [python for python in asked.python if is_here(python)]
        rows = []
        for place, python in enumerate(found):
            rows += tried(wheel, python, work / f"python-{place}", each=place == 0 and not asked.quick)
            if not asked.quick:
                demonstrate(work / f"python-{place}" / "tracking")
            shutil.rmtree(work / f"python-{place}")
        report(rows, [python for python in asked.python if python not in found], [wheel, sdist])
    if faults:
        sys.exit("\n".join(faults))


def names_of_wheel(wheel: Path) -> dict[str, bytes]:
    """Content of each file of a wheel by its name."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def names_of_sdist(sdist: Path) -> dict[str, bytes]:
    """Content of each file of an sdist by its name below the one folder in it."""
    with tarfile.open(sdist) as archive:
        members = [member for member in archive.getmembers() if member.isfile()]
        return {member.name.partition("/")[2]: archive.extractfile(member).read() for member in members}  # type: ignore[union-attr]


def faults_of(file: Path, content: dict[str, bytes]) -> list[str]:
    """What an archive holds that it should not, and what it lacks; each in a line."""
    is_wheel = file.suffix == ".whl"
    belongs = ("secondplan/", "secondplan-") if is_wheel else IN_SDIST
    foreign = [name for name in content if not name.startswith(belongs) and (is_wheel or name not in FILES_IN_SDIST)]
    home = {str(ROOT).encode(), str(Path.home()).encode() + os.sep.encode()}
    named = [name for name, data in content.items() if any(place in data for place in home)]
    under = "secondplan/" if is_wheel else "src/"
    there = {path.relative_to(ROOT / "src").as_posix() for path in (ROOT / "src").rglob("*.py")}
    lacking = [name for name in there if f"{under}{name}" not in content]
    return [
        f"{file.name}: {what}: {', '.join(sorted(names)[:5])}"
        for what, names in (("should not hold", foreign), ("names this machine", named), ("lacks", lacking))
        if names
    ]


def is_here(python: str) -> bool:
    """Whether uv finds this Python; it downloads none."""
    command = ["uv", "python", "find", "--quiet", "--no-python-downloads", "--system", python]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def tried(wheel: Path, python: str, folder: Path, *, each: bool) -> list[Installed]:
    """Install the wheel alone, for the demonstration and with everything, and use it; with ``each``, extra by extra."""
    kinds: list[tuple[str, ...]] = [(), DEMO, ALL]
    if each:
        kinds += [(extra,) for extra in EXTRAS if (extra,) not in kinds]
    rows = []
    for extras in kinds:
        what = "+".join(extras) or "core"
        say(f"Python {python}: {what} ...")
        environment = folder / what
        named = f"secondplan[{','.join(extras)}] @ {wheel.as_uri()}" if extras else str(wheel)
        rows.append(installed(environment, python, what, [named]))
        use(environment, extras, folder / f"made-{what}")
    if each:
        say(f"Python {python}: {SCORING} ...")
        alone = folder / "scoring"
        installed(alone, python, SCORING, ["--require-hashes", "-r", str(ROOT / SCORING)])
        rows.append(installed(alone, python, SCORING, ["--no-deps", str(wheel)]))
        score(alone, folder / "made-core")
    return rows


def installed(environment: Path, python: str, what: str, asked: list[str]) -> Installed:
    """Install into an environment, which is made where it is not there, and measure it."""
    if not environment.exists():
        run("uv", "venv", "--quiet", "--no-python-downloads", "--python", python, environment)
    own = environment / BIN / f"python{EXE}"
    run("uv", "pip", "install", "--quiet", "--link-mode", "copy", "--python", own, *asked)
    asks = "import platform, sysconfig; print(platform.python_version(), sysconfig.get_path('purelib'))"
    version, _, place = run(own, "-c", asks).strip().partition(" ")
    size = sum(path.stat().st_size for path in Path(place).rglob("*") if path.is_file())
    return Installed(version, what, len(list(Path(place).glob("*.dist-info"))), size / MEGABYTE)


def use(environment: Path, extras: tuple[str, ...], made: Path) -> None:
    """Run ``release_use.py`` in a new folder, where it leaves plans, a saved model and scores."""
    made.mkdir()
    run(environment / BIN / f"python{EXE}", "-I", USE, *extras, cwd=made)


def score(environment: Path, made: Path) -> None:
    """Score plans with a model that another environment saved: the scores are to be the same."""
    places = ("--model", made / "model", "--input", made / "plans", "--output", made / "again")
    run(environment / BIN / f"python{EXE}", "-I", "-m", "secondplan", "score", *places)
    asks = "import sys, pandas as pd; a, b = map(pd.read_parquet, sys.argv[1:]); pd.testing.assert_frame_equal(a, b)"
    run(environment / BIN / f"python{EXE}", "-I", "-c", asks, made / "scores/scores", made / "again/scores")


def demonstrate(environment: Path) -> None:
    """``secondplan demo`` in an empty folder."""
    say("    the demonstration ...")
    with tempfile.TemporaryDirectory() as empty:
        run(environment / BIN / f"secondplan{EXE}", "demo", "--children", DEMO_CHILDREN, cwd=empty)
        for name in ("report.html", "model_card.html", "scores/manifest.json", "champion", "plans/datapackage.json"):
            if not (Path(empty) / "demo" / name).exists():
                sys.exit(f"the demonstration left no {name}")


def report(rows: list[Installed], missing: list[str], archives: list[Path]) -> None:
    """Print sizes as a table, and keep it."""
    lines = ["| Python | installed | packages | MB |", "|---|---|---|---|"]
    lines += [f"| {row.python} | {row.what} | {row.n_packages} | {row.megabytes:,.0f} |" for row in rows]
    lines += ["", *(f"{path.name}: {path.stat().st_size / MEGABYTE:.2f} MB" for path in archives)]
    if missing:
        lines += ["", f"Not on this machine: Python {', '.join(Path(python).name for python in missing)}."]
    say("\n".join(lines))
    text = "# Sizes of what is installed\n\nBy `make release`: site-packages in MB, without compiled files.\n\n"
    (ROOT / "benchmarks" / "results" / "release.md").write_text(
        text + "\n".join(lines) + "\n", encoding="utf-8", newline="\n"
    )


def run(*command: object, cwd: str | Path | None = None) -> str:
    """What a command printed; where it fails, all of that is shown and this program stops."""
    words = list(map(str, command))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        words,
        cwd=cwd,
        env=environment | {"PYTHONDONTWRITEBYTECODE": "1", "MLFLOW_DISABLE_TELEMETRY": "true"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        sys.exit(f"{' '.join(words)}\n{done.stdout}{done.stderr}")
    return done.stdout


def say(text: str) -> None:
    """Print at once."""
    print(text, flush=True)


if __name__ == "__main__":
    main()
