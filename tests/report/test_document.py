"""Documents stand alone as HTML, escape what they are given, and say the same in Markdown and JSON."""

import json
import re
from html import unescape

import numpy as np
import pandas as pd
import pytest

from secondplan.errors import OutputError
from secondplan.plots.risk import plot_risk_distribution
from secondplan.plots.style import new_figure
from secondplan.report.blocks import (
    Bullets,
    Finding,
    Heading,
    Picture,
    Section,
    SideBySide,
    note,
    paragraph,
    picture,
    table,
)
from secondplan.report.document import Document, write_report


def document(*blocks, **given):
    return Document("A title", "what it is about", (Section("First part", tuple(blocks)),), **given)


def test_text_is_escaped_everywhere():
    evil = '<script>alert("1")</script>'
    frame = pd.DataFrame({evil: [evil]})
    blocks = (paragraph(evil), Bullets((evil,)), Heading(evil), table(frame, caption=evil, notes=[evil]))
    blocks += (Picture("data:,", evil, evil), Finding(evil, evil, evil, evil, evil))
    made = Document(evil, evil, (Section(evil, blocks),), (evil, evil), ((evil, evil),), evil)
    assert "<script" not in made.to_html()
    assert '"1"' not in re.sub(r">[^<]*<", "><", made.to_html())
    assert "<script" not in made.to_markdown().replace("\\<", "")


def test_page_fetches_nothing_and_is_reached_by_keyboard():
    made = document(table(pd.DataFrame({"n": [1]}), caption="Numbers")).to_html()
    assert "http" not in made
    assert 'lang="en-GB"' in made
    assert 'href="#first-part"' in made and 'id="first-part"' in made
    assert 'class="skip" href="#content"' in made and 'id="content"' in made
    assert '<div class="scroll" role="region" aria-label="Numbers" tabindex="0">' in made


def test_the_warning_stands_before_everything_else():
    made = document(paragraph("text"), warning=("Beware", "of this"))
    assert made.to_html().index("Beware") < made.to_html().index("<h1>")
    assert made.to_markdown().startswith("> **Beware**")
    assert list(json.loads(made.to_json()))[1] == "warning"


def test_numbers_are_set_for_reading_and_marks_explained():
    frame = pd.DataFrame({"n": [12000], "share": [0.12345], "none": [float("nan")], "few": ["c"]})
    made = table(frame, caption="Numbers", decimals=2)
    assert made.rows == (("12,000", "0.12", "–", "c"),)
    assert made.is_number == (True, True, True, False)
    assert [text[0] for text in made.notes] == ["c", "–"]
    assert table(frame[["n"]], caption="Numbers").notes == ()


def test_three_formats_say_the_same(texts_of):
    numbers = table(pd.DataFrame({"a | b": ["x_y", "c"]}), caption="Numbers", notes=["A note."])
    blocks = (paragraph("One *line*."), note("Beware."), Bullets(("p", "q")), Heading("Part"), numbers)
    blocks += (SideBySide((Picture("data:,", "two lines cross"),)), Finding("rule", "error", "means", "do", "5 plans"))
    made = document(*blocks, figures=(("5 %", "of all"),), footer="The end.", facts={"n": 5})
    page = unescape(re.sub(r"<style>.*?</style>", "", made.to_html(), flags=re.DOTALL))
    words = made.to_markdown().replace("\\", "")
    data = json.loads(made.to_json())
    for text in texts_of(data):
        assert text in page and text in words, text
    assert data["facts"] == {"n": 5}


def test_the_name_of_a_file_chooses_the_format(tmp_path):
    made = document(paragraph("text"))
    for name, start in (("a.html", "<!doctype"), ("a.md", "# A title"), ("a.json", "{")):
        assert write_report(tmp_path / name, made).read_text(encoding="utf-8").startswith(start)
    with pytest.raises(OutputError, match="exists already"):
        write_report(tmp_path / "a.md", made)


def test_a_picture_says_what_its_chart_says_and_rows_have_headers():
    figure, ax = new_figure()
    plot_risk_distribution(np.linspace(0, 0.2, 200), ax=ax)
    shown = table(pd.DataFrame({"group": ["a", "b"], "n": [1.5, 2.5]}), caption="Groups")
    page = document(picture(figure), shown).to_html()
    assert f'alt="{ax.alt_text}"' in page and "half have less than 10.0 %" in ax.alt_text
    assert page.count('<th scope="row"') == 2 and page.count('<th scope="col"') == 2 and "<caption>Groups" in page
