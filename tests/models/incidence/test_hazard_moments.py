import numpy as np
import pytest

import secondplan.models.incidence.hazard_moments as module
from secondplan.models.incidence.hazard_moments import CellMoments, row_moments
from secondplan.models.incidence.moments import CauseRows, cell_moments


def causes(n_rows=40, n_times=6, n_features=2, n_causes=2, seed=0):
    """Made-up influences: rows at risk over runs of event times, some with an event at the last."""
    rng = np.random.default_rng(seed)
    target, stratum = rng.integers(0, 25, n_rows), rng.integers(0, 2, n_rows)
    target = np.unique(target, return_inverse=True)[1]
    found = []
    for _ in range(n_causes):
        first = rng.integers(0, n_times, n_rows)
        last = np.minimum(first + rng.integers(-1, n_times, n_rows), n_times - 1)
        first, last = first + n_times * stratum, last + n_times * stratum
        has_event = (rng.random(n_rows) < 0.5) & (last >= first)
        found.append(
            CauseRows(
                time=np.tile(np.arange(1.0, n_times + 1), 2),
                stratum=np.repeat([0, 1], n_times),
                n_tied=np.ones(2 * n_times, dtype=int),
                increment=rng.uniform(0.01, 0.1, 2 * n_times),
                first=first,
                last=last,
                risk=rng.uniform(0.5, 2.0, n_rows),
                jump=np.where(has_event, rng.uniform(0.1, 0.3, n_rows), 0.0),
                variance=rng.uniform(0.01, 0.1, 2 * n_times),
                coef=rng.normal(size=(target.max() + 1, n_features)) * 0.1,
            )
        )
    return found, stratum, target


def by_loops(found, stratum, target, code, slopes, by_coef):
    """The sum over clusters of squared influences, as the formula has it."""
    influence = np.concatenate([cause.coef for cause in found], axis=1) @ by_coef
    for cause, slope in zip(found, slopes, strict=True):
        begin = int(np.searchsorted(cause.stratum, code))
        for row in np.flatnonzero(stratum == code):
            for time in range(cause.first[row], cause.last[row] + 1):
                if time - begin < slope.size:
                    influence[target[row]] -= cause.risk[row] * cause.increment[time] * slope[time - begin]
            if cause.last[row] - begin < slope.size and cause.jump[row]:
                influence[target[row]] += cause.jump[row] * slope[cause.last[row] - begin]
    return np.sum(influence**2)


@pytest.mark.parametrize("n_used", [6, 3])
@pytest.mark.parametrize("code", [0, 1])
def test_rows_give_the_sum_of_squared_influences(n_used, code, monkeypatch):
    found, stratum, target = causes()
    moments = row_moments(found, stratum, target)[code]
    rng = np.random.default_rng(1)
    slopes, by_coef = [rng.normal(size=(3, n_used)) for _ in range(2)], rng.normal(size=(3, 4))
    expected = [
        by_loops(found, stratum, target, code, [slope[row] for slope in slopes], by_coef[row]) for row in range(3)
    ]
    np.testing.assert_allclose(moments.of(slopes, by_coef), expected, rtol=1e-10)
    monkeypatch.setattr(module, "BLOCK", 20)
    np.testing.assert_allclose(moments.of(slopes, by_coef), expected, rtol=1e-10)


def cells(found, stratum, target, code):
    return CellMoments(**cell_moments(found, stratum, target, horizon=730.0)[code])


def test_cells_of_one_event_time_give_what_rows_give(monkeypatch):
    monkeypatch.setattr("secondplan.models.incidence.moments.N_CELLS", 10**6)
    monkeypatch.setattr("secondplan.models.incidence.moments.FEWEST_EVENTS", 1)
    data = causes()
    slopes, by_coef = [np.random.default_rng(2).normal(size=(3, 6)) for _ in range(2)], np.ones((3, 4))
    np.testing.assert_allclose(
        cells(*data, 1).of(slopes, by_coef), row_moments(*data)[1].of(slopes, by_coef), rtol=1e-10
    )


@pytest.mark.parametrize("kind", ["rows", "cells"])
def test_gram_is_the_quadratic_form(kind, monkeypatch):
    data, rng = causes(), np.random.default_rng(3)
    moments = row_moments(*data)[0] if kind == "rows" else cells(*data, 0)
    functions, mean = rng.normal(size=(4, 5)), rng.normal(size=(2, 4, 2))
    z, x = rng.normal(size=(7, 2, 4)), rng.normal(size=(7, 2, 2))
    slopes = [z[:, cause] @ functions for cause in range(2)]
    by_coef = x + np.einsum("nlr,lrp->nlp", z, mean)
    expected = moments.of(slopes, by_coef.reshape(7, 4))
    direction = np.hstack([z.reshape(7, -1), x.reshape(7, -1)])
    gram = moments.gram(functions, mean)
    np.testing.assert_allclose(np.einsum("nd,de,ne->n", direction, gram, direction), expected, rtol=1e-9)
    monkeypatch.setattr(module, "BLOCK", 30)
    np.testing.assert_allclose(moments.gram(functions, mean), gram, rtol=1e-9, atol=1e-14)
