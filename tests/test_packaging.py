"""A wheel built from the tree holds every module, the typing marker and the shipped experiments."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.fixture(scope="module")
def wheel_names(tmp_path_factory):
    out = tmp_path_factory.mktemp("wheel")
    source = tmp_path_factory.mktemp("source") / "secondplan"
    copied = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"], capture_output=True
    )
    names = [
        name
        for name in copied.stdout.decode().split("\0")
        if name.startswith(("src/", "experiments/")) or "/" not in name
    ]
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(source)]
    built = subprocess.run(command, capture_output=True, text=True)
    assert built.returncode == 0, built.stdout + built.stderr
    with zipfile.ZipFile(next(out.glob("*.whl"))) as archive:
        return set(archive.namelist())


def test_every_module_is_in_the_wheel(wheel_names):
    modules = {f"secondplan/{path.relative_to(ROOT / 'src').as_posix()}" for path in (ROOT / "src").rglob("*.py")}
    assert modules <= wheel_names


def test_data_files_are_in_the_wheel(wheel_names):
    assert {"secondplan/py.typed", "secondplan/experiments/compare_models.yaml"} <= wheel_names
    published = {path.name for path in (ROOT / "src/plans/published").iterdir() if path.suffix in (".csv", ".md")}
    assert {f"secondplan/plans/published/{name}" for name in published} <= wheel_names


def test_nothing_else_is_in_the_wheel(wheel_names):
    foreign = [name for name in wheel_names if not name.startswith(("secondplan/", "secondplan-"))]
    assert foreign == []
