"""A wheel built from the tree holds every module, the typing marker and the shipped experiments."""

import json
import re
import subprocess
import sys
import zipfile
from importlib.metadata import requires
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


ONLY_LISTED = """
import json
import sys
from importlib.abc import MetaPathFinder
from importlib.metadata import packages_distributions

listed = set(sys.argv.pop(1).split(","))
owners = packages_distributions()


class Refuse(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        names = {owner.lower().replace("_", "-") for owner in owners.get(name.partition(".")[0], ())}
        if names and not names & listed and "secondplan" not in names:
            raise ModuleNotFoundError(f"{name} is not listed", name=name)


sys.meta_path.insert(0, Refuse())
from secondplan.cli.main import main

for words in json.loads(sys.argv.pop(1)):
    sys.argv[1:] = words
    try:
        main()
    except SystemExit as ended:
        print(ended.code or 0)
"""


def test_scoring_and_monitoring_need_only_what_their_requirements_list(tmp_path):
    import secondplan as sp

    lines = (ROOT / "requirements-scoring.txt").read_text(encoding="utf-8").splitlines()
    listed = {line.partition("==")[0] for line in lines if "==" in line}
    assert not listed & {"numba", "mlflow", "matplotlib", "lifelines", "statsmodels"}
    # Other releases than those listed may need more: typer once needed click.
    needed = [word for name in listed & {"typer", "pandera"} for word in requires(name) if "extra ==" not in word]
    listed |= {re.match(r"[\w-]+", word)[0].lower() for word in needed}
    plans = sp.simulate(n_children=400)
    training = sp.build_cohort(plans, as_of="2016-03-31")
    encoder = sp.FeatureEncoder(columns=["age_at_end"])
    model = sp.CauseSpecificCox(known_end_event=4, encoder=encoder).fit(training.X, training.y)
    sp.training_profile(model, training, keep=True)
    model.save(tmp_path / "model")
    plans.write(tmp_path / "plans")
    given = ["--model", str(tmp_path / "model")]
    commands = [
        ["score", *given, "--input", str(tmp_path / "plans"), "--output", str(tmp_path / "scores")],
        ["monitor", str(tmp_path / "plans"), str(tmp_path / "scores"), *given],
    ]
    command = [sys.executable, "-c", ONLY_LISTED, ",".join(listed), json.dumps(commands)]
    ended = subprocess.run(command, capture_output=True, text=True)
    scored, watched = re.findall(r"^(\d+)$", ended.stdout, re.MULTILINE)
    assert scored == "0" and watched in ("0", "11", "12", "13"), ended.stderr
