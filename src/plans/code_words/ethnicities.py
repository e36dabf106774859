"""What is written for ethnicities.

Sources: the main and the extended ethnicity codes of the Department for Education's Common Basic Data Set, whose main
code is published for each extended one; the census of population's labels of 2001, 2011 and 2021; spellings that the
Annex A specification of SocialFinanceDigitalLabs/liia-tools lists. A nationality by itself is not read: it is no
ethnicity. Nor is a group without what it is of ("White", "Black British", "Mixed").
"""

from ..codes import ETHNICITIES
from .word_list import WordList

_EXTENDED = {
    "WBRI": "WCOR WENG WSCO WWEL WOWB",
    "WOTH": "WALB WBOS WCRO WGRE WGRK WGRC WITA WKOS WPOR WSER WTUR WTUK WTUC WEUR WEEU WWEU WOTW",
    "WROM": "WROG WROR WROO",
    "MWAS": "MWAP MWAI MWAO",
    "MOTH": "MAOE MABL MACH MBOE MBCH MCOE MWOE MWCH MOTM",
    "APKN": "AMPK AKPA AOPK",
    "AOTH": "AAFR AKAO ANEP ASNL ASLT ASRO AOTA",
    "BAFR": "BANN BCON BGHA BNGN BSLN BSOM BSUD BAOF",
    "BOTH": "BEUR BNAM BOTB",
    "CHNE": "CHKC CMAL CSNG CTWN COCH",
    "OOTH": "OAFG OARA OEGY OFIL OIRN OIRQ OJPN OKOR OKRD OLAM OLEB OLIB OMAL OMRC OPOL OTHA OVIE OYEM OOEG",
}

_BACKGROUND = "[background|heritage|group|ethnic group|ethnic background]"
_MIXED = (
    "mixed|mixed race|mixed heritage|mixed background|mixed ethnic group|mixed ethnic background|mixed / multiple"
    "|mixed / multiple ethnic group|mixed / dual heritage|dual heritage|dual|dual background"
)
_ASIAN = "{|asian|british|asian / british|british /}"
_BLACK = "{black|black / british}"
_EUROPEAN = (
    "{albanian|bosnian|bosnian herzegovinian|croatian|greek|greek / cypriot|italian|kosovan|portuguese|serbian|turkish"
    "|turkish / cypriot|european|eastern european|western european|east european|west european|polish|romanian"
    "|lithuanian|latvian|estonian|bulgarian|hungarian|russian|ukrainian|slovak|slovakian|czech|spanish|french|german}"
)
_AFRICAN = (
    "{somali|nigerian|ghanaian|ghanian|congolese|angolan|sudanese|sierra leonean|eritrean|ethiopian|gambian|kenyan"
    "|zimbabwean|ugandan|rwandan}"
)
_ELSEWHERE = (
    "{arab|afghan|egyptian|filipino|iranian|iraqi|japanese|korean|kurdish|latin american|south american"
    "|central american|latin / south / central american|lebanese|libyan|malay|moroccan|polynesian|thai|vietnamese"
    "|yemeni|syrian}"
)

ETHNICITY = WordList(
    ETHNICITIES,
    {
        "WBRI": (
            "[white /] british",
            "white / {english|scottish|welsh|cornish|other british|english british|scottish british|welsh british}",
            "white uk [heritage]",
            "[white /] english / welsh / scottish / northern irish / british",
        ),
        "WIRI": ("[white /] irish",),
        "WIRT": ("[white /] {traveller|irish traveller} [irish] heritage", "[white /] irish / traveller"),
        "WOTH": (
            f"other white {_BACKGROUND}",
            "white other",
            f"white / {_EUROPEAN}",
            "white other [eastern|western] european",
            "other white white unspecified",
        ),
        "WROM": ("[white /] {gypsy|gypsy / roma|gypsy / romany|roma|romany}", "white other gypsy / roma"),
        "MWBC": (f"[{_MIXED}] white & black caribbean", f"{{{_MIXED}}} white {{/ black|&}} caribbean"),
        "MWBA": (f"[{_MIXED}] white & black african", f"{{{_MIXED}}} white {{/ black|&}} african"),
        "MWAS": (
            f"[{_MIXED}] white & {{asian|indian|pakistani|other asian {_BACKGROUND}}}",
            f"{{{_MIXED}}} white / asian",
        ),
        "MOTH": (
            f"{{{_MIXED}}} {_BACKGROUND} other {_BACKGROUND}",
            f"{{{_MIXED}}} {{asian & chinese|asian & black|black & chinese|white & chinese}}",
            f"[{_MIXED}] {{asian|black|chinese|white}} & other ethnic group",
            "{asian & black|black & chinese|white & chinese}",
            "other mixed mixed unspecified",
        ),
        "AIND": (
            f"{_ASIAN} indian",
            "asian / indian",
        ),
        "APKN": (
            f"{_ASIAN} [kashmiri|mirpuri|other] pakistani",
            "asian / pakistani",
        ),
        "ABAN": (
            f"{_ASIAN} bangladeshi",
            "asian / bangladeshi",
        ),
        "AOTH": (
            f"other asian {_BACKGROUND}",
            "asian other",
            f"{{asian british|asian & british}} other {_BACKGROUND}",
            "[asian / british] east african asian",
            "[asian / british] other asian asian unspecified",
            "asian / british {kashmiri|sri lankan|nepali|tamil|punjabi}",
            "asian {kashmiri|sri lankan|nepali|tamil|punjabi}",
        ),
        "BCRB": ("[black /|black / british] caribbean",),
        "BAFR": (
            "[black /|black / british] african",
            f"{_BLACK} {_AFRICAN}",
            f"{_BLACK} other african [background]",
        ),
        "BOTH": (
            f"other black {_BACKGROUND}",
            "black other",
            f"{{black british|black & british}} other {_BACKGROUND}",
            f"other black / african / caribbean {_BACKGROUND}",
            f"{_BLACK} {{european|north american}}",
            "[black / british] other black black unspecified",
        ),
        "CHNE": (
            f"{_ASIAN} chinese",
            "{hong kong|malaysian|singaporean|other} chinese",
        ),
        "OOTH": (
            "other ethnic {group|background|origin}",
            "other ethnicity",
            "other ethnic group other background",
            f"other [ethnic|ethnic group|ethnic background] {_ELSEWHERE}",
            "arab [other]",
        ),
        "REFU": (
            "[information|ethnicity] refused",
            "refused [provide|say|give|disclose|state|specify|answer|declare] [information|ethnicity]",
            "declined [provide|say|give|disclose|state|specify|answer|declare] [information|ethnicity]",
            "not stated / refused",
            "{|client|parent|carer|child|family|person} {refused|declined}",
            "prefer not {say|answer|disclose}",
            "preferred not {say|answer|disclose}",
            "prefers not {say|answer|disclose}",
            "did not wish {reply|answer|say|disclose|provide} [information]",
        ),
        "NOBT": (
            "[information|ethnicity] not [yet] {obtained|available|collected|sought}",
            "not yet known",
            "not stated / not [yet] obtained",
            "not stated",
            "not asked",
        ),
    },
    also={extended: code for code, several in _EXTENDED.items() for extended in several.split()},
    meanings={
        **dict.fromkeys(
            ("BGROUND", "BACKGR", "BACKGRD", "BACKGRO", "BACKGROUN", "BACKGRND", "BKGD", "BG"), "BACKGROUND"
        ),
        **dict.fromkeys(("BRIT", "BRI"), "BRITISH"),
        **dict.fromkeys(("CARIB", "CARIBB", "CARRIBEAN", "CARRIBBEA"), "CARIBBEAN"),
        **{"OTH": "OTHER", "ETH": "ETHNIC", "GRP": "GROUP", "BLK": "BLACK", "WHT": "WHITE", "MXD": "MIXED"},
        **{"INFO": "INFORMATION", "TRAVELER": "TRAVELLER", "ANOTHER": "OTHER"},
    },
    # Headings of groups that name codes of the group, or of another.
    rewrites=(
        (
            r"^BLACK\s?[&,] (?:BLACK BRITISH\s?[&,] )?AFRICAN\s?[&,] CARIBBEAN(?:\s?& BLACK BRITISH)?\b[\s\-:>(&,]*",
            "BLACK ",
        ),
        (r"^BLACK\s?[&,] BLACK BRITISH\s?[&,] CARIBBEAN (?:OR|&) AFRICAN\b[\s\-:>(&,]*", "BLACK "),
        (r"^ASIAN\s?[&,] ASIAN BRITISH(?: OR ASIAN WELSH)?\s?[\-:>(]+\s?", "ASIAN "),
        (r"^CHINESE OR OTHER ETHNIC GROUPS?\s?[\-:>(&]+\s?", ""),
        (r"^(?:ANY )?OTHER ETH(?:NIC|\.)? (?:GROUPS?|GRP)[\s\-:>(&]*(?=CHINESE\b)", ""),
        (r"\bB & G(?:RO?U?ND)?\b", "BACKGROUND"),
        (r"^WHITE & (?=(?:ANY )?OTHER WHITE\b)", ""),
    ),
)
