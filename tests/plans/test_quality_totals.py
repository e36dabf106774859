"""Totals that are passed on give no small count away, and come back from disk as they were."""

import pandas as pd
import pytest

from secondplan.errors import InputError
from secondplan.plans.quality import COUNTS, FindingLog, QualityReport
from secondplan.plans.quality_totals import FOUND, QualityTotals, read_quality, withheld_cross_check


def totals(read, kept, repaired, merged, rejected, *found):
    counts = pd.DataFrame([[read, kept, repaired, merged, rejected]], index=["plans"], columns=list(COUNTS))
    rows = [("warning", code, "plans", action, n, "Means.", "Do.") for code, action, n in found]
    return QualityTotals("test", counts, pd.DataFrame(rows, columns=list(FOUND)), {"Foo": 3, "Bar": 30})


def shown(of):
    return of.withheld().found["n"].tolist()


def test_a_small_count_is_withheld_and_zero_and_six_are_not():
    assert shown(totals(100, 100, 0, 0, 0, ("same-day", "kept", 5), ("after-death", "kept", 6))) == ["c", 6]


def test_a_count_that_leaves_a_small_rest_of_all_rows_is_withheld():
    assert shown(totals(100, 100, 0, 0, 0, ("same-day", "kept", 95), ("category-missing", "kept", 100))) == ["c", 100]


def test_findings_that_add_up_to_the_rows_rejected_do_not_give_one_away():
    of = totals(100, 60, 0, 0, 40, *[("value-required", "rejected", 30), ("child-missing", "rejected", 7)])
    assert shown(of) == [30, 7]
    of = totals(100, 60, 0, 0, 40, *[("value-required", "rejected", 30), ("child-missing", "rejected", 7)])
    of.found.loc[2] = ["error", "date-unreadable", "plans", "rejected", 3, "Means.", "Do."]
    assert shown(of) == [30, "c", "c"]


def test_findings_about_the_data_as_a_whole_are_shown():
    assert shown(totals(100, 100, 0, 0, 0, ("year-missing", "noted", 2))) == [2]


def test_a_row_of_counts_goes_as_a_whole_but_for_its_zeros():
    counts = totals(100, 97, 3, 0, 0).withheld().counts.loc["plans"]
    assert counts.tolist() == ["c", "c", "c", 0, 0]
    assert totals(100, 90, 10, 0, 0).withheld().counts.loc["plans"].tolist() == [100, 90, 10, 0, 0]


def test_the_cross_check_adds_up_to_all_plans():
    assert withheld_cross_check(pd.array([3, 20, 8]).to_numpy(float), 100).tolist() == [True, False, True, False]
    of = totals(
        *(100, 100, 0, 0, 0),
        *[("previous-plans-differ", "kept", 3), ("previous-plans-unseen", "kept", 20)],
        ("previous-plans-missing", "kept", 8),
    )
    assert shown(of) == ["c", 20, "c"]


def test_what_was_skipped_is_counted_with_the_same_care():
    assert totals(1, 1, 0, 0, 0).withheld().skipped == {"Foo": "c", "Bar": 30}


@pytest.mark.parametrize("suppress", [False, True])
def test_a_report_comes_back_from_disk(tmp_path, suppress):
    log = FindingLog(["a.xml"])
    log.add_rows("same-day", "plans", "kept", pd.DataFrame({"file": 0, "row": [1, 2], "line": [1, 2]}))
    log.add("stray-text", "file", "noted", file="a.xml")
    report = QualityReport.of("test", {"plans": 9}, {"plans": 9}, log.to_frame(), {"Foo": 7})
    read = read_quality(report.write_json(tmp_path / "quality.json", suppress=suppress))
    assert read.counts.loc["plans"].tolist() == [9, 9, 0, 0, 0]
    assert read.found[["code", "action", "n"]].to_numpy().tolist() == [
        ["same-day", "kept", "c" if suppress else 2],
        ["stray-text", "noted", 1],
    ]
    assert read.withheld().found["n"].tolist() == ["c", 1]
    assert read.skipped == {"Foo": 7}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"source": 1, "counts": 2, "findings": 3, "skipped": 4}', "{"])
def test_what_is_no_report_is_one_line(tmp_path, text):
    file = tmp_path / "quality.json"
    file.write_text(text)
    with pytest.raises(InputError, match=r"quality\.json: cannot be read as a quality report"):
        read_quality(file)
    with pytest.raises(InputError, match="does not exist"):
        read_quality(tmp_path / "none.json")
