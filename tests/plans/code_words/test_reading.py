"""Codes in words: what is beyond doubt is read, what is not never becomes a neighbouring code."""

from pathlib import Path

import pandas as pd
import pytest

from secondplan.plans.code_words.child import DISABILITY, SEX
from secondplan.plans.code_words.ethnicities import ETHNICITY
from secondplan.plans.code_words.factors import FACTOR
from secondplan.plans.code_words.plan_and_need import CATEGORY, CLOSURE_REASON, PRIMARY_NEED, PROGRESS
from secondplan.plans.code_words.reading import READ, READ_SEVERAL, read_flag
from secondplan.plans.code_words.referral_sources import REFERRAL_SOURCE
from secondplan.plans.columns import COLUMNS
from secondplan.plans.readers.records.cleaning import CLEANERS
from secondplan.plans.schema import CODES

LISTS = {
    "sex": SEX,
    "ethnicity": ETHNICITY,
    "disabilities": DISABILITY,
    "initial_category": CATEGORY,
    "progress": PROGRESS,
    "referral_source": REFERRAL_SOURCE,
    "primary_need": PRIMARY_NEED,
    "closure_reason": CLOSURE_REASON,
    "factors": FACTOR,
}

HERE = Path(__file__).parent
# What councils write, with its code; and what could be several things, or is none.
SPELLINGS = pd.read_csv(HERE / "spellings.csv", keep_default_na=False)
DOUBTFUL = pd.read_csv(HERE / "doubtful.csv", keep_default_na=False)


def read(column: str, text: str) -> str | None:
    if column not in READ_SEVERAL:
        return READ[column](text)
    codes, unread = READ_SEVERAL[column](text)
    return None if unread else ";".join(codes)


@pytest.mark.parametrize("column", LISTS)
def test_what_is_beyond_doubt_is_read(column):
    spellings = SPELLINGS[SPELLINGS["column"] == column]
    wrong = {text: read(column, text) for _, _, code, text in spellings.itertuples() if read(column, text) != code}
    assert len(spellings)
    assert not wrong


@pytest.mark.parametrize("column", LISTS)
def test_what_is_doubtful_is_not_read(column):
    texts = DOUBTFUL.loc[DOUBTFUL["column"] == column, "text"]
    assert len(texts)
    assert not {text: read(column, text) for text in texts if read(column, text) is not None}


@pytest.mark.parametrize("column", LISTS)
def test_no_phrase_of_one_code_is_read_as_another(column):
    """Each phrase is its code, after that code too, and nothing after another code, in doubt or denied."""
    words = LISTS[column]
    codes = list(words.codes)
    for said, code in words.phrases.items():
        text = " ".join(sorted(said, reverse=True))
        other = codes[codes.index(code) - 1]
        assert words.read(f"{code} - {text}") == code
        assert words.read(f"{text} [{code}]") == code
        assert words.read(f"{other} - {text}") is None
        assert words.read(f"{text} [{other}]") is None
        assert words.read(f"{text}?") is None
        assert words.read(f"not {text}") is None or "NOT" in said


@pytest.mark.parametrize("column", LISTS)
def test_every_code_reads_as_itself_in_any_case(column):
    words = LISTS[column]
    for code in words.codes:
        assert [words.read(text) for text in (code, f" {code.lower()} ", f"a) {code}", f"{code}.")] == [code] * 4


@pytest.mark.parametrize("column", LISTS)
def test_two_phrases_joined_are_no_code(column):
    """Where a code of one's own is read, "and" or "or" between them does not make it one of the two."""
    words = LISTS[column]
    shortest = {
        code: min((said for said in words.phrases if words.phrases[said] == code), key=len) for code in words.codes
    }
    texts = [" ".join(sorted(said)) for said in shortest.values() if "&" not in said]
    far = 3 if len(texts) > 3 else 1
    pairs = zip(texts, [*texts[far:], *texts[:far]], strict=True)
    joined = [f"{one}{joint}{other}" for one, other in pairs for joint in (" & ", "/", " or ", "; ", ", ")]
    assert not [text for text in joined if words.read(text) is not None]


def test_every_reader_reads_words_by_the_one_mechanism():
    expected = {
        "sex": "Female",
        "ethnicity": "White & Asian",
        "disabilities": "AUT/LD",
        "initial_category": "Neglect Only",
    }
    expected |= {"latest_category": "d) Emotional", "referral_source": "Police", "primary_need": "N1 Abuse/neglect"}
    expected |= {"closure_reason": "b) Died", "factors": "1A|2B", "progress": "Partial progress"}
    found = {
        column: CLEANERS[table][column].read(expected[column])
        for table, columns in COLUMNS.items()
        for column in columns
        if column in CODES
    }
    values = {
        "sex": "2",
        "ethnicity": "MWAS",
        "disabilities": "AUT;LD",
        "initial_category": "NEG",
        "latest_category": "EMO",
    }
    values |= {
        "referral_source": "6",
        "primary_need": "N1",
        "closure_reason": "RC2",
        "factors": "1A;2B",
        "progress": "some",
    }
    assert found == {column: (code, "code-recoded") for column, code in values.items()}


@pytest.mark.parametrize("yes", ["Y", "yes", "1", "1.0", "TRUE", "a) Yes", "1 - Yes", "t", "Yes (Y)"])
def test_yes(yes):
    assert read_flag(yes) is True


@pytest.mark.parametrize(
    ("text", "answer"), [("b) No", False), ("0 - No", False), ("n", False), ("Y/N", None), ("x", None)]
)
def test_no_and_neither(text, answer):
    assert read_flag(text) is answer


def test_long_and_nested_texts_are_left_unread_at_once():
    for text in ("a) " * 5_000 + "Neglect", "(" * 390, "A1 " * 130 + "?", "- " * 200, "&" * 399):
        assert READ["ethnicity"](text) is None
        assert READ_SEVERAL["factors"](text)[0] == []


@pytest.mark.parametrize("text", ["1A.2B", "1A:2B", "(1A)(2B)", "1A • 2B"])
def test_codes_with_anything_between_them_are_several(text):
    assert READ_SEVERAL["factors"](text) == (["1A", "2B"], [])
    assert READ_SEVERAL["disabilities"](text.replace("1A", "AUT").replace("2B", "LD"))[0] == ["AUT", "LD"]


def test_a_doubt_between_codes_is_no_separator():
    for text in ("1A? 2B", "1A or 2B", "1A not 2B", "1A-2B", "1A – 2B"):
        assert READ_SEVERAL["factors"](text) == ([], [text])
