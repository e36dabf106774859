"""What is written as Annex A comes back as the same cohort, as far as the format holds the facts."""

import pandas as pd
import pytest

from secondplan.plans import build_cohort, read_annex_a
from secondplan.synthetic import scenario, simulate, write_annex_a
from secondplan.synthetic.writers.annex_a import half_years


@pytest.fixture(scope="module")
def plans():
    return simulate(scenario("england-2018"), n_children=250, random_state=5)


def test_half_years_cover_the_window():
    extract = pd.DataFrame({"first_date": [pd.Timestamp("2016-04-01")], "extract_date": [pd.Timestamp("2018-03-31")]})
    days = [f"{day:%Y-%m-%d}" for day in half_years(extract)]
    assert days == ["2016-09-30", "2017-03-31", "2017-09-30", "2018-03-31"]


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_the_cohort_comes_back(plans, form, tmp_path):
    code = sorted(plans.plans["la_code"].unique())[0]
    written = [path for path in write_annex_a(plans, tmp_path, form=form) if f"_{code}_" in path.name]
    found, report = read_annex_a(written, la_code=code)
    ours = plans.plans[plans.plans["la_code"] == code].sort_values(["child_id", "start_date"])
    # One row per child: a plan that ended within six months before the next is seen without its end, or not at all.
    follows = ours.groupby("child_id")["start_date"].shift(-1)
    is_hidden = follows < ours["end_date"] + pd.Timedelta(days=184)
    shown = ours[~is_hidden]
    columns = ["child_id", "start_date", "end_date", "initial_category", "latest_category", "previous_plans_reported"]
    known = found.plans.merge(shown[["child_id", "start_date"]], on=["child_id", "start_date"])
    assert len(shown) > 0.95 * len(ours)
    pd.testing.assert_frame_equal(
        known[columns].sort_values(["child_id", "start_date"], ignore_index=True), shown[columns].reset_index(drop=True)
    )
    mine, theirs = build_cohort(plans), build_cohort(found)
    keys = ["child_id", "index_end"]
    expected = mine.y.set_index(pd.MultiIndex.from_frame(mine.keys[keys]))[mine.keys["la_code"].to_numpy() == code]
    got = theirs.y.set_index(pd.MultiIndex.from_frame(theirs.keys[keys]))
    hidden = set(ours.loc[is_hidden, "child_id"])
    both = [key for key in expected.index.intersection(got.index) if key[0] not in hidden]
    assert len(both) > 0.9 * len(expected)
    # Deaths are in no list.
    same = expected.loc[both][expected.loc[both, "event"] != 3]
    assert (got.loc[same.index] == same).all(axis=1).mean() > 0.98
    assert not set(report.findings["code"]) & {"date-unreadable", "code-unknown", "year-missing"}
