"""The steps by which a text is read, on a list of three codes."""

import pytest

from secondplan.plans.code_words.word_list import WordList

FRUIT = WordList(
    {"AP": "Apple", "PE1": "Pear", "CH": "Cherry"},
    {"AP": ("[red] apple",), "PE1": ("pear / quince",), "CH": ("cherry",)},
    also={"XA": "AP"},
)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        *[("ap", "AP"), ("PE 1", "PE1"), ("pe01", "PE1"), ("xa", "AP"), ("Apples", "AP"), ("apple, red", "AP")],
        *[("Pear & quince", "PE1"), ("b) apple", "AP"), ("1 - apple", "AP"), ("AP - apple", "AP"), ("AP: green", "AP")],
        *[("apple [AP]", "AP"), ("green [AP]", "AP"), ("apple (3)", "AP"), ("apple - from May 2019", "AP")],
        *[("chery", "CH"), ("cherrry", "CH"), ("cehrry", "CH"), ("cherro", None), ("perry", None)],
        *[("AP - cherry", None), ("AP/CH", None), ("AP PE1", None), ("apple and cherry", None), ("green apple", None)],
        *[("AP - not ripe", None), ("apple (unripe)", None), ("no apple", None), ("AP or other", None), ("", None)],
    ],
)
def test_reading(text, code):
    assert FRUIT.read(text) == code


def test_parts_that_are_not_read_are_told():
    assert FRUIT.read_all("AP; green|apple, CH") == (["AP", "CH"], ["green"])
    assert FRUIT.read_all("AP/CH") == (["AP", "CH"], [])
    assert FRUIT.read_all("AP CH PE1") == (["AP", "CH", "PE1"], [])
    assert FRUIT.read_all("AP/green") == ([], ["AP/green"])


def test_notes_and_examples_of_lists_that_have_them():
    kinds = WordList({"AP": ""}, {"AP": ("apple",)}, takes_any_note=True, takes_examples=True)
    assert [kinds.read(text) for text in ("apple - cox", "apple (e.g. cox)", "apple - not cox", "cox - apple")] == [
        "AP",
        "AP",
        None,
        None,
    ]


def test_a_phrase_of_two_codes_or_of_none_is_refused():
    with pytest.raises(ValueError, match="stands for B and for A"):
        _ = WordList({"A": "", "B": ""}, {"A": ("x y",), "B": ("y [z] x",)}).phrases
    with pytest.raises(ValueError, match="nothing"):
        _ = WordList({"A": ""}, {"A": ("[x]",)}).phrases
