import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest

import secondplan as sp

STRATEGIES = [sp.NotBefore(months=3), sp.NotBefore(months=6), sp.EndBy(months=12)]


@pytest.fixture(scope="module")
def trial(two_authorities):
    return sp.emulate_trial(two_authorities, STRATEGIES, times=[365, 730])


def test_it_says_who_takes_part_and_what_is_emulated(trial):
    flow = trial.flow
    assert flow["n_remaining"].iloc[0] - flow["n_left_out"].sum() == flow["n_remaining"].iloc[-1]
    assert trial.risk.n_children == flow["n_remaining"].iloc[-1]
    assert "started before the extract begins" in set(flow["step"])
    assert trial.protocol["component"].tolist()[:2] == ["eligibility", "strategies"]
    assert trial.risk.levels[0] == "natural course"


def test_one_authority_is_no_cluster_to_know_errors_from():
    plans = sp.simulate(n_children=150, random_state=3)
    with pytest.raises(ValueError, match="needs two authorities or more for errors, the data hold one"):
        sp.emulate_trial(plans, STRATEGIES, cluster="la_code")


def test_the_natural_course_is_aalen_johansen_from_the_start(trial):
    people = trial.emulation.known.people
    peer = sp.aalen_johansen(people.stop.astype(float), people.event, cluster=people.cluster).at(
        [365.0, 730.0], event=1
    )
    own = trial.risk.table.iloc[:2]
    assert np.allclose(own["estimate"], peer["estimate"], atol=1e-12)
    assert np.allclose(own["std_error"], peer["std_error"], rtol=1e-9)


def test_weights_are_one_on_average_per_child(trial):
    weights = trial.weights
    assert np.allclose(weights["mean_per_child"], 1.0, atol=0.06)
    assert (weights["largest"][weights["strategy"] == "natural course"] == 1.0).all()


def test_balance_is_better_after_weighting(trial):
    balance = trial.balance[trial.balance["review"] == "1"]
    sizes = balance.groupby("strategy")[["before", "after"]].agg(lambda x: np.sqrt(np.mean(x**2)))
    assert (sizes["after"] < sizes["before"])["no ending before 3 months"]


def test_a_policy_curve_goes_through_the_trial(trial):
    curve = sp.policy_curve(trial, months=[3, 6])
    table = curve.table
    own = trial.risk.table
    for months, place in ((3.0, 1), (6.0, 2)):
        found = table[table["months"] == months]
        assert np.allclose(found["estimate"], own["estimate"][2 * place : 2 * place + 2], atol=1e-9)
        assert np.allclose(found["std_error"], own["std_error"][2 * place : 2 * place + 2], atol=1e-9)
    with pytest.raises(ValueError, match="at most 12"):
        sp.policy_curve(trial, months=[3, 15])


def test_days_lost_are_the_area_of_the_curve(trial):
    lost = trial.risk.time_lost(700.5)
    risk = trial.found.risk
    assert np.allclose(lost["estimate"], risk[:, :700].sum(axis=1) + 0.5 * risk[:, 700])
    assert (lost["std_error"] > 0).all()
    with pytest.raises(ValueError, match="until must be at most 730"):
        trial.risk.time_lost(800)


def test_draws_give_intervals(two_authorities):
    found = sp.emulate_trial(two_authorities, [sp.NotBefore(3)], times=[365], bootstrap=3, n_jobs=2)
    assert found.risk.draws.shape == (3, 2, 1)
    assert found.risk.time_lost(365)["std_error"].notna().all()


def test_cut_weights_are_no_larger(two_authorities):
    found = sp.emulate_trial(two_authorities, [sp.NotBefore(6)], times=[365], truncate=1.5)
    assert found.weights["largest"].max() == 1.5
    assert found.weights["share_cut"].max() > 0


def test_covariates_are_chosen_by_name(two_authorities, trial):
    names = trial.covariates["covariate"].tolist()
    assert {"age_at_end", "n_worker_changes", "la_code"} <= set(names)
    known = trial.covariates.set_index("covariate")["known"]
    assert known["n_worker_changes"] == "at each review" and known["sex"] == "at the start"
    few = sp.emulate_trial(two_authorities, STRATEGIES[:1], covariates=["sex"], times=[60])
    assert set(few.weights["day"]) == {60}, "the last day, where none of the usual days is followed"
    assert few.covariates.set_index("covariate")["in_weights"].sum() == 1
    # What is not in the models of the weights is still looked at.
    assert set(few.balance["in_weights"]) == {True, False}
    with pytest.raises(ValueError, match="time stands for it"):
        sp.emulate_trial(two_authorities, covariates=["plan_length_days"])
    with pytest.raises(ValueError, match="no covariate has this name"):
        sp.emulate_trial(two_authorities, covariates=["star_sign"])


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"strategies": []}, "strategies must be a list"),
        ({"strategies": ["3 months"]}, "strategies must be a list"),
        ({"strategies": [sp.NotBefore(3), sp.NotBefore(3)]}, "must differ"),
        ({"strategies": [sp.EndBy(12, grace_days=5)]}, "EndBy has 5 days of grace, the trial 14"),
        ({"grace_days": -1}, "grace_days must be a whole number"),
        ({"times": [365, 365]}, "ascending"),
        ({"times": ["a year"]}, "whole days"),
        ({"truncate": 0}, "truncate must be"),
        ({"bootstrap": 1}, "bootstrap must be"),
        ({"cluster": "street"}, "cluster must be one of"),
    ],
)
def test_wrong_choices_are_refused(two_authorities, options, words):
    with pytest.raises(ValueError, match=words):
        sp.emulate_trial(two_authorities, **options)


def test_it_draws_itself(trial):
    for draw in (trial.plot, trial.plot_weights, trial.plot_balance, sp.policy_curve(trial, [3]).plot):
        assert isinstance(draw(), mpl.axes.Axes)
    assert "natural course" in repr(trial) and "Plans of every kind" in trial._repr_html_()


def test_a_negative_control_with_the_trials_own_outcome_is_the_trial(trial):
    # Of children whom neither care nor anything but the end of observation parts from it.
    people = trial.emulation.known.people
    again = people.event == 1
    rows = people.rows[again]
    date = rows["start_date"] + pd.to_timedelta(people.stop[again], unit="D")
    found = sp.negative_control(trial, rows[["la_code", "child_id"]].assign(date=date))
    python_days = sp.negative_control(trial, rows[["la_code", "child_id"]].assign(date=date.dt.date))
    assert np.array_equal(python_days.risk, found.risk)
    # Children in care stay at risk here, so that risks are somewhat lower.
    assert np.all(found.risk[0] <= trial.risk.risk[0] + 1e-12)
    assert np.allclose(found.risk, trial.risk.risk, rtol=0.25)
    assert (found.table["std_error"] > 0).all()


def test_a_negative_control_needs_its_columns(trial):
    rows = trial.emulation.known.people.rows[["la_code", "child_id"]]
    with pytest.raises(ValueError, match="without date"):
        sp.negative_control(trial, rows)
    with pytest.raises(ValueError, match="no child of the trial"):
        sp.negative_control(trial, rows.assign(date=pd.NaT))
    with pytest.raises(ValueError, match="one row per child"):
        sp.negative_control(trial, pd.concat([rows, rows]).assign(date=pd.Timestamp("2015-01-01")))


def test_the_picture_has_the_children_who_follow_each_strategy_beneath(trial):
    axes = trial.plot()
    beneath = [text.get_text() for text in axes.texts]
    counts = trial.weights.query("day == 365")["copies"]
    assert set(trial.risk.levels) <= set(beneath) and {f"{count:,}" for count in counts} <= set(beneath)
