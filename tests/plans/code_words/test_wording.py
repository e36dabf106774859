"""Texts as sets of words, and the phrases that a pattern stands for."""

import pytest

from secondplan.plans.code_words.wording import phrases_of, plain, words_of


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("White / Asian", {"WHITE", "&", "ASIAN"}),
        ("White and Asian", {"WHITE", "&", "ASIAN"}),
        ("white + asians", {"WHITE", "&", "ASIAN"}),
        ("Any other White background", {"OTHER", "WHITE", "BACKGROUND"}),
        ("the child’s parent(s)", {"CHILD", "PARENT"}),
        ("A & E", {"AE"}),
        ("Children's services", {"CHILD", "SERVICE"}),
        ("Neglect?", {"NEGLECT", "?"}),
        ("illness – stress", {"ILLNESS", "STRESS"}),
    ],
)
def test_words(text, words):
    assert words_of(plain(text), {}) == words


def test_abbreviations_stand_for_their_words():
    assert words_of(plain("Other LAs"), {"LA": "LOCAL AUTHORITY"}) == {"OTHER", "LOCAL", "AUTHORITY"}


def test_a_pattern_stands_for_every_combination():
    assert sorted(phrases_of("[a|b] {c|d}")) == sorted(["C", "D", "A C", "A D", "B C", "B D"])
    assert set(phrases_of("x / y")) == {"X & Y", "X Y"}
