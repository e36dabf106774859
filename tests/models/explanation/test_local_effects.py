"""Accumulated local effects against a loop that does what the paper says."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from secondplan import accumulated_local_effects

from ..all_models import X

SOME = X[:60]


def by_hand(model, rows, column, day, n_bins):
    """Edges and centred curve, step by step as in R's ALEPlot."""
    ordered = np.sort(rows[column].to_numpy())
    edges = sorted(
        {ordered[0], *(ordered[int(np.ceil(k / n_bins * len(rows) - 1e-9)) - 1] for k in range(1, n_bins + 1))}
    )
    heights, counts = [0.0], []
    for position, (low, high) in enumerate(pairwise(edges)):
        inside = rows[((rows[column] > low) | ((rows[column] == low) & (position == 0))) & (rows[column] <= high)]
        ends = [model.predict_cumulative_incidence(inside.assign(**{column: end}), [day])[:, 0] for end in (high, low)]
        heights.append(heights[-1] + np.mean(ends[0] - ends[1]))
        counts.append(len(inside))
    middle = sum(n * (a + b) / 2 for n, (a, b) in zip(counts, pairwise(heights), strict=True)) / len(rows)
    return edges, np.array(heights) - middle


@pytest.mark.parametrize("name", ["CauseSpecificCox", "BoostedHazard"])
def test_it_is_what_the_paper_says(name, fitted):
    found = accumulated_local_effects(fitted[name], SOME, "age", [365], n_bins=6)
    edges, curve = by_hand(fitted[name], SOME, "age", 365, 6)
    np.testing.assert_allclose(found.table["value"], edges)
    np.testing.assert_allclose(found.table["estimate"], curve, atol=1e-12)
    assert found.table["lower"].isna().all() == (name == "BoostedHazard")


def test_its_band_is_that_of_the_parameters(fitted):
    """The delta method's errors against the parameters moved by hand, one by one."""
    model = fitted["ParametricAFT"]
    found = accumulated_local_effects(model, SOME, "age", 365, n_bins=3).table
    theta, n_each = model.joint_covariance_, len(model.coef_) + 2
    columns = []
    for place in range(len(theta)):
        curves = []
        for step in (1e-5, -1e-5):
            other = type(model)()
            other.__dict__.update(model.__dict__)
            coef, intercept, log_sigma = model.coef_.copy(), model.intercept_.copy(), np.log(model.sigma_)
            cause, own = divmod(place, n_each)
            if own < n_each - 2:
                coef.iloc[own, cause] += step
            elif own == n_each - 2:
                intercept.iloc[cause] += step
            else:
                log_sigma.iloc[cause] += step
            other.coef_, other.intercept_, other.sigma_ = coef, intercept, np.exp(log_sigma)
            curves.append(by_hand(other, SOME, "age", 365, 3)[1])
        columns.append((curves[0] - curves[1]) / 2e-5)
    gradient = np.column_stack(columns)
    error = np.sqrt(np.einsum("gq,qr,gr->g", gradient, theta, gradient))
    np.testing.assert_allclose(found["upper"] - found["estimate"], 1.959964 * error, rtol=1e-5)


def test_what_has_no_local_effect_is_refused(fitted):
    model = fitted["CauseSpecificCox"]
    with pytest.raises(ValueError, match="'category' is no number that the model uses; these are: age"):
        accumulated_local_effects(model, X, "category")
    with pytest.raises(ValueError, match="column age has one value only"):
        accumulated_local_effects(model, X.assign(age=3.0), "age")
    with pytest.raises(ValueError, match="column age: missing in 1 of 60 rows"):
        accumulated_local_effects(model, SOME.assign(age=SOME["age"].where(SOME.index > 0)), "age")
    with pytest.raises(ValueError, match="n_bins must be 1 or more"):
        accumulated_local_effects(model, X, "age", n_bins=0)
    assert isinstance(accumulated_local_effects(model, X, "age", n_bins=1).table, pd.DataFrame)
