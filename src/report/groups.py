"""For whom a model is right: its risks by group of children, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..evaluation.subgroup_result import EVERYBODY
from ..plots.style import new_figure
from ..plots.subgroups import plot_subgroups
from .blocks import Block, Bullets, paragraph, picture, table
from .measures import MEASURES

if TYPE_CHECKING:
    import pandas as pd

    from ..evaluation import Comparison, Subgroups

METRICS = ("observed_expected", "auc")


def group_blocks(comparison: Comparison, model: str) -> list[Block]:
    """What was found by group, in sentences; a picture; a table with what its measures mean."""
    groups = comparison.subgroups(model=model, metrics=METRICS)
    shown = shown_groups(groups)
    own = groups.table[(groups.table["metric"] == METRICS[0]) & (groups.table["time"] == groups.day)]
    n_rows = int(own["estimate"].notna().sum())
    pictures = []
    if n_rows > 1:
        figure, ax = new_figure(8.2, 1.3 + 0.24 * n_rows)
        plot_subgroups(own, name="observed / expected second plans", is_ratio=True, ax=ax)
        pictures = [picture(figure)]
    return [
        paragraph(f"{model}, out of fold, at {groups.day:g} days."),
        Bullets(tuple(f"{line.rstrip('.')}." for line in groups.summary)),
        *pictures,
        table(
            shown,
            caption=f"{model}: observed against expected second plans by group",
            numbers=list(shown.columns[2:-1]),
            notes=group_notes(groups.n_groups, groups.min_children, groups.min_events),
        ),
        paragraph(
            "A difference in observed risk is a difference in recorded plans, not in need: what is recorded differs "
            "between groups too."
        ),
    ]


def shown_groups(groups: Subgroups) -> pd.DataFrame:
    """The groups as a table of text; the first row is everybody."""
    shown = groups.formatted().rename(columns={"characteristic": "children by"})
    shown.loc[shown["group"] == EVERYBODY, ["children by", "group"]] = ("all children", "")
    return shown


def group_notes(n_groups: int, min_children: int = 100, min_events: int = 10) -> list[str]:
    """What the columns of a table by group mean."""
    return [
        "In brackets: 95 % interval, with errors that allow for siblings.",
        *(MEASURES[f"{name}_730"].sentence for name in METRICS),
        f"Each group is compared with all other children; p-values are corrected (Holm) for {n_groups} groups. Groups "
        f"of fewer than {min_children} children, or of fewer than {min_events} second plans, are not measured.",
    ]
