import warnings

import pytest

from secondplan.models.external.foreign_call import foreign_call


class OfTheFuture(DeprecationWarning):
    """As pandas and SQLAlchemy have kinds of their own."""


class OfConvergence(RuntimeWarning):
    """As lifelines has."""


@pytest.mark.parametrize("category", [DeprecationWarning, FutureWarning, OfTheFuture, RuntimeWarning])
def test_nothing_is_said_of_a_future_or_of_numbers_on_the_way(category):
    assert foreign_call("a library", "the fit", lambda: warnings.warn("row 3: 17", category, stacklevel=1)) is None


@pytest.mark.parametrize("category", [UserWarning, OfConvergence])
def test_a_warning_is_named_without_its_words(category):
    with pytest.warns(UserWarning, match=f"a library: {category.__name__} in the fit; call it alone") as said:
        foreign_call("a library", "the fit", lambda: warnings.warn("row 3: 17", category, stacklevel=1))
    assert "17" not in str(said[0].message)
