"""The Fine-Gray fit on arrays: identities with the Cox fit and with Aalen-Johansen."""

import numpy as np
import pytest

from secondplan.models.cox.kernels.fit import fit_cox
from secondplan.models.curves.nonparametric import aalen_johansen
from secondplan.models.fine_gray.kernels.fit import fit_fine_gray


@pytest.mark.parametrize("ties", ["efron", "breslow"])
def test_without_competing_events_it_is_the_cox_fit(rows, ties):
    entry, duration, event, weight, _, x = rows(n_rows=200)
    event = event.clip(max=1)
    found = fit_fine_gray(x, entry, duration, event, weight=weight, ties=ties)
    expected = fit_cox(x, entry, duration, event == 1, weight=weight, ties=ties)
    for name in ("coef", "naive_covariance", "cumulative_hazard", "time", "log_likelihood"):
        np.testing.assert_allclose(getattr(found, name), getattr(expected, name), rtol=1e-8, atol=1e-11)
    robust = fit_cox(x, entry, duration, event == 1, weight=weight, ties=ties, cluster=np.arange(200))
    np.testing.assert_allclose(found.errors().covariance, robust.covariance, rtol=1e-7)


def test_without_columns_the_baseline_is_aalen_johansen():
    rng = np.random.default_rng(2)
    duration, event = rng.permutation(100).astype(float) + 1.0, rng.integers(0, 3, 100)
    fit = fit_fine_gray(np.empty((100, 0)), np.full(100, -1.0), duration, event)
    incidence = 1.0 - np.cumprod(1.0 - np.diff(fit.cumulative_hazard, prepend=0.0))
    expected = aalen_johansen(duration, event).at(fit.time)["estimate"]
    np.testing.assert_allclose(incidence, expected, rtol=1e-10)


def test_whole_weights_are_repeated_rows(rows):
    entry, duration, event, _, stratum, x = rows(n_rows=150)
    weight = np.arange(150) % 3
    place = np.repeat(np.arange(150), weight)
    weighted = fit_fine_gray(x, entry, duration, event, weight=weight.astype(float), censoring_stratum=stratum)
    repeated = fit_fine_gray(*(array[place] for array in (x, entry, duration, event)), censoring_stratum=stratum[place])
    for name in ("coef", "cumulative_hazard", "cumulative_mean"):
        np.testing.assert_allclose(getattr(weighted, name), getattr(repeated, name), rtol=1e-8, atol=1e-11)
    np.testing.assert_allclose(weighted.errors().covariance, repeated.errors().covariance, rtol=1e-8, atol=1e-11)


def test_no_event():
    with pytest.raises(ValueError, match="no row with a positive weight has the event; a Fine-Gray model"):
        fit_fine_gray(np.ones((2, 1)), np.zeros(2), np.ones(2), np.array([0, 2]))
