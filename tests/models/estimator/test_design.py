"""Rows of features and of training: what goes with a row stays with it."""

import numpy as np
import pandas as pd
import pytest

from secondplan.models import CoxPH
from secondplan.models.estimator.design import Design, TrainingRows
from secondplan.models.inputs.outcome import Outcome, check_outcome

DESIGN = Design(np.arange(8.0).reshape(4, 2), np.array([0, 1, 1, 0]), np.array([0.5, 0.0, 0.25, 1.0]), ("a", "b"))
OUTCOME = Outcome(np.full(4, -1.0), np.array([3.0, 5.0, 8.0, 9.0]), np.array([1, 0, 2, 1]))


@pytest.mark.parametrize("rows", [slice(1, 3), np.array([1, 2]), np.array([False, True, True, False])])
def test_slices_positions_and_masks_take_all_parts_of_the_same_rows(rows):
    taken = DESIGN[rows]
    np.testing.assert_array_equal(taken.matrix, [[2, 3], [4, 5]])
    np.testing.assert_array_equal(taken.strata, [1, 1])
    np.testing.assert_array_equal(taken.offset, [0.0, 0.25])
    assert len(taken) == 2 and taken.labels == ("a", "b")


def test_what_is_not_there_counts_as_nothing():
    plain = Design(DESIGN.matrix)[:2]
    assert plain.strata is None and plain.offset is None
    np.testing.assert_array_equal(plain.stratum_of_each, [0, 0])
    np.testing.assert_array_equal(plain.offset_of_each, [0, 0])
    np.testing.assert_array_equal(TrainingRows(DESIGN, OUTCOME).weight_of_each, np.ones(4))


def test_rows_of_weight_0_leave_with_all_their_parts():
    rows = TrainingRows(DESIGN, OUTCOME, np.array([1.0, 0.0, 2.0, 1.0]), np.array([0, 0, 1, 1])).of_positive_weight()
    assert len(rows) == len(rows.design) == 3
    np.testing.assert_array_equal(rows.design.matrix[:, 0], [0, 4, 6])
    np.testing.assert_array_equal(rows.outcome.event, [1, 2, 1])
    np.testing.assert_array_equal(rows.cluster, [0, 1, 1])
    assert rows.of_positive_weight() is rows


def test_weights_that_are_no_counts_make_each_row_a_group_unless_clusters_are_given():
    counts, shares, cluster = np.array([1.0, 2.0, 1.0, 3.0]), np.array([0.5, 1.0, 1.0, 1.0]), np.array([0, 0, 1, 1])
    assert TrainingRows(DESIGN, OUTCOME).robust_groups is None
    assert TrainingRows(DESIGN, OUTCOME, counts).robust_groups is None
    np.testing.assert_array_equal(TrainingRows(DESIGN, OUTCOME, shares).robust_groups, np.arange(4))
    assert TrainingRows(DESIGN, OUTCOME, shares, cluster).robust_groups is cluster


def test_a_model_fitted_to_encoded_rows_is_the_one_fitted_to_the_frame():
    rng = np.random.default_rng(0)
    X = pd.DataFrame({"age": rng.normal(size=60), "band": rng.choice(["a", "b"], 60), "known": rng.normal(size=60)})
    y = pd.DataFrame({"duration": rng.integers(1, 90, 60), "event": rng.integers(0, 2, 60)})
    model = CoxPH(strata="band", offset="known", horizon=60).fit(X, y)
    rows = TrainingRows(model._design(X), check_outcome(y))
    again = CoxPH(strata="band", offset="known", horizon=60).fit_encoded(rows, model.encoder_, model.average_risk_)
    assert vars(again).keys() == vars(model).keys() - {"_some_rows"} and again.strata_ == ["band=a", "band=b"]
    np.testing.assert_array_equal(again.coef_, model.coef_)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
