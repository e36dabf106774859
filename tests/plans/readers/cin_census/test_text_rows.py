"""Rows of text as numbers come back as they were."""

import subprocess
import sys
from array import array

import pytest

from secondplan.plans.readers.cin_census.text_rows import NO_TEXT, TextTables

COLUMNS = {"plans": ("child", "line", "plan", "start", "category"), "reviews": ("child", "line", "plan", "date")}


@pytest.fixture
def tables():
    plans = array("i", [1, 20, 2, 1, 0, 1, 10, 1, 0, NO_TEXT])
    return TextTables({"plans": plans, "reviews": array("i")}, COLUMNS, ["a", "b"], order={"plans": "plan"})


def test_rows_worked_by_hand(tables):
    plans = tables["plans"]
    assert plans.to_dict("list") == {
        "child": [1, 1],
        "line": [10, 20],
        "plan": [1, 2],
        "start": ["a", "b"],
        "category": [None, "a"],
    }
    assert (tables.n_rows("plans"), tables.n_rows("reviews"), list(tables)) == (2, 0, ["plans", "reviews"])
    assert tables["reviews"].empty and list(tables["reviews"]) == list(COLUMNS["reviews"])


def test_a_frame_is_the_callers_own(tables):
    plans = tables["plans"]
    plans["line"] += 1
    plans.loc[0, "start"] = "other"
    assert tables["plans"]["line"].tolist() == [10, 20]
    assert tables["plans"]["start"].tolist() == ["a", "b"]


def test_lines_left_out_at_the_start_count(tables):
    tables.shift_lines(3)
    assert tables["plans"]["line"].tolist() == [13, 23]


def test_what_is_popped_is_gone(tables):
    assert len(tables.pop("plans")) == 2
    with pytest.raises(KeyError):
        tables["plans"]
    assert len(tables) == 1


def test_reading_loads_no_models():
    """They take as much memory as the data of many councils."""
    code = "import sys; from secondplan.plans import read_cin_census; print({'sklearn', 'scipy'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
