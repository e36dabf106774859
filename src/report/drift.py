"""The page of drift: whether a model still fits what comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..plots.monitoring import plot_cusum
from ..plots.style import new_figure
from ..small_counts import SUPPRESSED
from .blocks import DASH, Block, Section, note, paragraph, picture, table
from .document import Document

if TYPE_CHECKING:
    from ..scoring.drift import DriftReport


def drift_page(report: DriftReport) -> Document:
    """The page of a look at drift; aggregates only, small counts withheld.

    Parameters
    ----------
    report : DriftReport

    Returns
    -------
    Document
        As HTML, Markdown or JSON.
    """
    sections = [
        Section("What was found", tuple(map(paragraph, report.sentences))),
        Section("What plans must look like", tuple(_contract(report))),
        Section("Do second plans come as expected?", tuple(_outcomes(report))),
        Section("Are the children the same?", tuple(_inputs(report))),
        Section("What a council of this size could have seen", tuple(_power(report))),
    ]
    lead = (
        f"Plans that ended after {report.since:%d %B %Y}, as known on {report.as_of:%d %B %Y}, against the "
        f"{report.n_training:,} plans that the model was fitted on."
    )
    footer = f"Model {report.model_digest[:12]}. Counts of 1 to 5 are withheld ({SUPPRESSED})."
    return Document(f"Drift: {report.status}", lead, tuple(sections), footer=footer)


def _contract(report: DriftReport) -> list[Block]:
    if report.contract.empty:
        return [paragraph("Every window keeps the rules: known levels, varied columns, units as before, few rejects.")]
    broken = report.contract.replace("", "all")
    return [table(broken, caption="Rules that plans broke, by the month in which they ended")]


def _outcomes(report: DriftReport) -> list[Block]:
    quarters = report.outcomes.by_quarter
    if quarters.empty:
        return [paragraph("No plan has ended since.")]
    shown = pd.DataFrame(
        {
            "plan ended in": quarters["quarter"],
            "plans": [_number(value) for value in quarters["n"]],
            "second plans seen": [_number(value) for value in quarters["observed"]],
            "expected by now": [_number(value, 1) for value in quarters["expected"]],
            "seen / expected (95 %)": [
                SUPPRESSED if np.isnan(row.ratio) else f"{row.ratio:.2f} ({row.lower:.2f} to {row.upper:.2f})"
                for row in quarters.itertuples()
            ],
            "risk that can have shown, %": [_number(100 * value) for value in quarters["share_shown"]],
        }
    )
    caption = "Second plans by the quarter in which the first plan ended; intervals allow for families"
    terms = ("expected: the sum of the model's hazard over the days on which each child was watched.",)
    blocks: list[Block] = [table(shown, caption=caption, numbers=list(shown)[1:], notes=terms)]
    if report.outcomes.cusum is not None:
        figure, ax = new_figure(8.2, 4.2)
        plot_cusum(report.outcomes.cusum, ax=ax)
        blocks.append(picture(figure))
    return [
        *blocks,
        note(
            "Children whose plans ended lately have had little time to return. What is expected by now is compared; "
            "the share who have returned so far says nothing and is not shown."
        ),
    ]


def _inputs(report: DriftReport) -> list[Block]:
    if report.inputs.empty:
        return [paragraph("There are too few plans in the months that are over: 50 are needed to say anything.")]
    latest = report.inputs[report.inputs["window"] == report.windows[-1]]
    shown = pd.DataFrame(
        {
            "column": latest["column"].str.replace("_", " "),
            "moved, %": [f"{100 * value:.0f}" for value in latest["moved"]],
            "by chance, %": [f"{100 * value:.0f}" for value in latest["moved_by_chance"]],
            "higher than in training, % (95 %)": [
                DASH
                if np.isnan(row.higher)
                else f"{100 * row.higher:.0f} ({100 * row.lower:.0f} to {100 * row.upper:.0f})"
                for row in latest.itertuples()
            ],
            "p, corrected": [f"{value:.3f}" for value in latest["p_adjusted"]],
            "smallest change seen, %": [f"{100 * value:.0f}" for value in latest["smallest_seen"]],
            "finding": [row.finding or "explained by chance" for row in latest.itertuples()],
        }
    )
    caption = f"Latest window: {report.windows[-1]}, {int(latest['n'].iloc[0])} plans"
    alarms = report.inputs[report.inputs["alarm"]]
    earlier = alarms[alarms["window"] != report.windows[-1]][["window", "finding"]]
    blocks: list[Block] = [table(shown, caption=caption, numbers=list(shown)[1:-1], notes=INPUT_TERMS)]
    if len(earlier):
        blocks.append(table(earlier, caption="Alarms of earlier windows"))
    return [*blocks, paragraph(f"{len(report.windows)} windows were tested, {report.windows[0]} the first.")]


def _power(report: DriftReport) -> list[Block]:
    if report.power.empty:
        return [paragraph("Nothing is expected yet.")]
    shown = pd.DataFrame(
        {
            "second plans come": [f"{value:g} times as often" for value in report.power["hazard_ratio"]],
            "months to a signal (median)": [
                "over 120" if np.isinf(value) else f"{value:.0f}" for value in report.power["months"]
            ],
            "signal within a year, %": [f"{100 * value:.0f}" for value in report.power["within_a_year"]],
        }
    )
    caption = (
        f"Simulated for {report.outcomes.expected_per_month:.1f} expected second plans a month, once plans that end "
        "each month have been followed long enough"
    )
    return [table(shown, caption=caption, numbers=list(shown)[1:])]


INPUT_TERMS = (
    "moved: the share of new plans that would have to be in another bin to look as in training; by chance: what it "
    "would be if nothing had changed, families allowed for.",
    "higher than in training: how often a new value is above one of training; 50 without a change.",
    "p, corrected: for the number of columns of the window (Holm).",
    "smallest change seen: what such a window finds four times in five; points from 50, or of a share.",
)


def _number(value: float, decimals: int = 0) -> str:
    return SUPPRESSED if np.isnan(value) else f"{value:.{decimals}f}"
