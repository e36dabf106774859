"""The gallery of the site: a picture of every chart, and the few lines that draw it."""

import re
from pathlib import Path

import secondplan as sp

PAGES = {page.stem: page.read_text(encoding="utf-8") for page in Path("docs/gallery").glob("*.md")}
CELL = re.compile(r"```\{code-cell\}\n(?::[^\n]*\n)*(.*?)```", re.DOTALL)


def examples():
    """Heading, words and code of each chart."""
    for name, text in PAGES.items():
        if name != "index":
            for part in text.split("\n## ")[1:]:
                yield part.partition("\n")[0], CELL.sub("", part), CELL.findall(part)


def test_every_chart_is_in_the_gallery_once_with_a_link_to_its_page():
    charts = [name for name in sp.__all__ if name.startswith("plot_")]
    headed = [heading for heading, *_ in examples() if heading.startswith("plot_")]
    assert sorted(headed) == sorted(charts)
    for heading, words, _ in examples():
        assert not heading.startswith("plot_") or f"{{func}}`~secondplan.{heading}`" in words


def test_each_is_a_question_and_ten_lines_that_fit_the_page():
    for heading, words, cells in examples():
        assert "?" in words, heading
        assert cells and all(len(code.strip().splitlines()) <= 10 for code in cells), heading
        assert max(len(line) for code in cells for line in code.splitlines()) <= 74, heading
        for code in cells:
            compile(code, heading, "exec")


def test_every_page_has_its_cards():
    assert set(re.findall(r"```\{gallery\} (\w+)", PAGES["index"])) == set(PAGES) - {"index"}
