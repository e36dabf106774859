"""The sorted, centred and scaled copy of the data, against numpy."""

import numpy as np
import pytest

from secondplan.models.numerics import threads
from secondplan.models.risk_sets.risk_sets import build_risk_sets
from secondplan.models.risk_sets.scaled_rows import column_scale, scale_rows


def sets_of(n_rows, n_strata, seed=0):
    rng = np.random.default_rng(seed)
    duration = rng.integers(1, 20, n_rows).astype(float)
    weight = rng.integers(0, 3, n_rows).astype(float)
    stratum = rng.integers(0, n_strata, n_rows)
    return build_risk_sets(np.full(n_rows, -1.0), duration, rng.random(n_rows) < 0.6, weight, stratum)


@pytest.mark.parametrize("rows_per_chunk", [7, 65_536])
@pytest.mark.parametrize("order", ["C", "F"])
def test_each_stratum_is_centred_and_each_column_scaled(monkeypatch, rows_per_chunk, order):
    monkeypatch.setattr(threads, "ROWS_PER_CHUNK", rows_per_chunk)
    sets = sets_of(300, 4)
    design = np.asarray(
        np.random.default_rng(1).normal(size=(300, 3)) * [1e-8, 1.0, 1e8] + [1.0, 0.0, 5.0], order=order
    )
    design[:, 1] = 7.0
    scaled = scale_rows(design, sets, None)
    assert scaled.constant.tolist() == [False, True, False]
    assert not scaled.x[:, 1].any()
    rows = design[sets.rows]
    squares = np.zeros(3)
    for code in range(4):
        own = sets.stratum == code
        mean = np.average(rows[own], axis=0, weights=sets.weight[own])
        np.testing.assert_allclose(scaled.mean[code], mean, rtol=1e-12)
        squares += sets.weight[own] @ (rows[own] - mean) ** 2
    np.testing.assert_allclose(scaled.scale[[0, 2]], np.sqrt(squares / sets.weight.sum())[[0, 2]], rtol=1e-9)
    expected = (rows - scaled.mean[sets.stratum]) / scaled.scale
    np.testing.assert_allclose(scaled.x[:, [0, 2]], expected[:, [0, 2]], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(scaled.spread[[0, 2]], np.ptp(scaled.x, axis=0)[[0, 2]], rtol=1e-12)


def test_column_scale_leaves_out_rows_without_weight():
    design = np.array([[1.0], [3.0], [100.0]])
    assert column_scale(design, np.array([2.0, 2.0, 0.0]))[0] == pytest.approx(1.0)


def test_values_whose_squares_overflow_are_refused():
    sets = sets_of(50, 1)
    with pytest.raises(ValueError, match="1 columns hold values beyond 1e\\+100"):
        scale_rows(np.column_stack([np.arange(50.0), np.arange(50.0) * 1e160]), sets, None)
