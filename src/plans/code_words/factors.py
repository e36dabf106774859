"""What is written for the factors identified at an assessment.

Source: the children in need census's guides, with the wordings of 2013-14 to today (domestic violence and abuse, codes
18A and 19A without who did it). A factor that the census asks of the child, a parent and others is read only where
it is said of whom.
"""

from ..codes import FACTORS
from .word_list import WordList

_MISUSE = "[misuse|abuse|use]"
_ABOUT = {
    "1": f"alcohol {_MISUSE} [alcohol]",
    "2": f"drug {_MISUSE} [drug]",
    "3": "domestic {violence|abuse|violence / abuse} [subject] [victim]",
    "4": "mental {health|ill health|illness|health issue|health problem|health difficulty}",
    "5": "learning disability",
    "6": "physical disability [/ illness]",
}
_OF_WHOM = {
    "A": "child",
    "B": "parent",
    "C": "other {person|person household|person living household|person family / household|household member}",
}

FACTOR = WordList(
    FACTORS,
    {
        **{f"{n}{letter}": (f"{what} {whom}",) for n, what in _ABOUT.items() for letter, whom in _OF_WHOM.items()},
        "7A": ("young carer", "child young carer"),
        "8A": ("{privately|private} {fostered|fostering}", "privately fostered child"),
        "8B": ("privately fostered [child] overseas child [who] intend return",),
        "8C": ("privately fostered [child] overseas child [who] intend stay",),
        "8D": ("privately fostered [child] uk child [education|educational] placement",),
        "8E": ("privately fostered [child] uk child making alternative family arrangement",),
        "8F": ("privately fostered [child] other",),
        "9A": ("unaccompanied asylum seeking child", "unaccompanied asylum seeker [child]"),
        "10A": ("[child] [going /] missing", "going / missing"),
        "11A": ("child sexual exploitation",),
        "12A": ("[child] {trafficking|trafficked}",),
        "13A": ("gang [involvement|affiliation]", "involvement gang"),
        "14A": ("[child] {socially|social} unacceptable behaviour",),
        "15A": ("[child] self {harm|harming}", "selfharm"),
        "16A": ("[child] neglect",),
        "17A": ("[child] emotional abuse",),
        "18A": ("physical abuse",),
        "18B": ("physical abuse another child",),
        "18C": ("physical abuse adult [child]",),
        "19A": ("sexual abuse",),
        "19B": ("sexual abuse another child",),
        "19C": ("sexual abuse adult [child]",),
        "20": ("other [factor]",),
        "21": ("no factor [identified|recorded]", "no [factor] [identified] factor", "no other factor"),
        "22A": ("female genital mutilation",),
        "23A": ("abuse linked faith / belief", "{faith|belief|faith / belief} [linked] abuse"),
        "24A": ("child criminal exploitation",),
    },
    meanings={
        **{"DV": "DOMESTIC VIOLENCE", "DA": "DOMESTIC ABUSE", "DVA": "DOMESTIC VIOLENCE ABUSE", "YP": "CHILD"},
        **{"CSE": "CHILD SEXUAL EXPLOITATION", "CCE": "CHILD CRIMINAL EXPLOITATION"},
        **{"UASC": "UNACCOMPANIED ASYLUM SEEKING CHILD", "FGM": "FEMALE GENITAL MUTILATION"},
        **{"PARENTAL": "PARENT", "ANOTHER": "OTHER"},
    },
    rewrites=(
        # The census's padding: "concerns that services may be required or the child may be at risk of ..." repeats.
        (r"\s*[-:(]?\s*CONCERNS? THAT SERVICES.*?(?=\s-\s|$)", ""),
        (r"\bCONCERNS? ABOUT\b", ""),
        (r"\s*-?\s*ONLY USE THIS IF\b.*", ""),
        (r"\bPARENT(?:S|AL)?\s?(?:&|OR|,)?\s?CARERS?\b", "PARENT"),
        (r"\bCHILDS? PARENTS?\b", "PARENT"),
        (r"^ABUSE OR NEGLECT\s?[-:]+\s?", ""),
        (r"\bCHILD ON CHILD\b", "ANOTHER CHILD"),
        (r"\bADULT ON CHILD\b", "ADULT"),
        (r"\bFGM\b(?=.*\bFEMALE\b)|(?<=MUTILATION )\(?FGM\)?", ""),
    ),
)
