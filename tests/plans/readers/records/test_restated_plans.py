"""Plans that come again with another start, and plans that an earlier extract should have held."""

import pandas as pd
import pytest

from secondplan.plans import build_cohort
from secondplan.plans.quality import FindingLog
from secondplan.plans.readers.records.combining import combine_rows


def extracts_of(*spans, la_code="330"):
    return pd.DataFrame(
        {
            "la_code": la_code,
            "first_date": pd.DatetimeIndex([first for first, _ in spans]).as_unit("us"),
            "extract_date": pd.DatetimeIndex([last for _, last in spans]).as_unit("us"),
            "source": "test",
        }
    )


YEARS = extracts_of(("2022-04-01", "2023-03-31"), ("2023-04-01", "2024-03-31"), ("2024-04-01", "2025-03-31"))
HALVES = extracts_of(("2023-10-01", "2024-03-31"), ("2024-01-01", "2024-06-30"))


def read(*plans, extracts=YEARS, **columns):
    """Plans as (extract, start, end) of child C."""
    rows = pd.DataFrame(plans, columns=["extract", "start_date", "end_date"]).assign(
        file=0, row=range(1, len(plans) + 1), la_code="330", child_id="C", **columns
    )
    return combine_rows("test", {"plans": rows}, extracts, FindingLog(["file"]))


def periods(plans):
    found = plans.plans[["start_date", "end_date"]].astype("string").fillna("")
    return [tuple(row) for row in found.to_numpy()]


def codes(report):
    """Code and action of each finding about extracts that contradict each other."""
    wanted = ("start-moved", "plan-contradicts-earlier", "plan-missing-earlier")
    found = report.findings[report.findings["code"].isin(wanted)]
    return list(zip(found["code"], found["action"], strict=True))


def outcome(plans):
    return build_cohort(plans).y[["event", "duration"]].to_numpy().tolist()


@pytest.mark.parametrize("start", ["2024-02-20", "2023-01-09", "2024-03-30"])
def test_a_start_that_moves_while_the_plan_is_open_is_one_plan(start):
    plans, report = read((1, "2024-01-10", None), (2, start, "2024-09-01"))
    assert periods(plans) == [(start, "2024-09-01")]
    assert codes(report) == [("start-moved", "repaired")]
    assert report.counts.loc["plans"].tolist() == [2, 0, 1, 1, 0]
    assert outcome(plans)[0][0] == 0


def test_a_start_may_move_twice():
    plans, report = read((0, "2023-01-10", None), (1, "2023-01-17", None), (2, "2023-01-24", "2024-09-01"))
    assert periods(plans) == [("2023-01-24", "2024-09-01")]
    assert codes(report) == [("start-moved", "repaired")] * 2


def test_a_plan_after_another_that_the_earlier_extract_should_have_held_is_no_second_plan():
    plans, report = read((1, "2023-05-01", "2023-09-01"), (2, "2023-12-05", "2024-06-01"))
    assert periods(plans) == [("2023-05-01", "2023-09-01")]
    assert codes(report) == [("plan-contradicts-earlier", "rejected")]
    assert outcome(plans) == [[0, 577]]


def test_nor_does_one_entered_late_before_another_make_that_the_second():
    plans, report = read((1, "2023-12-05", None), (2, "2023-12-05", "2024-06-01"), (2, "2023-05-01", "2023-09-01"))
    assert periods(plans) == [("2023-12-05", "2024-06-01")]
    assert codes(report) == [("plan-contradicts-earlier", "rejected")]


def test_a_plan_of_a_child_without_others_is_kept_and_reported():
    plans, report = read((2, "2023-12-05", "2024-06-01"), (2, "2024-09-01", "2024-12-01"))
    assert periods(plans) == [("2023-12-05", "2024-06-01"), ("2024-09-01", "2024-12-01")]
    assert codes(report) == []  # nothing of an earlier extract was read at all
    late = pd.DataFrame({"extract": 1, "start_date": ["2023-05-01"], "end_date": [None], "child_id": ["D"]})
    rows = late.assign(file=0, row=1, la_code="330")
    mine = rows.assign(extract=2, start_date="2023-12-05", end_date="2024-06-01", child_id="C", row=2)
    _, report = combine_rows("test", {"plans": pd.concat([rows, mine], ignore_index=True)}, YEARS, FindingLog(["file"]))
    assert codes(report) == [("plan-missing-earlier", "kept")]


def test_plans_that_are_carried_forward_end_and_begin_are_not_touched():
    plans, report = read(
        (0, "2022-10-01", None),
        (1, "2022-10-01", "2023-06-01"),
        (1, "2023-09-01", None),
        (2, "2023-09-01", "2024-05-01"),
    )
    assert codes(report) == []
    assert outcome(plans)[0] == [1, 92]
    # A plan that began after the earlier extract, though one that was open then has vanished.
    plans, report = read((1, "2024-01-10", None), (2, "2024-04-20", "2024-09-01"))
    assert codes(report) == []
    assert len(plans.plans) == 2


def test_what_began_shortly_before_an_extract_may_be_recorded_after_it():
    later = (2, "2024-03-20", "2024-09-01")
    plans, report = read((1, "2023-05-01", "2023-09-01"), later)
    assert (codes(report), outcome(plans)[0]) == ([], [1, 201])
    plans, report = read((1, "2023-05-01", "2023-09-01"), (2, "2024-03-01", "2024-09-01"))
    assert codes(report) == [("plan-contradicts-earlier", "rejected")]


def test_a_plan_that_the_source_names_is_known_by_its_name():
    plans, report = read((1, "2023-05-01", "2023-09-01"), (2, "2023-12-05", "2024-06-01"), plan_id=["P1", "P2"])
    assert (codes(report), outcome(plans)[0]) == ([], [1, 95])


def test_extracts_whose_times_overlap():
    plans, report = read((0, "2024-01-10", "2024-02-20"), (1, "2024-01-17", "2024-02-20"), extracts=HALVES)
    assert codes(report) == [("plan-missing-earlier", "kept")]
    assert outcome(plans) == [[0, 131]]
    plans, report = read((0, "2024-01-10", None), (1, "2024-01-17", None), extracts=HALVES)
    assert (codes(report), periods(plans)) == ([("start-moved", "repaired")], [("2024-01-17", "")])


def test_other_authorities_and_parts_of_one_extract_contradict_nothing():
    apart = pd.concat([YEARS.iloc[[1]], YEARS.iloc[[2]].assign(la_code="331")], ignore_index=True)
    rows = pd.DataFrame(
        {
            "extract": [0, 1],
            "start_date": ["2023-05-01", "2023-12-05"],
            "end_date": ["2023-09-01", "2024-06-01"],
            "la_code": ["330", "331"],
        }
    ).assign(file=0, row=[1, 2], child_id="C")
    _, report = combine_rows("test", {"plans": rows}, apart, FindingLog(["file"]))
    assert codes(report) == []
    same = pd.concat([YEARS.iloc[[1]]] * 2, ignore_index=True)
    _, report = read((0, "2023-05-01", "2023-09-01"), (1, "2023-12-05", None), extracts=same)
    assert codes(report) == []
