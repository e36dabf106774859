"""One model of plans that ended before 2016, and what became known in the two years after."""

from types import SimpleNamespace

import pytest

import secondplan as sp

FEATURES = ["plan_length_days", "age_at_end", "initial_category", "factor_drugs", "n_siblings_on_plan"]


@pytest.fixture(scope="package")
def watched():
    plans = sp.simulate("england-2018", n_children=4000, random_state=6)
    training = sp.build_cohort(plans, as_of="2016-03-31")
    encoder = sp.FeatureEncoder(columns=FEATURES, numeric_missing="median", categorical_missing="level")
    model = sp.CauseSpecificCox(known_end_event=4, encoder=encoder)
    model.fit(training.X, training.y, cluster=training.cluster)
    profile = sp.training_profile(model, training, keep=True)
    cohort = sp.build_cohort(plans)
    new = cohort.take((cohort.keys["index_end"] > training.as_of).to_numpy())
    return SimpleNamespace(plans=plans, training=training, model=model, profile=profile, new=new)


@pytest.fixture(scope="package")
def report(watched):
    return sp.monitor(watched.model, watched.plans)
