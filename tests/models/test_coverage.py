"""A small version of ``python -m benchmarks.coverage``: intervals of fast estimators hold the truth often enough."""

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom

ROOT = Path(__file__).parent.parent.parent
N_SETS = 100
N_ROWS = 300
# The chance that an estimator whose coverage is at an end of 93 to 97 % falls beyond these counts. The data sets are
# always the same, so that a failure means a change of the estimator.
CHANCE = 1e-3
LEAST = binom.ppf(CHANCE, N_SETS, 0.93)
MOST = binom.ppf(1 - CHANCE, N_SETS, 0.97)
BOTH = 2  # delayed entry and siblings


@pytest.fixture(scope="module")
def coverage():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        from benchmarks import coverage

        yield coverage


@pytest.mark.parametrize("name", ["kaplan_meier", "nelson_aalen", "aalen_johansen", "CoxPH", "CauseSpecificCox"])
def test_intervals_hold_the_truth_with_delayed_entry_and_siblings(coverage, name):
    found, errors = coverage.simulate([name], [BOTH], N_SETS, N_ROWS)
    assert not errors
    assert found
    counts = {row.quantity: round(row.coverage * N_SETS) for row in found}
    assert all(LEAST <= count <= MOST for count in counts.values()), counts
    assert all(abs(row.bias) < 4 * row.spread / N_SETS**0.5 for row in found), found


@pytest.mark.filterwarnings("ignore:the training data have competing events")
def test_intervals_that_take_siblings_for_strangers_are_too_narrow(coverage):
    from benchmarks.coverage_data import DESIGNS, Sample
    from benchmarks.coverage_estimators import ESTIMATORS

    design = next(design for design in DESIGNS if design.siblings and not design.delayed)
    estimator = ESTIMATORS["CoxPH"]
    ratios = []
    for seed in range(20):
        sample = estimator.draw(np.random.default_rng(seed), design, N_ROWS)
        known = {i.quantity: i.upper - i.lower for i in estimator.intervals(sample)}
        unknown = {i.quantity: i.upper - i.lower for i in estimator.intervals(Sample(sample.X, sample.y, None))}
        ratios.append(known["x1"] / unknown["x1"])  # siblings share x1
    assert np.mean(ratios) > 1.04


def test_data_sets_follow_from_their_number_alone(coverage):
    task = ("nelson_aalen", BOTH, 7, 100)
    assert coverage.one_data_set(task) == coverage.one_data_set(task)
    assert coverage.one_data_set(task) != coverage.one_data_set(("nelson_aalen", BOTH, 8, 100))
