"""What each indicator counts, under the name and number of the table in which DfE publishes it.

Source: Department for Education (DfE), *Children in need*, data sets D1 (plans), D3 (second or subsequent plans), D5
(plans at 31 March by duration), D6 (plans reviewed within timescales) and D7 (plans ended by duration), whose footnotes
give the definitions. Not published there are repeats within a year and second plans within two years; both are simple
counts of the same plans.
"""

from dataclasses import dataclass

from ..bands import PLAN_LENGTH_BANDS

STARTED, ENDED, ANY_POINT, OPEN = "started", "ended", "any_point", "open"
OCCASIONS = (STARTED, ENDED, ANY_POINT, OPEN)
"""When a plan is looked at, for its child's age: its start, its end, its last day in the period, the period's end."""


@dataclass(frozen=True)
class Definition:
    """One indicator.

    Attributes
    ----------
    key : str
        Its name in tables that programs read.
    table : str
        The table of the official statistics; empty where there is none.
    label : str
        Its name for people.
    occasion : str
        When its plans are looked at, one of ``OCCASIONS``.
    of : str, optional
        Key of the count of which it is a share.
    is_part : bool
        Whether it and the others of its table add up to ``of``.
    """

    key: str
    table: str
    label: str
    occasion: str
    of: str | None = None
    is_part: bool = False


def band_key(stem: str, band: str) -> str:
    """Key of a band of plan length: ``ended_up_to_3_months``."""
    return f"{stem}_{band.replace(' ', '_')}"


DEFINITIONS = (
    Definition("plans_started", "D1", "Plans started", STARTED),
    Definition("children_started", "D1", "Children who started a plan", STARTED),
    Definition("plans_ended", "D1", "Plans ended", ENDED),
    Definition("children_ended", "D1", "Children whose plan ended", ENDED),
    Definition("plans_any_point", "D1", "Plans at any point in the period", ANY_POINT),
    Definition("children_any_point", "D1", "Children on a plan at any point", ANY_POINT),
    Definition("plans_open", "D1", "Plans open at the end of the period", OPEN),
    Definition("second_plans", "D3", "Second or subsequent plans, by dates", STARTED, "plans_started"),
    Definition("second_plans_reported", "D3", "Second or subsequent plans, as reported", STARTED, "plans_started"),
    Definition(
        "second_plans_within_2_years", "", "Second plans within 2 years of the one before", STARTED, "plans_started"
    ),
    Definition("within_year_repeats", "", "Plans beyond a child's first in the period", ANY_POINT, "plans_ended"),
    *(
        Definition(band_key("open", band), "D5", f"Open: {band}", OPEN, "plans_open", True)
        for band in PLAN_LENGTH_BANDS
    ),
    Definition("plans_due_review", "D6", "Plans open for 3 months or more", OPEN),
    Definition("reviewed_on_time", "D6", "Reviewed on time", OPEN, "plans_due_review"),
    *(
        Definition(band_key("ended", band), "D7", f"Ended: {band}", ENDED, "plans_ended", True)
        for band in PLAN_LENGTH_BANDS
    ),
)
BY_KEY = {definition.key: definition for definition in DEFINITIONS}
CHILDREN_OF = {
    "children_started": "plans_started",
    "children_ended": "plans_ended",
    "children_any_point": "plans_any_point",
}
"""Counts of children, and the count of plans that they go with."""
