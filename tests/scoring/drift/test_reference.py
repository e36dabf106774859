import json

import numpy as np
import pandas as pd
import pytest

import secondplan as sp
from secondplan.errors import BundleError
from secondplan.scoring.drift import TrainingProfile


def test_it_says_every_feature_and_the_predicted_risk(watched):
    names = [column.name for column in watched.profile.columns]
    assert names == [*watched.model.encoder_.columns_, "predicted risk"]
    assert all(column.sample.counts.sum() == len(watched.training) for column in watched.profile.columns)


def test_no_bin_holds_one_to_nine_children(watched):
    counts = np.concatenate([column.sample.counts for column in watched.profile.columns])
    assert counts[counts > 0].min() >= 10


def test_neither_the_lowest_nor_the_highest_value_is_kept(watched):
    length = watched.profile.columns[0]
    values = watched.training.X["plan_length_days"]
    assert values.min() < length.edges[0]
    assert length.edges[-1] < values.max()


def test_few_missing_values_and_rare_levels_are_hidden_among_others(watched):
    X = watched.training.X.copy()
    X.loc[X.index[:3], "age_at_end"] = np.nan
    X["initial_category"] = X["initial_category"].astype("string").where(np.arange(len(X)) > 4, "RARE")
    cohort = watched.training
    cohort = type(cohort)(X, cohort.y, cohort.keys, cohort.eligible_days, cohort.flow, cohort.care, cohort.as_of)
    columns = ["age_at_end", "initial_category"]
    encoder = sp.FeatureEncoder(columns=columns, numeric_missing="median", categorical_missing="level")
    model = sp.CoxPH(alpha=1.0, encoder=encoder)
    model.fit(X, cohort.y)
    profile = {column.name: column for column in sp.training_profile(model, cohort).columns}
    assert profile["age_at_end"].sample.counts[-1] == 0
    assert "RARE" not in profile["initial_category"].levels
    counts = np.concatenate([column.sample.counts for column in profile.values()])
    assert counts[counts > 0].min() >= 10


def test_it_is_saved_with_the_model_and_comes_back_whole(watched, tmp_path):
    loaded = sp.load_model(watched.model.save(tmp_path / "model"))
    again = TrainingProfile.from_plain(loaded.training_profile_)
    assert json.dumps(again.to_plain()) == json.dumps(watched.profile.to_plain())


def test_a_new_fit_forgets_it(watched):
    model = sp.CoxPH(encoder=sp.FeatureEncoder(columns=["age_at_end"]))
    model.fit(watched.training.X, watched.training.y)
    sp.training_profile(model, watched.training, keep=True)
    model.fit(watched.training.X, watched.training.y)
    assert not hasattr(model, "training_profile_")


@pytest.mark.parametrize("tree", [{}, {"columns": [{}]}, {"columns": 3}])
def test_what_is_no_profile_is_refused(tree):
    with pytest.raises(BundleError, match="training profile"):
        TrainingProfile.from_plain(tree)


def test_bins_take_what_files_hold(watched):
    column = watched.profile.columns[0]
    numbers = pd.Series([10.0, 5000.0, np.nan])
    assert column.bins(numbers).tolist() == column.bins(numbers.astype("string")).tolist()
