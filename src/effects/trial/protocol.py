"""The trial that is emulated beside its emulation, and what must hold for the one to stand for the other."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from ...plans.strategies import EndBy, NaturalCourse, NotBefore, Strategy

COMPONENTS = ("eligibility", "strategies", "assignment", "start of follow-up", "outcome", "contrast", "analysis")


def protocol_table(
    strategies: Sequence[Strategy], times: Sequence[int], grace_days: int, covariates: Sequence[str], errors: str
) -> pd.DataFrame:
    """Each component of the protocol: ``target`` (the trial that nobody ran) and ``emulation``.

    Source: Hernán and Robins (2016), American Journal of Epidemiology 183:758.
    """
    names = "; ".join(strategy.name for strategy in strategies)
    days = ", ".join(f"{time:,}" for time in times)
    rows = {
        "eligibility": (
            "Children under 18, unborn children included, on the day their first child protection plan starts, not in "
            "care on that day.",
            "The same, of plans that started while the extract covers the authority. Plans that started before are "
            "left out: of them only those that were still open, or whose child came back, are on record.",
        ),
        "strategies": (
            f"{names}. Only endings that somebody decides are moved; care, a move to another authority, death, orders "
            "and the 18th birthday end plans whenever they come.",
            "The same, by the dates of the data. An ending recorded up to "
            f"{grace_days} days after a review is that review's decision. {_end_by_words(strategies)}",
        ),
        "assignment": (
            "By lot on the day the plan starts; everybody knows.",
            "Each child is copied once for each strategy. Whether a plan goes on is taken to be as good as decided by "
            "lot among plans with the same record at each review.",
        ),
        "start of follow-up": ("The day the plan starts.", "The same, for every copy: no time is given away."),
        "outcome": (
            f"A second plan by day {days}. Care, leaving for good (death, adoption, special guardianship) and the 18th "
            "birthday compete. Follow-up ends with a move to another authority or the extract.",
            "The same.",
        ),
        "contrast": (
            "Had all followed the strategy, without deviation (per protocol): risks, differences, ratios, days lost, "
            "plans avoided.",
            "The same, for the children of the data.",
        ),
        "analysis": (
            "Risks by group, with competing events.",
            "A copy leaves when its plan departs from the strategy, and the others are weighted by one over the chance "
            f"of not departing, given the record ({len(covariates)} covariates, time, date). Weighted Aalen-Johansen; "
            f"{errors}.",
        ),
    }
    target, emulation = zip(*(rows[name] for name in COMPONENTS), strict=True)
    return pd.DataFrame({"component": COMPONENTS, "target": target, "emulation": emulation})


def _end_by_words(strategies: Sequence[Strategy]) -> str:
    if not any(isinstance(strategy, EndBy) for strategy in strategies):
        return ""
    return "Ending by a day is ending at the last review on or before it."


def assumptions(strategies: Sequence[Strategy], covariates: Sequence[str]) -> tuple[str, ...]:
    """What must hold for the differences to be effects, a sentence each."""
    progress = (
        "" if "latest_progress" in covariates else " Progress is not among the covariates, though it decides endings."
    )
    said = [
        "At each review, among children with the same record, whether the plan ends does not depend on anything else "
        f"that bears on a second plan. What was not written down cannot be adjusted for.{progress}",
        "Plans of every kind of record sometimes go on and sometimes end, so that some stand for those who left.",
        "The models of ending have the right form: a smooth effect of time, additive effects on the log odds.",
        "Children who move away, and those whose follow-up ends with the extract, have the same risks as those who "
        "stay; risks by a later day are those of plans that started early enough to be followed so long.",
        "What a plan's length does to one child does not depend on the length of other families' plans.",
        "The strategies would be carried out as the authorities now hold reviews: no other help is taken or added.",
    ]
    if any(isinstance(strategy, NotBefore) for strategy in strategies):
        said.append("A plan that may not end is reviewed and worked on like those that went on of themselves.")
    if any(isinstance(strategy, EndBy) for strategy in strategies):
        said.append("When the next review will be is known at each review as far as the record tells, and no further.")
    return tuple(said)


def natural_first(strategies: Sequence[Strategy]) -> tuple[Strategy, ...]:
    """The strategies with the natural course, to which they are compared, before them."""
    return (NaturalCourse(), *(each for each in strategies if not isinstance(each, NaturalCourse)))
