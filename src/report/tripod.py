"""The 27 items of TRIPOD+AI, each answered from the facts of a model and what the council states, or told why not.

Source: Collins et al., *TRIPOD+AI statement*, BMJ 2024;385:e078378, table 2. Topics and answers are in our own words.
"""

from __future__ import annotations

from .blocks import Answer
from .card_facts import CardFacts
from .council import NOT_STATED, Council
from .measures import MEASURES
from .sentences import (
    data_sentence,
    dates_sentence,
    design_sentence,
    performance_sentence,
    source_sentence,
    synthetic_sentence,
    use_sentence,
)


def tripod_answers(facts: CardFacts, council: Council) -> tuple[Answer, ...]:
    """Every item and part of an item, in the order of the statement."""
    return (
        *_introduction(facts, council),
        *_data(facts, council),
        *_outcome_and_predictors(facts),
        *_analysis(facts),
        *_openness(facts, council),
        *_results(facts),
        *_discussion(facts, council),
    )


def _introduction(facts: CardFacts, council: Council) -> list[Answer]:
    return [
        Answer(
            "1",
            "title",
            f"Development and internal validation of a prediction model ({facts.kind}) of the time to a second child "
            "protection plan, for children whose plan has ended.",
        ),
        Answer(
            "2",
            "abstract",
            f"{data_sentence(facts)} {design_sentence(facts)} {performance_sentence(facts)} {facts.verdict}",
        ),
        Answer(
            "3a",
            "context and reasons",
            "Some children are put on a second child protection plan after the first has ended, and plans may end too "
            "early. The model states how often that happens to children like these, and when. No earlier model is "
            "built upon; it is held against telling everybody the average risk.",
        ),
        Answer(
            "3b",
            "target population, purpose, users",
            "Children in England whose plan has ended, on the day of its end or later, while nothing else has come "
            f"first. {use_sentence(facts)} Meant for analysts and managers of children's services.",
        ),
        _asked("3c", "known inequalities", council, "inequalities"),
        Answer("4", "objectives", "To develop the model and to measure, on children it has not seen, how good it is."),
    ]


def _data(facts: CardFacts, council: Council) -> list[Answer]:
    left_out = "; ".join(f"{row[0]} ({row[1]})" for row in facts.steps.rows)
    return [
        Answer(
            "5a",
            "sources of the data",
            f"{synthetic_sentence(facts)} {source_sentence(facts)} The same children serve development and validation, "
            "in "
            f"turns.{'' if facts.is_synthetic else ' Records were made in the course of the work, not for research.'}",
        ),
        Answer("5b", "dates", dates_sentence(facts)),
        Answer(
            "6a",
            "setting",
            f"Children's social care of {facts.n_authorities} English local "
            f"authorit{'y' if facts.n_authorities == 1 else 'ies'}.",
        ),
        Answer(
            "6b",
            "who is included",
            "Children whose plan ended and who were at risk of another on that day. Left out, rounded to 10 (c: 1 to "
            f"5): {left_out or 'nobody'}.",
        ),
        _asked("6c", "services received", council, "services"),
        Answer(
            "7",
            "preparing the data",
            "Records are checked against the rules of the census; what is read, repaired, merged or left out is "
            "counted in the quality report. The same is done for every child, whatever its group.",
        ),
    ]


def _outcome_and_predictors(facts: CardFacts) -> list[Answer]:
    return [
        Answer(
            "8a",
            "outcome",
            "The start of the next plan of the same child in the same authority, on or after the end of the first, in "
            "days from that end; stated by 91, 182, 365 and 730 days. "
            + ("Entering care, " if facts.care == "competing" else "")
            + "leaving for good (death, adoption, special guardianship) and the 18th birthday end the chance of it. It "
            "is read from dates in the same way for everybody.",
        ),
        Answer(
            "8b",
            "who judged the outcome",
            "Not answered: does not apply; a plan's start is a date on record, made by a child protection conference, "
            "and not judged for the study.",
            False,
        ),
        Answer(
            "8c",
            "blinding of the outcome",
            "Not answered: does not apply; those who decided on plans did not know the model, which did not exist.",
            False,
        ),
        Answer(
            "9a",
            "choice of predictors",
            "Features named in the experiment file, of those that the records give on the day the plan ended. Which "
            "were tried before cannot be seen from the run.",
        ),
        Answer(
            "9b",
            "predictors",
            f"{', '.join(facts.features)}. Each is known on the day the plan ended; nothing later is used.",
        ),
        Answer(
            "9c",
            "who judged the predictors",
            "Not answered: recorded by practitioners in the course of the work; who recorded what, and how "
            "differently, is not known.",
            False,
        ),
        Answer("10", "sample size", _size(facts)),
        Answer("11", "missing values", _missing(facts)),
    ]


def _analysis(facts: CardFacts) -> list[Answer]:
    parameters = ", ".join(f"{name} {value}" for name, value in facts.parameters.items()) or "none"
    return [
        Answer(
            "12a",
            "use of the data",
            design_sentence(facts) + (f" Seed of the folds: {facts.seed}." if facts.seed else ""),
        ),
        Answer("12b", "form of the predictors", f"Columns of the design matrix: {', '.join(facts.columns)}."),
        Answer(
            "12c",
            "type of model, building, validation",
            f"{facts.kind}: {facts.about} Parameters: {parameters}. Fitted anew in each part of the design, and at the "
            f"end to all children. Compared with: {', '.join(facts.others) or 'no other model'}; bar to clear: the "
            "average risk.",
        ),
        Answer("12d", "differences between places", _places(facts)),
        Answer(
            "12e",
            "measures",
            " ".join(MEASURES[name].sentence for name in ("ipa_730", "auc_730", "observed_expected_730"))
            + " Calibration slope and curve. Intervals of 95 % allow for siblings; differences are paired, on the same "
            "children, and corrected for the number of pairs.",
        ),
        Answer("12f", "updating", "Not answered: nothing was updated; this is a first fit to these data.", False),
        Answer(
            "12g",
            "how risks are calculated",
            "By the fitted model itself: cumulative incidence of a second plan with all other events competing, from "
            "the saved bundle (load_tracked_model, score).",
        ),
        Answer(
            "13",
            "rare outcome",
            "Nothing was done: no child was weighted, left out or copied to balance classes; risks would no longer be "
            "the right size.",
        ),
        Answer(
            "14",
            "fairness",
            f"Observed against expected second plans in {len(facts.groups.rows) - 1} groups of children, each against "
            f"all others, corrected for {facts.groups_tested} tests. Nothing was done in fitting to make groups equal.",
        ),
        Answer(
            "15",
            "output",
            "A risk, as a share, by each horizon. There is no threshold and no class: whoever sets one decides, not "
            "the model.",
        ),
        Answer(
            "16",
            "development against evaluation",
            "The same population, setting, outcome and predictors; children who were tested, and their families, were "
            "not fitted to unless the design says so.",
        ),
    ]


def _openness(facts: CardFacts, council: Council) -> list[Answer]:
    return [
        _asked("17", "ethical approval", council, "ethical_approval"),
        _asked("18a", "funding", council, "funding"),
        _asked("18b", "conflicts of interest", council, "conflicts_of_interest"),
        _asked("18c", "protocol", council, "protocol"),
        _asked("18d", "registration", council, "registration"),
        Answer("18e", "data", "Anybody can make the same synthetic data from their name and seed.")
        if facts.is_synthetic and not council.stated("data_sharing")
        else _asked("18e", "data", council, "data_sharing"),
        Answer(
            "18f",
            "code",
            f"{facts.package}; the experiment file names data, features, models and folds, and the run in MLflow the "
            "commit.",
        ),
        _asked("19", "involvement of families and the public", council, "public_involvement"),
    ]


def _results(facts: CardFacts) -> list[Answer]:
    ends = "; ".join(f"{row[0]}: {row[1]}" for row in facts.ends.rows)
    return [
        Answer("20a", "flow of children", f"{data_sentence(facts)} What came first: {ends}. Who was left out: 6b."),
        Answer("20b", "the children", "The table of children with a second plan and without, above."),
        Answer(
            "20c",
            "comparison with development data",
            "Not answered: does not apply; there is no outside sample.",
            False,
        ),
        Answer(
            "21",
            "numbers in each analysis",
            f"{facts.n_children:,} children with {facts.n_second_plans} second plans in the final fit; each was tested "
            "on once in a round of the design.",
        ),
        Answer(
            "22",
            "the full model",
            "The bundle in the run: JSON and arrays, which any program can read (docs/bundles.md)."
            + (" Hazard ratios are above." if facts.effects else ""),
        ),
        Answer("23a", "performance", f"{performance_sentence(facts)} By group: {' '.join(facts.group_findings)}"),
        Answer("23b", "differences between places", _places(facts)),
        Answer("24", "results of updating", "Not answered: nothing was updated.", False),
    ]


def _discussion(facts: CardFacts, council: Council) -> list[Answer]:
    remarks, checked = " ".join(facts.remarks), council.stated("human_decisions_and_review")
    return [
        Answer("25", "interpretation", f"{facts.verdict} By group: {' '.join(facts.group_findings)}"),
        Answer(
            "26",
            "limitations",
            f"{synthetic_sentence(facts)} No collection records why a plan ended; plans in other authorities are not "
            "seen; what is recorded depends on who recorded it. A risk says nothing about what a longer plan would "
            f"have changed. {remarks}".strip(),
        ),
        Answer(
            "27a",
            "poor or missing input",
            "Scoring refuses a case without the columns that the model needs, treats a missing value as the encoder "
            "was told (11), and lists every case that it could not score with a code for the reason.",
        ),
        Answer(
            "27b",
            "what users do",
            f"Nothing is entered by hand. {checked or f'How people check the risks is {NOT_STATED}.'}",
        ),
        _asked("27c", "next steps", council, "next_steps"),
    ]


def _asked(number: str, topic: str, council: Council, field: str) -> Answer:
    """What only the council knows."""
    text = council.stated(field)
    return Answer(number, topic, text or f"Not answered: {NOT_STATED}.", bool(text))


def _size(facts: CardFacts) -> str:
    start = f"All eligible children: {facts.n_children:,}, {facts.n_second_plans} with a second plan"
    if facts.n_coefficients and facts.n_second_plans.replace(",", "").isdigit():
        ratio = int(facts.n_second_plans.replace(",", "")) / facts.n_coefficients
        start += f"; {ratio:.1f} second plans for each of {facts.n_coefficients} coefficients"
    return f"{start}. {' '.join(facts.remarks)}".strip()


def _missing(facts: CardFacts) -> str:
    absent = f"The data cannot give: {', '.join(facts.missing_features)}. " if facts.missing_features else ""
    return (
        f"{absent}Shares of missing values are in the table of children (not recorded). The encoder says how they are "
        "filled or that they are refused; its settings are in the experiment file and the bundle."
    )


def _places(facts: CardFacts) -> str:
    found = [line for line in facts.group_findings if line.startswith("Children of ")]
    if facts.n_authorities == 1:
        return "Not answered: there is one authority."
    return f"Authorities are among the groups that are compared (14). {' '.join(found)}".strip()
