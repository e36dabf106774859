"""Score tests: the log-rank test by hand, and the same from a fit."""

import numpy as np
import pytest

from secondplan.models.cox.kernels.fit import fit_cox
from secondplan.models.cox.kernels.score_statistics import score_statistics_of_rows


def test_of_two_groups_without_ties_it_is_the_log_rank_test():
    group, is_event = np.array([1.0, 0, 1, 0, 0]), np.array([True, True, False, True, True])
    # By day: at risk 5 (2 of the group), 4 (1), 2 (0), 1 (0); events of the group 1, 0, 0, 0.
    observed, expected, variance = 1.0, 2 / 5 + 1 / 4, 2 / 5 * 3 / 5 + 1 / 4 * 3 / 4
    plain, robust = score_statistics_of_rows(
        group[:, None],
        np.zeros(5),
        np.arange(1.0, 6.0),
        is_event,
        weight=None,
        stratum=None,
        offset=None,
        cluster=None,
        ties="breslow",
        usable=np.ones(1, dtype=bool),
    )
    assert plain == pytest.approx((observed - expected) ** 2 / variance, rel=1e-12)
    assert np.isnan(robust)


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_of_rows_it_is_that_of_the_fit(cox_rows, ties):
    rows = cox_rows()
    given = {**rows.options, "cluster": np.arange(80) // 2, "ties": ties}
    found = score_statistics_of_rows(**rows.arrays, **given, usable=np.ones(2, dtype=bool))
    np.testing.assert_allclose(found, fit_cox(**rows.arrays, **given).score_statistics, rtol=1e-9)


def test_no_usable_column_says_nothing(cox_rows):
    rows = cox_rows()
    given = {**rows.options, "cluster": np.arange(80), "ties": "efron"}
    assert score_statistics_of_rows(**rows.arrays, **given, usable=np.zeros(2, dtype=bool)) == (0.0, 0.0)
