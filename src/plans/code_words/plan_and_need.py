"""What is written for categories of abuse, the progress of plans, primary needs and reasons for closure.

Sources: the children in need census's guides (with older wordings: residence order, physical injury), Annex A's
guidance, and the spellings that the Annex A specification of SocialFinanceDigitalLabs/liia-tools lists.
"""

import re

from ..codes import CATEGORIES, CLOSURE_REASONS, PRIMARY_NEEDS
from ..codes import PROGRESS as PROGRESS_CODES
from .word_list import WordList

CATEGORY = WordList(
    CATEGORIES,
    {
        "NEG": ("[child|category] neglect [category]",),
        "PHY": ("[child|category] physical [abuse|injury|harm]",),
        "SAB": ("[child|category] sexual [abuse|harm]",),
        "EMO": (
            "[child|category] emotional [abuse|harm]",
            "emotional / psychological [abuse]",
        ),
        "MUL": (
            "multiple [abuse|category|category abuse]",
            "multiple / not recommended",
            "not recommended",
            "more than one category [abuse]",
        ),
    },
    meanings={"PHYS": "PHYSICAL", "EMOT": "EMOTIONAL", "SEX": "SEXUAL", "CAT": "CATEGORY", "MULTI": "MULTIPLE"},
)

PROGRESS = WordList(
    PROGRESS_CODES,
    {
        "good": ("[making] {good|significant|strong} [progress]",),
        "some": ("[making] {some|partial|limited|mixed|moderate} [progress]",),
        "poor": ("[making] {poor|no|insufficient|little} progress", "poor [or no] progress", "poor"),
    },
)

PRIMARY_NEED = WordList(
    PRIMARY_NEEDS,
    {
        "N0": ("[need code] not {stated|specified}", "no need code [recorded|stated]"),
        "N1": (
            "[child] abuse [/ neglect]",
            "neglect",
            "{physical|sexual|emotional} abuse",
            "child need result risk abuse / neglect",
        ),
        "N2": ("child disability [/ illness]", "disabled child", "child illness / disability"),
        "N3": (
            "parent {disability|illness|disability / illness}",
            "parent / carer {disability|illness|disability / illness}",
        ),
        "N4": ("family acute {stress|distress}",),
        "N5": ("family {dysfunction|dysfunctional|disfunction|disfunctional}",),
        "N6": ("[child] {socially|social} unacceptable behaviour", "unacceptable behaviour"),
        "N7": ("low [family] income",),
        "N8": ("absent {parenting|parent}",),
        "N9": ("[case] other than child need", "not child need"),
    },
    # Councils' own subdivisions: N1a, N5b.
    also={f"{code}{letter}": code for code in PRIMARY_NEEDS for letter in "ABCDEFGHIJ"},
    meanings={"PARENTAL": "PARENT", "CIN": "CHILD NEED"},
    takes_any_note=True,
)

_CASE = "[case|case closed|child|child was|client]"
_MOVED = "{transferred|transfer|transition}"

CLOSURE_REASON = WordList(
    CLOSURE_REASONS,
    {
        "RC1": (
            f"{_CASE} {{adopted|adoption|adoption order}}",
            "{adopted|adoption order} {granted|made}",
            "adopted {application unopposed|consent dispensed}",
        ),
        "RC2": ("[child|client] {died|death|deceased}", "child has died", "death child"),
        "RC3": (
            f"{_CASE} child arrangement order [granted|made]",
            f"{_CASE} residence order [granted|made]",
            "residence order / child arrangement order",
        ),
        "RC4": (
            f"{_CASE} special guardianship [order] [granted|made]",
            "special guardianship order [made] [carer other than] former foster carer",
        ),
        "RC5": (f"{_CASE} {_MOVED} [service|case] {{another|other}} [local] authority [service]",),
        "RC6": (f"{_CASE} {_MOVED} adult [social] [care] [service]",),
        "RC7": (
            f"{_CASE} [service] ceased [other reason]",
            "[case] closed other reason",
            "other reason",
            f"{_CASE} [service] [ceased] other [reason] child no longer need",
            "[child] no longer {need|child need|cin}",
            "ceased other reason including [child] no longer {need|cin}",
            "service ceased other reason including [child] no longer {need|cin}",
            "other reason including [child] no longer {need|cin}",
            "other including [child] no longer {need|cin}",
        ),
        "RC8": (
            "[case] closed after assessment [&] no [further] action [taken]",
            "assessment [after] no further action",
        ),
        "RC9": ("[case] closed after assessment [&] {referred|referral|stepped down|step down} early help",),
    },
    meanings={
        **{"LA": "LOCAL AUTHORITY", "OLA": "OTHER LOCAL AUTHORITY", "CAO": "CHILD ARRANGEMENT ORDER"},
        **{
            "SGO": "SPECIAL GUARDIANSHIP ORDER",
            "RO": "RESIDENCE ORDER",
            "NFA": "NO FURTHER ACTION",
            "EH": "EARLY HELP",
        },
        **{"INC": "INCLUDING", "INCL": "INCLUDING", "GSHIP": "GUARDIANSHIP", "EH": "EARLY HELP"},
    },
)

_OF_SEVERAL = re.compile(
    r"^\W*MUL(?:TIPLE|TI)?(?: CAT(?:EGORIE|EGORY)?S?)?(?: OF)?(?: ABUSE)?\s*[-:(\[]+", re.IGNORECASE
)
_BETWEEN = re.compile(r"[;|,/\\&+\r\n]|\band\b", re.IGNORECASE)


def read_category(text: str) -> str | None:
    """Census code of a category of abuse from a code or its words; None where it is not beyond doubt.

    Several categories (``Multiple: Neglect, Emotional abuse``, ``NEG; EMO``) are "more than one".
    """
    code = CATEGORY.read(text)
    if code is not None:
        return code
    rest = _OF_SEVERAL.sub("", text)
    codes, unread = CATEGORY.read_all(rest.strip(" )]"))
    if unread or not codes:
        return None
    return "MUL" if len(codes) > 1 or rest != text else codes[0]
