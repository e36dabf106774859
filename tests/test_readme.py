"""The README is true: its code runs, its commands exist, its exit codes are those of the errors."""

import inspect
import re
from pathlib import Path

import typer.main

import secondplan as sp
from secondplan import errors
from secondplan.cli import main as cli
from secondplan.models.registry import MODELS

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_python_examples_run(monkeypatch):
    monkeypatch.chdir(ROOT)
    code = "".join(re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL))
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    assert len(names["model"].summary_.loc[1]) == len(names["features"])


def test_the_table_of_questions_names_what_exists():
    table = TEXT.partition("| question |")[2].partition("\n\n")[0]
    named = set(re.findall(r"`(\w+)`", table))
    models = {name for name in sp.__all__ if inspect.isclass(value := getattr(sp, name)) and hasattr(value, "predict")}
    assert models <= named <= set(sp.__all__)


def test_the_page_of_experiments_names_every_model():
    page = (ROOT / "experiments" / "README.md").read_text(encoding="utf-8")
    assert {name for name in MODELS if f"`{name}`" not in page} == set()


def test_every_command_that_is_shown_exists():
    top = typer.main.get_command(cli.app)
    shown = {tuple(line.split()[1:3]) for line in TEXT.splitlines() if line.startswith("secondplan ")}
    assert len(shown) >= 5
    for first, second in shown:
        command = top.commands[first]
        assert not hasattr(command, "commands") or second in command.commands


def test_exit_codes_are_those_of_the_errors():
    table = {int(code) for code in re.findall(r"^\| (\d+) \|", TEXT, flags=re.MULTILINE)}
    raised = {e.exit_code for e in vars(errors).values() if isinstance(e, type) and hasattr(e, "exit_code")}
    assert raised | {0, 2, 130} == table


def test_files_that_are_linked_exist():
    for target in re.findall(r"\]\(([^)#:]+)\)", TEXT):
        assert (ROOT / target).exists(), target


def test_pages_of_the_site_name_what_exists():
    pages = sorted((ROOT / "docs").glob("*.md"))
    named = {
        (page.name, name) for page in pages for name in re.findall(r"\bsp\.(\w+)", page.read_text(encoding="utf-8"))
    }
    assert len(named) > 30
    assert [(page, name) for page, name in sorted(named) if not hasattr(sp, name)] == []
