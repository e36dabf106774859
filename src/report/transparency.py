"""The fields of the Algorithmic Transparency Recording Standard of the UK government, tiers 1 and 2.

Numbers and names of fields are those of version 3.0 (March 2024; Central Digital and Data Office). What the run knows
is answered from it; what only the council knows, from its file.
"""

from __future__ import annotations

from .blocks import Answer
from .card_facts import CardFacts
from .council import NOT_STATED, Council
from .sentences import (
    data_sentence,
    dates_sentence,
    design_sentence,
    performance_sentence,
    source_sentence,
    synthetic_sentence,
    use_sentence,
)
from .warning import NOT_FOR

# Features that state or come near a protected characteristic.
SENSITIVE = ("sex", "age_at_end", "ethnicity_group", "disabled", "la_code")


def tier_1(facts: CardFacts, council: Council) -> tuple[Answer, ...]:
    """The overview for the public."""
    return (
        Answer("1.1", "name", council.stated("name") or f"secondplan: {facts.model}"),
        _joined(
            "1.2",
            "description",
            "A statistical model of how likely a second child protection plan is, and when, after the first has ended. "
            f"{use_sentence(facts)}",
            council,
            "description",
        ),
        _stated("1.3", "website", council, "website_url"),
        _stated("1.4", "contact", council, "contact_email"),
    )


def tier_2(facts: CardFacts, council: Council) -> dict[str, tuple[Answer, ...]]:
    """The details, by section of the standard."""
    return {
        "2.1 Owner and responsibility": _owner(council),
        "2.2 Description and rationale": _rationale(facts, council),
        "2.3 Decision-making process": _process(council),
        "2.4 Tool, model and data": (*_tool(facts, council), *_model(facts, council), *_data(facts, council)),
        "2.5 Risks, mitigations and impact assessments": _risks(facts, council),
    }


def _owner(council: Council) -> tuple[Answer, ...]:
    return (
        _stated("2.1.1", "organisation or department", council, "organisation_or_department"),
        _stated("2.1.2", "team", council, "team"),
        _stated("2.1.3", "senior responsible owner", council, "senior_responsible_owner"),
        _stated("2.1.4", "external supplier involvement", council, "external_supplier_involvement"),
        _stated("2.1.4.1", "external supplier", council, "external_supplier"),
        _stated("2.1.4.2", "Companies House number", council, "companies_house_number"),
        _stated("2.1.4.3", "external supplier role", council, "external_supplier_role"),
        _stated("2.1.4.4", "procurement procedure type", council, "procurement_procedure_type"),
        _stated("2.1.4.5", "data access terms", council, "data_access_terms"),
    )


def _rationale(facts: CardFacts, council: Council) -> tuple[Answer, ...]:
    others = ", ".join(facts.others) or "no other model"
    return (
        Answer(
            "2.2.1",
            "detailed description",
            f"{facts.kind}: {facts.about} It turns what was known on the day the plan ended into the share of such "
            "children who have a second plan by each later day, with entering care, leaving for good and the 18th "
            "birthday competing.",
        ),
        Answer("2.2.2", "scope", f"{use_sentence(facts)} {NOT_FOR}"),
        _stated("2.2.3", "benefit", council, "benefit"),
        _stated("2.2.4", "previous process", council, "previous_process"),
        _joined(
            "2.2.5",
            "alternatives considered",
            f"Compared on the same children with: {others}; and with everybody's average risk. {facts.verdict}",
            council,
            "alternatives_considered",
        ),
    )


def _process(council: Council) -> tuple[Answer, ...]:
    return (
        _stated("2.3.1", "process integration", council, "process_integration"),
        Answer(
            "2.3.2",
            "provided information",
            "For each child: the risk by each horizon, with an interval where the model has one, a band, up to three "
            "reasons in words, and flags where a value is missing or unusual.",
        ),
        _stated("2.3.3", "frequency and scale of usage", council, "frequency_and_scale_of_usage"),
        _stated("2.3.4", "human decisions and review", council, "human_decisions_and_review"),
        _stated("2.3.5", "required training", council, "required_training"),
        _stated("2.3.6", "appeals and review", council, "appeals_and_review"),
    )


def _tool(facts: CardFacts, council: Council) -> tuple[Answer, ...]:
    return (
        Answer(
            "2.4.1.1",
            "system architecture",
            f"{facts.package}, a Python package on the council's own machines: records in a plan store, a fitted model "
            "as JSON and arrays, scores as files. Nothing is sent anywhere.",
        ),
        _stated("2.4.1.2", "phase", council, "phase"),
        _stated("2.4.1.3", "maintenance", council, "maintenance"),
        Answer("2.4.1.4", "models", f"One: {facts.model} ({facts.kind})."),
    )


def _model(facts: CardFacts, council: Council) -> tuple[Answer, ...]:
    return (
        Answer("2.4.2.1", "model name", facts.model),
        Answer(
            "2.4.2.2",
            "model version",
            f"Made on {facts.made_on} with {facts.package}, from data {facts.data_sha256[:12]}.",
        ),
        Answer(
            "2.4.2.3", "model task", "To state the risk of a second child protection plan by 91, 182, 365 and 730 days."
        ),
        Answer(
            "2.4.2.4", "model input", f"Features of the case on the day the plan ended: {', '.join(facts.features)}."
        ),
        Answer("2.4.2.5", "model output", "A risk from 0 to 100 % by each horizon; no class and no threshold."),
        Answer(
            "2.4.2.6",
            "model architecture",
            f"{facts.kind}: {facts.about}"
            + (f" {facts.n_coefficients} coefficients for second plans." if facts.n_coefficients else ""),
        ),
        Answer(
            "2.4.2.7",
            "model performance",
            f"{performance_sentence(facts)} {_sentence(facts.own_verdict)} By group: {' '.join(facts.group_findings)}",
        ),
        Answer("2.4.2.8", "datasets", f"{facts.data_name or 'Not named'}; SHA-256 {facts.data_sha256}."),
        Answer(
            "2.4.2.9", "dataset purposes", f"The same data for fitting and testing, in turns. {design_sentence(facts)}"
        ),
    )


def _data(facts: CardFacts, council: Council) -> tuple[Answer, ...]:
    sensitive = [name for name in facts.features if name in SENSITIVE or name.startswith("factor_")]
    absent = f" The data cannot give: {', '.join(facts.missing_features)}." if facts.missing_features else ""
    real = (
        "Made by the simulator of the package."
        if facts.is_synthetic
        else (
            "Recorded by practitioners for the children in need census and their own work, and put to a second use "
            "here."
        )
    )
    return (
        Answer(
            "2.4.3.1",
            "source data name",
            source_sentence(facts),
        ),
        Answer("2.4.3.2", "data modality", "Tables: dates, codes and numbers."),
        Answer(
            "2.4.3.3",
            "data description",
            f"{synthetic_sentence(facts)} Child protection plans and what was known of each child. "
            f"{dates_sentence(facts)}",
        ),
        Answer("2.4.3.4", "data quantities", f"{data_sentence(facts)} {len(facts.features)} features."),
        Answer(
            "2.4.3.5",
            "sensitive attributes",
            f"Used as features: {', '.join(sensitive) or 'none'}. Sex, age, ethnicity, disability and authority serve "
            "to see for whom the model is right, whether they are features or not.",
        ),
        Answer(
            "2.4.3.6",
            "data completeness and representativeness",
            f"All children of the authorities who meet the conditions.{absent} {' '.join(facts.notes)}".strip(),
        ),
        _stated("2.4.3.7", "source data URL", council, "source_data_url"),
        Answer("2.4.3.8", "data collection", real),
        Answer(
            "2.4.3.9",
            "data cleaning",
            "Checked against the rules of the census; what is repaired, merged or left out is counted in the quality "
            "report.",
        ),
        _stated("2.4.3.10", "data sharing agreements", council, "data_sharing_agreements"),
        _stated("2.4.3.11", "data access and storage", council, "data_access_and_storage"),
    )


def _risks(facts: CardFacts, council: Council) -> tuple[Answer, ...]:
    first = "Used on real children though fitted to synthetic ones: the warning on every page. "
    own = (
        "Taken for a verdict on a child: bands and reasons stand beside every risk, and no threshold is set. Wrong for "
        "some groups: measured by group, with intervals. Out of date: calibration is to be checked on new data, and "
        "scores are watched for drift. Children recognised from tables: counts of 1 to 5, and those that would give "
        "them away, are withheld."
    )
    return (
        _stated("2.5.1", "impact assessments", council, "impact_assessment"),
        _joined("2.5.2", "risks and mitigations", first * facts.is_synthetic + own, council, "risks_and_mitigations"),
    )


def _stated(number: str, topic: str, council: Council, field: str) -> Answer:
    text = council.stated(field)
    return Answer(number, topic, text or f"{NOT_STATED.capitalize()}.", bool(text))


def _joined(number: str, topic: str, own: str, council: Council, field: str) -> Answer:
    """What the run knows, and what the council adds."""
    text = council.stated(field)
    return Answer(number, topic, f"{own} {f'The council: {text}' if text else f'More is {NOT_STATED}.'}")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
