"""Corrected returns replace those that they correct, whatever the order in which the files are given."""

from itertools import permutations

import pandas as pd
import pytest

from secondplan.plans import build_cohort, read_cin_census

FIRST = ("2023-05-01", "2023-09-01")
SECOND = ("2023-12-05", "")


def a_return(*plans, made="2024-05-01T10:00:00", serial="001", la_code="330", year=2024, child="A1"):
    """A return of one child with plans from a day to a day."""
    periods = "".join(
        f"<ChildProtectionPlans><CPPstartDate>{start}</CPPstartDate><CPPendDate>{end}</CPPendDate>"
        "<InitialCategoryOfAbuse>NEG</InitialCategoryOfAbuse><LatestCategoryOfAbuse>NEG</LatestCategoryOfAbuse>"
        "</ChildProtectionPlans>"
        for start, end in plans
    )
    return (
        f"<Message><Header><CollectionDetails><Collection>CIN</Collection><Year>{year}</Year></CollectionDetails>"
        f"<Source><LEA>{la_code}</LEA><SerialNo>{serial}</SerialNo><DateTime>{made}</DateTime></Source></Header>"
        f"<Children><Child><ChildIdentifiers><LAchildID>{child}</LAchildID><PersonBirthDate>2015-05-05</PersonBirthDate>"
        "<Sex>F</Sex></ChildIdentifiers><CINdetails><CINreferralDate>2022-01-10</CINreferralDate>"
        f"{periods}</CINdetails></Child></Children></Message>"
    )


@pytest.fixture
def read(tmp_path):
    """Read returns as files in every order, which must not matter."""

    def read(**texts):
        for name, text in texts.items():
            (tmp_path / f"{name}.xml").write_text(text)
        results = [
            read_cin_census([tmp_path / f"{name}.xml" for name in order], la_code="330")
            for order in permutations(texts)
        ]
        plans, report = results[0]
        for other, its_report in results[1:]:
            assert other.equals(plans)
            assert its_report.to_frame().equals(report.to_frame())
        return plans, report

    return read


def outcome(plans):
    return build_cohort(plans).y[["event", "duration"]].to_numpy().tolist()


def files_with(report, code):
    return sorted(report.findings.loc[report.findings["code"] == code, "file"])


def test_the_later_return_replaces_the_earlier(read):
    plans, report = read(b=a_return(FIRST, SECOND), a=a_return(FIRST, made="2024-07-01T10:00:00"))
    assert outcome(plans) == [[0, 212]]
    assert files_with(report, "return-replaced") == ["b.xml"]
    assert report.counts.loc["plans", ["read", "merged"]].tolist() == [1, 0]
    assert report.skipped == {"records of returns that a later one replaces": 4}
    assert plans.extract["source"].tolist() == ["CIN census: a.xml"]


def test_what_the_later_return_adds_counts(read):
    plans, _ = read(a=a_return(FIRST), b=a_return(FIRST, SECOND, made="2024-07-01T10:00:00"))
    assert outcome(plans) == [[1, 95]]


def test_of_three_returns_the_last_counts(read):
    plans, report = read(
        a=a_return(FIRST, SECOND, made="2024-06-01T10:00:00"),
        b=a_return(FIRST, made="2024-07-01T10:00:00+01:00"),
        c=a_return(SECOND, made="2024-07-01T08:59:59Z"),
    )
    assert outcome(plans) == [[0, 212]]
    assert files_with(report, "return-replaced") == ["a.xml", "c.xml"]


@pytest.mark.parametrize("made", ["2024-05-01T10:00:00", "", "soon"])
def test_at_equal_or_missing_times_the_number_tells(read, made):
    plans, report = read(a=a_return(FIRST, SECOND, made=made), b=a_return(FIRST, made=made, serial="2"))
    assert outcome(plans) == [[0, 212]]
    assert files_with(report, "return-replaced") == ["a.xml"]


@pytest.mark.parametrize(("made", "serial"), [("2024-05-01T10:00:00", "001"), ("", "001"), ("", ""), ("", "002")])
def test_where_nothing_tells_which_is_later_both_are_read_and_reported(read, made, serial):
    plans, report = read(a=a_return(FIRST, made=made, serial=serial), b=a_return(SECOND, serial="001"))
    assert len(plans.plans) == 2
    assert files_with(report, "return-replaced") == []
    assert files_with(report, "return-order-unknown") == ["a.xml", "b.xml"]


def test_other_years_and_authorities_replace_nothing(read):
    later = {"made": "2025-07-01T10:00:00"}
    plans, report = read(
        a=a_return(FIRST, SECOND), b=a_return(SECOND, year=2025, **later), c=a_return(FIRST, la_code="331", **later)
    )
    assert len(plans.plans) == 3
    assert not report.findings["code"].str.startswith("return-").any()


def test_files_of_no_known_authority_may_be_of_two(tmp_path):
    for name, text in {"a": a_return(FIRST, la_code=""), "b": a_return(SECOND, la_code="", made="2024-07-01")}.items():
        (tmp_path / f"{name}.xml").write_text(text)
    plans, report = read_cin_census(tmp_path)
    assert plans.plans["start_date"].tolist() == [pd.Timestamp("2023-05-01"), pd.Timestamp("2023-12-05")]
    assert files_with(report, "return-order-unknown") == ["a.xml", "b.xml"]
