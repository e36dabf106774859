import numpy as np
import pandas as pd
import pytest

from secondplan.plans.cohort import build_cohort
from secondplan.synthetic import scenario
from secondplan.synthetic.population.drivers import interaction_column, linear_predictor
from secondplan.synthetic.scenarios.scenario_checks import DRIVERS


def test_the_cohort_computes_the_features_that_drove_the_hazard(england):
    plans, truth = england
    cohort = build_cohort(plans, index="every")
    rows = truth.frame.set_index("plan_id").index.get_indexer(cohort.keys["plan_id"])
    simulated = truth.features.iloc[rows].reset_index(drop=True)
    assert list(simulated.columns) == list(DRIVERS)
    # A sibling's plan that ended before the window is not in the store, but counted for plans that began before it.
    start = plans.plans.set_index("plan_id")["start_date"].loc[cohort.keys["plan_id"]]
    in_window = (start >= pd.Timestamp(scenario().first_date)).to_numpy()
    assert in_window.sum() > 15_000
    # A child not yet born at the extract counts as born on the expected day, which may have passed.
    unborn = plans.children.set_index("child_id")["date_of_birth"].isna().loc[cohort.keys["child_id"]].to_numpy()
    in_window = in_window & ~unborn
    for name in DRIVERS:
        ours, theirs = simulated[name][in_window], cohort.X[name][in_window]
        if name == "n_siblings_on_plan":
            first = (truth.frame["plan_number"].iloc[rows] == 1).to_numpy()[in_window]
            # A sibling may be back for a second plan while a child's long first plan goes on.
            assert (ours[first].astype(float) != theirs[first].astype(float)).mean() < 0.001
            # A child's second plan is simulated before a sibling's third, which it may overlap.
            assert (ours[~first].astype(float) != theirs[~first].astype(float)).mean() < 0.03
        elif isinstance(theirs.dtype, pd.CategoricalDtype):
            assert (ours.astype("string") == theirs.astype("string")).all(), name
        else:
            np.testing.assert_allclose(ours.astype(float), theirs.astype(float), atol=1e-12, err_msg=name)


def test_linear_predictor_by_hand():
    features = pd.DataFrame(
        {
            "age_at_end": [2.0, 10.0],
            "disabled": [True, False],
            "latest_category": pd.Categorical(["NEG", "EMO"], categories=["NEG", "PHY", "EMO"]),
        }
    )
    effects = {"age_at_end": -0.1, "disabled": 0.5, "latest_category": {"NEG": 0.3, "EMO": 0.2}, "severity": 9.0}
    np.testing.assert_allclose(linear_predictor(features, effects), [-0.2 + 0.5 + 0.3, -1.0 + 0.2])


def test_an_effect_of_a_feature_that_is_not_there_is_an_error():
    with pytest.raises(KeyError):
        linear_predictor(pd.DataFrame({"age_at_end": [1.0]}), {"disabled": 1.0})


def test_interactions_by_hand():
    features = pd.DataFrame(
        {
            "age_at_end": [2.0, 10.0, 4.0],
            "disabled": [True, True, False],
            "plan_length_band": pd.Categorical(["a", "a", "b"], categories=["a", "b"]),
        }
    )
    effects = {"age_at_end:disabled": 0.1, "plan_length_band:age_at_end<5": {"a": 0.3, "b": -0.2}}
    np.testing.assert_allclose(linear_predictor(features, effects), [0.2 + 0.3, 1.0, -0.2])
    column = interaction_column(features, "plan_length_band:age_at_end<5")
    assert column.tolist() == ["a", "none", "b"] and column.cat.categories[0] == "none"
    assert interaction_column(features, "age_at_end:disabled").tolist() == [2.0, 10.0, 0.0]
