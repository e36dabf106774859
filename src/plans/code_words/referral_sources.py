"""What is written for sources of referral.

Sources: the children in need census's guides, and the spellings that the Annex A specification of
SocialFinanceDigitalLabs/liia-tools lists. A service that the guide does not name (a midwife, a mental health team) is
not read: councils enter it under different codes.
"""

from ..codes import REFERRAL_SOURCES
from .word_list import WordList

_HEALTH = "[health|health service]"
_LA = "[local authority|local authority service]"

REFERRAL_SOURCE = WordList(
    REFERRAL_SOURCES,
    {
        "1A": (
            "[individual] family [/ member] [/ relative] [/ carer]",
            "[individual] family member / relative / foster carer",
            "[individual] relative [/ carer]",
            "[individual] carer",
            "[individual] parent [/ carer]",
            "{mother|father|grandparent|grandmother|grandfather|brother|sister|aunt|uncle|sibling}",
        ),
        "1B": (
            "[individual] {acquaintance|aquaintance|acquintance}",
            "[individual] {neighbour|friend} [/ friend|/ neighbour]",
            "[individual] {childminder|child minder}",
            "[individual] acquaintance [including] neighbour / {childminder|child minder}",
        ),
        "1C": ("[individual] self [referral|referred]", "child [self] [referral]"),
        "1D": (
            "individual other",
            "[individual] other [including] stranger [/ mp]",
            "stranger [/ mp]",
            "[individual] member public",
        ),
        "2A": ("[education] school", "{primary|secondary|special} school", "school {primary|secondary|special}"),
        "2B": (
            "education service",
            "[education] other education [service]",
            "education [service] other [service]",
            "education welfare [officer|service]",
        ),
        "3A": (f"{_HEALTH} {{gp|general practitioner|gp practice|gp surgery|general practitioner gp}}",),
        "3B": (f"{_HEALTH} health {{visitor|visiting}} [service]",),
        "3C": (f"{_HEALTH} school {{nurse|nursing}} [service]",),
        "3D": ("[health|health service] other primary [health] [service]", "primary health [service]"),
        "3E": (
            f"{_HEALTH} [hospital] {{ae|ae department|ae emergency department|emergency department}}",
            f"{_HEALTH} accident / emergency [department]",
            f"{_HEALTH} ae accident / emergency department",
        ),
        "3F": ("{health|health service} other", "other health service hospice", f"{_HEALTH} [other] hospice"),
        "4": (
            "housing [department|service|association|officer|team]",
            f"[housing] {_LA} housing [/ housing association]",
            "[housing] local authority [/] housing association",
            "housing local authority [housing] [department] housing association",
        ),
        "5A": (
            f"{_LA} social care",
            f"{_LA} [social care] {{adult|child}} social care [service]",
            "internal {social|child social|adult social} care",
        ),
        "5B": (
            f"{_LA} other internal [department|service|team]",
            f"{_LA} other department",
            f"{_LA} [other internal] department other than social care [local authority]",
            f"{_LA} youth {{offending|justice}} [team|service]",
            "yot",
            "yos",
        ),
        "5C": (
            "local authority [service] external",
            "external local authority [service]",
            "external service",
            "{other|another} local authority",
            "{other|another} local authority [adult|child] social care [service]",
            "local authority [service] {other|another} local authority",
        ),
        "5D": (f"{_LA} early help [service|team|hub]",),
        "6": ("police", "police {force|service|officer}"),
        "7": (
            "[other] legal agency",
            "[other] [legal] [agency] {court|probation|cafcass|prison|immigration}",
            "probation service",
            "[other] [legal] [agency] [including] court / probation / immigration / cafcass / prison",
        ),
        "8": (
            "other",
            "[other] {child centre|independent agency provider|independent provider|nspcc}",
            "[other] voluntary {organisation|agency|sector}",
            "charity",
            "other [including] child centre / independent agency / provider / voluntary organisation",
        ),
        "9": ("[individual] anonymous [referral|referrer|caller|source]",),
        "10": ("unknown [source]", "not {known|recorded}", "not recorded / unknown"),
    },
    meanings={
        **{"LA": "LOCAL AUTHORITY", "OLA": "OTHER LOCAL AUTHORITY", "HV": "HEALTH VISITOR", "DEPT": "DEPARTMENT"},
        **{"ANON": "ANONYMOUS", "INC": "INCLUDING", "ORG": "ORGANISATION"},
        **{"SERV": "SERVICE", "ORGANISTION": "ORGANISATION", "ORGANIZATION": "ORGANISATION"},
    },
    takes_examples=True,
)
