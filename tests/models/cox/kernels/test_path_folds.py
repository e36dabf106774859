"""Cross-validation of a path: by refits written out, and interpolation by hand."""

import numpy as np
import pytest

from secondplan.models.cox.kernels.path import CoxPath, PathOptions, cox_path, deviance
from secondplan.models.cox.kernels.path_folds import PathData, cross_validate, interpolate


@pytest.mark.parametrize("grouped", [False, True])
def test_is_the_deviance_of_each_fold_written_out(cox_rows, grouped):
    source = cox_rows(n_rows=150)
    data = PathData(**source.arrays, **source.options)
    options = PathOptions(0.7, np.ones(2), np.array([0.1, 0.01]), 2, None, standardize=True, efron=True)
    whole = data.rows(slice(None), options)
    path = cox_path(whole, options)
    fold = np.arange(150) % 3
    found = cross_validate(data, whole, path, options, fold, grouped=grouped, folds=range(3))
    by_fold, weight = np.empty((3, 2)), np.empty(3)
    for own in range(3):
        outside, inside = data.rows(fold != own, options), data.rows(fold == own, options)
        for place, coef in enumerate(cox_path(outside, options).coef):
            parts = [(1, whole), (-1, outside)] if grouped else [(1, inside)]
            # glmnet takes weights with mean 1 in every set of rows.
            values = [sign * deviance(part, coef) * part.n_rows / part.total_weight for sign, part in parts]
            by_fold[own, place] = sum(values)
        weight[own] = source.weight[(fold == own) & source.arrays["is_event"]].sum()
    by_fold /= weight[:, None]
    np.testing.assert_allclose(found.by_fold, by_fold, rtol=1e-10)
    np.testing.assert_allclose(found.weight, weight)
    mean = np.average(by_fold, axis=0, weights=weight)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-10)
    variance = np.average((by_fold - mean) ** 2, axis=0, weights=weight) / 2
    np.testing.assert_allclose(found.std_error, np.sqrt(variance), rtol=1e-8)
    assert found.converged


def test_between_strengths_coefficients_are_linear_and_level_beyond():
    path = CoxPath(np.array([4.0, 2.0, 1.0]), np.array([[0.0], [1.0], [3.0]]), np.zeros(3), 1.0, np.ones(3, dtype=bool))
    assert interpolate(path, np.array([9.0, 3.0, 2.0, 1.25, 0.5]))[:, 0].tolist() == [0.0, 0.5, 1.0, 2.5, 3.0]
