"""Does ending plans early bring second plans? The estimates side by side, and what would have to hold for each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..plots.effect_methods import plot_effect_methods
from ..plots.style import new_figure
from ..plots.trials import plot_trial_balance
from ..plots.weights import plot_balance
from ..small_counts import SUPPRESSED
from .blocks import DASH, Block, Bullets, Heading, Section, note, paragraph, picture, table
from .column_words import column_words

if TYPE_CHECKING:
    from ..effects import EffectStudy, EmulatedTrial
    from ..effects.length_weights import LengthWeights

EFFECT_TITLE = "Does ending plans early bring second plans?"
LENGTH = "length of the first plan"


def study_section(study: EffectStudy) -> Section:
    """The section of a study of plan length."""
    differences = study.differences
    levels = differences["level"].nunique()
    figure, ax = new_figure(8.2, 1.4 + 0.75 * levels)
    plot_effect_methods(differences, ax=ax, title="What does the plan's length change? One answer per method")
    shown = differences[["method", "level"]].rename(columns={"level": LENGTH})
    blocks: list[Block] = [
        paragraph(
            "Plans that end early are often the plans that go well, so children of short and of long plans differ "
            "before anything is compared. Each estimate below makes them alike in its own way, the unadjusted one "
            "excepted; none can in what nobody recorded."
        ),
        Bullets(study.words),
        note(
            "No more than noise: the 95 % interval holds 0. It does not mean that there is no effect. Natural course: "
            "plans ending as they did."
        ),
        picture(figure),
        table(
            shown.assign(days=_days(differences), difference=_percent(differences)),
            caption=f"Difference in risk from plans of {differences['reference'].iloc[0]}, percentage points",
            numbers=["days", "difference"],
            notes=[
                "Days are counted from the plan's end. In brackets: 95 % interval, families allowed for. Unadjusted: "
                "not shown where it would reveal a number of 1 to 5 second plans."
            ],
        ),
        *_alike(study.weights),
    ]
    if study.trial is not None:
        blocks += _another_rule(study.trial)
    blocks += [
        Heading("What could still be wrong"),
        *_warned_of(study.warnings),
        Bullets(tuple(study.tipping.words.split("\n"))),
        paragraph("These are effects only if:"),
        Bullets(study.assumptions),
        paragraph(f"Adjusted for, from the plan's end: {'; '.join(map(column_words, study.adjusted_for))}."),
        *_not_adjusted_for(study.left_out),
        note("Nothing here feeds the risk of a child. It is about rules, for those who make them."),
    ]
    return Section(EFFECT_TITLE, tuple(blocks))


def _warned_of(warnings: tuple[str, ...]) -> list[Block]:
    if not warnings:
        return []
    return [
        paragraph("Warned of while this was estimated, in the words of the package for whoever runs it again:"),
        Bullets(warnings),
    ]


def _not_adjusted_for(columns: tuple[str, ...]) -> list[Block]:
    if not columns:
        return []
    names = "; ".join(map(column_words, columns))
    return [paragraph(f"Left out, as the data lack it or all children of some length have one value of it: {names}.")]


def _alike(weights: LengthWeights) -> list[Block]:
    """Whether the weights made children of all lengths alike, and how many are left to stand for all."""
    shown = weights.withheld()
    balance = shown.balance.assign(column=shown.balance["column"].map(column_words))
    figure, ax = new_figure(8.2, 1.2 + 0.28 * min(balance["column"].nunique(), 20))
    plot_balance(balance, title="Are children of all lengths alike after weighting?", ax=ax)
    apart = balance.set_index("column")[["before", "after"]].abs()
    apart = apart.groupby(level=0).max().sort_values("before", ascending=False).reset_index(names="feature")
    worth = [
        SUPPRESSED if n == SUPPRESSED else f"{100 * effective / n:.0f}"
        for n, effective in zip(shown.effective_n["n"], shown.effective_n["effective_n"], strict=True)
    ]
    return [
        picture(figure, "Right of the dotted line after weighting: children of different lengths are still others."),
        table(
            apart,
            caption="Largest difference between lengths before and after weighting, standard deviations",
            decimals=2,
        ),
        table(
            pd.DataFrame({LENGTH: shown.effective_n["level"], "worth": worth}),
            caption="What 100 children of each length are worth after weighting",
            numbers=["worth"],
            notes=["Where it is far below 100, a few children stand for many, and the weighted figures rest on them."],
        ),
    ]


def _another_rule(trial: EmulatedTrial) -> list[Block]:
    """What the emulated trial found, and which trial it was."""
    risks = trial.risk.table
    keys = ["strategy", "time"]
    differences = trial.risk.difference()
    told = pd.Series(_percent(differences), index=pd.MultiIndex.from_frame(differences[keys]))
    figure, ax = new_figure(8.2, 5.0)
    trial.plot(ax)
    return [
        Heading("If plans were ended by another rule"),
        paragraph(
            "A trial that nobody ran, emulated from the plan's start: every child follows each rule for as long as "
            "the record agrees with it, and stands in for children like it once it does not."
        ),
        picture(figure),
        table(
            pd.DataFrame(
                {
                    "strategy": risks["strategy"],
                    "days": _days(risks),
                    "risk": _percent(risks),
                    "difference": told.reindex(
                        pd.MultiIndex.from_frame(risks[keys]), fill_value="reference"
                    ).to_numpy(),
                }
            ),
            caption="Risk of a second plan by strategy, per cent, and difference from the reference, percentage points",
            numbers=["days", "risk", "difference"],
            notes=[
                "Days are counted from the plan's start. In brackets: 95 % interval. A part of each difference is "
                "postponement: a child still on the first plan cannot start a second. Later days tell more."
            ],
        ),
        *_followed(trial),
        table(trial.protocol, caption="The trial that is emulated"),
    ]


def _followed(trial: EmulatedTrial) -> list[Block]:
    """On how many children each rule's figures rest, and whether these are like those who left it."""
    moved = trial.weights.groupby("strategy")["largest"].transform("max") > 1.0
    rows = trial.weights[moved]
    if rows.empty:
        return []
    shown = rows[["strategy", "day", "copies"]].set_axis(["strategy", "days", "children"], axis=1)
    for name, column, decimals in (("mean", "mean", 2), ("largest", "largest", 1), ("worth", "effective_n", 0)):
        shown[name] = [
            SUPPRESSED if n == SUPPRESSED else DASH if np.isnan(value) else f"{value:,.{decimals}f}"
            for n, value in zip(rows["copies"], rows[column], strict=True)
        ]
    blocks: list[Block] = [
        table(
            shown,
            caption="Children who follow each rule so far, and their weights",
            numbers=list(shown)[1:],
            notes=[
                "Mean, largest: of the weights of these children. Worth: so many children of equal weight tell as "
                "much. With a largest weight far above 10, or a worth far below the number of children, the rule's "
                "figures rest on a few."
            ],
        )
    ]
    if len(trial.balance):
        balance = trial.balance.assign(covariate=trial.balance["covariate"].map(column_words))
        figure, ax = new_figure(8.2, 1.2 + 0.28 * min(balance["covariate"].nunique(), 20))
        plot_trial_balance(balance, title="Are those who go on like all who came to the review?", ax=ax)
        words = "Right of the line after weighting: those who follow a rule are others than those for whom they stand."
        blocks.append(picture(figure, words))
    return blocks


def _days(rows: pd.DataFrame) -> list[str]:
    return [f"{day:,g}" for day in rows["time"]]


def _percent(rows: pd.DataFrame) -> list[str]:
    """Estimates in per cent with their intervals, as text."""
    values = 100 * rows[["estimate", "lower", "upper"]].to_numpy()
    return [DASH if np.isnan(value) else f"{value:.1f} ({low:.1f} to {high:.1f})" for value, low, high in values]
