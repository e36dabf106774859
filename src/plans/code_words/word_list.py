"""How a text is read as a code of a list: as the code itself, or by its words; if neither is beyond doubt, not at all.

The steps, of which the first that finds something counts:

1. the code itself (``WBRI``, ``2 b``, ``02B``, ``1.0``), or another code that stands for it;
2. a known phrase, by its set of words; a longer word may have one slip of the pen;
3. a code with words after it, which must not say anything else (``RC2 - Died``);
4. the same after a list's label (``a)``, ``A1``, ``1 -``), which must not be a code itself;
5. the same before a note that says nothing (``(A1)``, ``- from 2019``) or names the code (``[WBRI]``).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from ..codes import without_decimals
from .wording import phrases_of, plain, word_set, words_of

_LONGEST = 400  # No description of a code is longer; a longer text is a note.
_EDGES = " -:;,.>|="
_LABEL = re.compile(
    r"(?:[A-Z]|[IVX]{2,4})\s?[).]\s*"  # a) iii. b.
    r"|(?:[A-Z]\.)?[A-Z]{0,2}\d{1,3}(?:\.\d{1,2})?[A-Z]?\s?[).:>-]+\s*"  # A1 -, 12), A.A1), A4.1:
    r"|(?:[A-Z]\.)?[A-Z]{0,2}\d{1,3}(?:\.\d{1,2})?[A-Z]?\s+"  # A1 White, A4.10 Indian
    r"|(?![NY])[A-Z]\s*[:-]+\s+"  # B - African; not N and Y, which may be no and yes
)
_CODE = re.compile(r"\d{1,2}\s[A-F](?=\s*[-:)\].])|(?:N|RC)\s\d(?![A-Z0-9])|[A-Z0-9]+(?![A-Z0-9])")
_GAP = re.compile(r"[\s\-:>.=)\](\[&,;|]*")
_SPACED = re.compile(r"[A-Z]{0,2}[\s-]?\d{1,2}[\s-]?[A-Z]?")
_LEADING_ZEROS = re.compile(r"(?<!\d)0+(?=\d)")
_BRACKET = re.compile(r"^([^(\[]*[^(\[\s])\s*[(\[](.+?)[)\]]*$")
_DASH = re.compile(r"^(.*\S)(?:\s-+\s*|-+\s|\s*[:>]\s*|\s*[,;]\s+)(.+)$")
_AT_END = re.compile(r"[(\[]\s*([A-Z0-9]+)\s*[)\]]$")
_EXAMPLES = re.compile(r"\b(?:INCLUDING|INCLUDES|INCL?|FOR EXAMPLE|E\.?G|I\.?E|SUCH AS|EXCLUDING|EXCL?)\b.*$")
_PART = re.compile(r"[-:>()\[\];|,&]+|\bOR\b")
_OR = re.compile(r"[;|,&]|\bOR\b")
_STRONG, _WEAK = re.compile(r"[;|,\r\n]+"), re.compile(r"[/\\&+]|\band\b", re.IGNORECASE)
# A question mark is a doubt, and a dash may stand for all codes between.
_NO_CODE = re.compile(r"[^A-Za-z0-9?\-\u2010-\u2015]+")
_NUMBER = re.compile(r"[A-Z]{0,2}\d+[A-Z]?|&")

# Words that leave doubt whether what stands beside them holds.
_DOUBT = word_set(
    "? NOT NO NON NEVER WITHOUT UNLIKELY POSSIBLE POSSIBLY PROBABLE PROBABLY LIKELY MAYBE PERHAPS QUERY UNSURE UNCLEAR",
    "UNKNOWN TBC UNCONFIRMED SUSPECTED ALLEGED EX FORMER FORMERLY PREVIOUS PREVIOUSLY ERROR WRONG INCORRECT INVALID",
    "VOID CANCELLED WITHDRAWN REJECTED RESCINDED EXCLUDED REMOVED INSTEAD NEITHER UNFOUNDED UNSUBSTANTIATED",
    "AWAITING AWAITED PENDING UNDIAGNOSED TRAITS TRAIT",
)
# Words of a note that say nothing of the code.
_SAY_NOTHING = word_set(
    "SEE NOTE PLEASE SPECIFY SPECIFIED CASE FILE CODE RECORD RECORDED CONFIRMED VERIFIED UPDATED DATE DATED FROM SINCE",
    "UNTIL INITIAL LATEST CURRENT CATEGORY CIN CP DFE CENSUS SELF DEFINED DECLARED DESCRIBED REPORTED ASCRIBED ICPC",
    "RCPC CONFERENCE REVIEW REVIEWED OLD VALUE MIGRATED SYSTEM JAN FEB MAR APR MAY JUN JUL AUG SEP SEPT OCT NOV DEC",
    "JANUARY FEBRUARY MARCH APRIL JUNE JULY AUGUST SEPTEMBER OCTOBER NOVEMBER DECEMBER",
)
# Codes that are English words: one that words follow without a dash may be the word.
_ALSO_WORDS = frozenset({"BOTH", "NONE", "HAND", "HEAR", "CON", "INC", "I"})


@dataclass(frozen=True)
class WordList:
    """What is written for each code of a list.

    Attributes
    ----------
    codes : mapping
        The code list.
    patterns : mapping of code to sequence of str
        What is said for each code, as :func:`.wording.phrases_of` describes.
    also : mapping of str to str
        Other codes, and the code of the list that each stands for.
    meanings : mapping of str to str
        What abbreviations stand for in this list.
    rewrites : sequence of (regular expression, str)
        What is replaced in a plain text before its words are compared: headings of groups, official padding.
    takes_any_note : bool
        Whether what follows a phrase after a dash or a colon is a kind of it, whatever it is.
    takes_examples : bool
        Whether what follows "including" or "for example" may be passed over.
    """

    codes: Mapping[str, str]
    patterns: Mapping[str, Sequence[str]]
    also: Mapping[str, str] = field(default_factory=dict)
    meanings: Mapping[str, str] = field(default_factory=dict)
    rewrites: Sequence[tuple[str, str]] = ()
    takes_any_note: bool = False
    takes_examples: bool = False

    @cached_property
    def spellings(self) -> dict[str, str]:
        """Each code, and each other that stands for one -> code."""
        return {**{code: code for code in self.codes}, **self.also}

    @cached_property
    def phrases(self) -> dict[frozenset[str], str]:
        """Set of words -> code.

        Raises
        ------
        ValueError
            A phrase stands for two codes, or for no words.
        """
        found: dict[frozenset[str], str] = {}
        for code, patterns in self.patterns.items():
            for phrase in (phrase for pattern in patterns for phrase in phrases_of(pattern)):
                words = words_of(phrase, self.meanings)
                if not words or found.setdefault(words, code) != code:
                    raise ValueError(f"{phrase!r} stands for {code} and for {found.get(words, 'nothing')}")
        return found

    @cached_property
    def _own_words(self) -> dict[str, frozenset[str]]:
        """All words of each code's phrases, but those that leave doubt: a note of them adds nothing."""
        own = {code: [words for words, said in self.phrases.items() if said == code] for code in self.patterns}
        return {code: frozenset[str]().union(*phrases) - _DOUBT for code, phrases in own.items()}

    @cached_property
    def _by_ends(self) -> dict[tuple[str, str], list[str]]:
        """The longer words of the phrases by first and last letter, to find those with a slip of the pen."""
        found: dict[tuple[str, str], list[str]] = {}
        for word in sorted(frozenset[str]().union(*self.phrases)):
            if len(word) > 4:
                found.setdefault((word[0], word[-1]), []).append(word)
        return found

    def read(self, text: str) -> str | None:
        """The one code that ``text`` stands for; None where it is not beyond doubt, or where there are several."""
        return self._read(plain(without_decimals(text.strip()))) if len(text) <= _LONGEST else None

    def read_all(self, text: str) -> tuple[list[str], list[str]]:
        """The codes that a text of several stands for, each once, and its parts that were not read.

        Parts are joined by semicolons, commas, bars or line ends; by ``/``, ``&``, ``+`` or ``and`` where each part is
        read; by anything else that is no letter or digit (``1A 2B``, ``1A.2B``), but for dashes, where each is a code.
        """
        parts = [part.strip() for part in _STRONG.split(text) if part.strip()]
        found = [[self._part(part)] for part in parts]
        if not parts or [None] in found:
            # A phrase may hold a comma itself.
            whole = self.read(text)
            found = [[whole]] if whole else [self._read_joined(part) for part in parts]
        unread = [part for part, codes in zip(parts, found, strict=False) if None in codes]
        return list(dict.fromkeys(code for codes in found for code in codes if code)), unread

    @cached_property
    def _part(self) -> Callable[[str], str | None]:
        """:meth:`read`, with a memory: lists of factors are many, their parts few."""
        return lru_cache(maxsize=1024)(self.read)

    def _read_joined(self, part: str) -> list[str | None]:
        """The codes of a part that is one, or several that are all read; else a None."""
        whole = self._part(part)
        if whole is None and len(part) <= _LONGEST:
            several = [self._part(piece) for piece in _WEAK.split(part)]
            if None in several:
                several = [self._exact(plain(piece)) for piece in _NO_CODE.split(part) if piece]
            if several and None not in several:
                return several
        return [whole]

    def _read(self, text: str) -> str | None:
        text = text.strip(_EDGES).lstrip(" ([")
        found = self._said(text)
        if found is not None or not text:
            return found
        match = _CODE.match(text)
        code = self._exact(match[0]) if match else None
        if match and code is not None:
            return self._unless_denied(code, match[0], text[match.end() :])
        label = _LABEL.match(text)
        if label and label.end() < len(text):
            return self._read(text[label.end() :])
        return self._before_note(text)

    def _said(self, text: str) -> str | None:
        """The code that the whole text is, or says."""
        return self._exact(text) or self._phrase(text)

    def _exact(self, text: str) -> str | None:
        if text in self.spellings:
            return self.spellings[text]
        if len(text) == 5 and text.isalpha() and text[1:] in self.spellings:
            return self.spellings[text[1:]]  # A list's letter without its bracket: aWBRI.
        if _SPACED.fullmatch(text):
            return self.spellings.get(_LEADING_ZEROS.sub("", re.sub(r"[\s-]", "", text)))
        return None

    def _phrase(self, text: str) -> str | None:
        for pattern, other in self.rewrites:
            text = re.sub(pattern, other, text)
        words = words_of(text, self.meanings)
        found = self.phrases.get(words)
        if found is None and words and not words & _DOUBT:
            found = self.phrases.get(frozenset(map(self._meant, words)))
        parts = _OR.split(text) if found else []
        several = {self._phrase(part) for part in parts} if len(parts) > 1 else {found}
        # "British Indian" is one, "British or Indian" two.
        return None if len(several) > 1 and None not in several else found

    def _meant(self, word: str) -> str:
        """The list's only word that differs from this by one slip of the pen inside it, else the word."""
        if len(word) < 5 or not word.isalpha() or word in _SAY_NOTHING:
            return word
        near = [known for known in self._by_ends.get((word[0], word[-1]), ()) if _is_slip(word, known)]
        return near[0] if len(near) == 1 and word not in near else word

    def _unless_denied(self, code: str, given: str, rest: str) -> str | None:
        """``code``, unless what follows it says something else."""
        gap = _GAP.match(rest)
        between = gap[0] if gap else ""
        rest = rest[len(between) :]
        found = self._read(rest)
        if found is not None or not rest:
            return code if found in (None, code) else None
        is_list = bool(set(between) & set("&,;|")) or rest.startswith("OR ")
        is_word = given in _ALSO_WORDS and not between.strip()
        return None if is_list or is_word or self._speaks_against(rest, code) else code

    def _speaks_against(self, text: str, code: str) -> bool:
        """Whether a text that was not read leaves doubt whether ``code`` is meant."""
        tokens = [token for token in re.findall(r"[A-Z0-9]+", text) if len(token) > 1 and token not in _ALSO_WORDS]
        said = [*map(self._exact, tokens), *(self._said(part.strip(_EDGES)) for part in _PART.split(text))]
        return bool(words_of(text, {}) & _DOUBT) or any(found not in (None, code) for found in said)

    def _before_note(self, text: str) -> str | None:
        named = _AT_END.search(text)
        if named and (code := self._exact(named[1])) is not None:
            return self._unless_denied(code, named[1], f": {text[: named.start()]}")
        if self.takes_examples and "?" not in text and (examples := _EXAMPLES.search(text)):
            head = text[: examples.start()].strip(_EDGES + "([")
            # "Other (including ...)" is explained by what it includes.
            return None if words_of(head, self.meanings) == {"OTHER"} else self._read(head)
        match = _BRACKET.match(text) or _DASH.match(text)
        if match is None:
            return None
        head, note = match.groups()
        first, second = self._read(head), self._read(note)
        if first is None:
            # "MWB - MWBC - White/Black": what follows names the code.
            given = _CODE.match(note)
            is_named = given is not None and self._exact(given[0]) == second
            return second if is_named and second is not None and not self._speaks_against(head, second) else None
        if second is not None:
            return first if first == second else None
        known = _SAY_NOTHING | self._own_words[first]
        says_nothing = all(word in known or _NUMBER.fullmatch(word) for word in words_of(note, self.meanings))
        if says_nothing or note.strip(_EDGES) == head[0]:
            return first
        return first if self.takes_any_note and not self._speaks_against(note, first) else None


def _is_slip(word: str, known: str) -> bool:
    """Whether one letter was left out, added or changed, or two neighbours exchanged; the first and last are right."""
    if abs(len(word) - len(known)) > 1:
        return False
    start = 0
    while start < min(len(word), len(known)) and word[start] == known[start]:
        start += 1
    left, right = word[start:], known[start:]
    is_exchanged = left[:2] == right[:2][::-1] and left[2:] == right[2:]
    return is_exchanged or left[1:] in (right, right[1:]) or left == right[1:]
