"""Sentences about a model that several parts of its card need."""

from __future__ import annotations

from ..given_dates import given_date
from .blocks import DASH
from .card_facts import CardFacts
from .measures import MEASURES, text_of

HEADLINES = ("ipa_730", "auc_730", "observed_expected_730", "calibration_slope_730")


def synthetic_sentence(facts: CardFacts) -> str:
    """Whether the children are real."""
    if facts.is_synthetic:
        return "The children are synthetic: made by a simulator, not real."
    return "The records are of real children." if facts.sources else "The data do not say where they come from."


def data_sentence(facts: CardFacts) -> str:
    """How many children, families, authorities and second plans."""
    withheld = " (c: 1 to 5, withheld)" if facts.n_second_plans == "c" else ""
    return (
        f"{facts.n_children:,} children of {facts.n_families:,} families in {facts.n_authorities} "
        f"authorit{'y' if facts.n_authorities == 1 else 'ies'}; {facts.n_second_plans}{withheld} had a second plan "
        "while they were seen."
    )


def dates_sentence(facts: CardFacts) -> str:
    """When the plans ended, and how far children were seen."""
    return (
        f"Plans that ended from {facts.first_year} to {facts.last_year}; what came next was seen until "
        f"{given_date(facts.as_of, 'as_of'):%d %B %Y} at the latest."
    )


def use_sentence(facts: CardFacts) -> str:
    """What the model may be used for."""
    if facts.is_synthetic:
        return "This one was fitted to synthetic children: for learning and for testing software, and for nothing else."
    return (
        "For planning and for looking again at groups of cases, beside the judgement of those who know the child; "
        "never in its place."
    )


def performance_sentence(facts: CardFacts) -> str:
    """The main measures at 730 days with intervals."""
    found = [
        f"{MEASURES[name].label}: {text_of(facts.measures, name)}"
        for name in HEADLINES
        if text_of(facts.measures, name) != DASH
    ]
    return f"At 730 days, with 95 % intervals: {'; '.join(found)}." if found else "Nothing was measured at 730 days."


def source_sentence(facts: CardFacts) -> str:
    """What the data are called, and the kinds of their sources."""
    kinds = ", ".join(facts.sources) or "kind not stated"
    return f"Source: {facts.data_name or 'not named'} ({kinds})."


def design_sentence(facts: CardFacts) -> str:
    """How the model was tested."""
    return f"How it was tested: {facts.design.rstrip('.')}."
