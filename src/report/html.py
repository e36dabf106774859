"""A document as HTML that holds everything it shows: no script, no file beside it, nothing fetched from anywhere."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from .blocks import Answers, Block, Bullets, Finding, Heading, Paragraph, Picture, SideBySide, Table
from .look import CSS

if TYPE_CHECKING:
    from .document import Document

# Cells up to so many characters stay on one line on a screen; of longer texts a column keeps some width.
SHORT = 30
# Up to so many, on paper and on a telephone too.
TINY = 13
# Tables of up to so many rows are printed on one page.
WHOLE = 20


def html_page(document: Document) -> str:
    """The whole document, with a table of contents."""
    contents = "".join(f'<li><a href="#{s.anchor}">{escape(s.title)}</a></li>' for s in document.sections)
    body = "\n".join(
        f'<section aria-labelledby="{s.anchor}">\n<h2 id="{s.anchor}">{escape(s.title)}</h2>\n'
        + "\n".join(_block(block) for block in s.blocks)
        + "\n</section>"
        for s in document.sections
    )
    return (
        '<!doctype html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(document.title)}</title>\n<style>{CSS}</style>\n"
        '</head>\n<body>\n<a class="skip" href="#content">Skip to the content</a>\n<main id="content">\n'
        f"{_warning(document)}"
        f'<h1>{escape(document.title)}</h1>\n<p class="lead">{escape(document.lead)}</p>\n'
        f"{_figures(document)}"
        f'<nav aria-label="Contents"><ul>{contents}</ul></nav>\n{body}\n'
        f"<footer><p>{escape(document.footer)}</p></footer>\n</main>\n</body>\n</html>\n"
    )


def _warning(document: Document) -> str:
    if not document.warning:
        return ""
    headline, *more = document.warning
    below = "".join(f"<p>{escape(line)}</p>" for line in more)
    return f'<aside class="warning" aria-label="Warning"><p class="headline">{escape(headline)}</p>{below}</aside>\n'


def _figures(document: Document) -> str:
    cells = "".join(
        f"<div><dt>{escape(meaning)}</dt><dd>{escape(value)}</dd></div>" for value, meaning in document.figures
    )
    return f'<dl class="figures">{cells}</dl>\n' if cells else ""


def _block(block: Block) -> str:
    match block:
        case Paragraph():
            return f"<p{_class('note' if block.kind == 'note' else '')}>{escape(block.text)}</p>"
        case Bullets():
            return "<ul>" + "".join(f"<li>{escape(item)}</li>" for item in block.items) + "</ul>"
        case Heading():
            return f"<h3>{escape(block.text)}</h3>"
        case Table():
            return _table(block)
        case Picture():
            below = f"<figcaption>{escape(block.caption)}</figcaption>" if block.caption else ""
            return f'<figure><img src="{block.uri}" alt="{escape(block.alt, quote=True)}">{below}</figure>'
        case SideBySide():
            return f'<div class="pair">{"".join(_block(one) for one in block.pictures)}</div>'
        case Finding():
            return _finding(block)
        case Answers():
            return _answers(block)


def _table(table: Table) -> str:
    """In a box that scrolls, which the keyboard reaches; the meaning of measures and marks under it."""
    head = "".join(
        f'<th scope="col"{_class("number" if number else "")}>{escape(name)}</th>'
        for name, number in zip(table.columns, table.is_number, strict=True)
    )
    longest = [max((len(row[k]) for row in table.rows), default=0) for k in range(len(table.columns))]
    kinds = [
        "number" if number else "tiny" if length <= TINY else "short" if length <= SHORT else "text"
        for length, number in zip(longest, table.is_number, strict=True)
    ]
    rows, before = [], None
    for row in table.rows:
        cells = [f"<td{_class(kind)}>{escape(text)}</td>" for text, kind in zip(row, kinds, strict=True)]
        if row[0] == before and len(row) > 1:  # heard, not seen: the rows of one feature belong together
            cells[0] = f'<th scope="row"><span class="again">{escape(row[0])}</span></th>'
        elif kinds[0] != "number":
            cells[0] = f'<th scope="row"{_class(kinds[0])}>{escape(row[0])}</th>'
        before = row[0]
        rows.append(f"<tr>{''.join(cells)}</tr>")
    notes = "".join(f"<li>{escape(text)}</li>" for text in table.notes)
    body = "\n".join(rows)
    whole = " whole" if len(rows) <= WHOLE else ""
    key = f'<ul class="key">{notes}</ul>' if notes else ""
    label = escape(table.caption, quote=True)
    return (
        f'<div class="tabular{whole}"><div class="scroll" role="region" aria-label="{label}" tabindex="0"><table>'
        f"<caption>{escape(table.caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>\n{body}\n</tbody></table></div>{key}</div>"
    )


def _answers(block: Answers) -> str:
    told = "".join(
        f"<div{_class('' if a.is_answered else 'gap')}><dt><b>{escape(a.number)}</b> {escape(a.topic)}</dt>"
        f"<dd>{escape(a.text)}</dd></div>\n"
        for a in block.answers
    )
    return f'<dl class="answers" aria-label="{escape(block.caption, quote=True)}">\n{told}</dl>'


def _finding(finding: Finding) -> str:
    told = f'<span class="where">{escape(finding.where)}</span>' if finding.where else ""
    do = f"<p><b>What to do:</b> {escape(finding.advice)}</p>" if finding.advice else ""
    kind = {"warning": "warn"}.get(finding.severity, finding.severity)
    return (
        f'<article class="finding {escape(kind, quote=True)}"><h3>{escape(finding.code)} '
        f'<span class="severity">{escape(finding.severity)}</span>{told}</h3>'
        f"<p>{escape(finding.meaning)}</p>{do}</article>"
    )


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""
