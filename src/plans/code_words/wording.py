"""From a text to its words, and from a pattern of words to the phrases that it stands for.

Words are compared as a set: in capitals, in the singular, without those that say nothing (``of``, ``the``, ``any``).
``&``, ``+``, ``/`` and ``and`` are one word, ``&``, which counts: "White and Asian" is not "White Asian".
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping

_DASHES = re.compile(r"[\u2010-\u2015\u2212\x96\x97]")
_APOSTROPHES = re.compile(r"['`\"\u00b4\u2018\u2019\u201c\u201d]|(?<=[A-Z])\?+(?=S\b)")
_BULLETS = re.compile(r"[\u2022\u00b7\u25aa\u25cf*~#_<\ufeff]")
_AND = re.compile(r"&AMP;|[/\\+&]|\bAND\b")
_EMERGENCY = re.compile(r"\bA\s*(?:[&+/]|\bAND\b)\s*E\b")
_INITIALS = re.compile(r"\b([A-Z])\.(?=[A-Z]\b)")
_PLURAL = re.compile(r"\(S\)")
_WORD = re.compile(r"[A-Z0-9]+|[&?]")
_SINGULAR = {"CHILDREN": "CHILD", "CHILDRENS": "CHILD", "LAS": "LA", "MPS": "MP", "GPS": "GP", "CHINESE": "CHINESE"}
_OPTION = re.compile(r"\{([^{}\[\]]*)\}|\[([^{}\[\]]*)\]")


def word_set(*lines: str) -> frozenset[str]:
    """The words of some lines."""
    return frozenset(" ".join(lines).split())


_EMPTY = word_set("THE OF A AN TO BY FOR OR ANY WITH IN ON AT THAT IS ARE HAS BEEN BEING AS ONLY THEIR DUE")


def plain(text: str) -> str:
    """``text`` in capitals, with one kind of dash and of blank, without apostrophes and bullets, ``&`` for "and"."""
    upper = unicodedata.normalize("NFKC", text).upper()
    upper = _BULLETS.sub(" ", _APOSTROPHES.sub("", _DASHES.sub("-", upper)))
    upper = _INITIALS.sub(r"\1", _PLURAL.sub("S", upper))
    upper = _AND.sub(" & ", _EMERGENCY.sub("AE", upper))
    return " ".join(upper.split())


def words_of(text: str, meanings: Mapping[str, str]) -> frozenset[str]:
    """The words of a plain text, each in the singular; ``meanings`` are those of abbreviations (``LA``)."""
    given = _WORD.findall(text)
    meant = [meanings.get(word) or meanings.get(_singular(word), _singular(word)) for word in given]
    return frozenset(" ".join(meant).split()) - _EMPTY


def phrases_of(pattern: str) -> Iterator[str]:
    """Every phrase that a pattern stands for.

    Parameters
    ----------
    pattern : str
        Words, with ``[x]`` where x may be missing, ``{x|y}`` for one of several, and ``/`` for an "and" that may be
        missing.

    Examples
    --------
    >>> sorted(phrases_of("{abuse|harm} / neglect"))
    ['ABUSE & NEGLECT', 'ABUSE NEGLECT', 'HARM & NEGLECT', 'HARM NEGLECT']
    """
    option = _OPTION.search(pattern)
    if option is None:
        for joint in ("&", "") if "/" in pattern else ("",):
            yield " ".join(pattern.upper().replace("/", joint).split())
        return
    choices = ["", *option[2].split("|")] if option[1] is None else option[1].split("|")
    for choice in choices:
        yield from phrases_of(f"{pattern[: option.start()]} {choice} {pattern[option.end() :]}")


def _singular(word: str) -> str:
    if word in _SINGULAR:
        return _SINGULAR[word]
    if len(word) > 4 and word.endswith("IES"):
        return word[:-3] + "Y"
    if len(word) > 3 and word.endswith("S") and not word.endswith(("SS", "US", "IS")):
        return word[:-1]
    return word
