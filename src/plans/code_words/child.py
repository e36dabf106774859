"""What is written for sex and disabilities.

Sources: the children in need census's guides (sex, until 2023-24 gender; disabilities), Annex A's guidance, and the
spellings that the Annex A specification of SocialFinanceDigitalLabs/liia-tools lists.
"""

from ..codes import DISABILITIES
from ..codes import SEX as SEX_CODES
from .word_list import WordList

SEX = WordList(
    SEX_CODES,
    {
        "1": ("[sex|gender] male", "boy", "b"),
        "2": ("[sex|gender] female", "girl", "g", "fem"),
        "0": (
            "unborn [child|baby]",
            "unknown [sex|gender]",
            "not {yet known|available} [unborn]",
            "unspecified [sex|gender]",
            "[sex|gender] not {known|recorded|stated|specified|disclosed}",
            "not stated / recorded [/] [unborn]",
            "unborn / {unknown|not known|not recorded|not stated}",
            "[unborn /] unknown / not recorded",
            "withheld",
        ),
        "9": (
            "[sex|gender] indeterminate",
            "neither [male|female|male / female]",
            "unable classify [male|female|male / female]",
            "other",
        ),
    },
    also={"M": "1", "F": "2", "U": "0", "I": "9"},
)

_HARD = "[impairment|impaired|difficulty|problem|need|disability]"

DISABILITY = WordList(
    DISABILITIES,
    {
        "NONE": ("[has] no [known] disability", "not disabled", "none known"),
        "MOB": (f"mobility {_HARD}", "mobility getting about house [beyond]"),
        "HAND": ("hand [function]", "hand function holding / touching"),
        "PC": ("personal care [need]",),
        "INC": ("incontinence", "incontinent", "incontinence controlling passage urine [/ faeces]"),
        "COMM": (
            f"communication {_HARD}",
            "communication speaking / understanding other",
            "speech / language {difficulty|impairment|need|communication need}",
        ),
        "LD": ("[moderate|severe] learning [difficulty|disability|difficulty / disability]",),
        "HEAR": (f"hearing {_HARD}", "hearing loss", "deaf", "deafness"),
        "VIS": (f"{{vision|visual|visually|sight}} {_HARD}", "blind", "blindness", "sight loss"),
        "BEH": (f"{{behaviour|behavioural}} {_HARD}", "behaviour condition entailing behavioural difficulty"),
        "CON": ("consciousness [seizure]", "conscious"),
        "AUT": (
            "[diagnosed] autism",
            "[diagnosed] autism / asperger [syndrome]",
            "[diagnosed] asperger [syndrome]",
            "autistic [spectrum] [disorder|condition]",
            "autism [spectrum] [disorder|condition]",
            "asd",
            "asc",
        ),
        "DDA": ("other [disability]", "other {disability dda|dda|dda disability}", "[disabled under] dda [no other]"),
    },
    takes_examples=True,
)
