"""The effect of plan length as a part of an experiment."""

import pytest

import secondplan as sp
from secondplan.errors import InputError
from secondplan.experiment.data import SyntheticSpec

# Of few children, few of whom left.
pytestmark = pytest.mark.filterwarnings("ignore:event .. the event is separated", "ignore:some children all but never")


def asked(**effect):
    """The shipped experiment on few children."""
    experiment = sp.load_experiment("effect_of_plan_length")
    few = experiment.data.model_copy(update={"synthetic": SyntheticSpec(n_children=1500, seed=1)})
    spec = experiment.effect.model_copy(
        update={"not_before_months": [3], "end_by_months": [], "times": [365], **effect}
    )
    folds = experiment.validation.model_copy(update={"n_splits": 2})
    changed = {"data": few, "effect": spec, "validation": folds, "features": ["plan_length_days", "disabled"]}
    return experiment.model_copy(update=changed)


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    store = f"sqlite:///{tmp_path_factory.mktemp('store') / 'mlflow.db'}"
    adjust = ["age_at_start", "disabled", "n_previous_referrals"]
    return sp.run_experiment(asked(adjust=adjust, trial_times=[365]), store=store), store


def test_the_report_says_what_was_found_and_assumed(result):
    page = result[0].report.to_markdown()
    assert "Does ending plans early bring second plans?" in page
    assert all(line in page for line in result[0].study.words)
    assert all(line in page for line in result[0].study.assumptions)
    assert all(line in result[0].summary() for line in result[0].study.words)
    assert "features differ by more than 0.1 standard deviations" in page
    rows = [
        line for line in page.split("\n") if line.startswith(("| natural course | 365", "| no ending before 3 months"))
    ]
    # A risk each, and the difference of the rule; then its weights on three days.
    assert [row.count("to") for row in rows] == [1, 2, 0, 0, 0]
    assert any("all but never have a level" in line for line in result[0].study.warnings)
    assert all(line in page for line in result[0].study.warnings)
    assert result[0].report.to_html().count("<img") >= 6


def test_its_numbers_and_tables_are_tracked_and_no_child_is(result):
    import mlflow

    found, store = result
    client = mlflow.MlflowClient(tracking_uri=store)
    run = client.get_run(found.run_id)
    metrics = run.data.metrics
    assert all(line in run.data.tags["mlflow.note.content"] for line in found.study.words)
    rows = found.study.differences.query("method == 'standardised'")
    contrast = "up_to_3_months_against_over_6_months_to_under_1_year"
    assert metrics[f"effect/standardised_{contrast}_365"] == pytest.approx(rows["estimate"].iloc[0])
    assert "effect/trial_no_ending_before_3_months_against_natural_course_365_lower" in metrics
    assert all(f"Warned of: {line}" in run.data.tags["mlflow.note.content"] for line in found.study.warnings)
    names = [file.path for file in client.list_artifacts(found.run_id, "tables/effect")]
    for wanted in ("differences", "trial_protocol", "trial_weights", "warnings"):
        assert any(wanted in name for name in names), wanted


def test_what_cannot_be_studied_is_told_in_a_line():
    with pytest.raises(InputError, match="effect-of-plan-length: effect: adjust must name columns of the cohort"):
        sp.run_experiment(asked(adjust=["none_such"]), store=None)
