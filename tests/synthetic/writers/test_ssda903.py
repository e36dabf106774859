"""What is written as SSDA903 gives back the periods in care, and with a census the cohort of the whole data."""

import dataclasses

import pandas as pd

from secondplan.plans import add_care_episodes, build_cohort, read_cin_census
from secondplan.synthetic import scenario, simulate, write_cin_census, write_ssda903


def test_census_and_return_together_give_the_cohort(tmp_path, told_by_census):
    plans = simulate(scenario("england-2018"), n_children=250, random_state=5)
    code = sorted(plans.plans["la_code"].unique())[0]
    census = [path for path in write_cin_census(plans, tmp_path / "census").paths if f"_{code}_" in path.name]
    write_ssda903(plans, tmp_path / "care")
    returns = sorted((tmp_path / "care").glob(f"ssda903_{code}_*"))
    found, report = add_care_episodes(read_cin_census(census)[0], returns)

    first = plans.extract["first_date"].min()
    ours = plans.care_episodes[plans.care_episodes["la_code"] == code]
    ours = ours[
        (ours["end_date"].isna() | (ours["end_date"] >= first)) & ours["child_id"].isin(found.children["child_id"])
    ]
    keys = ["child_id", "start_date"]
    # Of a period that began before the first return only the episodes that were still open then are in it.
    got = found.care_episodes
    pd.testing.assert_frame_equal(
        got[got["start_date"] >= first].sort_values(keys, ignore_index=True),
        ours[ours["start_date"] >= first].sort_values(keys, ignore_index=True),
    )
    assert len(got) == len(ours)
    assert not set(report.findings["code"]) & {"birth-date-differs", "care-not-covered", "date-unreadable"}

    told = dataclasses.replace(plans, children=told_by_census(plans))
    mine, theirs = build_cohort(told), build_cohort(found)
    keys = ["child_id", "index_end"]
    is_here = (mine.keys["la_code"] == code).to_numpy()
    expected = mine.y[is_here].set_index(pd.MultiIndex.from_frame(mine.keys.loc[is_here, keys])).sort_index()
    got = theirs.y.set_index(pd.MultiIndex.from_frame(theirs.keys[keys])).sort_index()
    assert (expected["event"] == 2).sum() > 3
    pd.testing.assert_frame_equal(got.loc[expected.index], expected)
