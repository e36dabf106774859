"""A document as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .blocks import Answers, Block, Bullets, Finding, Heading, Paragraph, Picture, SideBySide, Table

if TYPE_CHECKING:
    from .document import Document

# What Markdown or HTML inside it would take for a mark.
MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>#|"})


def markdown_text(document: Document) -> str:
    """The whole document; GitHub's dialect, for its tables."""
    parts = []
    if document.warning:
        headline, *more = map(_plain, document.warning)
        parts += [f"> **{headline}**", *(f"> {line}" for line in more)]
        parts = ["\n>\n".join(parts)]
    parts += [f"# {_plain(document.title)}", _plain(document.lead)]
    if document.figures:
        parts.append("\n".join(f"- **{_plain(value)}** {_plain(meaning)}" for value, meaning in document.figures))
    for section in document.sections:
        parts.append(f"## {_plain(section.title)}")
        parts += [_block(block) for block in section.blocks]
    if document.footer:
        parts += ["---", _plain(document.footer)]
    return "\n\n".join(parts) + "\n"


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            return f"> {_plain(block.text)}" if block.kind == "note" else _plain(block.text)
        case Bullets():
            return "\n".join(f"- {_plain(item)}" for item in block.items)
        case Heading():
            return f"### {_plain(block.text)}"
        case Table():
            return _table(block)
        case Picture():
            below = f" {_plain(block.caption)}" if block.caption else ""
            return f"*Picture: {_plain(block.alt)}*{below}"
        case SideBySide():
            return "\n\n".join(_block(one) for one in block.pictures)
        case Answers():
            return "\n".join(f"- **{_plain(a.number)}** {_plain(a.topic)}: {_plain(a.text)}" for a in block.answers)
        case Finding():
            where = f" ({_plain(block.where)})" if block.where else ""
            do = f" **What to do:** {_plain(block.advice)}" if block.advice else ""
            return f"- **{_plain(block.code)}**, {_plain(block.severity)}{where}: {_plain(block.meaning)}{do}"


def _table(table: Table) -> str:
    def line(cells: tuple[str, ...]) -> str:
        return f"| {' | '.join(_plain(cell) for cell in cells)} |"

    rule = "|" + "|".join(" ---: " if number else " --- " for number in table.is_number) + "|"
    rows = "\n".join([line(table.columns), rule, *map(line, table.rows)])
    notes = "\n".join(f"- {_plain(text)}" for text in table.notes)
    return "\n\n".join(part for part in (f"**{_plain(table.caption)}**", rows, notes) if part)


def _plain(text: str) -> str:
    """Text that stands for itself, on one line."""
    return " ".join(text.split()).translate(MARKS)
