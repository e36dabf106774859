import pandas as pd
import pytest

from secondplan.plans.bands import PLAN_LENGTH_BANDS, plan_length_band

UP_TO_3, TO_6, TO_YEAR, TO_2_YEARS, LONGER = PLAN_LENGTH_BANDS


def band(start, end, **options):
    starts, ends = (pd.Series(pd.to_datetime([day])).astype("datetime64[us]") for day in (start, end))
    return plan_length_band(starts, ends, **options)[0]


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2017-01-10", "2017-01-10", UP_TO_3),
        ("2017-01-10", "2017-04-10", UP_TO_3),
        ("2017-01-10", "2017-04-11", TO_6),
        ("2017-11-30", "2018-02-28", UP_TO_3),
        ("2017-11-30", "2018-03-01", TO_6),
        ("2015-11-30", "2016-02-29", UP_TO_3),
        ("2015-11-30", "2016-03-01", TO_6),
        ("2017-01-10", "2017-07-10", TO_6),
        ("2017-01-10", "2017-07-11", TO_YEAR),
        ("2016-08-31", "2017-02-28", TO_6),
        ("2016-08-31", "2017-03-01", TO_YEAR),
        ("2017-01-10", "2018-01-09", TO_YEAR),
        ("2017-01-10", "2018-01-10", TO_2_YEARS),
        ("2016-02-29", "2017-02-27", TO_YEAR),
        ("2016-02-29", "2017-02-28", TO_2_YEARS),
        # 729 days with both ends counted, then 730; two calendar years of which one is a leap year have 731.
        ("2017-01-01", "2018-12-30", TO_2_YEARS),
        ("2017-01-01", "2018-12-31", LONGER),
        ("2015-01-01", "2016-12-29", TO_2_YEARS),
        ("2015-01-01", "2016-12-30", LONGER),
        ("2015-01-01", "2020-01-01", LONGER),
    ],
)
def test_both_sides_of_each_boundary_in_calendar_months(start, end, expected):
    assert band(start, end) == expected


@pytest.mark.parametrize(
    ("days_from_start_to_end", "expected"),
    [
        (0, UP_TO_3),
        (90, UP_TO_3),
        (91, TO_6),
        (181, TO_6),
        (182, TO_YEAR),
        (363, TO_YEAR),
        (364, TO_2_YEARS),
        (728, TO_2_YEARS),
        (729, LONGER),
    ],
)
def test_both_sides_of_each_boundary_in_days(days_from_start_to_end, expected):
    start = pd.Timestamp("2016-02-29")
    assert band(start, start + pd.Timedelta(days=days_from_start_to_end), unit="days") == expected


def test_bands_never_fall_as_the_plan_gets_longer():
    ends = pd.Series(pd.date_range("2016-01-31", periods=900)).astype("datetime64[us]")
    starts = pd.Series(pd.Timestamp("2016-01-31"), index=ends.index).astype("datetime64[us]")
    for unit in ("months", "days"):
        bands = plan_length_band(starts, ends, unit=unit)
        assert bands.cat.ordered
        assert list(bands.cat.categories) == list(PLAN_LENGTH_BANDS)
        assert bands.cat.codes.is_monotonic_increasing
        assert bands.nunique() == 5


def test_no_band_without_both_dates_in_order():
    starts = pd.Series(pd.to_datetime(["2017-01-02", None, "2017-01-02"])).astype("datetime64[us]")
    ends = pd.Series(pd.to_datetime(["2017-01-01", "2017-01-01", None])).astype("datetime64[us]")
    assert plan_length_band(starts, ends).isna().all()


def test_an_unknown_unit_is_refused():
    with pytest.raises(ValueError, match="unit must be"):
        band("2017-01-01", "2017-02-01", unit="weeks")
