"""The quality report adds up, says what to do, and shows no values."""

import json

import pandas as pd
import pytest

from secondplan.errors import OutputError
from secondplan.plans.findings import count_fates, join_findings
from secondplan.plans.quality import COUNTS, FindingLog, QualityReport
from secondplan.plans.rules import RULES


def places(*rows):
    return pd.DataFrame(rows, columns=["file", "row", "line"])


@pytest.fixture
def log():
    log = FindingLog(["a.xml", "b.xml"])
    log.add_rows("date-reformatted", "plans", "repaired", places((0, 1, 10), (0, 2, 20)), column="start_date")
    log.add_rows("code-recoded", "plans", "repaired", places((0, 1, 10)), column="initial_category")
    log.add_rows("value-required", "plans", "rejected", places((0, 2, 20)), column="end_date")
    log.add_rows("duplicate-row", "plans", "merged", places((1, 1, 5)))
    log.add_rows("same-day", "plans", "kept", places((1, 2, 9)))
    log.add("stray-text", "file", "noted", file="b.xml")
    return log


def test_each_row_has_one_fate(log):
    report = QualityReport.of("test", {"plans": 10}, {"plans": 8}, log.to_frame(), {"Foo": 3})
    assert report.counts.loc["plans"].to_dict() == {"read": 10, "kept": 7, "repaired": 1, "merged": 1, "rejected": 1}
    assert "Foo (3)" in report.summary()


def test_rows_beside_the_records_are_counted_too(log):
    report = QualityReport.of("test", {"plans": 10}, {"plans": 8}, log.to_frame())
    beside = FindingLog(["c.csv"])
    beside.add_rows("row-ragged", "plans", "rejected", places((0, 7, None)))
    beside.add_rows("record-unlinked", "links", "rejected", places((0, 3, None)))
    both = report.with_rows_beside({"plans": 1, "links": 4, "nothing": 0}, beside.to_frame())
    assert both.counts.loc["plans"].tolist() == [11, 7, 1, 1, 2]
    assert both.counts.loc["links"].tolist() == [4, 3, 0, 0, 1]
    assert list(both.counts.index) == ["plans", "links"]
    with pytest.raises(ValueError, match="do not tell of every rejected row"):
        report.with_rows_beside({"links": 4}, beside.to_frame())


def test_rows_that_vanish_are_an_error(log):
    with pytest.raises(ValueError, match="not accounted for"):
        QualityReport.of("test", {"plans": 11}, {"plans": 8}, log.to_frame())
    with pytest.raises(ValueError, match="not accounted for"):
        QualityReport.of("test", {"plans": 10}, {"plans": 7}, log.to_frame())


def test_counts_that_the_findings_do_not_explain_are_an_error(log):
    counts = pd.DataFrame([[10, 6, 1, 1, 2]], index=["plans"], columns=list(COUNTS))
    with pytest.raises(ValueError, match="every rejected row"):
        QualityReport("test", counts, log.to_frame())


def test_a_code_without_a_rule_is_an_error():
    log = FindingLog()
    log.add("made-up", "plans", "kept")
    with pytest.raises(ValueError, match="without a rule: made-up"):
        QualityReport.of("test", {"plans": 1}, {"plans": 1}, log.to_frame())


def test_every_rule_says_what_it_means_and_what_to_do():
    for code, rule in RULES.items():
        assert rule.severity in ("error", "warning", "note"), code
        assert rule.meaning.endswith(".") and rule.advice.endswith("."), code


def test_text_json_and_frame_agree(log, tmp_path):
    report = QualityReport.of("test", {"plans": 10}, {"plans": 8}, log.to_frame())
    frame = report.to_frame()
    assert frame["n"].sum() == len(log.to_frame()) == 7
    assert list(frame["severity"]) == sorted(frame["severity"], key=["error", "warning", "note"].index)
    stored = json.loads(report.write_json(tmp_path / "quality.json").read_text())
    assert stored["counts"]["plans"]["rejected"] == 1
    rejected = next(place for place in stored["places"] if place["action"] == "rejected")
    expected = {"code": "value-required", "table": "plans", "column": "end_date", "action": "rejected"}
    assert rejected == expected | {"file": "a.xml", "rows": [2], "lines": [20]}
    text = report.summary()
    assert "plans, rejected: 1, first in a.xml line 20" in text
    assert RULES["value-required"].advice in text
    assert "<table" in report._repr_html_()


def test_text_says_each_code_once_and_fits_the_terminal(log):
    log.add_rows("value-required", "reviews", "rejected", places((0, 1, 30)))
    text = QualityReport.of(
        "test", {"plans": 12_345, "reviews": 1}, {"plans": 12_343, "reviews": 0}, log.to_frame(), {"Foo": 3}
    ).summary(width=60)
    assert text.count("value-required: ") == 1
    assert "reviews, rejected: 1, first in a.xml line 30" in text
    assert "12,345" in text
    assert max(map(len, text.splitlines())) <= 60
    assert "noted" not in text


def test_a_report_that_cannot_be_written_is_one_error(log, tmp_path):
    report = QualityReport.of("test", {"plans": 10}, {"plans": 8}, log.to_frame())
    with pytest.raises(OutputError, match="cannot be written"):
        report.write_json(tmp_path / "none" / "quality.json")


def test_suppression_withholds_small_counts_and_places(log):
    report = QualityReport.of("test", {"plans": 10, "children": 20}, {"plans": 8, "children": 20}, log.to_frame())
    shared = report.to_dict(suppress=True)
    assert set(shared["counts"]["plans"].values()) == {"c"}
    assert shared["counts"]["children"]["kept"] == 20
    assert shared["counts"]["children"]["rejected"] == 0
    assert {group["n"] for group in shared["findings"] if group["action"] != "noted"} == {"c"}
    assert "places" not in shared
    assert "line" not in report.summary(suppress=True).split("Errors")[1].split("Warnings")[0]


def test_an_empty_report():
    report = QualityReport.of("test", {}, {}, FindingLog().to_frame())
    assert report.is_clean
    assert "Nothing to report" in report.summary()
    assert report.to_frame().empty


def test_findings_of_files_named_before_their_order_is_known():
    log = FindingLog()
    log.add("stray-text", "file", "noted", file="late.xml")
    log.add("no-plans", "plans", "noted")
    log.add("year-inferred", "file", "noted", file="early.xml")
    log.files = ["early.xml", "late.xml"]
    log.add_rows("same-day", "plans", "kept", places((1, 2, 9)))
    frame = log.to_frame()
    assert frame["file"].astype(object).where(frame["file"].notna(), None).tolist() == [
        *("late.xml", None, "early.xml", "late.xml")
    ]
    assert frame["row"].tolist() == [pd.NA, pd.NA, pd.NA, 2]


def test_findings_joined_count_as_those_of_one_log(log):
    other = FindingLog(["c.xml"])
    other.add_rows("value-required", "reviews", "rejected", places((0, 7, 70), (0, 8, 80)))
    joined = join_findings(log.to_frame(), other.to_frame())
    assert count_fates(joined) == {**count_fates(log.to_frame()), ("reviews", "rejected"): 2}
    assert list(joined["file"].cat.categories) == ["a.xml", "b.xml", "c.xml"]


def test_many_findings_of_one_row_are_one_fate():
    log = FindingLog(["a.xml", "b.xml"])
    log.add_rows("date-reformatted", "plans", "repaired", pd.DataFrame({"file": 0, "row": [5] * 1000, "line": 1}))
    log.add_rows("duplicate-row", "plans", "merged", pd.DataFrame({"file": [0, 1], "row": [5, 5], "line": 1}))
    assert count_fates(log.to_frame()) == {("plans", "merged"): 2}
