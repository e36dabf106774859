"""Identifiers that spreadsheets shortened, or that differ in writing only."""

import pandas as pd
import pytest

from secondplan.plans.quality import FindingLog
from secondplan.plans.readers.records.combining import combine_rows
from secondplan.plans.readers.records.resembling import resembles_another

EXTRACT = pd.DataFrame({"la_code": ["330"], "first_date": pd.NaT, "extract_date": pd.NaT, "source": "test"}).astype(
    dict.fromkeys(("first_date", "extract_date"), "datetime64[us]")
)


def read(*identifiers):
    """A plan of each child, the later the higher in the list."""
    rows = pd.DataFrame({"child_id": identifiers, "start_date": "2023-05-01"}).assign(
        file=0, row=range(1, len(identifiers) + 1), la_code="330", extract=0
    )
    return combine_rows("test", {"plans": rows}, EXTRACT, FindingLog(["file"]))


def actions(report, code):
    found = report.findings[report.findings["code"] == code]
    return list(zip(found["action"], found["row"], strict=True))


@pytest.mark.parametrize("text", ["1.23457E+11", "1.23457e+11", "1E+15", "1,23457E+11"])
def test_a_shortened_identifier_identifies_nobody(text):
    plans, report = read(text, "123456789012", text)
    assert plans.plans["child_id"].tolist() == ["123456789012"]
    assert actions(report, "identifier-shortened") == [("repaired", 1), ("repaired", 3)]
    assert actions(report, "child-id-missing") == [("rejected", 1), ("rejected", 3)]
    assert text not in report.summary()


@pytest.mark.parametrize("text", ["12E45", "E+11", "1.5", "A1E+11"])
def test_other_identifiers_are_none_of_those(text):
    assert actions(read(text)[1], "identifier-shortened") == []


@pytest.mark.parametrize("pair", [("AB12", "ab12"), ("0123", "123"), ("AB 12", "AB12"), ("00a1", "A1")])
def test_identifiers_that_differ_in_writing_only_are_counted_and_not_joined(pair):
    plans, report = read(*pair, "C7")
    assert len(plans.plans) == 3
    assert sorted(actions(report, "identifier-resembles")) == [("kept", 1), ("kept", 2)]


def test_others_and_those_of_other_authorities_do_not_resemble():
    children = pd.DataFrame({"la_code": ["330", "331", "330", "330"], "child_id": ["A1", "a1", "A10", "0A2"]})
    assert not resembles_another(children, children).any()
    plans = pd.DataFrame({"la_code": ["330", "330"], "child_id": ["A2", "A1"]})
    assert resembles_another(plans, children).tolist() == [True, False]
