import numpy as np
import pandas as pd
import pytest

from secondplan.plans.sequence import plan_periods
from secondplan.synthetic import scenario, simulate, simulate_with_truth

FIRST, LAST = pd.Timestamp("2011-04-01"), pd.Timestamp("2018-03-31")


def test_exactly_so_many_children_each_with_a_plan_in_the_window(england):
    plans, _ = england
    assert len(plans.children) == 50_000
    assert set(plans.plans["child_id"]) == set(plans.children["child_id"])
    assert (plans.plans["start_date"] <= LAST).all()
    assert (plans.plans["end_date"].fillna(LAST) >= FIRST).all()


@pytest.mark.parametrize("n_children", [1, 2, 7])
def test_few_children(n_children):
    plans = simulate(n_children=n_children, random_state=5)
    assert len(plans.children) == n_children
    assert len(plans.extract) == 1


def test_the_same_seed_gives_the_same_data_and_another_seed_does_not():
    plans, truth = simulate_with_truth(n_children=300, random_state=4)
    again, truth_again = simulate_with_truth(n_children=300, random_state=4)
    assert plans.equals(again)
    pd.testing.assert_frame_equal(truth.frame, truth_again.frame)
    assert not plans.equals(simulate(n_children=300, random_state=5))


def test_refuses_what_cannot_be():
    with pytest.raises(ValueError, match="at least 1"):
        simulate(n_children=0)
    with pytest.raises(ValueError, match="unknown scenario"):
        simulate("atlantis", n_children=10)


def test_no_childs_plans_overlap(england):
    plans = england[0].plans.sort_values(["child_id", "start_date"])
    previous_end = plans.groupby("child_id")["end_date"].shift()
    is_later = plans["child_id"] == plans["child_id"].shift()
    assert is_later.sum() > 1000
    assert (plans["start_date"] > previous_end)[is_later].all()
    own = plans[~plans["other_authority"].astype(bool)].assign(child=lambda p: pd.factorize(p["child_id"])[0])
    periods, _ = plan_periods(own)
    assert len(periods) == len(own)


def test_dates_are_in_order(england):
    plans = england[0]
    ended = plans.plans.dropna(subset=["end_date"])
    assert (ended["end_date"] > ended["start_date"]).all()
    reviews = plans.reviews.merge(plans.plans, on="plan_id")
    assert (reviews["review_date"] > reviews["start_date"]).all()
    assert (reviews["review_date"] <= reviews["end_date"].fillna(LAST)).all()
    assert (reviews.groupby("plan_id")["review_date"].diff().dropna() > pd.Timedelta(0)).all()
    for table, start, end in (
        ("cin_episodes", "referral_date", "closure_date"),
        ("assessments", "start_date", "authorisation_date"),
        ("care_episodes", "start_date", "end_date"),
        ("involvements", "start_date", "end_date"),
        ("conferences", "section47_start", "conference_date"),
    ):
        frame = getattr(plans, table)
        assert (frame[end].dropna() >= frame.loc[frame[end].notna(), start]).all(), table
        assert (frame[start] <= LAST).all() and (frame[end].dropna() <= LAST).all(), table


def test_conferences_are_on_weekdays(england):
    plans = england[0]
    for dates in (plans.plans["start_date"], plans.reviews["review_date"], plans.conferences["conference_date"]):
        assert dates.dt.day_of_week.max() == 4


def test_every_plan_lies_in_an_episode_of_need(england):
    plans = england[0]
    pairs = plans.plans.merge(plans.cin_episodes, on=["la_code", "child_id"])
    held = pairs[
        (pairs["referral_date"] <= pairs["start_date"])
        & ~(pairs["closure_date"] < pairs["end_date"].fillna(pd.Timestamp.max.floor("D")))
    ]
    assert held["plan_id"].is_unique
    assert set(held["plan_id"]) == set(plans.plans["plan_id"])


def test_episodes_and_care_of_a_child_do_not_overlap(england):
    plans = england[0]
    for table, start, end in (
        ("cin_episodes", "referral_date", "closure_date"),
        ("care_episodes", "start_date", "end_date"),
    ):
        frame = getattr(plans, table).sort_values(["child_id", start])
        before = frame.groupby("child_id")[end].shift()
        later = frame["child_id"] == frame["child_id"].shift()
        assert later.sum() > 20
        assert (frame[start] >= before)[later].all(), table


def test_nobody_is_on_a_plan_in_care_or_after_18_or_after_death(england):
    plans = england[0]
    care = plans.plans.merge(plans.care_episodes, on="child_id", suffixes=("", "_care"))
    in_care = (care["start_date"] < care["end_date_care"].fillna(LAST)) & (care["start_date_care"] < care["end_date"])
    assert not in_care.any()
    rows = plans.plans.merge(plans.children, on=["la_code", "child_id"])
    end = rows["end_date"].fillna(LAST)
    birth = rows["date_of_birth"].fillna(rows["expected_date_of_birth"])
    assert ((end - birth).dt.days <= 18 * 365.25 + 1).all()
    assert not (end > rows["date_of_death"]).any()
    assert rows["date_of_death"].notna().any()


def test_nobody_comes_back_after_moving_away(england):
    plans = england[0]
    moves = plans.cin_episodes[(plans.cin_episodes["closure_reason"] == "RC5").fillna(False)]
    later = plans.plans.merge(moves, on="child_id")
    assert len(later) > 500
    assert not (later["start_date"] > later["closure_date"]).any()


def test_unborn_children_have_an_expected_date(england):
    plans = england[0]
    children = plans.children.set_index("child_id")
    first = plans.plans.groupby("child_id")["start_date"].min().loc[children.index]
    unborn = children["date_of_birth"].isna() | (children["date_of_birth"] > first)
    assert 0.02 < unborn.mean() < 0.2
    assert children.loc[unborn[unborn].index, "expected_date_of_birth"].notna().mean() > 0.99
    assert (children.loc[children["date_of_birth"].isna(), "sex"] == "0").all()
    assert children["date_of_birth"].isna().any()


def test_previous_plans_continue_the_history_before_the_window(england):
    plans = england[0].plans.sort_values(["child_id", "start_date"])
    place = plans.groupby("child_id").cumcount()
    hidden = plans["previous_plans_reported"].astype(int) - place
    assert (hidden >= 0).all()
    assert (hidden.groupby(plans["child_id"]).nunique() == 1).all()
    share = (hidden.groupby(plans["child_id"]).first() > 0).mean()
    assert 0.03 < share < 0.2


def test_siblings_start_and_often_end_together(england):
    plans, truth = england
    frame = truth.frame.assign(start=plans.plans["start_date"], end=plans.plans["end_date"])
    first = frame[(frame["plan_number"] == 1) & frame["end"].notna() & (frame["start"] >= FIRST)]
    family = first.groupby("family_id")
    starts, ends, size = family["start"].nunique(), family["end"].nunique(), family.size()
    several = size > 1
    assert several.sum() > 2000
    assert 0.75 < (starts[several] == 1).mean() < 0.97
    assert 0.4 < (ends[several] == 1).mean() < 0.9


def test_siblings_come_back_together_more_often_than_chance(england):
    plans, truth = england
    frame = truth.frame.assign(start=plans.plans["start_date"])
    second = frame[frame["plan_number"] == 2]
    family = second.groupby("family_id")
    several = family.size() > 1
    same_day = (family["start"].nunique() == 1)[several]
    assert several.sum() > 200
    assert same_day.mean() > 0.4


def test_what_is_claimed_to_be_independent_is(england):
    """Sex, ethnicity, disability, authority effects, severity and frailty have nothing to do with each other."""
    plans, truth = england
    first = truth.frame.drop_duplicates("child_id")
    children = plans.children.set_index("child_id").loc[first["child_id"]]
    one = first.drop_duplicates("family_id").index
    columns = pd.DataFrame(
        {
            "severity": first["severity"].to_numpy(),
            "frailty": first["log_frailty"].to_numpy(),
            "authority": first["authority_log_hazard"].to_numpy(),
            "male": (children["sex"] == "1").to_numpy(),
            "white": children["ethnicity"].str.startswith("W").to_numpy(),
            "disabled": (children["disabilities"] != "NONE").to_numpy(),
        },
        index=first.index,
    ).loc[one]
    correlation = columns.astype(float).corr().to_numpy().copy()
    np.fill_diagonal(correlation, 0)
    # Being in the window depends weakly on severity and frailty, hence twice the bound of independent samples.
    assert np.abs(correlation).max() < 8 / np.sqrt(len(columns))


def test_censoring_by_the_extract_has_nothing_to_do_with_what_drives_the_hazard(england):
    """Of plans that ended at a review, as far as the day on which they ended has not: entries grow, nothing else."""
    plans, truth = england
    ended = plans.plans["end_date"].between("2013-04-01", "2018-03-31") & (truth.frame["plan_number"] == 1)
    ended &= truth.frame["incidence_365"].notna()
    frame = truth.frame[ended].drop_duplicates("family_id")
    features = truth.features.loc[frame.index]
    columns = [frame["severity"], frame["log_frailty"], features["disabled"], features["factor_drugs"]]
    n = len(frame)
    assert n > 5000
    for column in columns:
        correlation = np.corrcoef(frame["follow_up_days"], column.astype(float))[0, 1]
        assert abs(correlation) < 4 / np.sqrt(n)


def test_dependence_that_is_claimed_is_there(england):
    """Severe cases stay longer on plans; siblings share severity; without a share of the family they do not."""
    plans, truth = england
    frame = truth.frame.assign(days=(plans.plans["end_date"] - plans.plans["start_date"]).dt.days)
    reviewed = frame[(frame["end_reason"] == "review").fillna(False)]
    assert np.corrcoef(reviewed["severity"], np.log(reviewed["days"]))[0, 1] > 0.1

    def sibling_correlation(frame):
        first = frame.drop_duplicates("child_id").groupby("family_id")["severity"]
        two = first.size() >= 2
        return np.corrcoef(first.first()[two], first.last()[two])[0, 1]

    assert abs(sibling_correlation(truth.frame) - 0.7) < 0.05
    _, alone = simulate_with_truth(scenario().replace(severity_family_share=0.0), n_children=5000, random_state=1)
    assert abs(sibling_correlation(alone.frame)) < 0.1


def test_small_data_have_few_authorities_with_codes_that_no_real_one_has():
    plans = simulate(n_children=2000, random_state=0)
    codes = set(plans.children["la_code"])
    assert len(codes) == 5
    assert all(501 <= int(code) <= 650 for code in codes)


def test_metadata_hold_every_true_parameter():
    plans = simulate(n_children=20, random_state=9)
    assert plans.metadata["scenario"] == scenario().to_dict()
    assert plans.metadata["seed"] == 9
