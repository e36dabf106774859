"""The generators follow the laws whose truth they state."""

from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parent.parent.parent
N_ROWS = 40_000
DAYS = np.array([91, 365])


@pytest.fixture(scope="module")
def data():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(ROOT))
        from benchmarks import coverage_data

        yield coverage_data


def incidence(sample, days, event):
    """Aalen-Johansen and its standard errors."""
    import secondplan as sp

    return sp.aalen_johansen(**sample.curve_arguments()).at(days, event=event)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_population_incidence_is_that_of_many_children(data, number):
    sample = data.draw_cause_specific(np.random.default_rng(1), data.DESIGNS[number], N_ROWS)
    for event in (1, 2):
        table = incidence(sample, DAYS, event)
        distance = (table["estimate"] - data.population_incidence(DAYS, event)) / table["std_error"]
        assert np.all(np.abs(distance) < 4), distance


def with_profile(data, monkeypatch):
    """Every child has the covariates of the profile."""
    drawn = data._children

    def same(rng, n, *, siblings):
        children = drawn(rng, n, siblings=siblings)
        return data.Children(np.tile(data.PROFILE, (n, 1)), children.for_time, children.for_cause, children.family)

    monkeypatch.setattr(data, "_children", same)


def test_incidence_at_the_profile_is_that_of_such_children(data, monkeypatch):
    with_profile(data, monkeypatch)
    design = data.DESIGNS[2]
    truths = {
        data.draw_cause_specific: data.cause_specific_incidence(np.array([364]), 1),
        data.draw_fine_gray: data.fine_gray_incidence(np.array([364])),
        data.draw_discrete: [data.discrete_incidence(4)],
    }
    for draw, truth in truths.items():
        table = incidence(draw(np.random.default_rng(2), design, N_ROWS), [364], 1)
        assert abs(table["estimate"].iloc[0] - truth[0]) < 4 * table["std_error"].iloc[0], draw.__name__


def test_siblings_share_a_covariate_and_have_times_that_go_together(data):
    sample = data.draw_cause_specific(np.random.default_rng(3), data.DESIGNS[1], N_ROWS)
    pairs = sample.X["x1"].to_numpy().reshape(-1, 2)
    assert np.array_equal(pairs[:, 0], pairs[:, 1])
    early = (sample.y["duration"].to_numpy() <= 100).reshape(-1, 2)
    assert np.corrcoef(early.T)[0, 1] > 0.2


def test_entry_is_before_the_end_and_as_frequent_as_stated(data):
    y = data.draw_cause_specific(np.random.default_rng(4), data.DESIGNS[0], N_ROWS).y
    assert (y["entry"] < y["duration"]).all()
    assert 0.2 < (y["entry"] > 0).mean() <= data.LATE
