"""The test of proportional hazards: a score test in columns that change with time, written out by risk set."""

import numpy as np
import pytest

from secondplan.models.cox.kernels.fit import fit_cox
from secondplan.models.cox.kernels.proportional_hazards import proportional_hazards_test, time_transform


def written_out(rows, coef, transformed):
    """Score and information of (beta, theta) at theta = 0, from the risk sets one by one; Breslow's ties."""
    entry, duration, is_event = (rows.arrays[name] for name in ("entry", "duration", "is_event"))
    centred = transformed - transformed[is_event].mean()
    risk = rows.weight * np.exp(rows.design @ coef + rows.offset)
    score, information = np.zeros(4), np.zeros((4, 4))
    for event in np.flatnonzero(is_event):
        at_risk = (entry < duration[event]) & (duration[event] <= duration) & (rows.stratum == rows.stratum[event])
        own = np.hstack([rows.design, rows.design * centred[event]])
        mass = risk * at_risk / (risk * at_risk).sum()
        mean = mass @ own
        score += rows.weight[event] * (own[event] - mean)
        information += rows.weight[event] * ((own * mass[:, None]).T @ own - np.outer(mean, mean))
    return score, information


@pytest.mark.parametrize("transform", ["km", "rank", "identity", "log"])
def test_is_the_score_test_written_out(cox_rows, transform):
    rows = cox_rows()
    fit = fit_cox(**rows.arrays, **rows.options, ties="breslow")
    transformed = time_transform(*(rows.arrays[name] for name in ("entry", "duration", "is_event")), transform)
    given = {"coef": fit.coef, "ties": "breslow", **rows.options}
    found = proportional_hazards_test(**rows.arrays, transformed=transformed, groups=[[0], [1]], **given)
    score, information = written_out(rows, fit.coef, transformed)
    for position, tested in enumerate([[2], [3], [2, 3]]):
        kept = [0, 1, *tested]
        part = np.where(np.isin(kept, tested), score[kept], 0.0)
        expected = part @ np.linalg.solve(information[np.ix_(kept, kept)], part)
        assert found[position] == pytest.approx(expected, rel=1e-8)


def test_transforms_by_hand():
    entry, duration = np.array([0.0, 0, 0, 2]), np.array([1.0, 3, 3, 4])
    is_event = np.array([True, True, False, True])
    # At risk: 3 on day 1; 3 on day 3, as one has entered and one left; 1 on day 4. Just before: 1, 2/3, 2/3 * 2/3.
    found = time_transform(entry, duration, is_event, "km")
    np.testing.assert_allclose(found, [0, 1 / 3, 1 / 3, 5 / 9], atol=1e-15)
    assert time_transform(entry, duration, is_event, "rank").tolist() == [1, 2.5, 2.5, 4]
    np.testing.assert_array_equal(time_transform(entry, duration, is_event, "identity"), duration)
    with pytest.raises(ValueError, match="transform 'log' needs durations above 0"):
        time_transform(entry, duration - 1, is_event, "log")
