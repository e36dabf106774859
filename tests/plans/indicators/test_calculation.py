"""Indicators worked by hand on few plans, and counted again, plan by plan, on the shipped store."""

from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import secondplan as sp
from secondplan.plans.bands import PLAN_LENGTH_BANDS
from secondplan.plans.disclosure import SUPPRESSED
from secondplan.plans.indicators.counted_plans import age_band
from secondplan.plans.indicators.definitions import band_key

STORE = Path(__file__).parents[3] / "data" / "synthetic" / "store"
YEAR = (date(2017, 4, 1), date(2018, 3, 31))


@pytest.fixture(scope="module")
def store():
    return sp.read_plans(STORE)


# Of the year to 31 March 2018: what each child contributes is in the comments.
HISTORIES = [
    ("a", "2017-04-01", "2017-07-01"),  # started and ended on the edges of 3 months; first plan
    ("a", "2018-03-31", None),  # started on the last day; second, within 2 years; open; a repeat within the year
    ("b", "2014-01-01", "2016-03-31"),  # ended before the year
    ("b", "2017-05-01", "2018-03-31"),  # second, within 2 years; ended on the last day: not open
    ("c", "2012-06-01", "2014-01-01"),
    ("c", "2017-06-01", None),  # second, but more than 2 years after
    ("d", "2017-01-01", "2017-03-31"),  # ended on the day before the year
    ("e", "2018-04-01", None),  # starts after the year
    ("f", "2017-09-01", None, {"other_authority": True}),  # another authority's
    ("g", "2016-04-15", None),  # open all year
    ("g", "2016-05-01", "2016-09-01"),  # lies inside the plan before: the same plan
]


def test_worked_by_hand(make_plans):
    result = sp.indicators(make_plans(HISTORIES, extract=[("2012-04-01", "2018-06-30")]), 2018)
    expected = {"plans_started": 4, "children_started": 3, "plans_ended": 2, "children_ended": 2, "plans_open": 3}
    expected |= {"plans_any_point": 5, "children_any_point": 4, "within_year_repeats": 1}
    expected |= {"second_plans": 3, "second_plans_within_2_years": 2, "second_plans_reported": 0}
    expected |= {"ended_up_to_3_months": 1, "ended_over_6_months_to_under_1_year": 1, "plans_due_review": 2}
    expected |= {"open_up_to_3_months": 1, "open_over_6_months_to_under_1_year": 1, "open_1_to_under_2_years": 1}
    assert {key: result.value(key) for key in expected} == expected
    assert result.value("second_plans", "pct") == 75.0
    assert np.isnan(result.value("reviewed_on_time")), "there are no reviews in the data"
    assert "hold no reviews" in " ".join(result.notes)
    assert any("1 to 5 records of plans held" in note for note in result.notes)


def test_bands_may_be_counted_in_days(make_plans):
    # Both last three calendar months and, both ends counted, 92 days.
    made = make_plans([("a", "2017-04-02", "2017-07-02"), ("b", "2017-08-31", "2017-11-30")])
    assert sp.indicators(made, 2018).value("ended_up_to_3_months") == 2
    assert sp.indicators(made, 2018, unit="days").value("ended_up_to_3_months") == 0


@pytest.mark.parametrize(
    ("reviews", "on_time"),
    [
        (["2017-07-01", "2018-01-01"], True),  # on the days that they are due
        (["2017-07-02", "2018-01-01"], False),  # the first is a day late
        (["2017-07-01", "2018-01-02"], False),
        (["2017-07-01"], False),  # the second is overdue and not held
        (["2017-06-01", "2017-10-15"], True),  # early
        ([], False),
    ],
)
def test_reviews_of_a_plan(make_plans, reviews, on_time):
    plans = [("a", "2017-04-01", None), ("b", "2018-01-01", None)]  # b: just not 3 months, and nothing due
    others = [("330-b-1", "2018-02-01")]
    made = make_plans(plans, reviews=[*(("330-a-1", day) for day in reviews), *others])
    result = sp.indicators(made, 2018)
    assert result.value("plans_due_review") == 1 + 1 * (pd.Timestamp("2018-04-01") <= result.last)
    assert result.value("reviewed_on_time") == on_time


def test_a_review_late_before_the_period_does_not_count_but_one_overdue_in_it_does(make_plans):
    early = [("330-a-1", "2016-11-01"), ("330-a-1", "2017-03-31"), ("330-a-1", "2017-09-30"), ("330-a-1", "2018-03-30")]
    made = make_plans([("a", "2016-04-01", None)], reviews=early)
    assert sp.indicators(made, 2018).value("reviewed_on_time") == 1
    later = [("330-a-1", "2017-04-01"), *early[2:]]
    assert sp.indicators(make_plans([("a", "2016-04-01", None)], reviews=later), 2018).value("reviewed_on_time") == 0


def test_reviews_before_the_data_begin_are_not_missed(make_plans):
    options = {
        "extract": [("2017-04-01", "2018-03-31")],
        "reviews": [("330-a-1", "2017-09-30"), ("330-a-1", "2018-03-01")],
    }
    assert sp.indicators(make_plans([("a", "2015-01-01", None)], **options), 2018).value("reviewed_on_time") == 1


def brute_force(plans, first, last):
    """Counts of the plans of one or more authorities, by loops over records; on data without overlaps."""
    records = {}
    for row in plans.plans.itertuples():
        if not row.other_authority:
            end = None if pd.isna(row.end_date) else row.end_date.date()
            records.setdefault((row.la_code, row.child_id), []).append((row.start_date.date(), end, row))
    out = dict.fromkeys(("plans_started", "plans_ended", "plans_open", "plans_any_point", "second_plans"), 0)
    out |= dict.fromkeys(("second_plans_reported", "second_plans_within_2_years", "children_any_point"), 0)
    for own in records.values():
        own.sort(key=lambda record: record[0])
        touched = 0
        for position, (start, end, row) in enumerate(own):
            if start > last:
                continue
            started, ended = start >= first, end is not None and first <= end <= last
            is_open = end is None or end > last
            out["plans_started"] += started
            out["plans_ended"] += ended
            out["plans_open"] += is_open
            touched += ended or is_open
            out["second_plans"] += started and position > 0
            out["second_plans_reported"] += started and row.previous_plans_reported > 0
            before = own[position - 1][1] if position else None
            limit = before and (before.year + 2, before.month, before.day)
            out["second_plans_within_2_years"] += bool(
                started and before and (start.year, start.month, start.day) <= limit
            )
            if ended:
                key = band_of(start, end)
                out[key] = out.get(key, 0) + 1
        out["plans_any_point"] += touched
        out["children_any_point"] += touched > 0
    return out


def band_of(start, end):
    """The band of a plan's length in calendar months, by counting them."""
    months = 12 * (end.year - start.year) + end.month - start.month
    last_of_month = (date(end.year + end.month // 12, end.month % 12 + 1, 1) - date(end.year, end.month, 1)).days
    reached = months - (end.day < min(start.day, last_of_month))
    exactly = end.day == min(start.day, last_of_month)
    if (end - start).days + 1 > 729:
        return band_key("ended", PLAN_LENGTH_BANDS[4])
    if reached >= 12:
        return band_key("ended", PLAN_LENGTH_BANDS[3])
    for months_allowed, band in ((3, 0), (6, 1)):
        if reached < months_allowed or (reached == months_allowed and exactly):
            return band_key("ended", PLAN_LENGTH_BANDS[band])
    return band_key("ended", PLAN_LENGTH_BANDS[2])


@pytest.mark.parametrize(
    "first_last", [YEAR, (date(2014, 4, 1), date(2015, 3, 31)), (date(2016, 11, 1), date(2016, 11, 30))]
)
def test_an_independent_count_of_the_shipped_store_agrees(store, first_last):
    result = sp.indicators(store, period=first_last)
    counted = brute_force(store, *first_last)
    assert {key: int(result.value(key)) for key in counted} == counted


def test_an_independent_count_of_each_authority_agrees(store):
    result = sp.indicators(store, 2018, by="la_code")
    for code in ("501", "507", "515"):
        own = {name: frame[frame["la_code"] == code] for name, frame in store.tables.items() if "la_code" in frame}
        counted = brute_force(sp.Plans(**own), *YEAR)
        assert {key: int(result.value(key, la_code=code)) for key in counted} == counted


@pytest.mark.parametrize("by", ["la_code", "category", "latest_category", "age_band", "sex", ["la_code", "age"]])
def test_groups_add_up_to_all_and_parts_to_their_whole(store, by):
    table = sp.indicators(store, 2018, by=by).to_frame(disclosure=False)
    groups = table.columns[: list(table.columns).index("key")]
    is_all = table[groups[0]] == "all"
    sums = table[~is_all].groupby("key")["n"].sum()
    total = table[is_all].set_index("key")["n"]
    plans = total.index[~total.index.str.contains("children|repeats")]
    pd.testing.assert_series_equal(sums[plans], total[plans], check_names=False)
    assert sums[band_key("ended", PLAN_LENGTH_BANDS[0])] > 0
    ended = total[[band_key("ended", band) for band in PLAN_LENGTH_BANDS]].sum()
    assert ended == total["plans_ended"]
    assert total["plans_any_point"] == total["plans_ended"] + total["plans_open"]


def test_age_groups():
    birth = pd.Series(pd.to_datetime(["2018-05-01", "2017-04-01", "2017-03-31", "2012-02-29", "2002-03-31", None]))
    day = pd.Series(pd.Timestamp("2018-03-31"), index=birth.index)
    assert age_band(birth, day).tolist() == ["unborn", "under 1", "1 to 4", "5 to 9", "16 and over", "not known"]


def test_nothing_small_is_shown_and_nothing_small_follows(store):
    for by in ("la_code", ["la_code", "category"], ["category", "la_code"]):
        result = sp.indicators(store, 2018, by=by)
        exact, shown = result.to_frame(disclosure=False), result.to_frame()
        numbers = pd.to_numeric(shown["n"].replace(SUPPRESSED, None))
        assert not numbers.between(1, 5).any()
        is_group = exact["la_code"] != "all"
        assert (numbers[is_group].dropna() == exact.loc[numbers[is_group].dropna().index, "n"]).all(), "not rounded"
        for _, rows in shown[is_group].groupby([*result.by]):
            rows = rows.set_index("key")["n"]
            for whole, part in (("plans_started", "second_plans"), ("plans_any_point", "children_any_point")):
                if SUPPRESSED not in (rows[whole], rows[part]):
                    assert not 1 <= rows[whole] - rows[part] <= 5
        is_hidden = shown["n"].eq(SUPPRESSED) & exact["pct"].notna()
        assert shown.loc[is_hidden, ["pct", "lower", "upper"]].eq(SUPPRESSED).all(axis=None)


def revealed(shown, exact, groups, *, totals):
    """Withheld small counts that follow from what is shown, by linear algebra: bands, wholes and totals of groups."""
    wholes = {"plans_any_point": ["plans_ended", "plans_open"]}
    wholes |= {f"plans_{stem}": [band_key(stem, band) for band in PLAN_LENGTH_BANDS] for stem in ("open", "ended")}
    cells = {(group, key): row for row, (group, key) in enumerate(zip(shown[groups], shown["key"], strict=True))}
    relations = [
        {(group, whole): 1.0} | {(group, part): -1.0 for part in parts}
        for group in shown[groups].unique()
        for whole, parts in wholes.items()
    ]
    if totals:
        plans = [key for key in shown["key"].unique() if "children" not in key and "repeats" not in key]
        own = [group for group in shown[groups].unique() if group != "all"]
        relations += [{("all", key): 1.0} | {(group, key): -1.0 for group in own} for key in plans]
    matrix = np.zeros((len(relations), len(shown)))
    for number, relation in enumerate(relations):
        for cell, sign in relation.items():
            matrix[number, cells[cell]] = sign
    unknown = np.flatnonzero(shown["n"].eq(SUPPRESSED))
    system = matrix[:, unknown]
    rank = np.linalg.matrix_rank(system)
    small = exact["n"].between(1, 5).to_numpy()
    return [
        cell
        for position, cell in enumerate(unknown)
        if small[cell] and np.linalg.matrix_rank(np.vstack([system, np.eye(len(unknown))[position]])) == rank
    ]


@pytest.mark.parametrize("by", ["category", "sex"])
def test_no_small_count_follows_by_subtraction(store, by):
    for code in ("507", "513"):
        own = {name: frame[frame["la_code"] == code] for name, frame in store.tables.items() if "la_code" in frame}
        result = sp.indicators(sp.Plans(**own), 2018, by=by)
        shown, exact = result.to_frame(), result.to_frame(disclosure=False)
        assert shown["n"].eq(SUPPRESSED).sum() > 5
        assert not revealed(shown, exact, result.by[0], totals=True)
    result = sp.indicators(store, 2018, by="la_code")
    assert not revealed(result.to_frame(), result.to_frame(disclosure=False), "la_code", totals=False)


def test_counts_of_several_authorities_are_rounded_and_of_one_are_not(store):
    several = sp.indicators(store, 2018).to_frame()
    assert (several["n"].dropna() % 10 == 0).all()
    one = {name: frame[frame["la_code"] == "507"] for name, frame in store.tables.items() if "la_code" in frame}
    exact = sp.indicators(sp.Plans(**one), 2018)
    shown = exact.to_frame().set_index("key")["n"]
    assert shown["plans_started"] == exact.value("plans_started")


def test_published_figures_stand_beside_an_authority(make_plans):
    result = sp.indicators(make_plans(HISTORIES, extract=[("2012-04-01", "2018-06-30")]), 2018)
    assert result.value("second_plans", "england_pct") == 20.2
    assert result.value("ended_up_to_3_months", "england_pct") == 19.6
    assert result.value("plans_started", "published_n") == 1682
    second = sp.published_second_plans()
    region = second[(second["year_ending"] == 2018) & (second["region"] == "West Midlands")]
    expected = 100 * region["n_second"].sum() / region["n_started"].sum()
    assert result.value("second_plans", "region_pct") == pytest.approx(expected)
    other = sp.indicators(make_plans(HISTORIES), period=("2017-04-02", "2018-03-31"))
    assert np.isnan(other.value("second_plans", "england_pct")), "not a year to 31 March"


def test_the_latest_year_is_the_default(store, make_plans):
    assert sp.indicators(store).last == pd.Timestamp("2018-03-31")
    made = make_plans(HISTORIES, extract=[("2012-04-01", "2018-03-30")])
    assert sp.indicators(made).last == pd.Timestamp("2017-03-31")


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"by": "colour"}, ValueError, "by must be of la_code, region"),
        ({"by": ["age", "age_band"]}, ValueError, "one column twice"),
        ({"by": ["age", "sex", "la_code"]}, ValueError, "two columns at most"),
        ({"unit": "weeks"}, ValueError, "unit must be one of"),
        ({"period": ("2018-01-01", "2017-01-01")}, ValueError, "ends before it begins"),
        ({"period": "2018"}, ValueError, "two dates"),
        ({"period": ("2018-01-01", "2018-02-01"), "year_ending": 2018}, ValueError, "not both"),
        ({"year_ending": 18}, ValueError, "a year such as 2018"),
        ({"year_ending": 2030}, sp.EmptyCohortError, "cover any of 2029-04-01 to 2030-03-31"),
    ],
)
def test_what_cannot_be_is_refused(store, options, error, match):
    with pytest.raises(error, match=match):
        sp.indicators(store, **options)


def test_an_empty_store_and_one_without_an_end(make_plans):
    with pytest.raises(sp.InputError, match="how far the data reach"):
        sp.indicators(make_plans(HISTORIES, extract=()))
    assert sp.indicators(make_plans(HISTORIES, extract=()), 2018).value("plans_started") == 4
    with pytest.raises(sp.EmptyCohortError):
        sp.indicators(sp.Plans(), 2018)


def test_rows_in_another_order_give_the_same(store):
    shuffled = {name: frame.sample(frac=1, random_state=3) for name, frame in store.tables.items()}
    for by in (None, "age_band"):
        again = sp.indicators(sp.Plans(**shuffled), 2018, by=by)
        pd.testing.assert_frame_equal(again.table, sp.indicators(store, 2018, by=by).table)


def test_shown_to_people(store):
    result = sp.indicators(store, 2018, by="la_code")
    assert "1 April 2017 to 31 March 2018; 15 groups by la_code" in repr(result)
    assert "20.2" in repr(result)
    assert "<table" in result._repr_html_()
