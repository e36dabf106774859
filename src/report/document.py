"""What a page says, apart from how it looks: one structure that becomes HTML, Markdown or JSON."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from typing import Any

from ..errors import OutputError
from ..files.whole import write_text
from .blocks import Section, as_data
from .html import html_page
from .markdown import markdown_text

FORMAT = "secondplan document 1"


@dataclass(frozen=True)
class Document:
    """A page.

    Attributes
    ----------
    title, lead : str
    sections : tuple of Section
    warning : tuple of str
        What stands before everything else, in large letters; the first line is its headline.
    figures : tuple of (str, str)
        Large numbers, each with what it is.
    footer : str
    facts : mapping
        Numbers and names for programs; in the JSON only.

    Examples
    --------
    >>> from secondplan.report.blocks import Paragraph, Section
    >>> made = Document("A page", "about nothing", (Section("First", (Paragraph("One line."),)),))
    >>> print(made.to_markdown())
    # A page
    <BLANKLINE>
    about nothing
    <BLANKLINE>
    ## First
    <BLANKLINE>
    One line.
    <BLANKLINE>
    """

    title: str
    lead: str
    sections: tuple[Section, ...]
    warning: tuple[str, ...] = ()
    figures: tuple[tuple[str, str], ...] = ()
    footer: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)

    def to_html(self) -> str:
        """A self-contained HTML page: no script, nothing fetched."""
        return html_page(self)

    def to_markdown(self) -> str:
        """The same as Markdown; a picture is told in words."""
        return markdown_text(self)

    def to_json(self) -> str:
        """The same as JSON, without the images; ``docs/model_card.md`` describes it."""
        content = {
            "format": FORMAT,
            "warning": list(self.warning),
            "title": self.title,
            "lead": self.lead,
            "figures": [{"value": value, "meaning": meaning} for value, meaning in self.figures],
            "sections": [
                {"title": section.title, "blocks": [as_data(block) for block in section.blocks]}
                for section in self.sections
            ],
            "footer": self.footer,
            "facts": dict(self.facts),
        }
        return json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n"

    def _repr_html_(self) -> str:
        return f'<iframe title="{len(self.sections)} sections" srcdoc="{escape(self.to_html(), quote=True)}" ' + (
            'style="width:100%;height:600px;border:1px solid #ddd"></iframe>'
        )

    def __repr__(self) -> str:
        """The title only: a page is long."""
        return f"Document({self.title!r}, {len(self.sections)} sections)"


def files_of(document: Document, stem: str) -> dict[str, str]:
    """The document in its three formats, by file name: ``stem.html``, ``stem.md``, ``stem.json``."""
    return {
        f"{stem}.html": document.to_html(),
        f"{stem}.md": document.to_markdown(),
        f"{stem}.json": document.to_json(),
    }


def write_report(path: str | os.PathLike[str], page: Document | str) -> Path:
    """Write a page whole or not at all, in the format that the file's name asks for.

    Parameters
    ----------
    path : str or Path
        A file that does not exist yet: ``.md`` Markdown, ``.json`` JSON, else HTML.
    page : Document or str
        What :func:`~secondplan.model_card` and :func:`~secondplan.quality_page` give; a text is written as it is.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OutputError
        The file exists already or cannot be written.
    """
    file = Path(path)
    if file.exists():
        raise OutputError(f"{file}: exists already")
    if isinstance(page, Document):
        ways = {".md": page.to_markdown, ".json": page.to_json}
        page = ways.get(file.suffix.lower(), page.to_html)()
    write_text(file, page)
    return file
