import pandas as pd
import pytest

from secondplan.plans.sequence import plan_periods


def records(*plans):
    """Plans of one child: (start, end, category)."""
    frame = pd.DataFrame([(*plan, "NEG")[:3] for plan in plans], columns=["start_date", "end_date", "latest_category"])
    for date in ("start_date", "end_date"):
        frame[date] = pd.to_datetime(frame[date]).astype("datetime64[us]")
    return frame.assign(
        child=0,
        la_code="330",
        child_id="c",
        plan_id=[f"p{number}" for number in range(len(frame))],
        initial_category="NEG",
        previous_plans_reported=0,
    )


def spans(*plans, washout_days=0):
    periods, _ = plan_periods(records(*plans), washout_days=washout_days)
    days = periods[["start_date", "end_date"]].apply(lambda date: date.dt.strftime("%d %b").fillna("open"))
    return list(days.itertuples(index=False, name=None))


@pytest.mark.parametrize(
    ("plans", "expected"),
    [
        # One after the other; on the day the first ends, too.
        ([("2016-01-01", "2016-02-01"), ("2016-03-01", None)], [("01 Jan", "01 Feb"), ("01 Mar", "open")]),
        ([("2016-01-01", "2016-02-01"), ("2016-02-01", None)], [("01 Jan", "01 Feb"), ("01 Feb", "open")]),
        # Overlaps, nested plans and duplicates are one period, up to the last end.
        ([("2016-01-01", "2016-02-01"), ("2016-01-31", "2016-03-01")], [("01 Jan", "01 Mar")]),
        ([("2016-01-01", "2016-03-01"), ("2016-01-15", "2016-02-01")], [("01 Jan", "01 Mar")]),
        ([("2016-01-01", "2016-02-01"), ("2016-01-01", "2016-02-01")], [("01 Jan", "01 Feb")]),
        # Two that start on one day are one, though the first ended on that day.
        ([("2016-01-01", "2016-01-01"), ("2016-01-01", "2016-02-01")], [("01 Jan", "01 Feb")]),
        # A chain: the third starts before the first ends, after the second has ended.
        (
            [("2016-01-01", "2016-04-01"), ("2016-02-01", "2016-03-01"), ("2016-03-15", "2016-05-01")],
            [("01 Jan", "01 May")],
        ),
        # While a plan is open nothing later is a second plan.
        ([("2016-01-01", None), ("2016-03-01", "2016-04-01")], [("01 Jan", "open")]),
    ],
)
def test_what_is_one_period(plans, expected):
    assert spans(*plans) == expected
    assert spans(*reversed(plans)) == expected


@pytest.mark.parametrize(("washout_days", "n_periods"), [(0, 3), (1, 2), (29, 2), (30, 1)])
def test_a_plan_within_the_washout_continues_the_period(washout_days, n_periods):
    plans = [("2016-01-01", "2016-02-01"), ("2016-02-01", "2016-02-02"), ("2016-03-02", None)]
    assert len(spans(*plans, washout_days=washout_days)) == n_periods


def test_what_a_period_takes_from_its_plans():
    plans = records(
        ("2016-01-01", "2016-04-01", "EMO"), ("2016-02-01", "2016-03-01", "SAB"), ("2016-05-01", None, "PHY")
    )
    periods, period_of_plan = plan_periods(plans)
    assert periods["latest_category"].tolist() == ["EMO", "PHY"]
    assert periods["plan_id"].tolist() == ["p0", "p2"]
    assert periods["n_plans"].tolist() == [2, 1]
    assert periods["position"].tolist() == [0, 1]
    assert periods["next_start"].tolist() == [pd.Timestamp("2016-05-01"), pd.NaT]
    assert dict(period_of_plan.itertuples(index=False)) == {"p0": 0, "p1": 0, "p2": 1}


def test_children_are_apart():
    plans = pd.concat([records(("2016-01-01", "2016-02-01")), records(("2016-03-01", None)).assign(child=1)])
    periods, _ = plan_periods(plans)
    assert periods["position"].tolist() == [0, 0]
    assert periods["next_start"].isna().all()


def test_no_plans():
    periods, period_of_plan = plan_periods(records().astype({"start_date": "datetime64[us]"}))
    assert len(periods) == len(period_of_plan) == 0
