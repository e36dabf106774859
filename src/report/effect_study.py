"""Does ending plans early bring second plans? The estimates side by side, and what would have to hold for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ..plots.effect_methods import plot_effect_methods
from ..plots.style import new_figure
from .blocks import Block, Bullets, Heading, Section, note, paragraph, picture, table

if TYPE_CHECKING:
    from ..effects import EffectStudy


def study_section(study: EffectStudy) -> Section:
    """The section of a study of plan length."""
    differences = study.differences
    levels = differences["level"].nunique()
    figure, ax = new_figure(8.2, 1.4 + 0.75 * levels)
    plot_effect_methods(differences, ax=ax)
    methods = ["method", "level", "time"]
    blocks: list[Block] = [
        paragraph(
            "Plans that end early are often the plans that go well, so children of short and of long plans differ "
            "before anything is compared. Each estimate below makes them alike in its own way; none can in what nobody "
            "recorded."
        ),
        Bullets(study.words),
        picture(figure),
        table(
            _percent(differences, methods),
            caption=f"Difference in risk from plans of {differences['reference'].iloc[0]}, percentage points",
            numbers=["days", "difference"],
            notes=["Days are counted from the plan's end. In brackets: 95 % interval, families allowed for."],
        ),
    ]
    if study.trial is not None:
        trial = study.trial.risk
        blocks += [
            Heading("If plans were ended by another rule"),
            paragraph(
                "A trial that nobody ran, emulated from the plan's start: every child follows each rule for as long as "
                "the record agrees with it, and stands in for children like it once it does not."
            ),
            table(
                _percent(trial.table, ["strategy", "time"]),
                caption="Risk of a second plan by strategy, per cent",
                numbers=["days", "difference"],
                notes=["Days are counted from the plan's start. In brackets: 95 % interval."],
            ),
            table(study.trial.protocol, caption="The trial that is emulated"),
        ]
    blocks += [
        Heading("What could still be wrong"),
        Bullets(tuple(study.tipping.words.split("\n"))),
        paragraph("These are effects only if:"),
        Bullets(study.assumptions),
        paragraph(f"Adjusted for: {', '.join(study.adjusted_for)}."),
        note("Nothing here feeds the risk of a child. It is about rules, for those who make them."),
    ]
    return Section("Does ending plans early bring second plans?", tuple(blocks))


def _percent(rows: pd.DataFrame, names: list[str]) -> pd.DataFrame:
    """Estimates in per cent with their intervals, as text."""
    shown = rows[names].rename(columns={"time": "days"}).copy()
    shown["days"] = [f"{day:g}" for day in rows["time"]]
    values = 100 * rows[["estimate", "lower", "upper"]].to_numpy()
    shown["difference"] = [f"{value:.1f} ({low:.1f} to {high:.1f})" for value, low, high in values]
    return shown
