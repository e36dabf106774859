"""The four estimators side by side."""

from dataclasses import replace

import pytest

import secondplan as sp

COLUMNS = ["age_at_start", "disabled", "factor_neglect", "factor_domestic_abuse", "n_previous_referrals"]


@pytest.fixture(scope="module")
def plans():
    return sp.simulate(n_children=2500, random_state=1)


@pytest.fixture(scope="module")
def cohort(plans):
    return sp.build_cohort(plans)


@pytest.fixture(scope="module")
def study(plans, cohort):
    asked = {"strategies": [sp.NotBefore(months=3)], "trial_times": [365]}
    return sp.effect_study(plans, cohort=cohort, adjust=COLUMNS, times=[365, 730], **asked)


def test_each_estimate_is_that_of_its_own_function(study, cohort):
    X = cohort.X.reset_index(drop=True)
    X = X.assign(age_at_start=X["age_at_end"] - X["plan_length_days"] / 365.25)
    weights = sp.plan_length_weights(
        X[COLUMNS], X["plan_length_band"], encoder=sp.FeatureEncoder(columns=COLUMNS, numeric_missing="median")
    )
    y = cohort.y.reset_index(drop=True)
    cluster = cohort.cluster.reset_index(drop=True)
    alone = sp.weighted_risk(y, X["plan_length_band"], weights, [365, 730], cluster=cluster)
    assert study.estimates["weighted"].table["estimate"].to_numpy() == pytest.approx(alone.table["estimate"].to_numpy())


def test_tables_have_every_method_and_level(study):
    n_levels = len(study.estimates["standardised"].levels)
    assert len(study.table) == len(study.estimates) * n_levels * 2
    assert len(study.differences) == len(study.estimates) * (n_levels - 1) * 2
    assert list(study.differences.columns[:4]) == ["method", "level", "reference", "time"]
    assert study.plot().get_xlabel().startswith("risk within 730 days")


def test_unadjusted_risks_that_are_small_counts_are_not_shown(study):
    unadjusted = study.estimates["unadjusted"]
    counts = unadjusted.counts.copy()
    counts[0], counts[1:] = 3, [[30, 40]] * (len(counts) - 1)
    few = replace(study, estimates=study.estimates | {"unadjusted": replace(unadjusted, counts=counts)})
    hidden = few.table[few.table["estimate"].isna()]
    # The small one, and one more on each day, as their sum is known.
    assert set(hidden["method"]) == {"unadjusted"} and hidden.groupby("time").size().tolist() == [2, 2]
    assert set(few.differences.loc[few.differences["estimate"].isna(), "method"]) == {"unadjusted"}
    assert "would reveal a number of 1 to 5" in few.words[0] and "percentage points" in few.words[1]
    assert "Unadjusted" in few.words[0] and few.plot().alt_text.count("unadjusted not known") >= 1


def test_words_say_what_was_found_and_assumed(study):
    assert any(
        line.startswith("Emulated trial: no ending before 3 months against natural course") for line in study.words
    )
    assert all(("beyond noise" in line) != ("no more than noise" in line) for line in study.words)
    assert len(study.assumptions) == len(set(study.assumptions)) > 4
    assert "Adjusted for: age_at_start" in repr(study) and "effects if" in study._repr_html_()


def test_progress_is_adjusted_for_as_it_was_found(plans, cohort):
    found = sp.effect_study(plans, cohort=cohort, adjust=["latest_progress"], strategies=None, times=[365])
    assert any("held as it was: latest progress." in line for line in found.assumptions)
    assert set(found.tipping.yardsticks["without"]) == {"the progress at the last review"}


def test_what_has_one_value_in_some_band_is_left_out_and_told(plans, cohort):
    X = cohort.X.copy()
    X.loc[X["plan_length_band"] == "over 3 to 6 months", "n_previous_episodes"] = 0
    asked = {"adjust": ["disabled", "n_previous_episodes"], "strategies": None, "times": [365]}
    with pytest.warns(UserWarning, match="not adjusted for, .* one value of it: n_previous_episodes;"):
        found = sp.effect_study(plans, cohort=replace(cohort, X=X), **asked)
    assert (found.adjusted_for, found.left_out) == (("disabled",), ("n_previous_episodes",))
    assert any("progress that reviews find is not adjusted for" in line for line in found.assumptions)


def test_a_yardstick_is_the_estimate_without_its_columns(study):
    found = study.tipping.yardsticks
    assert set(found["without"]) == {"domestic abuse and neglect", "earlier referrals"}
    assert (found["moved"] - (found["unadjusted"] - found["difference"])).abs().max() < 1e-12


LONG = ["1 to under 2 years", "2 years and over"]


def test_bands_with_few_children_can_be_joined(plans, cohort, study):
    asked = {"adjust": ["disabled"], "strategies": None, "times": [365], "yardsticks": {}}
    found = sp.effect_study(plans, cohort=cohort, bands={"1 year and over": LONG}, **asked)
    assert found.weights.levels[-2:] == ("over 6 months to under 1 year", "1 year and over")
    n, joined = (each.weights.effective_n.set_index("level")["n"] for each in (study, found))
    assert joined["1 year and over"] == n[LONG].sum() and joined.iloc[:-1].equals(n.iloc[:3])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"bands": {"long": ["1 to under 2 years", "ages"]}}, "bands: 'ages' is no band; these are: up to 3 months"),
        ({"bands": {"long": LONG[1]}}, "bands: 'long' must be a list of bands"),
        ({"bands": {"long": LONG, "longest": LONG[1:]}}, "bands: 2 years and over is joined twice"),
        ({"bands": {"ends": ["up to 3 months", LONG[1]]}}, "bands: only bands that follow each other"),
        (
            {"bands": {"up to 3 months": LONG}},
            "bands: up to 3 months is the name of one band",
        ),
        ({"adjust": ["none_such"]}, "columns of the cohort or age_at_start, got none_such"),
        ({"reference": "a week"}, "reference must be one of .* got 'a week'"),
        ({"yardsticks": {"drugs": ["factor_drugs"]}}, "drugs names what is not adjusted for: factor_drugs"),
    ],
)
def test_wrong_parameters_are_named(plans, cohort, changed, message):
    with pytest.raises(ValueError, match=message):
        sp.effect_study(plans, cohort=cohort, strategies=None, **{"adjust": COLUMNS} | changed)
