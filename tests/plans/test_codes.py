"""Code lists and the readers that map words to them."""

import pytest

from secondplan.plans.codes import (
    CATEGORIES,
    DISABILITIES,
    ETHNICITIES,
    ETHNICITY_GROUPS,
    FACTORS,
    REFERRAL_SOURCES,
    SEX,
    is_not_given,
    read_category,
    read_code,
    read_factor,
    read_sex,
)
from secondplan.plans.readers.records.cleaning import FACTOR_LISTS, codes_cleaner

GROUPS = {"White", "Mixed", "Asian", "Black", "Other", "Unknown"}


def test_every_ethnicity_has_a_group():
    assert ETHNICITY_GROUPS.keys() == ETHNICITIES.keys()
    assert set(ETHNICITY_GROUPS.values()) == GROUPS


@pytest.mark.parametrize("codes", [SEX, CATEGORIES, ETHNICITIES, DISABILITIES, FACTORS, REFERRAL_SOURCES])
def test_every_code_reads_as_itself_in_any_case(codes):
    assert all(read_code(code, codes) == code and read_code(f" {code.lower()} ", codes) == code for code in codes)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("M", "1"),
        ("female", "2"),
        ("a) Male", "1"),
        ("1.0", "1"),
        ("U", "0"),
        ("Indeterminate", "9"),
        ("X", None),
        ("", None),
    ],
)
def test_sex(text, code):
    assert read_sex(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *[("neglect", "NEG"), ("a) Neglect", "NEG"), ("Emotional  abuse", "EMO"), ("mul", "MUL"), ("abuse", None)],
        *[("Multiple: Neglect, Emotional abuse", "MUL"), ("Multiple Categories of Abuse", "MUL")],
        *[("NEG; EMO", "MUL"), ("Neglect and physical abuse", "MUL"), ("NEG, Neglect", "NEG"), ("NEG, other", None)],
    ],
)
def test_category(text, code):
    assert read_category(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [("2b", "2B"), ("2 B", "2B"), ("02B", "2B"), ("16A - Neglect", "16A"), ("21", "21"), ("99Z", None), ("B2", None)],
)
def test_factor(text, code):
    assert read_factor(text) == code


@pytest.mark.parametrize(
    ("text", "code"),
    [("4.0", "4"), ("1A - Family", "1A"), ("a) 6", "6"), ("Police", None), ("40", None), ("ab", None)],
)
def test_referral_source(text, code):
    assert read_code(text, REFERRAL_SOURCES) == code


def test_two_codes_in_one_text_are_none():
    assert read_code("White WBRI or WIRI", ETHNICITIES) is None


def test_lists_of_codes():
    assert FACTOR_LISTS.read("3B;16A") == ("3B;16A", "")
    assert FACTOR_LISTS.read("3b, 3B") == ("3B", "code-recoded")
    assert FACTOR_LISTS.read("21;3B") == ("3B", "code-recoded")
    assert FACTOR_LISTS.read("3B;99") == ("3B", "code-unknown")
    assert FACTOR_LISTS.read("NULL") == (None, "placeholder")
    disabilities = codes_cleaner(lambda text: read_code(text, DISABILITIES), none="NONE")
    assert disabilities.read("NONE") == ("NONE", "")
    assert disabilities.read("NONE;LD") == ("LD", "code-recoded")


def test_words_for_nothing():
    assert all(is_not_given(text) for text in ("", " null ", "N/A", "No Trace"))
    assert not is_not_given("0")
