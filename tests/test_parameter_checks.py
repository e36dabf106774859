"""Messages about what a caller chose say what was expected and what came."""

import ast
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import secondplan as sp
from secondplan.models.inputs.given_days import as_days
from secondplan.models.registry import MODELS
from secondplan.parameter_checks import require_choice, shown

SOURCE = Path(sp.__file__).parent
# The default is no text, but the other choices are.
ALSO = {"CoxPH": ["std_error"]}
CHOICES = [
    (name, parameter)
    for name in MODELS
    for parameter, value in getattr(sp, name)().get_params(deep=False).items()
    if isinstance(value, str) or parameter in ALSO.get(name, ())
]


@pytest.mark.parametrize(("name", "parameter"), CHOICES, ids="-".join)
def test_a_wrong_word_is_quoted_beside_those_that_are_right(name, parameter):
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"age": rng.normal(size=40)})
    y = pd.DataFrame({"duration": rng.integers(1, 100, 40), "event": rng.integers(0, 2, 40)})
    model = getattr(sp, name)()
    right = model.get_params()[parameter]
    with pytest.raises(ValueError, match=f"^{parameter} must be one of .*{right}.*, got 'exp'$"):
        model.set_params(**{parameter: "exp"}).fit(X, y)


@pytest.mark.parametrize("value", ["exp", 3, ["a"], np.array(["a"]), pd.NA])
def test_choices(value):
    require_choice("form", "a", ("a", None))
    require_choice("form", None, ("a", None))
    with pytest.raises(ValueError, match=r"^form must be one of a, None, got "):
        require_choice("form", value, ("a", None))


def test_what_came_is_shown_in_one_line_and_data_only_by_kind_and_number():
    child = pd.DataFrame({"child_id": ["A123"]})
    assert [shown(value) for value in ("exp", None, np.float64(2.5), child, ["A123"], {"A123"}, object())] == [
        *("'exp'", "None", "2.5", "DataFrame of shape (1, 1)", "list of 1", "set of 1", "object"),
    ]
    assert len(shown("x" * 500)) < 70 and "\n" not in shown("a\nb")


def test_days_that_are_none_are_counted():
    np.testing.assert_array_equal(as_days(30, "times"), [30.0])
    for value, came in (
        ([1, -1, np.nan], "2 of 3 that are not"),
        ([[1]], r"shape \(1, 1\)"),
        (["A123"], "values that are no numbers"),
    ):
        with pytest.raises(ValueError, match=f"times must be days: .*; got {came}$"):
            as_days(value, "times")


def test_every_error_that_says_what_must_be_says_what_came():
    """In ``models``: a message with "must" tells what came, how many, or where."""
    silent = []
    for path in SOURCE.joinpath("models").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call) and node.exc.args:
                text = ast.unparse(node.exc.args[0])
                if " must " in text and not any(word in text for word in ("got", "not {", "{n_", "; it is", "are not")):
                    silent.append(f"{path.relative_to(SOURCE)}:{node.lineno}: {text}")
    assert silent == []
