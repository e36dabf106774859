"""The page of the indicators of a period."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from ..files.whole import write_text
from ..plots.indicators import plot_indicators
from ..plots.style import new_figure
from .blocks import Block, Section, Table, note, picture, table
from .document import Document

if TYPE_CHECKING:
    from ..plans.indicators import Indicators

ALL = "all"
SIDE_BY_SIDE = 8
HEADINGS = {
    "n": "number",
    "pct": "%",
    "lower": "from",
    "upper": "to",
    "published_n": "published number",
    "region_pct": "region %",
    "england_pct": "England %",
}
COUNTED = tuple(HEADINGS.values())


def write_indicators(path: str | os.PathLike[str], result: Indicators) -> Path:
    """Write the indicators, as they may be published, as an HTML page that holds everything it shows.

    Parameters
    ----------
    path : path
    result : Indicators

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    file = Path(path)
    write_text(file, _page(result))
    return file


def _page(result: Indicators) -> str:
    frame = result.to_frame()
    names = list(result.by)
    is_all = frame[names].eq(ALL).all(axis=1)
    sections = [Section("All together", tuple(_all_together(result, frame[is_all].drop(columns=names))))]
    if names:
        groups = frame[~is_all]
        sections.append(Section(f"By {' and '.join(names).replace('_', ' ')}", (_by_group(groups, names),)))
    sections.append(Section("What to bear in mind", (*map(note, result.notes), _terms())))
    lead = "Counted as the official statistics do; counts of 1 to 5, and any that would reveal them, are withheld."
    footer = (
        "Published figures: Department for Education, Children in need. Contains public sector information licensed "
        "under the Open Government Licence v3.0."
    )
    return Document(result.title, lead, tuple(sections), footer=footer).to_html()


def _all_together(result: Indicators, rows: pd.DataFrame) -> list[Block]:
    caption = "Percentages with Wilson's 95 % interval, as if plans were independent"
    shown = table(_headed(rows[["table", "indicator", *HEADINGS]]), decimals=1, caption=caption, numbers=COUNTED)
    if pd.to_numeric(rows["pct"], errors="coerce").isna().all():
        return [shown]
    figure, ax = new_figure(8.2, 5.6)
    plot_indicators(result, ax=ax)
    return [shown, picture(figure)]


def _by_group(groups: pd.DataFrame, names: list[str]) -> Table:
    """Groups side by side where they are few, below each other otherwise."""
    caption = "Number and share of each group"
    if len(groups[names].drop_duplicates()) > SIDE_BY_SIDE:
        shown = _headed(groups[[*names, "indicator", *HEADINGS]])
        return table(shown, decimals=1, caption=caption, numbers=COUNTED)
    shares = [f" ({value:.1f} %)" if isinstance(value, float) and value == value else "" for value in groups["pct"]]
    cells = pd.DataFrame(
        {
            "indicator": groups["indicator"],
            "group": groups[names].astype(str).agg(" ".join, axis=1),
            "text": groups["n"].astype("string").fillna("") + shares,
        }
    )
    wide = cells.pivot_table(index="indicator", columns="group", values="text", aggfunc="first")
    wide = wide.loc[cells["indicator"].unique(), cells["group"].unique()]
    return table(wide.rename_axis(None, axis=1), caption=caption, index=True, numbers=list(map(str, wide.columns)))


def _headed(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows under headings for people, without columns that hold nothing; numbers as text, to keep what is withheld."""
    kept = rows.drop(columns=[name for name in rows if rows[name].isna().all()])
    for name in [name for name in ("pct", "lower", "upper") if name in kept]:
        kept[name] = [f"{value:.1f}" if isinstance(value, float) and value == value else value for value in kept[name]]
    return kept.rename(columns=HEADINGS).rename(columns=lambda name: name.replace("_", " "))


def _terms() -> Table:
    terms = pd.DataFrame(
        [
            ("by dates", "the data hold an earlier plan of the child in this authority, however long ago it ended"),
            ("as reported", "the number of earlier plans that came with the plan is above 0; DfE counts from it"),
            ("reviewed on time", "no review of the plan was overdue on any day of the period"),
            ("published number", "of the real authority under that code, unrounded"),
            ("region", "computed from the published counts of its authorities"),
        ],
        columns=["term", "meaning"],
    )
    return table(terms, caption="Words")
