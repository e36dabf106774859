"""Episodes and placements become periods in care; worked by hand."""

import pandas as pd
import pytest

from secondplan.plans.quality import FindingLog
from secondplan.plans.readers.records.care_periods import join_periods


def episodes(*rows):
    """Rows (child, start, end, extract, whether the end was unusable)."""
    frame = pd.DataFrame(
        [(*row, *(0, False)[len(row) - 3 :]) for row in rows],
        columns=["child_id", "start_date", "end_date", "extract", "is_closing_unusable"],
    )
    for name in ("start_date", "end_date"):
        frame[name] = pd.to_datetime(frame[name]).astype("datetime64[us]")
    return frame.assign(la_code="330", file=0, row=range(1, len(frame) + 1))


def periods(*rows):
    log = FindingLog(["care.csv"])
    given = episodes(*rows).sort_values("extract", kind="stable")
    joined = join_periods(given, log)
    texts = joined[["start_date", "end_date"]].apply(lambda dates: dates.dt.strftime("%Y-%m-%d"))
    found = log.to_frame()
    assert len(joined) + found["row"].nunique() == len(rows)
    return list(texts.fillna("").itertuples(index=False, name=None)), found["code"].tolist()


@pytest.mark.parametrize("next_start", ["2017-06-30", "2017-07-01"])
def test_a_change_of_placement_is_no_end_of_care(next_start):
    found, codes = periods(("a", "2017-01-01", "2017-06-30"), ("a", next_start, None))
    assert found == [("2017-01-01", "")]
    assert codes == ["episode-joined"]


def test_a_gap_of_two_days_is_a_new_period_and_children_are_apart():
    found, codes = periods(
        ("a", "2017-01-01", "2017-06-30"), ("a", "2017-07-02", "2017-08-01"), ("b", "2017-06-30", None)
    )
    assert found == [("2017-01-01", "2017-06-30"), ("2017-07-02", "2017-08-01"), ("2017-06-30", "")]
    assert codes == []


def test_order_and_nesting_do_not_matter():
    rows = [("a", "2017-01-01", "2017-12-31"), ("a", "2017-02-01", "2017-03-01"), ("a", "2017-12-31", "2018-02-01")]
    assert periods(*rows)[0] == periods(*rows[::-1])[0] == [("2017-01-01", "2018-02-01")]


def test_the_longest_of_one_days_rows_counts_and_copies_are_told():
    found, codes = periods(("a", "2017-01-01", "2017-01-01"), ("a", "2017-01-01", None), ("a", "2017-01-01", None))
    assert found == [("2017-01-01", "")]
    assert sorted(codes) == ["duplicate-row", "episode-joined"]


def test_a_period_open_in_one_year_ends_in_the_next_years_later_placement():
    found, _ = periods(
        ("a", "2017-09-01", "2018-05-01", 1), ("a", "2017-01-01", "2017-09-01", 0), ("a", "2017-09-01", None, 0)
    )
    assert found == [("2017-01-01", "2018-05-01")]


def test_an_unusable_end_does_not_swallow_what_comes_later():
    found, _ = periods(("a", "2017-01-01", None, 0, True), ("a", "2018-01-01", "2018-02-01"))
    assert found == [("2017-01-01", ""), ("2018-01-01", "2018-02-01")]
