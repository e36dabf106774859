"""Old names of parameters work for one version, and say so to whoever gave them."""

import inspect

import pytest

import secondplan as sp
from secondplan.renamed_parameters import renamed_parameters


@renamed_parameters(seed="random_state")
def draw(n, *, random_state=0):
    """Draw."""
    return n, random_state


def test_an_old_name_works_with_a_warning_in_the_name_of_the_caller():
    with pytest.warns(FutureWarning, match="^draw: seed is now called random_state;") as caught:
        assert draw(3, seed=5) == (3, 5)
    assert [warning.filename for warning in caught] == [__file__]


def test_the_new_name_works_without():
    assert draw(3, random_state=5) == (3, 5) and draw(3) == (3, 0)
    assert draw.__doc__ == "Draw." and list(inspect.signature(draw).parameters) == ["n", "random_state"]


def test_both_names_at_once_are_refused():
    with pytest.raises(TypeError, match="got random_state, and seed, its old name, too"):
        draw(3, seed=5, random_state=5)


def test_what_readme_and_notebooks_showed_goes_on_working():
    with pytest.warns(FutureWarning, match="seed is now called random_state"):
        old = sp.simulate(n_children=20, seed=1)
    assert old.equals(sp.simulate(n_children=20, random_state=1))
    chart = sp.p_chart([1, 2, 3, 2], [10, 10, 10, 10], baseline=2)
    with pytest.warns(FutureWarning, match="rng is now called random_state"):
        old = chart.false_alarm_rate(n_simulations=20, rng=1)
    assert old == chart.false_alarm_rate(n_simulations=20, random_state=1)
    with (
        pytest.warns(FutureWarning, match="within is now called horizon"),
        pytest.raises(TypeError, match="missing 4 required"),
    ):
        sp.expected_events(within=730)
