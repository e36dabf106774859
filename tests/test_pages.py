"""README and pages are true: their code runs and prints what they show; commands, options, links and names exist."""

import importlib.util
import inspect
import io
import re
import shlex
import shutil
import tomllib
from contextlib import redirect_stdout
from itertools import zip_longest
from pathlib import Path

import lifelines
import lifelines.statistics
import matplotlib
import matplotlib.pyplot as plt
import pandas as pd
import pytest
import typer.main
from PIL import Image

import secondplan as sp
from secondplan import errors
from secondplan.cli import main as cli
from secondplan.models.registry import MODELS

ROOT = Path(__file__).parent.parent
PAGES = {
    page.relative_to(ROOT).as_posix(): page.read_text(encoding="utf-8")
    for pattern in ("*.md", "docs/*.md", "docs/gallery/*.md", "experiments/*.md", "data/synthetic/*.md")
    for page in sorted(ROOT.glob(pattern))
}
FENCE = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)
# Its code needs Spark (tests/scoring/spark); CONTRIBUTING's has a test of its own.
NOT_RUN = ("docs/spark.md", "CONTRIBUTING.md")
COMMANDS = typer.main.get_command(cli.app)


def blocks(text, language):
    """Each block of a language, with the ``text`` block that follows it at once, if one does."""
    found = list(FENCE.finditer(text))
    for block, after in zip_longest(found, found[1:]):
        if block[1] == language:
            shown = after and after[1] == "text" and not text[block.end() : after.start()].strip()
            yield block[2], after[2] if shown else None


def shell_lines(text):
    """Commands of ``sh`` blocks, and of ours within sentences, as lists of words."""
    lines = [line for block, _ in blocks(text, "sh") for line in block.replace("\\\n", " ").splitlines()]
    ours = "|".join(COMMANDS.commands)
    lines += re.findall(rf"`(make \w+|secondplan (?:{ours})\b[^`]*)`", FENCE.sub("", text).replace("\n", " "))
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def anchors(text):
    """What the headings of a page are linked by."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", text), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with the shipped data, a small store of plans and a table, where pages may write."""
    path = tmp_path_factory.mktemp("pages")
    shutil.copytree(ROOT / "data" / "synthetic", path / "data" / "synthetic")
    sp.simulate(n_children=1500, random_state=1).write(path / "plans")
    (path / "map.yaml").write_text(next(blocks(PAGES["docs/formats.md"], "yaml"))[0], encoding="utf-8")
    rows = ["101,05/04/2015,30/09/2015,12/03/2009,Female,Neglect", "102,01/02/2016,,01/07/2012,Male,Emotional abuse"]
    header = "Person ID,CPP Start,CPP End,DOB,Gender,Category"
    (path / "plans.csv").write_text("\n".join([header, *rows]), encoding="utf-8")
    return path


@pytest.mark.filterwarnings("ignore:some children all but never have a level")  # there are few children in the store
@pytest.mark.parametrize("page", [page for page, text in PAGES.items() if [*blocks(text, "python")]])
def test_the_code_of_a_page_runs_and_prints_what_is_shown(page, folder, monkeypatch):
    monkeypatch.chdir(folder)
    matplotlib.use("Agg")
    names = {}
    for code, shown in blocks(PAGES[page], "python"):
        compiled = compile(code, page, "exec")
        if page in NOT_RUN:
            continue
        with redirect_stdout(io.StringIO()) as printed:
            exec(compiled, names)
        if shown is not None:
            assert printed.getvalue() == shown
    plt.close("all")


@pytest.mark.parametrize("page", [page for page, text in PAGES.items() if page != "CHANGELOG.md" and shell_lines(text)])
def test_commands_options_targets_and_extras_exist(page):
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    for words in shell_lines(PAGES[page]):
        if words[0] == "make":
            assert {word for word in words[1:] if "=" not in word} <= set(targets), words
        elif words[0] == "secondplan":
            check_command(words[1:])
        for extras in re.findall(r"(?:secondplan|\.)\[([\w,]+)\]", " ".join(words)):
            assert set(extras.split(",")) <= set(project["optional-dependencies"]), words


def check_command(words):
    """That a command line of ours names a command and options that there are."""
    command, known = COMMANDS, {"--help"}
    for word in words:
        known |= {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
        if word.startswith("-") and word != "-":
            assert word.partition("=")[0] in known, words
        elif hasattr(command, "commands") and not word.isupper() and "." not in word:
            command = command.commands[word]


@pytest.mark.parametrize("page", PAGES)
def test_links_within_the_repository_lead_somewhere(page):
    text = re.sub(r"`[^`\n]*`", "", FENCE.sub("", PAGES[page]))
    for target in re.findall(r"\]\(\s*([^)\s]*)\)", text):
        if re.match(r"\w+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = ((ROOT / page).parent / path).resolve() if path else ROOT / page
        assert file.exists(), target
        if anchor and file.suffix == ".md":
            assert anchor in anchors(file.read_text(encoding="utf-8")), target


def test_names_of_the_package_on_pages_exist():
    named = {(page, name) for page, text in PAGES.items() for name in re.findall(r"\bsp\.(\w*[^\W_])\b", text)}
    assert [(page, name) for page, name in sorted(named) if page != "CHANGELOG.md" and not hasattr(sp, name)] == []


def test_the_table_of_questions_names_every_model():
    table = PAGES["docs/questions.md"].partition("| question |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(\w+)`", table))
    models = {name for name in sp.__all__ if inspect.isclass(value := getattr(sp, name)) and hasattr(value, "predict")}
    assert models <= named <= set(sp.__all__)


def test_the_page_of_experiments_names_every_model():
    assert {name for name in MODELS if f"`{name}`" not in PAGES["experiments/README.md"]} == set()


def test_exit_codes_are_those_of_the_errors():
    table = {int(code) for code in re.findall(r"^\| (\d+) \|", PAGES["docs/command_line.md"], flags=re.MULTILINE)}
    raised = {e.exit_code for e in vars(errors).values() if isinstance(e, type) and hasattr(e, "exit_code")}
    assert raised | {0, 2, 130} == table


@pytest.mark.parametrize("words, path", re.findall(r"!\[([^]]*)\]\(([^)]+)\)", PAGES["README.md"]))
def test_pictures_are_small_and_new_and_their_words_tell_the_finding(words, path):
    spec = importlib.util.spec_from_file_location("pictures", ROOT / "docs" / "pictures" / "make.py")
    pictures = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(pictures)
    assert (ROOT / path).stat().st_size < 150_000
    script = ROOT / "docs" / "pictures" / ("mlflow_page.py" if path.endswith("mlflow.png") else "make.py")
    with Image.open(ROOT / path) as picture:
        assert picture.text["Source"] == pictures.digest(script), "run `make pictures`"
    assert "95 % interval" in words


def test_the_readme_is_short():
    assert len(PAGES["README.md"].splitlines()) <= 125


def test_methods_name_every_estimator():
    homes = ("models", "models.external.model", "models.metrics", "models.monitoring", "evaluation", "effects")
    public = {name: getattr(sp, name) for home in (*homes, "scoring.drift") for name in sp._HOMES[home]}
    estimators = {name for name, value in public.items() if inspect.isfunction(value) or hasattr(value, "fit")}
    estimators -= {"check_outcome", "load_model", "training_profile", "FeatureEncoder"}
    assert {name for name in estimators if f"`{name}`" not in PAGES["docs/methods.md"]} == set()


def test_the_table_of_differences_is_of_tests_that_exist():
    listed = pd.read_csv(ROOT / "benchmarks" / "differences.csv")
    found = (ROOT / "benchmarks" / "results" / "differences.md").read_text(encoding="utf-8")
    for what, test in listed[["what", "test"]].itertuples(index=False):
        file, _, name = test.partition("::")
        assert f"def {name}(" in (ROOT / "tests" / file).read_text(encoding="utf-8")
        assert f"| {what} |" in found


def test_the_page_for_those_who_come_from_lifelines_names_all_that_it_has():
    fitters = {name for name in dir(lifelines) if name.endswith("Fitter")}
    tests = {name for name in dir(lifelines.statistics) if name.endswith("_test")}
    named = re.findall(r"\w+", PAGES["docs/coming_from.md"])
    assert len(fitters) > 15
    assert (fitters | tests) - set(named) == set()
