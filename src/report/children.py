"""Who the children of a cohort are, and how soon they return."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..models import FollowUpWarning, aalen_johansen
from ..models.curves.results import StratifiedCurves
from ..plans.disclosure import rounded_flow, withheld_in_parts
from ..plans.table_one import NOTES, cohort_table, group_counts
from ..plots.incidence import plot_incidence
from ..plots.style import new_figure
from ..small_counts import SUPPRESSED, is_small
from .blocks import Block, note, paragraph, picture, table

if TYPE_CHECKING:
    from ..models.curves.results import IncidenceCurve
    from ..plans import Cohort

NOT_KNOWN = "not known"
DAYS = (365, 730)
TABLE_DAYS = (91, 182, 365, 730)
EVENTS = {0: "seen until the data end", 1: "second plan", 2: "entered care", 3: "left otherwise", 4: "turned 18"}


def key_figures(cohort: Cohort) -> tuple[tuple[str, str], ...]:
    """How many children and families, and how many had a second plan, with intervals."""
    curve = aalen_johansen(cohort.y["duration"], cohort.y["event"], entry=cohort.y["entry"], cluster=cohort.cluster)
    known = _known(curve) if 1 in curve.events else None
    short = (cohort.X["plan_length_band"] == "up to 3 months").to_numpy()
    share = SUPPRESSED if is_small([short.sum(), (~short).sum()]).any() else f"{100 * short.mean():.1f} %"
    n_by_day = [_second_plans_by(cohort, day) for day in DAYS]
    return (
        (shown_count(len(cohort)), "ended plans of children who were at risk"),
        (shown_count(cohort.cluster.nunique()), "families"),
        (shown_count((cohort.y["event"] == 1).sum()), "had a second plan while they were seen"),
        *(
            (SUPPRESSED, f"had a second plan within {words}")
            if is_small([n_by_day[place]])[0]
            else _percent(known, place, f"had a second plan within {words}")
            for place, words in enumerate(("one year", "two years"))
        ),
        (share, "of these plans had lasted up to 3 months"),
    )


def cohort_blocks(cohort: Cohort) -> list[Block]:
    """Who was left out, what came first, and who the children are, by second plan or none."""
    who = cohort_table(cohort)
    return [
        paragraph(
            f"Counting starts on the day the plan ended. Of {_tens(cohort.flow['n_remaining'].iloc[0])} "
            f"{cohort.flow['step'].iloc[0]}, {_tens(len(cohort))} are studied. Who was left out, and why:"
        ),
        table(
            rounded_steps(cohort),
            caption="From children on a plan to children at risk",
            numbers=["left out", "remaining"],
            notes=["Numbers are rounded to 10."],
        ),
        table(event_counts(cohort), caption="What came first", numbers=["children"]),
        *(
            [paragraph(f"The data cannot give: {', '.join(cohort.missing_features)}.")]
            if cohort.missing_features
            else []
        ),
        *map(paragraph, cohort.notes),
        table(
            who,
            caption="Children with a second plan, and without",
            decimals=2,
            numbers=["all", "second plan", "none"],
            notes=NOTES,
        ),
    ]


def rounded_steps(cohort: Cohort) -> pd.DataFrame:
    """Who was left out at each step, and why, rounded to 10."""
    left_out = cohort.flow[cohort.flow["n_left_out"] > 0]
    return rounded_flow(left_out).rename(columns={"n_left_out": "left out", "n_remaining": "remaining"})


def event_counts(cohort: Cohort) -> pd.DataFrame:
    """What came first for how many children; small counts, and what would give them away, withheld."""
    events = cohort.y["event"].value_counts().rename(EVENTS)
    shown = [SUPPRESSED if h else f"{n:,}" for n, h in zip(events, withheld_in_parts(events), strict=True)]
    return pd.DataFrame({"what came first": events.index, "children": shown})


def incidence_blocks(cohort: Cohort) -> list[Block]:
    """Second plans by day and by length of the plan."""
    y = cohort.y
    bands = cohort.X["plan_length_band"]
    by_band: StratifiedCurves = aalen_johansen(
        y["duration"], y["event"], entry=y["entry"], strata=bands, cluster=cohort.cluster
    )
    counts = group_counts(cohort, "plan_length_band")
    # Steps of a curve can be counted.
    drawn = StratifiedCurves({k: curve for k, curve in by_band.curves.items() if SUPPRESSED not in set(counts.loc[k])})
    rows, said = [], []
    hidden = _withheld_shares(cohort, by_band)
    for label, curve in by_band.curves.items():
        if 1 not in curve.events:
            continue
        known = _known(curve, TABLE_DAYS)
        own = counts.loc[label]
        if SUPPRESSED in set(own):
            texts = [SUPPRESSED] * len(TABLE_DAYS)
        else:
            texts = [
                SUPPRESSED if few else _with_interval(row)
                for few, (_, row) in zip(hidden[label], known.iterrows(), strict=True)
            ]
            if not hidden[label][-1] and not np.isnan(known["estimate"].iloc[-1]):
                said.append(f"{texts[-1]} after plans of {label}")
        rows.append([str(label), *own, *texts])
    columns = ["plan length", "children", "second plans", *(f"{day} days, %" for day in TABLE_DAYS)]
    alt = "Children with a second plan by days since the plan's end, a line for each length of plan"
    pictures = []
    if any(1 in curve.events for curve in drawn.curves.values()):
        figure, ax = new_figure(8.2, 5.6)
        plot_incidence(drawn, title="Second plans by length of the plan that ended", ax=ax)
        alt = f"{alt}{': per cent by day 730, with 95 % interval: ' + '; '.join(said) if said else ''}."
        pictures = [picture(figure, "Bands: 95 % intervals.", alt=alt)]
    return [
        *pictures,
        table(
            pd.DataFrame(rows, columns=columns),
            caption="Children with a second plan by each day",
            numbers=columns[1:],
            notes=[
                "In brackets: 95 % interval. Cumulative incidence (Aalen-Johansen): care, leaving for good and the "
                "18th birthday end the chance of a second plan. Second plans: while the children were seen.",
            ],
        ),
        note(
            "These curves describe. Short plans differ from long ones in more than their length: an unadjusted "
            "difference is not the effect of ending early."
        ),
    ]


def _second_plans_by(cohort: Cohort, day: float) -> int:
    """How many children had a second plan by a day."""
    return int(((cohort.y["event"] == 1) & (cohort.y["duration"] <= day)).sum())


def _withheld_shares(cohort: Cohort, by_band: StratifiedCurves) -> dict[object, np.ndarray]:
    """By band: from which of the table's shares a small number of second plans could be worked out."""
    bands, y = cohort.X["plan_length_band"].to_numpy(), cohort.y
    labels = list(by_band.curves)
    had = [(y["event"] == 1).to_numpy() & (y["duration"] <= day).to_numpy() for day in TABLE_DAYS]
    hidden = [withheld_in_parts(np.array([(own & (bands == label)).sum() for label in labels])) for own in had]
    return dict(zip(labels, np.transpose(hidden), strict=True))


def _known(curve: IncidenceCurve, days: Sequence[int] = DAYS) -> pd.DataFrame:
    """The curve of second plans by these days; NaN past its follow-up, which the page puts into words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FollowUpWarning)
        return curve.at(days, 1, interval="log-log")


def _with_interval(row: pd.Series) -> str:
    if np.isnan(row["estimate"]):
        return NOT_KNOWN
    return f"{100 * row['estimate']:.1f} ({100 * row['lower']:.1f} to {100 * row['upper']:.1f})"


def _percent(known: pd.DataFrame | None, place: int, words: str) -> tuple[str, str]:
    """A share as a key figure, its interval in the words."""
    if known is None:
        return "0.0 %", words
    row = known.iloc[place]
    if np.isnan(row["estimate"]):
        return NOT_KNOWN, words
    return (
        f"{100 * row['estimate']:.1f} %",
        f"{words} (95 % interval {100 * row['lower']:.1f} to {100 * row['upper']:.1f} %)",
    )


def _tens(number: int) -> str:
    return f"{round(number, -1):,}"


def shown_count(number: int) -> str:
    """A number of children as it may be shown."""
    return SUPPRESSED if is_small([number])[0] else f"{number:,}"
