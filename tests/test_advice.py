"""What messages advise can be done by whoever reads them: parameters, options and names that they give exist there."""

import ast
import inspect
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import typer
from sklearn.base import clone

import secondplan as sp
from secondplan.cli.main import app
from secondplan.errors import OutputError
from secondplan.plans.rules import RULES

from .models.all_models import KNOWN_END, MODELS

SOURCE = Path(sp.__file__).parent
OPTION = re.compile(r"(?<![\w-])--([a-z][a-z-]+)")
KEYWORD = re.compile(r"(?<![\w.])([a-z_]+)(?:=(?:True|False|None|\"|\d|[A-Z]\w+\()| > 0)")
CALLED = re.compile(r"\b(?:set|raise|lower|give|choose) (?:larger |smaller )?([a-z]+_[a-z_]+)")
# What is named as a column, a key of a file or the variable of a formula, not as a parameter.
# Of files of experiments, and of a search of scikit-learn.
NO_PARAMETERS = {"missing_features", "refit"}


def messages():
    """Text of the strings of the package that are no docstrings, with the file of each."""
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text())
        docstrings = {
            id(node.body[0].value)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and node.body
            and isinstance(node.body[0], ast.Expr)
        }
        for node in ast.walk(tree):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
                yield path.relative_to(SOURCE).as_posix(), node.value


def options(command, name=""):
    """Options of a command and of those below it, by the command's words."""
    found = {name: {opt.lstrip("-") for param in command.params for opt in (*param.opts, *param.secondary_opts)}}
    for word, below in getattr(command, "commands", {}).items():
        found |= options(below, f"{name} {word}".strip())
    return found


OPTIONS = options(typer.main.get_command(app))


@pytest.fixture(scope="module")
def parameters():
    """Names of the parameters of whatever is public, methods too."""
    found = set()
    for name in sp.__all__:
        item = getattr(sp, name)
        methods = [value for _, value in inspect.getmembers(item, callable)] if inspect.isclass(item) else []
        for function in (item, *methods):
            try:
                found |= set(inspect.signature(function).parameters)
            except (TypeError, ValueError):
                continue
    return found


def test_every_option_that_a_message_names_is_one_of_a_command():
    known = set().union(*OPTIONS.values()) | {"help"}
    named = {
        (path, option)
        for path, text in messages()
        for option in OPTION.findall(text)
        if path != "report/look.py" and not text.startswith("--")
    }
    assert len(named) > 5
    assert {item for item in named if item[1] not in known} == set()


def test_every_parameter_that_a_message_names_is_one_of_something_public(parameters):
    in_sentences = [
        (path, text)
        for path, text in messages()
        if " " in text and '="' not in text.replace('FeatureEncoder(unseen="', "") and "{" not in text
    ]
    named = {(path, name) for path, text in in_sentences for name in (*KEYWORD.findall(text), *CALLED.findall(text))}
    assert len(named) > 10
    assert {(path, name) for path, name in named if name not in parameters | NO_PARAMETERS} == set()


READERS = {"annex_a": "annex-a", "cin_census": "cin-census", "dfe_api": "dfe-api", "ssd": "ssd", "tables": "tables"}


@pytest.mark.parametrize("folder", READERS)
def test_the_advice_of_what_a_reader_finds_names_options_of_its_command(folder):
    files = [*(SOURCE / "plans/readers" / folder).glob("*.py")]
    if folder in ("ssd", "dfe_api"):
        files.append(SOURCE / "plans/readers/records/extract_span.py")
    strings = {
        node.value
        for file in files
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    found = strings & RULES.keys()
    assert found
    texts = [RULES[code].advice for code in found] + [text for text in strings if " " in text]
    named = {option for text in texts for option in OPTION.findall(text)}
    assert named <= OPTIONS[f"read {READERS[folder]}"]


def what_is_said(model, X, y):
    """Warnings and the error of a fit."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model.fit(X, y)
        except ValueError as error:
            return [*(str(warning.message) for warning in caught), str(error)]
    return [str(warning.message) for warning in caught]


def hard_to_fit():
    """Columns without variation, alike, separated, and of a day that is known; by event and column."""
    rng = np.random.default_rng(5)
    age = rng.uniform(15.5, 17.9, 150).round(2)
    birthday = np.ceil((18 - age) * 365.25)
    other = np.ceil(rng.exponential(700, 150))
    event = np.where(birthday <= other, 4, np.where(rng.random(150) < 0.5, 1, 2))
    y = pd.DataFrame({"duration": np.minimum(birthday, other), "event": event})
    X = pd.DataFrame({"age_at_end": age, "never": (event == 0) | (event == 2), "same": age * 2, "category": "NEG"})
    return X.assign(category=np.where(rng.random(150) < 0.5, "EMO", "NEG")), y


@pytest.mark.parametrize("name", MODELS)
def test_a_model_advises_its_own_parameters_only(name):
    X, y = hard_to_fit()
    model = clone(MODELS[name])
    known = set(model.get_params()) | set(inspect.signature(type(model).fit).parameters)
    for text in what_is_said(model, X, y):
        assert set(KEYWORD.findall(text)) | set(CALLED.findall(text)) <= known, text


@pytest.mark.parametrize("name", [name for name in KNOWN_END if "strata" not in name and "Boosted" not in name])
def test_a_known_end_is_the_advice_where_features_tell_its_day(name):
    X, y = hard_to_fit()
    X = X[["age_at_end"]]
    if name in ("ParametricAFT", "RoystonParmar"):  # log time is linear in features
        X = pd.DataFrame({"log_days_to_birthday": np.log(np.ceil((18 - X["age_at_end"]) * 365.25))})
    said = [text for text in what_is_said(clone(MODELS[name]), X, y) if "event 4" in text or "(event 4)" in text]
    assert said and all("set known_end_event=4" in text and "firth" not in text for text in said), said
    known = clone(MODELS[name]).set_params(known_end_event=4)
    assert not any("known_end_event" in text for text in what_is_said(known, X, y))


@pytest.mark.parametrize(
    ("parameters", "advice"),
    [
        ({}, "set firth=True or alpha > 0"),
        ({"alpha": 1e-9}, "raise alpha"),
        ({"firth": True}, "set alpha > 0 in place of firth"),
    ],
)
def test_cox_advises_what_is_not_set_yet(parameters, advice):
    assert sp.CoxPH(**parameters)._remedies == (advice,)


def test_a_feature_that_no_other_determines_is_not_called_collinear():
    """It varies, but nobody at risk on a day of the event differs from the others."""
    X = pd.DataFrame({"late": [0.0, 0.0, 0.0, 1.0, 1.0, 1.0]})
    y = pd.DataFrame({"duration": [30, 20, 10, 3, 2, 1], "event": [1, 1, 1, 0, 0, 0]})
    for model in (sp.FineGray(), sp.CoxPH(), sp.CoxPH(firth=True)):
        said = what_is_said(model, X, y)
        assert said and not any("features before them" in text for text in said), said
        assert "no variation among the rows at risk" in said[0]
        assert "late" in said[0]


def test_a_saved_model_is_replaced_as_its_error_advises(tmp_path):
    X, y = hard_to_fit()
    model = sp.AalenJohansen().fit(X, y)
    model.save(tmp_path / "model")
    with pytest.raises(OutputError, match="overwrite=True replaces it"):
        model.save(tmp_path / "model")
    model.save(tmp_path / "model", overwrite=True)
