"""Rows with delayed entry, ties, weights and strata of the censoring, and their weights by the definition."""

import numpy as np
import pytest

from secondplan.models.fine_gray.kernels.subdistribution import build_subdistribution


def random_rows(seed=0, n_rows=60, n_strata=2):
    rng = np.random.default_rng(seed)
    duration = rng.integers(1, 15, n_rows).astype(float)
    entry = np.where(rng.random(n_rows) < 0.4, np.floor(rng.uniform(0, duration)), -1.0)
    event, stratum = rng.integers(0, 3, n_rows), rng.integers(0, n_strata, n_rows)
    weight = rng.uniform(0.5, 2, n_rows)
    weight[:2] = 0.0
    return entry, duration, event, weight, stratum, rng.normal(size=(n_rows, 2))


@pytest.fixture
def rows():
    """Function of seed, number of rows and of strata: entry, duration, event, weight, stratum (n,) and x (n, 2)."""
    return random_rows


def is_dropped(sub, row, day):
    """Whether finegray drops the interval of a row's stratum that holds the day, by its definition."""
    process = sub.observation[sub.stratum[row]]
    cuts = np.append(np.concatenate([process.censoring.days, process.entries.days]), process.last_day)
    begin = np.max(cuts[cuts < day], initial=-np.inf)
    if sub.duration[row] > begin:  # that of the row's own event
        return False
    end = np.min(cuts[cuts >= day], initial=np.inf)
    own = (sub.stratum == sub.stratum[row]) & (sub.event == 1) & (sub.duration > begin) & (sub.duration <= end)
    return not own.any()


def table_of_weights(sub, convention):
    """Weight of each sorted row at each event time, without case weight, shape (m, K)."""
    table = np.zeros((sub.duration.size, sub.sets.n_times))
    for row, (entry, duration, event) in enumerate(zip(sub.entry, sub.duration, sub.event, strict=True)):
        process = sub.observation[sub.stratum[row]]
        for position, day in enumerate(sub.sets.time):
            if entry < day <= duration:
                table[row, position] = 1.0
            elif event == 2 and day > duration:
                kinds = (process.censoring, process.entries)
                factors = [kind.factor[(kind.days >= duration) & (kind.days < day)] for kind in kinds]
                is_lost = day > process.last_day or (convention == "finegray" and is_dropped(sub, row, day))
                table[row, position] = 0.0 if is_lost else np.prod(np.concatenate(factors))
    return table


@pytest.fixture
def weights_table():
    """:func:`table_of_weights`."""
    return table_of_weights


@pytest.fixture(params=["crr", "finegray"])
def fitted(request):
    """The risk sets, x in their order, linear predictors at (0.4, -0.3) and the convention."""
    *arrays, x = random_rows()
    sub = build_subdistribution(*arrays, convention=request.param)
    x = x[sub.sets.rows]
    return sub, x, x @ np.array([0.4, -0.3]), request.param
