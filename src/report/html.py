"""Pages that hold everything they show: no script, no file beside them, nothing fetched from anywhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import pandas as pd

from ..plots.style import data_uri

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CSS = """
:root { color-scheme: light; --ink: #222; --muted: #666; --line: #ddd; --accent: #0072B2; --soft: #f5f8fa; }
* { box-sizing: border-box; }
body { font: 16px/1.55 system-ui, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; color: var(--ink); margin: 0; }
main { max-width: 60rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
h1 { font-size: 1.75rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.25rem; margin: 2.75rem 0 .5rem; padding-top: .75rem; border-top: 2px solid var(--line); }
.wide table { font-size: .82rem; }
p { max-width: 46rem; }
.lead { font-size: 1.1rem; color: var(--muted); margin-top: 0; }
nav { font-size: .9rem; margin: 1rem 0; } nav a { margin-right: 1rem; white-space: nowrap; }
a { color: var(--accent); }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(11rem, 1fr)); gap: .75rem; margin: 1.5rem 0; }
.figures div { background: var(--soft); border-left: 4px solid var(--accent); padding: .6rem .9rem; }
.figures b { display: block; font-size: 1.5rem; } .figures span { color: var(--muted); font-size: .85rem; }
table { border-collapse: collapse; margin: 1rem 0; font-size: .9rem; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--muted); padding-bottom: .35rem; }
th, td { padding: .3rem .75rem .3rem 0; border-bottom: 1px solid var(--line); vertical-align: top; text-align: left; }
td.number, th.number { text-align: right; }
.scroll { overflow-x: auto; }
figure { margin: 1.25rem 0; } figure img { max-width: 100%; height: auto; }
figcaption { color: var(--muted); font-size: .9rem; max-width: 46rem; }
.pair { display: flex; flex-wrap: wrap; gap: 1rem; } .pair figure { flex: 1 1 24rem; margin: .5rem 0; }
.note { background: #fff8e6; border-left: 4px solid #E69F00; padding: .6rem .9rem; max-width: 46rem; }
footer { color: var(--muted); font-size: .85rem; margin-top: 3rem; border-top: 1px solid var(--line); }
h3 { font-size: 1rem; margin: 0 0 .2rem; }
.finding { border-left: 4px solid var(--muted); padding: .45rem .9rem; margin: .75rem 0; max-width: 46rem; }
.finding p { margin: .15rem 0; }
.finding.error { border-color: #B00020; } .finding.warning { border-color: #B35900; }
.severity { font-weight: normal; font-size: .85rem; padding: 0 .4rem; border: 1px solid currentcolor; }
.error .severity { color: #B00020; } .warning .severity { color: #8F4700; } .note .severity { color: var(--muted); }
.finding.note { background: none; }
.where { font-weight: normal; color: var(--muted); margin-left: .6rem; }
@media print { .finding { break-inside: avoid; } }
@media print { main { max-width: none; } h2 { break-after: avoid; } figure { break-inside: avoid; }
  nav { display: none; } }
"""


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it, as HTML."""

    title: str
    body: str

    @property
    def anchor(self) -> str:
        """The name by which the table of contents links to it."""
        return "".join(character if character.isalnum() else "-" for character in self.title.lower())


def page(title: str, lead: str, sections: Sequence[Section], *, before: str = "", footer: str = "") -> str:
    """A whole page with a table of contents."""
    contents = " ".join(f'<a href="#{section.anchor}">{escape(section.title)}</a>' for section in sections)
    body = "\n".join(f'<section><h2 id="{s.anchor}">{escape(s.title)}</h2>\n{s.body}\n</section>' for s in sections)
    return (
        '<!doctype html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{CSS}</style>\n</head>\n<body>\n<main>\n"
        f'<h1>{escape(title)}</h1>\n<p class="lead">{escape(lead)}</p>\n'
        f'<nav aria-label="Contents">{contents}</nav>\n{before}\n{body}\n'
        f"<footer>{footer}</footer>\n</main>\n</body>\n</html>\n"
    )


def paragraph(text: str) -> str:
    """A paragraph of plain text."""
    return f"<p>{escape(text)}</p>"


def note(text: str) -> str:
    """A paragraph that must not be missed."""
    return f'<p class="note">{escape(text)}</p>'


def key_figures(figures: Sequence[tuple[str, str]]) -> str:
    """Large numbers with what they are, ``(value, meaning)``."""
    cells = "".join(f"<div><b>{escape(value)}</b><span>{escape(meaning)}</span></div>" for value, meaning in figures)
    return f'<div class="figures">{cells}</div>'


def table(
    frame: pd.DataFrame, *, caption: str = "", decimals: int = 3, index: bool = False, numbers: Sequence[str] = ()
) -> str:
    """A table; numbers to the right, at ``decimals`` places, missing ones as a dash.

    ``numbers`` are further columns to set to the right: counts as text, some of which may be withheld.
    """
    shown = frame.reset_index() if index else frame
    is_number = [
        name in numbers or (pd.api.types.is_numeric_dtype(shown[name]) and not pd.api.types.is_bool_dtype(shown[name]))
        for name in shown
    ]
    head = "".join(
        f'<th scope="col"{_align(number)}>{escape(str(name))}</th>'
        for name, number in zip(shown, is_number, strict=True)
    )
    rows = "".join(
        "<tr>"
        + "".join(f"<td{_align(n)}>{escape(_cell(v, decimals))}</td>" for v, n in zip(row, is_number, strict=True))
        + "</tr>\n"
        for row in shown.itertuples(index=False, name=None)
    )
    heading = f"<caption>{escape(caption)}</caption>" if caption else ""
    return f'<div class="scroll"><table>{heading}<thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table></div>'


def picture(figure: Figure, alt: str, caption: str = "") -> str:
    """A figure inside the page; ``alt`` says what it shows to those who cannot see it."""
    below = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
    return f'<figure><img src="{data_uri(figure)}" alt="{escape(alt, quote=True)}">{below}</figure>'


def side_by_side(*pictures: str) -> str:
    """Figures beside each other where the window is wide enough."""
    return f'<div class="pair">{"".join(pictures)}</div>'


def _align(is_number: bool) -> str:
    return ' class="number"' if is_number else ""


def _cell(value: object, decimals: int) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return "–"
    if isinstance(value, float):
        return f"{value:,.0f}" if value == round(value) and abs(value) >= 10 else f"{value:,.{decimals}f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return str(value)
