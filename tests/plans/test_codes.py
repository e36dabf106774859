"""Code lists, groups of codes, and words for no value."""

from secondplan.plans.codes import ETHNICITIES, ETHNICITY_GROUPS, is_not_given

GROUPS = {"White", "Mixed", "Asian", "Black", "Other", "Unknown"}


def test_every_ethnicity_has_a_group():
    assert ETHNICITY_GROUPS.keys() == ETHNICITIES.keys()
    assert set(ETHNICITY_GROUPS.values()) == GROUPS


def test_words_for_nothing():
    assert all(is_not_given(text) for text in ("", " null ", "N/A", "No Trace"))
    assert not is_not_given("0")
