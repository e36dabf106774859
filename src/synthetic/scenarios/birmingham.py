"""Birmingham in the years ending 31 March 2015 to 2018, when its plans were found to end too early.

Two figures of one year pull apart: inspectors were told that 29 % of plans ended within three months in November 2016
and 37 % a year later, and the Department for Education (DfE) counts 28.0 % over the whole year 2017-18. Both hold if
the share fell after the first November, rose to the second, and fell again after the inspectors' visit of December
2017: the simplest path through the three figures, and the one taken here.
"""

import datetime as dt
import math

import numpy as np

from ...plans.published import published_second_plans
from .calibrated import build_scenario
from .definition import Scenario
from .england import Values, england_values, without_figures

CODE = "330"
_INSPECTION = "Ofsted monitoring visit, reported by Community Care, 22 January 2018"
_ONE = "One authority: nothing to spread"


def birmingham(*, calibrated: bool = True) -> Scenario:
    """Birmingham, window 1 April 2014 to 31 March 2018; with 6,500 children it has its real size."""
    values = england_values(2018) | _authority() | _population() | _practice()
    return build_scenario(
        "birmingham",
        "Child protection plans in Birmingham, in the window 1 April 2014 to 31 March 2018, with the change in its "
        "practice of ending plans. With 6,500 children it has its real size. The children are not real.",
        without_figures(values, "birmingham"),
        calibrated=calibrated,
    )


def birmingham_no_change() -> Scenario:
    """Birmingham as it would have been had its practice stayed the same: for the false alarms of control charts."""
    changed = birmingham()
    return changed.replace(
        name="birmingham-no-change",
        description="Birmingham had its practice of ending plans, and the hazard of second plans, stayed the same.",
        trends={},
    )


def _authority() -> Values:
    spreads = ("size", "hazard", "closing", "entry_year", "agency", "turnover", "attendance")
    return {
        "n_authorities": (1, "published", "Birmingham"),
        "authority_codes": ((CODE,), "published", "Birmingham, E08000025"),
        "authority_closing_correlation": (0.0, "assumed", _ONE),
        "authority_never_multiple_share": (0.0, "assumed", "Birmingham is taken to record the category multiple"),
        **{f"authority_{name}_sd": (0.0, "assumed", _ONE) for name in spreads},
    }


def _population() -> Values:
    shares = {"WBRI": 0.44, "WIRI": 0.01, "WOTH": 0.04, "WROM": 0.01, "MWBC": 0.06, "MWBA": 0.01, "MWAS": 0.03}
    shares |= {"MOTH": 0.04, "AIND": 0.03, "APKN": 0.13, "ABAN": 0.03, "AOTH": 0.03, "BCRB": 0.05, "BAFR": 0.05}
    shares |= {"BOTH": 0.02, "OOTH": 0.02}
    return {
        "first_date": (dt.date(2014, 4, 1), "assumed", "The year ending 31 March 2015 is the first"),
        "ethnicity_shares": (shares, "assumed", "Between England's children on plans and Birmingham's children"),
        "entry_growth": (
            _entry_growth(),
            "published",
            "Plans started less second or subsequent, 2013 to 2018 (DfE, D3)",
        ),
    }


def _practice() -> Values:
    named = f"{_INSPECTION}: named by inspectors; size assumed"
    # Early in both years first reviews end fewer plans than in November; the base is that of November 2016.
    first_review = {"2016-11-30": 0.0, "2017-03-31": -0.6, "2017-08-15": -0.6}
    first_review |= {"2017-10-31": 0.4, "2017-11-30": 0.4, "2018-02-15": -0.6}
    # Few plans ended for so many that started in 2017-18, against the year before.
    later_reviews = {"2017-03-31": 0.0, "2017-09-30": -0.6}
    second_plan = {"2012-03-31": -0.5, "2018-03-31": 0.0}
    ended = "D7 in 2017-18: 28.0 / 14.2 / 41.5 / 14.7 / 1.6 %; 29 % within three months in November 2016"
    changes = "29 % in November 2016, 37 % in November 2017, 28.0 % in 2017-18; second plans 20.5 % in 2014-15, 24.0 %"
    return {
        "trends": (
            {
                "end_at_first_review": first_review,
                "end_at_later_reviews": later_reviews,
                "second_plan": second_plan,
            },
            "calibrated",
            f"{changes}; plans started by plans ended 1.14 in 2017-18. {_INSPECTION}; DfE, D1, D3 and D7",
        ),
        "early_review_share": (0.23, "calibrated", ended),
        "end_logits": ((-1.25, 0.7, -0.5, 1.0, 0.9), "calibrated", ended),
        "second_plan_rate": (0.0205, "calibrated", "Within-year repeats 57, 3.85 % of plans ended in 2017-18"),
        "second_plan_shape": (0.8, "calibrated", "Second or subsequent 24.0 % with so many early repeats"),
        "not_quorate_share": (0.15, "assumed", f"Conferences without the required attendance. {named}"),
        "absent_agencies_mean": (0.9, "assumed", f"School nurses, substance misuse workers absent. {named}"),
        "agency_share": (0.26, "assumed", f"Agency staff and caseloads. {named}"),
        "worker_change_rate": (1.4, "assumed", f"Agency staff come and go. {named}"),
    }


def _entry_growth() -> float:
    """Growth a year of first plans from 2013 to 2018: the line through the logarithms of the published numbers."""
    own = published_second_plans()
    own = own[own["la_code"].eq(CODE) & (own["year_ending"] <= 2018)]
    slope = np.polyfit(own["year_ending"], np.log(own["n_started"] - own["n_second"]), 1)[0]
    return round(math.expm1(slope), 4)
