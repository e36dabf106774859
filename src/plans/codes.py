"""Code lists of the children in need (CIN) census, as data: what each code means and the groups used in analysis.

The codes are those of the Department for Education's CIN census (2024 schema, with the older codes that files of
earlier years still hold); the labels are our own short wording. Readers of every format map onto these codes, so that
one table means one thing whatever it was read from.
"""

import re

SEX = {"1": "Male", "2": "Female", "0": "Not recorded or unborn", "9": "Indeterminate"}

CATEGORIES = {
    "NEG": "Neglect",
    "PHY": "Physical abuse",
    "SAB": "Sexual abuse",
    "EMO": "Emotional abuse",
    "MUL": "More than one category",
}

ETHNICITIES = {
    "WBRI": "White British",
    "WIRI": "White Irish",
    "WIRT": "Traveller of Irish heritage",
    "WOTH": "Other White background",
    "WROM": "Gypsy or Roma",
    "MWBC": "White and Black Caribbean",
    "MWBA": "White and Black African",
    "MWAS": "White and Asian",
    "MOTH": "Other mixed background",
    "AIND": "Indian",
    "APKN": "Pakistani",
    "ABAN": "Bangladeshi",
    "AOTH": "Other Asian background",
    "BCRB": "Black Caribbean",
    "BAFR": "Black African",
    "BOTH": "Other Black background",
    "CHNE": "Chinese",
    "OOTH": "Other ethnic group",
    "REFU": "Refused",
    "NOBT": "Not yet obtained",
}

ETHNICITY_GROUPS = {
    **dict.fromkeys(("WBRI", "WIRI", "WIRT", "WOTH", "WROM"), "White"),
    **dict.fromkeys(("MWBC", "MWBA", "MWAS", "MOTH"), "Mixed"),
    # The 2021 census of population counts Chinese as Asian; DfE follows it.
    **dict.fromkeys(("AIND", "APKN", "ABAN", "AOTH", "CHNE"), "Asian"),
    **dict.fromkeys(("BCRB", "BAFR", "BOTH"), "Black"),
    "OOTH": "Other",
    **dict.fromkeys(("REFU", "NOBT"), "Unknown"),
}
"""Ethnicity code to the group used as a feature: White, Mixed, Asian, Black, Other, Unknown."""

DISABILITIES = {
    "NONE": "No disability",
    "MOB": "Mobility",
    "HAND": "Hand function",
    "PC": "Personal care",
    "INC": "Incontinence",
    "COMM": "Communication",
    "LD": "Learning",
    "HEAR": "Hearing",
    "VIS": "Vision",
    "BEH": "Behaviour",
    "CON": "Consciousness",
    "AUT": "Autism or Asperger syndrome",
    "DDA": "Other disability",
}

REFERRAL_SOURCES = {
    "1A": "Family member, relative or carer",
    "1B": "Acquaintance",
    "1C": "The child",
    "1D": "Another individual",
    "2A": "School",
    "2B": "Education service",
    "3A": "General practitioner",
    "3B": "Health visitor",
    "3C": "School nurse",
    "3D": "Other primary health service",
    "3E": "Accident and emergency",
    "3F": "Other health service",
    "4": "Housing",
    "5A": "Social care of the authority",
    "5B": "Other department of the authority",
    "5C": "Another authority",
    "5D": "Early help",
    "6": "Police",
    "7": "Other legal agency",
    "8": "Other",
    "9": "Anonymous",
    "10": "Unknown",
}

PRIMARY_NEEDS = {
    "N0": "Not stated",
    "N1": "Abuse or neglect",
    "N2": "Child's disability",
    "N3": "Parental disability or illness",
    "N4": "Family in acute stress",
    "N5": "Family dysfunction",
    "N6": "Socially unacceptable behaviour",
    "N7": "Low income",
    "N8": "Absent parenting",
    "N9": "Not a child in need",
}

CLOSURE_REASONS = {
    "RC1": "Adopted",
    "RC2": "Died",
    "RC3": "Child arrangements order",
    "RC4": "Special guardianship order",
    "RC5": "Transferred to another authority",
    "RC6": "Transferred to adult social care",
    "RC7": "Services ceased for another reason",
    "RC8": "Closed after assessment, no further action",
    "RC9": "Closed after assessment, to early help",
}

FACTORS = {
    "1A": "Alcohol misuse: child",
    "1B": "Alcohol misuse: parent or carer",
    "1C": "Alcohol misuse: another in the household",
    "2A": "Drug misuse: child",
    "2B": "Drug misuse: parent or carer",
    "2C": "Drug misuse: another in the household",
    "3A": "Domestic abuse: of the child",
    "3B": "Domestic abuse: of a parent or carer",
    "3C": "Domestic abuse: of another in the household",
    "4A": "Mental health: child",
    "4B": "Mental health: parent or carer",
    "4C": "Mental health: another in the household",
    "5A": "Learning disability: child",
    "5B": "Learning disability: parent or carer",
    "5C": "Learning disability: another in the household",
    "6A": "Physical disability or illness: child",
    "6B": "Physical disability or illness: parent or carer",
    "6C": "Physical disability or illness: another in the household",
    "7A": "Young carer",
    "8A": "Privately fostered (older code)",
    "8B": "Privately fostered: from overseas, intends to return",
    "8C": "Privately fostered: from overseas, intends to stay",
    "8D": "Privately fostered: in education in the United Kingdom",
    "8E": "Privately fostered: family arrangement in the United Kingdom",
    "8F": "Privately fostered: other",
    "9A": "Unaccompanied asylum-seeking child",
    "10A": "Going missing",
    "11A": "Child sexual exploitation",
    "12A": "Trafficking",
    "13A": "Gangs",
    "14A": "Socially unacceptable behaviour",
    "15A": "Self-harm",
    "16A": "Neglect",
    "17A": "Emotional abuse",
    "18A": "Physical abuse (older code)",
    "18B": "Physical abuse: by a child",
    "18C": "Physical abuse: by an adult",
    "19A": "Sexual abuse (older code)",
    "19B": "Sexual abuse: by a child",
    "19C": "Sexual abuse: by an adult",
    "20": "Other factor",
    "21": "No factor identified",
    "22A": "Female genital mutilation",
    "23A": "Abuse linked to faith or belief",
    "24A": "Child criminal exploitation",
}

UNKNOWN_AUTHORITY = "000"
"""``la_code`` of data whose authority is neither in the file nor given by the reader."""

_NOT_GIVEN = frozenset(
    {"", "NULL", "NONE", "N/A", "NA", "NAN", "NAT", "#N/A", "NIL", "-", "--", "NO TRACE", "NOT KNOWN", "UNKNOWN"}
)
_SEX_WORDS = {
    **{code: code for code in SEX},
    **{"M": "1", "MALE": "1", "B": "1", "BOY": "1", "F": "2", "FEMALE": "2", "G": "2", "GIRL": "2"},
    **{"U": "0", "UNKNOWN": "0", "UNBORN": "0", "NOT RECORDED": "0", "NOT KNOWN": "0", "NOT SPECIFIED": "0"},
    **{"NOT STATED": "0", "NOT STATED/RECORDED": "0", "NOT STATED/RECORDED (OR UNBORN)": "0", "UNSPECIFIED": "0"},
    **{"I": "9", "INDETERMINATE": "9", "OTHER": "9", "NEITHER": "9"},
}
_MIXED = {"MWBC": "WHITE AND BLACK CARIBBEAN", "MWBA": "WHITE AND BLACK AFRICAN", "MWAS": "WHITE AND ASIAN"}
_ETHNICITY_WORDS = {
    **dict.fromkeys(("WHITE BRITISH", "BRITISH", "WHITE ENGLISH"), "WBRI"),
    "WHITE ENGLISH WELSH SCOTTISH NORTHERN IRISH BRITISH": "WBRI",
    **dict.fromkeys(("WHITE IRISH", "IRISH"), "WIRI"),
    **dict.fromkeys(("TRAVELLER OF IRISH HERITAGE", "WHITE TRAVELLER OF IRISH HERITAGE"), "WIRT"),
    **dict.fromkeys(("GYPSY ROMA", "GYPSY OR ROMA", "WHITE GYPSY ROMA", "ROMA"), "WROM"),
    **dict.fromkeys(("OTHER WHITE BACKGROUND", "WHITE OTHER", "WHITE OTHER WHITE BACKGROUND"), "WOTH"),
    **{words: code for code, words in _MIXED.items()},
    **{f"MIXED {words}": code for code, words in _MIXED.items()},
    **dict.fromkeys(("OTHER MIXED BACKGROUND", "MIXED OTHER", "MIXED OTHER MIXED BACKGROUND"), "MOTH"),
    **dict.fromkeys(("INDIAN", "ASIAN INDIAN", "ASIAN OR ASIAN BRITISH INDIAN"), "AIND"),
    **dict.fromkeys(("PAKISTANI", "ASIAN PAKISTANI", "ASIAN OR ASIAN BRITISH PAKISTANI"), "APKN"),
    **dict.fromkeys(("BANGLADESHI", "ASIAN BANGLADESHI", "ASIAN OR ASIAN BRITISH BANGLADESHI"), "ABAN"),
    **dict.fromkeys(("OTHER ASIAN BACKGROUND", "ASIAN OTHER", "ASIAN OR ASIAN BRITISH OTHER ASIAN BACKGROUND"), "AOTH"),
    **dict.fromkeys(("CARIBBEAN", "BLACK CARIBBEAN", "BLACK OR BLACK BRITISH CARIBBEAN"), "BCRB"),
    **dict.fromkeys(("AFRICAN", "BLACK AFRICAN", "BLACK OR BLACK BRITISH AFRICAN"), "BAFR"),
    **dict.fromkeys(("OTHER BLACK BACKGROUND", "BLACK OTHER", "BLACK OR BLACK BRITISH OTHER BLACK BACKGROUND"), "BOTH"),
    **dict.fromkeys(("CHINESE", "ASIAN CHINESE", "ASIAN OR ASIAN BRITISH CHINESE"), "CHNE"),
    **dict.fromkeys(("OTHER ETHNIC GROUP", "OTHER ETHNIC GROUPS", "OTHER ETHNICITY"), "OOTH"),
    "REFUSED": "REFU",
    **dict.fromkeys(("NOT YET OBTAINED", "INFORMATION NOT YET OBTAINED", "NOT OBTAINED", "NOT STATED"), "NOBT"),
}
_FLAG_WORDS = {
    **dict.fromkeys(("Y", "YES", "TRUE", "T", "1"), True),
    **dict.fromkeys(("N", "NO", "FALSE", "F", "0"), False),
}
_CATEGORY_WORDS = {
    **{code: code for code in CATEGORIES},
    **{"NEGLECT": "NEG", "PHYSICAL": "PHY", "PHYSICAL ABUSE": "PHY", "SEXUAL": "SAB", "SEXUAL ABUSE": "SAB"},
    **{"EMOTIONAL": "EMO", "EMOTIONAL ABUSE": "EMO", "MULTIPLE": "MUL", "MULTIPLE/NOT RECOMMENDED": "MUL"},
    **{"MULTIPLE CATEGORIES": "MUL", "NOT RECOMMENDED": "MUL"},
}
_LETTER = re.compile(r"^[A-Z]\)\s*")
_PREFIX = re.compile(r"^[A-Z0-9]{1,2}[).:]\s*|^[A-Z]\s*[-–]\s+")
_WORD = re.compile(r"[A-Z0-9]+")
_SEVERAL = re.compile(r"[,;/&+]|\bAND\b")
_FACTOR = re.compile(r"^0?(\d{1,2}[A-F]?)\b")


def is_not_given(text: str) -> bool:
    """Whether a source's text stands for "no value": empty, ``NULL``, ``N/A``, ``No Trace``, ..."""
    bare = text.strip().upper()
    return bare in _NOT_GIVEN or _LETTER.sub("", bare) in _NOT_GIVEN


def read_sex(text: str) -> str | None:
    """Census code of sex from ``1``, ``M``, ``Male``, ``a) Male``, ...; None where the text is none of these."""
    bare = _bare(text)
    # "1 - Male": the code comes first, the word for it after a dash.
    return _SEX_WORDS.get(bare) or _SEX_WORDS.get(bare.split(" - ")[0])


def read_ethnicity(text: str) -> str | None:
    """Census code of an ethnicity from a code or the census's words for it; None where the text is neither."""
    code = read_code(text, ETHNICITIES)
    if code is not None:
        return code
    parts = [word for word in re.findall(r"[A-Z0-9]+", _PREFIX.sub("", text.strip().upper())) if word != "ANY"]
    # "A1 White British": the older census's number of the group comes first.
    return _ETHNICITY_WORDS.get(" ".join(parts)) or _ETHNICITY_WORDS.get(" ".join(parts[1:]))


def read_category(text: str) -> str | None:
    """Census code of a category of abuse from a code or its words; None where the text is neither.

    Several categories (``Multiple: Neglect, Emotional abuse``, ``NEG; EMO``) are "more than one".
    """
    bare = _bare(text)
    if bare.startswith("MULTIPLE"):
        return "MUL"
    if bare in _CATEGORY_WORDS:
        return _CATEGORY_WORDS[bare]
    found = {_CATEGORY_WORDS.get(part.strip()) for part in _SEVERAL.split(bare)}
    if None in found:
        return None
    return "MUL" if len(found) > 1 else found.pop()


def read_flag(text: str) -> bool | None:
    """Yes or no from ``Y``, ``yes``, ``1``, ``True``, ``a) Yes``, ...; None where the text is neither."""
    bare = without_decimals(text.strip().upper())
    return _FLAG_WORDS.get(bare, _FLAG_WORDS.get(_PREFIX.sub("", bare).strip()))


def read_factor(text: str) -> str | None:
    """Census code of an assessment factor from ``2B``, ``2b``, ``2 B``, ``2B - Drug misuse``, ...; None otherwise."""
    bare = text.strip().upper()
    if bare in FACTORS:
        return bare
    joined = bare.replace(" ", "")
    if joined in FACTORS:
        return joined
    match = _FACTOR.match(bare)
    return match[1] if match and match[1] in FACTORS else None


def read_code(text: str, codes: dict[str, str]) -> str | None:
    """The code in ``codes`` that ``text`` holds, whatever its case, spaces and list prefix (``a) WBRI``, ``aWBRI``).

    None where it holds none of them, or several. Every reader returns a code or None and leaves "no value" to
    :func:`is_not_given`, so that missing and invalid are told apart.
    """
    bare = without_decimals(text.strip().upper())
    if bare in codes:
        return bare
    unprefixed = _PREFIX.sub("", bare).strip()
    if unprefixed in codes:
        return unprefixed
    if len(bare) > 4 and bare[1:] in codes:
        return bare[1:]
    # Short codes (2A, 6) occur inside ordinary words and numbers, so only a leading one counts.
    words = _WORD.findall(unprefixed)
    if words and words[0] in codes:
        return words[0]
    found = {word for word in words if len(word) > 2 and word in codes}
    return found.pop() if len(found) == 1 else None


def _bare(text: str) -> str:
    upper = without_decimals(" ".join(text.upper().split()))
    if upper in _SEX_WORDS or upper in _CATEGORY_WORDS:
        return upper
    return _PREFIX.sub("", upper).strip()


def without_decimals(text: str) -> str:
    """``1.0`` as ``1``: what a spreadsheet makes of a code."""
    return text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text
