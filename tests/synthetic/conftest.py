import pytest
from secondplan.plans.cohort import build_cohort
from secondplan.synthetic import scenario, simulate_with_truth


@pytest.fixture(scope="session")
def england():
    """Thirty thousand children, with the truth."""
    return simulate_with_truth("england-2018", n_children=30_000, seed=11)


@pytest.fixture(scope="session")
def plain():
    """A cohort without frailty, and its rows of the truth: hazards are proportional given features and severity."""
    plans, truth = simulate_with_truth(scenario().replace(frailty_variance=0.0), n_children=60_000, seed=12)
    cohort = build_cohort(plans)
    rows = truth.frame.set_index("plan_id").index.get_indexer(cohort.keys["plan_id"])
    return cohort, truth.frame.iloc[rows].reset_index(drop=True), truth.scenario
