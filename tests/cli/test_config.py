"""Options from a TOML file and from the environment."""

import io
import sys
from pathlib import Path

import pandas as pd
import pytest

import secondplan as sp
from secondplan.cli.main import main


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A bundle and prepared cases."""
    folder = tmp_path_factory.mktemp("config")
    y = pd.DataFrame({"duration": [100, 400, 900, 900], "event": [1, 1, 0, 0]})
    sp.AalenJohansen().fit(pd.DataFrame({"n_reviews": [1.0, 2.0, 3.0, 2.0]}), y).save(folder / "model")
    cases = pd.DataFrame({"child_id": ["a"], "plan_id": ["a1"], "n_reviews": [4], "elapsed": [0]})
    cases.to_csv(folder / "cases.csv", index=False)
    return folder


def run(monkeypatch, *words):
    monkeypatch.setattr(sys, "argv", ["secondplan", *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


def written(folder, text):
    (folder / "night.toml").write_text(text, encoding="utf-8")
    return folder / "night.toml"


def test_the_file_stands_for_the_options(files, tmp_path, monkeypatch):
    text = (
        f'[score]\nmodel = "{files}/model"\ninput = "{files}/cases.csv"\norigin = "plan_end"\noutput = "{tmp_path}/a"\n'
    )
    assert run(monkeypatch, "--config", written(tmp_path, text), "score") == 0
    assert (tmp_path / "a" / "manifest.json").exists()


def test_the_environment_goes_before_it_and_the_command_line_before_both(files, tmp_path, monkeypatch):
    text = f'[score]\nmodel = "{files}/model"\ninput = "{files}/cases.csv"\noutput = "{tmp_path}/a"\n'
    config = written(tmp_path, text)
    monkeypatch.setenv("SECONDPLAN_SCORE_OUTPUT", str(tmp_path / "b"))
    assert run(monkeypatch, "--config", config, "score") == 0
    assert run(monkeypatch, "--config", config, "score", "--output", tmp_path / "c") == 0
    assert {folder.name for folder in tmp_path.iterdir() if folder.is_dir()} == {"b", "c", "latest"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[score]\nmodle = 'x'\n", "modle is no option; expected one of as_of"),
        ("[scoer]\n", "[scoer] is no command; expected one of"),
        ("score = 1\n", "score must be a table of options"),
        ("[score]\nmodel = \n", "is not TOML (at line 2)"),
        ("[score]\ninput = 'postgresql://me:hunter2@host/db'\n", "input holds a password; give it in the environment"),
        ("[read.cin-census]\nout.x = 1\n", "out must be a value"),
    ],
)
def test_what_is_wrong_is_one_line_and_no_secret(text, says, tmp_path, monkeypatch, capsys):
    assert run(monkeypatch, "--config", written(tmp_path, text), "score") == 3
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1
    assert "hunter2" not in said


def test_a_file_that_is_not_there(tmp_path, monkeypatch, capsys):
    assert run(monkeypatch, "--config", tmp_path / "absent.toml", "score") == 3
    assert "absent.toml: cannot be read" in capsys.readouterr().err


def test_the_shipped_example_is_taken(files, tmp_path, monkeypatch):
    example = Path(__file__).parents[2] / "docs" / "nightly" / "night.toml"
    text = example.read_text(encoding="utf-8").replace("/data/model", str(files / "model"))
    given = ("--input", files / "cases.csv", "--output", tmp_path / "a")
    assert run(monkeypatch, "--config", written(tmp_path, text), "score", *given) == 0


def test_standard_input_and_excel_are_one_night(files, tmp_path, monkeypatch):
    stream = io.TextIOWrapper(io.BytesIO((files / "cases.csv").read_bytes()))
    monkeypatch.setattr(sys, "stdin", stream)
    given = ("--model", files / "model", "--input", "-", "--input-format", "csv", "--format", "xlsx")
    assert run(monkeypatch, "score", *given, "--output", tmp_path / "a") == 0
    assert {"scores.xlsx", "manifest.json"} <= {file.name for file in (tmp_path / "latest").iterdir()}


def test_a_password_on_the_command_line_is_refused_and_one_of_the_environment_used(
    files, tmp_path, monkeypatch, capsys
):
    address = "postgresql+psycopg://me:hunter2@/db?host=/nowhere"
    given = ("score", "--model", files / "model", "--table", "cases", "--output", tmp_path / "a")
    assert run(monkeypatch, *given, "--input", address) == 3
    said = capsys.readouterr().err
    assert "SECONDPLAN_DATABASE_PASSWORD" in said and "hunter2" not in said
    monkeypatch.setenv("SECONDPLAN_SCORE_INPUT", address)
    assert run(monkeypatch, *given) == 3
    said = capsys.readouterr().err
    assert "postgresql database db: OperationalError" in said and "hunter2" not in said
    assert not (tmp_path / "a").exists()
