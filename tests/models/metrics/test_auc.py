import numpy as np
import pytest

from secondplan.models.metrics import MetricWarning, time_dependent_auc

R_DIGITS = 1e-11


def test_agrees_with_riskregression(reference):
    for risk, name in ((reference.risk, "auc"), (reference.coarse, "auc_ties")):
        np.testing.assert_allclose(
            time_dependent_auc(reference.y, risk, reference.times), reference.r[name], atol=R_DIGITS
        )


def test_without_censoring_it_is_mann_whitney():
    # Cases by day 30: rows 0 and 2 (0.4, 0.3). Controls: 0.1 (competing) and 0.3 (later): wins 2 + 1 + one half of 4.
    y = {"duration": [10, 20, 30, 40], "event": [1, 2, 1, 1]}
    np.testing.assert_allclose(time_dependent_auc(y, [0.4, 0.1, 0.3, 0.3], [30]), [3.5 / 4])


def test_only_ranks_matter(censored):
    auc = time_dependent_auc(censored.y, censored.risk, censored.times)
    np.testing.assert_array_equal(time_dependent_auc(censored.y, np.log(censored.risk), censored.times), auc)
    np.testing.assert_allclose(time_dependent_auc(censored.y, -censored.risk, censored.times), 1 - auc, rtol=1e-12)


def test_constant_is_one_half_and_perfect_is_one(censored):
    had = (censored.y["event"] == 1).to_numpy()[:, None] & (
        censored.y["duration"].to_numpy()[:, None] <= censored.times
    )
    np.testing.assert_allclose(time_dependent_auc(censored.y, had.astype(float), censored.times), 1.0, rtol=1e-12)
    np.testing.assert_allclose(time_dependent_auc(censored.y, np.ones((300, 2)), censored.times), 0.5, rtol=1e-12)


def test_weight_two_equals_the_row_twice(censored):
    rows = [0, *range(300)]
    np.testing.assert_allclose(
        time_dependent_auc(censored.y, censored.risk, censored.times, sample_weight=np.r_[2.0, np.ones(299)]),
        time_dependent_auc(censored.y.iloc[rows], censored.risk[rows], censored.times),
        rtol=1e-12,
    )


@pytest.mark.parametrize("event", [1, 2])
def test_no_case_or_no_control_is_nan_with_a_warning(event):
    with pytest.warns(MetricWarning, match="or none without it, by day 3"):
        assert np.isnan(time_dependent_auc({"duration": [1, 2], "event": [event, event]}, [0.1, 0.2], [3]))
