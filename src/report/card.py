"""The model card: what a model is and was fitted on, how good it is, for whom, and what it must not be used for."""

from __future__ import annotations

import json
import os
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd
from pydantic import ValidationError

from ..errors import ModelNotFoundError
from ..plans.table_one import NOTES as TABLE_ONE_NOTES
from ..tracking.tracked_page import tracked_page
from .blocks import Answers, Block, Bullets, Heading, Section, note, paragraph, table
from .calibration import calibration_blocks
from .card_facts import CardFacts, card_facts
from .council import NOT_STATED, Council, read_council
from .document import Document
from .groups import group_notes
from .measures import INTERVAL, MEASURES, text_of
from .sentences import data_sentence, dates_sentence, synthetic_sentence, use_sentence
from .transparency import tier_1, tier_2
from .tripod import tripod_answers
from .warning import NOT_FOR, WARNING

if TYPE_CHECKING:
    from ..evaluation import Comparison
    from ..models.estimator.base import IncidenceModel
    from ..plans import Cohort
    from ..tracking import Store

CARD = "model_card.json"
SOURCES = (
    "TRIPOD+AI: Collins et al., BMJ 2024;385:e078378. Algorithmic Transparency Recording Standard: UK government, "
    "version 3.0 (March 2024). Topics and answers are in the words of this package."
)


def model_card(
    name: str,
    model: IncidenceModel,
    cohort: Cohort,
    comparison: Comparison,
    *,
    council: Council | str | os.PathLike[str] | None = None,
    data_name: str = "",
    seed: int | None = None,
    made_on: date | None = None,
) -> Document:
    """A model card of a fitted model: for the public, for a statistician, and for the council's record.

    It begins with the warning where the data are synthetic, then: intended use and what it is not for, performance with
    intervals and the verdict, for whom it works, the children, the model, the 27 items of TRIPOD+AI, and the fields of
    the UK Algorithmic Transparency Recording Standard.

    Parameters
    ----------
    name : str
        Its name in the comparison.
    model : IncidenceModel
        Fitted on ``cohort``.
    cohort : Cohort
    comparison : Comparison
        Of models on that cohort.
    council : Council, or path of a YAML file, optional
        What only the council knows; ``docs/model_card.md`` describes it. What is missing is shown as a gap.
    data_name : str
        What the data are called.
    seed : int, optional
        Of the folds.
    made_on : date, optional
        Today unless given.

    Returns
    -------
    Document
        ``to_html()``, ``to_markdown()``, ``to_json()``; aggregates only.

    Raises
    ------
    InputError
        The council's file cannot be read or has a field that is not known.
    KeyError
        The comparison has no such model.

    Examples
    --------
    >>> from secondplan import AalenJohansen, build_cohort, compare_models, simulate
    >>> cohort = build_cohort(simulate(n_children=2000))
    >>> model = AalenJohansen(strata="sex")
    >>> comparison = compare_models({"by sex": model}, cohort, folds=2)
    >>> card = model_card("by sex", model.fit(cohort.X, cohort.y), cohort, comparison)
    >>> card.warning[0]
    'Synthetic data: not for use on children'
    """
    facts = card_facts(name, model, cohort, comparison, data_name=data_name, seed=seed, made_on=made_on)
    return card_of(facts, council)


def tracked_model_card(
    uri: str, *, council: Council | str | os.PathLike[str] | None = None, store: str | Store | None = None
) -> Document:
    """The card of a tracked model, from the facts kept with it and what the council states now.

    Parameters
    ----------
    uri : str
        ``models:/NAME@champion``, ``models:/NAME/3`` or ``runs:/<run id>/model``.
    council : Council, or path of a YAML file, optional
        As default what was stated when the model was compared.
    store : str or Store, optional
        The MLflow store.

    Returns
    -------
    Document

    Raises
    ------
    ModelNotFoundError
        There is no such model, or it was tracked before cards held facts: compare again.
    InputError
        The council's file cannot be read or has a field that is not known.
    """
    kept = json.loads(tracked_page(uri, CARD, store=store)).get("facts", {})
    try:
        facts, stated = CardFacts.model_validate(kept.get("card")), Council.model_validate(kept.get("council", {}))
    except ValidationError:
        raise ModelNotFoundError(f"{uri}: its {CARD} is of another version; compare again") from None
    return card_of(facts, stated if council is None else council)


def card_of(facts: CardFacts, council: Council | str | os.PathLike[str] | None = None) -> Document:
    """The card of facts that were gathered before, as those kept with a tracked model."""
    stated = council if isinstance(council, Council) else Council() if council is None else read_council(council)
    sections = (
        Section("What it is for, and what not", tuple(_use(facts))),
        Section("How good it is", tuple(_performance(facts))),
        Section("For whom it works", tuple(_groups(facts))),
        Section("Whom it was fitted on", tuple(_children(facts))),
        Section("What it is", tuple(_model(facts))),
        Section("TRIPOD+AI: the 27 items", tuple(_tripod(facts, stated))),
        Section("Algorithmic transparency record", tuple(_record(facts, stated))),
    )
    return Document(
        title=f"Model card: {facts.model}",
        lead="A model of the time to a second child protection plan",
        sections=sections,
        warning=WARNING if facts.is_synthetic else (),
        figures=_figures(facts),
        footer=f"{facts.package}, {facts.made_on}. {SOURCES}",
        facts={"card": facts.model_dump(mode="json"), "council": {k: stated.stated(k) for k in Council.model_fields}},
    )


def _figures(facts: CardFacts) -> tuple[tuple[str, str], ...]:
    gain = text_of(facts.measures, "ipa_730")
    return (
        (f"{facts.n_children:,}", "children it was fitted on"),
        (facts.n_second_plans, "of them with a second plan while they were seen"),
        (gain.split(" ")[0] + " %", f"gain over the average risk at 730 days {gain.partition(' ')[2]}".strip()),
    )


def _use(facts: CardFacts) -> list[Block]:
    return [
        *([] if facts.is_synthetic else [note(synthetic_sentence(facts))]),
        Heading("Intended use"),
        paragraph(use_sentence(facts)),
        Heading("Not for"),
        Bullets(
            (
                *(["Real children, in any way: it was fitted to synthetic ones."] if facts.is_synthetic else []),
                *(
                    f"{line[:1].upper()}{line[1:]}."
                    for line in NOT_FOR.removeprefix("Not for ").rstrip(".").split(". Not for ")
                ),
            )
        ),
        Heading("Limits"),
        Bullets(
            (
                "No collection records why a plan ended.",
                "Plans in other authorities are not seen.",
                "What is recorded about a case depends on who recorded it.",
                *facts.notes,
                *facts.remarks,
            )
        ),
    ]


def _performance(facts: CardFacts) -> list[Block]:
    known = [name for name in MEASURES if name in facts.measures and name != "fit_seconds"]
    rows = [(MEASURES[name].full_label, text_of(facts.measures, name)) for name in known]
    meanings = dict.fromkeys(MEASURES[name].sentence for name in known)
    return [
        paragraph(facts.verdict),
        paragraph(f"{facts.model}: {facts.own_verdict}."),
        table(
            pd.DataFrame(rows, columns=["measure", "value"]),
            caption="On children it was not fitted on",
            numbers=["value"],
            notes=[INTERVAL, *meanings],
        ),
        *_calibration(facts),
    ]


def _calibration(facts: CardFacts) -> list[Block]:
    points = pd.DataFrame(facts.calibration, columns=["day", "predicted", "observed", "lower", "upper"], dtype=float)
    return calibration_blocks(points)


def _groups(facts: CardFacts) -> list[Block]:
    shown = facts.groups.frame()
    caption = "Observed against expected second plans by group of children"
    notes = group_notes(facts.groups_tested)
    return [
        Bullets(tuple(facts.group_findings)),
        table(shown, caption=caption, numbers=list(shown.columns[2:-1]), notes=notes),
    ]


def _children(facts: CardFacts) -> list[Block]:
    children = facts.children.frame()
    return [
        paragraph(f"{synthetic_sentence(facts)} {data_sentence(facts)} {dates_sentence(facts)}"),
        table(facts.ends.frame(), caption="What came first", numbers=["children"]),
        table(
            children,
            caption="Children with a second plan, and without",
            numbers=list(children.columns[2:]),
            notes=TABLE_ONE_NOTES,
        ),
    ]


def _model(facts: CardFacts) -> list[Block]:
    rows = [
        ("class", f"{facts.kind}: {facts.about}"),
        *((f"parameter {name}", value) for name, value in facts.parameters.items()),
        ("features", ", ".join(facts.features)),
        ("data", facts.data_name or "not named"),
        ("digest of the data (SHA-256)", facts.data_sha256),
        ("tested by", facts.design),
        ("seed of the folds", facts.seed or "not stated"),
        ("package", facts.package),
        ("made on", facts.made_on),
    ]
    found: list[Block] = [table(pd.DataFrame(rows, columns=["what", "value"]), caption="The model and its making")]
    if facts.effects is not None:
        found.append(
            table(
                facts.effects.frame(),
                caption="What goes with a second plan",
                numbers=["hazard ratio"],
                notes=[
                    "Hazard ratio: how many times as often, on any day on which none has come yet, the other features "
                    "equal; 1: as often. In brackets: 95 % interval. An association, not an effect."
                ],
            )
        )
    return found


def _tripod(facts: CardFacts, council: Council) -> list[Block]:
    answers = tripod_answers(facts, council)
    gaps = sum(not answer.is_answered for answer in answers)
    return [
        paragraph(
            f"{len(answers) - gaps} of {len(answers)} parts of the 27 items are answered; the others say why not."
        ),
        Answers("TRIPOD+AI: the 27 items", answers),
    ]


def _record(facts: CardFacts, council: Council) -> list[Block]:
    parts = {"Tier 1": tier_1(facts, council), **tier_2(facts, council)}
    gaps = sum(not answer.is_answered for answers in parts.values() for answer in answers)
    blocks: list[Block] = [
        paragraph(
            f"{gaps} fields are {NOT_STATED}: they are filled in by a small file of answers, which the command "
            "council-template writes."
            if gaps
            else "The council has stated all that only it knows."
        )
    ]
    for title, answers in parts.items():
        blocks += [Heading(title), Answers(title, answers)]
    return blocks
