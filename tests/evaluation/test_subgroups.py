"""Metrics by group of children: by hand, identities, and what may not be worked out."""

from dataclasses import replace
from math import erfc
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.special import stdtr, stdtrit

from secondplan.evaluation import compare_models
from secondplan.evaluation.subgroup_result import Subgroups
from secondplan.evaluation.subgroups import Rules, _withheld, measure_subgroups
from secondplan.models.metrics import evaluate_risks

RATIO = "observed_expected"
FEW = {"min_children": 6, "min_events": 6}


@pytest.fixture(scope="module")
def comparison(cohort, by_group):
    return compare_models({"disabled": by_group()}, cohort, folds=3)


def by_hand(family, event=None, entry=None):
    """12 children of group a, 6 with a second plan by day 10; 24 of group b, 6; all with a risk of a quarter."""
    event = np.r_[np.repeat([1, 2], 6), np.repeat([1, 2], [6, 18])] if event is None else event
    y = pd.DataFrame({"duration": np.full(36, 10.0), "event": event})
    return SimpleNamespace(
        table=pd.DataFrame(index=["ours"]),
        predictions=pd.DataFrame({"model": "ours", "row": np.arange(36), "risk_20": 0.25}),
        cohort=Cohortlike(y, np.asarray(family)),
    )


class Cohortlike:
    X = pd.DataFrame({"letter": np.repeat(["a", "b"], [12, 24])})
    keys = X[[]]

    def __init__(self, y, family):
        self.y, self.cluster = y, family

    def __len__(self):
        return len(self.y)


def measured(given, by="letter", **changes):
    wanted = {"model": None, "metrics": [RATIO], "times": [20], "level": 0.95} | FEW | changes
    return measure_subgroups(given, by, **wanted)


def test_ratio_and_difference_by_hand():
    table = measured(by_hand(np.arange(36))).table.set_index("group")
    assert table["estimate"].tolist() == pytest.approx([4 / 3, 2, 1])
    assert table["std_error"]["a"] == pytest.approx(np.sqrt(12 * 0.25 / 0.25**2) / 12)
    assert table["std_error"]["b"] == pytest.approx(np.sqrt(24 * 0.1875 / 0.25**2) / 24)
    assert table["difference"].tolist()[1:] == pytest.approx([1, -1]) and table["rest"]["a"] == pytest.approx(1)
    # log 2 with a variance of (0.577 / 2)^2 + 0.354^2 has z = 1.5186 and p = 0.1289; two groups are corrected for.
    assert table["p_value"]["a"] == pytest.approx(0.128865, abs=1e-5)
    assert table["p_adjusted"].tolist()[1:] == pytest.approx([0.25773, 0.25773], abs=1e-5)
    assert (table["difference_lower"] < 0)["a"] and np.isnan(table["difference"]["all"])


def test_differences_that_rest_on_few_second_plans_are_judged_by_student(comparison):
    table = comparison.subgroups("sex", model="disabled").table.set_index(["group", "metric"])
    row = table.loc[("male", "calibration_slope")]
    error = np.hypot(row["std_error"], table.loc[("female", "calibration_slope"), "std_error"])
    freedom = table.loc[["male", "female"], "n_events"].min() - 1
    # Siblings share outcomes here no more than others do, so that the errors add up nearly.
    assert row["p_value"] == pytest.approx(2 * stdtr(freedom, -abs(row["difference"]) / error), rel=0.1)
    assert row["difference_upper"] - row["difference"] == pytest.approx(stdtrit(freedom, 0.975) * error, rel=0.1)


def test_families_in_both_groups_make_the_difference_surer():
    apart = measured(by_hand(np.arange(36))).table.set_index("group").loc["a"]
    # Each of the six with a second plan in a has a sibling in b who has one too.
    family = np.arange(36)
    family[12:18] = np.arange(6)
    together = measured(by_hand(family)).table.set_index("group").loc["a"]
    assert together["std_error"] == pytest.approx(apart["std_error"])
    shared = 6 * 0.5 * 0.75 / (0.25**2 * 12 * 24)  # covariance of the two ratios
    z = np.log(2) / np.sqrt(1 / 12 + 1 / 8 - 2 * shared / (2 * 1))
    assert together["p_value"] == pytest.approx(erfc(z / np.sqrt(2)))
    assert together["difference_lower"] > apart["difference_lower"]


def test_a_group_that_is_everybody_is_the_whole(cohort, comparison):
    table = comparison.subgroups({"all of them": np.full(len(cohort), "x")}, model="disabled").table
    numbers = ["n", "n_events", "estimate", "std_error", "lower", "upper"]
    whole, group = table[table["group"] == "all"], table[table["group"] == "x"]
    assert group[numbers].to_numpy().tolist() == whole[numbers].to_numpy().tolist()
    stated = comparison.table.loc["disabled"]
    for metric, column in ((RATIO, "observed_expected_730"), ("auc", "auc_730"), ("brier", "brier_730")):
        row = whole.set_index("metric").loc[metric]
        assert [row["estimate"], row["lower"]] == pytest.approx([stated[column], stated[f"{column}_lower"]])


@pytest.mark.parametrize("delayed", [False, True])
def test_a_group_and_the_rest_are_measured_on_their_own_rows(delayed, cohort, cohort_with_delayed_entry, comparison):
    given = replace(comparison, cohort=cohort_with_delayed_entry if delayed else cohort)
    table = given.subgroups("sex", model="disabled", metrics=["brier", RATIO]).table.set_index(["group", "metric"])
    own = given.predictions[given.predictions["model"] == "disabled"]
    for group, column in (("male", "estimate"), ("female", "rest")):
        part = own[(cohort.X["sex"].iloc[own["row"]] == group).to_numpy()]
        y, family = (of.iloc[part["row"]].reset_index(drop=True) for of in (given.cohort.y, given.cohort.cluster))
        risk = part["risk_730"].to_numpy()
        direct = evaluate_risks({"m": risk}, y, [730], metrics=["brier", RATIO], cluster=family)
        expected = direct.table[direct.table["model"] == "m"].set_index("metric")
        for metric in ("brier", RATIO):
            assert table.loc[("male", metric), column] == pytest.approx(expected.loc[metric, "estimate"])
    counts = table.xs(RATIO, level="metric")["n"]
    assert counts["male"] + counts["female"] == counts["all"] == len(cohort)


def test_children_who_were_tested_twice_count_once(comparison):
    twice = replace(comparison, predictions=pd.concat([comparison.predictions] * 2))
    metrics = ["brier", "auc", RATIO]
    once, again = (given.subgroups("sex", model="disabled", metrics=metrics).table for given in (comparison, twice))
    pd.testing.assert_frame_equal(once, again)


def test_groups_that_the_model_tells_apart_are_calibrated_and_others_are_found(cohort, comparison):
    table = comparison.subgroups("disabled", model="disabled", metrics=[RATIO]).table
    assert abs(table["estimate"] - 1).max() < 0.05 and (table["p_adjusted"].dropna() > 0.5).all()
    average = comparison.subgroups("disabled", model="AalenJohansen", metrics=[RATIO, "calibration_slope"])
    assert average.table.loc[average.table["metric"] == RATIO, "p_adjusted"].max() < 0.001
    assert average.worst_gap["group"] == "Disabled" and average.worst_gap["gap"] > 1.2
    first = average.sentences[0]
    assert first.startswith("Disabled children: observed 1.") and " times expected, 1." in first
    assert first.endswith("not explained by chance at 5 % after correction for 2 groups")
    assert average.summary[0] in repr(average) and "Disabled" in average._repr_html_()
    assert len(average.plot().get_yticklabels()) == 3


def test_what_is_missing_is_a_group_and_small_groups_are_named_only(cohort, comparison):
    sex = cohort.X["sex"].mask(np.arange(len(cohort)) % 5 == 0)
    given = replace(comparison, cohort=replace(cohort, X=cohort.X.assign(sex=sex)))
    found = given.subgroups(["sex", "la_code"], model="disabled")
    table = found.table[found.table["metric"] == RATIO].set_index("group")
    assert table.loc["not recorded", "n"] == 240
    assert table.loc["Dudley", "note"] == "fewer than 100 children"
    assert table.loc["Dudley", ["estimate", "difference"]].isna().all()
    assert found.sentences[-1].endswith("authority: Dudley.") and "Children of Birmingham: " in str(found.sentences)


def test_a_group_that_is_not_followed_for_so_long_is_named_only(cohort, comparison):
    boys = (cohort.X["sex"] == "male").to_numpy()
    is_late = boys & (cohort.y["duration"] > 600).to_numpy()
    y = cohort.y.assign(duration=cohort.y["duration"].mask(is_late, 600), event=cohort.y["event"].mask(is_late, 0))
    found = replace(comparison, cohort=replace(cohort, y=y)).subgroups("sex", model="disabled")
    table = found.table[found.table["metric"] == RATIO].set_index("group")
    assert table.loc["male", "note"] == "not followed for so long" and np.isnan(table.loc["male", "estimate"])
    assert table.loc["female", "estimate"] > 0 and np.isnan(table.loc["female", "p_value"])
    assert found.summary[-1].endswith("sex: male.")


@pytest.mark.parametrize(
    ("n", "n_events", "hidden"),
    [
        ([200, 50, 60], [20, 3, 4], [False, True, True]),
        ([200, 50, 400], [20, 3, 40], [True, True, False]),
        ([200, 50, 60], [20, 3, 0], [True, True, False]),
        ([200, 80], [20, 6], [False, False]),
        ([200, 4, 90], [20, 0, 6], [False, True, True]),  # the number of children would follow too
        ([200, 50, 90], [20, 48, 30], [True, True, False]),  # and the two without a second plan
        ([3], [3], [True]),
    ],
)
def test_small_counts_cannot_be_worked_out_from_the_total(n, n_events, hidden):
    found, notes = _withheld(np.array([n, n_events]).T, Rules((RATIO,), 0.95, 100, 10))
    assert found.tolist() == hidden
    assert all(note for note, few in zip(notes, np.array(n_events) < 10, strict=True) if few)


def test_where_a_count_is_withheld_nothing_is_shown_from_which_it_follows():
    event = np.r_[np.repeat([1, 2], [9, 3]), np.repeat([1, 2], 12)]
    shown = measured(by_hand(np.arange(36), event), metrics=["brier", RATIO]).table.set_index(["group", "metric"])
    # Three of a had no second plan: nothing of a is shown, and of b only what does not tell how common one is.
    assert shown.loc[["a", "b"], "n"].eq("c").all() and shown.loc["a", "estimate"].isna().all()
    assert np.isnan(shown.loc[("b", "brier"), "estimate"]) and shown.loc[("b", RATIO), "estimate"] == pytest.approx(2)


def test_what_cannot_be_measured_is_an_error(comparison):
    for wrong, message in (
        ({"model": "other"}, "other is not in the comparison; it has disabled, AalenJohansen"),
        ({"times": [100]}, "day 100 is not in the comparison"),
        ({"min_events": 5}, "must be above 5, got 100 and 5"),
        ({"metrics": ["d_calibration"]}, "metrics must be some of brier"),
        ({"by": "hair"}, "the cohort has no column hair"),
        ({"by": {"team": ["x"]}}, "team has 1 labels, expected one for each of 1200 children"),
        ({"by": "noise"}, "noise has more than 400 values"),
    ):
        with pytest.raises(ValueError, match=message):
            comparison.subgroups(**wrong)
    with pytest.raises(ValueError, match="without its cohort"):
        replace(comparison, cohort=None).subgroups()


def test_without_groups_to_compare_that_is_said():
    table = measured(by_hand(np.arange(36)), min_children=30).table
    found = Subgroups("ours", table, 0.95, 30, 6)
    assert found.worst_gap is None and found.summary == (
        "Too few to say (fewer than 30 children or 6 second plans, or followed too briefly): letter: a; letter: b.",
    )
