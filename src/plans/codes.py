"""Code lists of the children in need (CIN) census, as data: what each code means and the groups used in analysis.

The codes are those of the Department for Education's CIN census (2024 schema, with the older codes that files of
earlier years still hold); the labels are our own short wording. Readers of every format map onto these codes
(:mod:`.code_words`), so that one table means one thing whatever it was read from.
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

PROGRESS = {"good": "Good progress", "some": "Some progress", "poor": "Poor progress, or none"}
"""What a review found of the plan's progress, from good to poor: in no national collection, so the codes are ours."""

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
_LETTER = re.compile(r"^[A-Z]\)\s*")


def is_not_given(text: str) -> bool:
    """Whether a source's text stands for "no value": empty, ``NULL``, ``N/A``, ``No Trace``, ..."""
    bare = text.strip().upper()
    return bare in _NOT_GIVEN or _LETTER.sub("", bare) in _NOT_GIVEN


def without_decimals(text: str) -> str:
    """``1.0`` as ``1``: what a spreadsheet makes of a code."""
    return text[:-2] if text.endswith(".0") and text[:-2].isdigit() else text
