"""Designs that an experiment file may state, and the experiments that ship, made small."""

import pytest

import secondplan as sp
from secondplan.errors import InputError
from secondplan.experiment.data import SyntheticSpec
from secondplan.experiment.validation import ValidationSpec

# Instead of what is slow: many candidates, penalties and trees.
QUICK = {
    "BoostedHazard": {"max_iter": 2},
    "CoxElasticNetCV": {"n_lambdas": 4, "n_folds": 3},
}
GRIDS = {"BoostedHazard": {"max_iter": [2, 3]}, "CoxPH": {"alpha": [0.001, 0.01]}}


def small(name, **validation):
    """A shipped experiment on few children, in fewer parts, and with fewer candidates."""
    experiment = sp.load_experiment(name)
    few = experiment.data.model_copy(update={"synthetic": SyntheticSpec(n_children=1700, seed=1)})
    other = experiment.validation.data
    if other is not None:
        there = other.synthetic.model_copy(update={"n_children": 1000})
        validation["data"] = other.model_copy(update={"synthetic": there})
    models = []
    for model in experiment.models:
        update = {"params": model.params | QUICK.get(model.type, {})}
        if model.tune is not None:
            quick = {"grid": GRIDS[model.type], "n_iter": None, "n_splits": 2}
            update["tune"] = model.tune.model_copy(update=quick)
        models.append(model.model_copy(update=update))
    changed = {"data": few, "models": models, "horizons": [365, 730]}
    changed["validation"] = experiment.validation.model_copy(update=validation)
    return experiment.model_copy(update=changed)


@pytest.fixture
def run(monkeypatch):
    """Runs an experiment without the pictures of its report, which gives what the data are called."""
    monkeypatch.setattr("secondplan.report.experiment_report", lambda *_, data_name, **__: data_name)
    return lambda experiment: sp.run_experiment(experiment, store=None)


# So few children separate some levels, and there may be fewer than 100 second plans.
@pytest.mark.filterwarnings("ignore::UserWarning")
class TestShipped:
    def test_shapes_of_plan_length(self, run):
        found = run(small("plan_length_shapes", n_splits=2)).comparison
        assert found.failures == {} and len(found.table) == 6
        assert "averaged over 2 repeats" in found.design
        counts = found.sample_sizes["n_coefficients"]
        assert counts["splines"] == counts["straight line"] + 3

    def test_trained_in_england_tested_in_birmingham(self, run):
        result = run(small("england_vs_birmingham"))
        assert result.comparison.failures == {}
        assert set(result.comparison.cohort.keys["la_code"]) == {"330"}
        assert result.comparison.n_rows == len(result.comparison.cohort) != len(result.cohort)
        assert result.report.endswith("; tested on synthetic birmingham, 1000 children, seed 2018")

    def test_parameters_are_searched_for_within_the_folds(self, run):
        result = run(small("tuning", n_splits=2))
        assert result.comparison.failures == {}
        chosen = result.comparison.chosen
        assert dict(chosen.groupby("model").size()) == {
            "boosted trees, tuned": 2,
            "penalised Cox, tuned": 2,
            "lasso along its path": 2,
        }
        fitted = result.fitted["penalised Cox, tuned"]
        assert type(fitted).__name__ == "CoxPH" and fitted.alpha in (0.001, 0.01)


@pytest.mark.parametrize(
    ("given", "design"),
    [
        ({"kind": "family_folds", "n_splits": 3, "n_repeats": 2}, sp.FamilyKFold),
        ({"kind": "in_time", "cut_date": "2016-01-01"}, sp.TemporalSplit),
        ({"kind": "in_time", "cut_dates": ["2016-01-01", "2017-01-01"]}, sp.TemporalSplit),
        ({"kind": "authorities", "min_events": 20}, sp.LeaveOneAuthorityOut),
        ({"kind": "bootstrap", "n_draws": 50, "seed": 4}, sp.BootstrapOptimism),
    ],
)
def test_every_design_can_be_stated(given, design):
    spec = ValidationSpec.model_validate(given)
    made = spec.design()
    assert type(made) is design
    assert spec.settings()["validation"] == given["kind"]
    for name, value in given.items():
        if name in vars(made):
            assert getattr(made, name) == value


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"kind": "bootstrap", "n_splits": 5}, "n_splits belongs to kind family_folds, not to bootstrap"),
        ({"n_splits": 5, "cut_date": "2016-01-01"}, "cut_date belongs to kind in_time, not to family_folds"),
        ({"kind": "in_time"}, "in_time needs it"),
        ({"kind": "other_data"}, "other_data needs data"),
        ({"kind": "family_folds", "folds": 5}, "Extra inputs are not permitted"),
    ],
)
def test_what_does_not_belong_to_a_kind_is_refused(given, message):
    with pytest.raises(ValueError, match=message):
        ValidationSpec.model_validate(given)


def test_a_search_over_what_the_model_does_not_have_is_an_error():
    experiment = small("tuning")
    tuned = experiment.models[1].model_copy(
        update={"tune": experiment.models[1].tune.model_copy(update={"grid": {"depth": [1]}})}
    )
    with pytest.raises(InputError, match="boosted trees, tuned: tune: BoostedHazard has no parameter depth"):
        sp.run_experiment(experiment.model_copy(update={"models": [tuned]}), store=None)
