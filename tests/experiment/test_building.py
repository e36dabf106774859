"""The models of an experiment file, and those that others are made of."""

import pytest

import secondplan as sp
from secondplan.errors import InputError
from secondplan.experiment.building import build_models

STACKED = """
name: stacked
data: {synthetic: {n_children: 900}}
features: [plan_length_days, age_at_end]
models:
  - {name: by band, type: AalenJohansen, features: [plan_length_band], params: {strata: plan_length_band}}
  - {name: Cox, type: CauseSpecificCox, params: {known_end_event: 4}}
  - name: stack
    type: StackedIncidence
    params: {times: [365], n_folds: 2}
    models:
      - by band
      - {name: splines, type: CauseSpecificCox, encoder: {splines: {age_at_end: 2}}, params: {known_end_event: 4}}
"""


@pytest.fixture(scope="module")
def plans():
    return sp.simulate(n_children=900, random_state=2)


def loaded(folder, text):
    file = folder / "stacked.yaml"
    file.write_text(text)
    return sp.load_experiment(file)


def test_a_stack_is_made_of_named_and_of_described_models_and_scores_cases(tmp_path, plans):
    cohort = sp.build_cohort(plans)
    models, dropped = build_models(loaded(tmp_path, STACKED), cohort)
    stack = models["stack"]
    assert list(stack.models) == ["by band", "splines"] and not dropped
    assert stack.models["splines"].encoder.splines == {"age_at_end": 2} and stack.n_folds == 2
    stack.fit(cohort.X, cohort.y, cluster=cohort.cluster)
    assert set(stack.encoder_.columns_) == {"plan_length_band", "plan_length_days", "age_at_end"}
    assert 4 not in stack.events_
    cases = sp.open_cases(plans, plans.extract["extract_date"].max())
    with pytest.warns(sp.FollowUpWarning):  # of the earliest plans
        scores = sp.score(stack, cases, times=[91])
    assert len(scores) and scores["risk_91"].between(0, 1).mean() > 0.8


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (("- by band\n", "- nobody\n"), "stack: nobody is not the name of another model"),
        (("- by band\n", "- stack\n"), "stack: stack is not the name of another model"),
        (("    models:\n", "    features: [age_at_end]\n    models:\n"), "has no features and encoder but those of"),
        (("type: StackedIncidence", "type: FineGray"), "models belong to type StackedIncidence, and it needs them"),
    ],
)
def test_wrong_stacks_are_refused(tmp_path, change, rule):
    with pytest.raises(InputError, match=rule):
        loaded(tmp_path, STACKED.replace(*change))
