"""What pages are made of: paragraphs, tables, pictures. How they look is not said here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import pandas as pd

from ..plots.alt_text import alt_text
from ..plots.style import data_uri
from ..small_counts import SUPPRESSED

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DASH = "–"
# What a reader finds in a cell, explained under each table that has it.
MARKS = {
    SUPPRESSED: "c: withheld; a count of 1 to 5, or one that would give such a count away.",
    DASH: "–: not known, or not measured.",
}


@dataclass(frozen=True)
class Paragraph:
    """Plain text; a ``note`` must not be missed."""

    text: str
    kind: Literal["paragraph", "note"] = "paragraph"


@dataclass(frozen=True)
class Bullets:
    """A list."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str


@dataclass(frozen=True)
class Table:
    """A table as text; made by :func:`table`.

    Attributes
    ----------
    columns : tuple of str
    rows : tuple of tuple of str
    is_number : tuple of bool
        Which columns are set to the right.
    caption : str
    notes : tuple of str
        What measures, codes and marks mean, a line each.
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    is_number: tuple[bool, ...]
    caption: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Picture:
    """An image; ``alt`` says what it shows to those who do not see it."""

    uri: str = field(repr=False)
    alt: str
    caption: str = ""


@dataclass(frozen=True)
class SideBySide:
    """Pictures beside each other, where there is room."""

    pictures: tuple[Picture, ...]


@dataclass(frozen=True)
class Finding:
    """One finding: its code and severity, how often, what it means and what to do."""

    code: str
    severity: str
    meaning: str
    advice: str = ""
    where: str = ""


@dataclass(frozen=True)
class Answer:
    """What a standard asks, and the answer, or why there is none."""

    number: str
    topic: str
    text: str
    is_answered: bool = True


@dataclass(frozen=True)
class Answers:
    """The answers to what a standard asks."""

    caption: str
    answers: tuple[Answer, ...]


Block: TypeAlias = Paragraph | Bullets | Heading | Table | Picture | SideBySide | Finding | Answers


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: tuple[Block, ...]

    @property
    def anchor(self) -> str:
        """The name by which the table of contents links to it."""
        return "".join(character if character.isalnum() else "-" for character in self.title.lower())


def paragraph(text: str) -> Paragraph:
    """A paragraph of plain text."""
    return Paragraph(text)


def note(text: str) -> Paragraph:
    """A paragraph that must not be missed."""
    return Paragraph(text, "note")


def table(
    frame: pd.DataFrame,
    *,
    caption: str,
    decimals: int = 3,
    index: bool = False,
    numbers: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> Table:
    """A table; numbers to the right, at ``decimals`` places, missing ones as a dash.

    ``numbers`` are further columns to set to the right: counts as text, some of which may be withheld. Marks in the
    cells (``c`` and the dash) are explained under it.
    """
    shown = frame.reset_index() if index else frame
    is_number = tuple(
        name in numbers or (pd.api.types.is_numeric_dtype(shown[name]) and not pd.api.types.is_bool_dtype(shown[name]))
        for name in shown
    )
    rows = tuple(tuple(cell_text(value, decimals) for value in row) for row in shown.itertuples(index=False, name=None))
    cells = {cell for row in rows for cell in row}
    marks = tuple(text for mark, text in MARKS.items() if mark in cells)
    return Table(tuple(str(name) for name in shown), rows, is_number, caption, (*notes, *marks))


def picture(figure: Figure, caption: str = "", *, alt: str = "") -> Picture:
    """A figure inside the page; what it says to those who do not see it is what its charts say, or ``alt``."""
    return Picture(data_uri(figure), alt or alt_text(figure), caption)


def as_data(block: Block) -> dict[str, Any]:
    """A block as plain data, without images."""
    match block:
        case Paragraph():
            return {"kind": block.kind, "text": block.text}
        case Bullets():
            return {"kind": "list", "items": list(block.items)}
        case Heading():
            return {"kind": "heading", "text": block.text}
        case Table():
            rows = [list(row) for row in block.rows]
            head = {"kind": "table", "caption": block.caption, "columns": list(block.columns)}
            return {**head, "rows": rows, "notes": list(block.notes)}
        case Picture():
            return {"kind": "picture", "alt": block.alt, "caption": block.caption}
        case SideBySide():
            return {"kind": "pictures", "pictures": [as_data(one) for one in block.pictures]}
        case Answers():
            asked = ("number", "topic", "text", "is_answered")
            listed = [{name: getattr(answer, name) for name in asked} for answer in block.answers]
            return {"kind": "answers", "caption": block.caption, "answers": listed}
        case Finding():
            told = {"code": block.code, "severity": block.severity, "where": block.where}
            return {"kind": "finding", **told, "meaning": block.meaning, "advice": block.advice}


def cell_text(value: object, decimals: int = 3) -> str:
    """A value as it stands in a table."""
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return DASH
    if isinstance(value, float):
        return f"{value:,.0f}" if value == round(value) and abs(value) >= 10 else f"{value:,.{decimals}f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)
