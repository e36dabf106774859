"""Pages stand alone and escape what they are given."""

import pandas as pd

from secondplan.report.html import Section, page, table


def test_text_is_escaped_everywhere():
    evil = "<script>alert(1)</script>"
    frame = pd.DataFrame({evil: [evil]})
    made = page(evil, evil, [Section(evil, table(frame, caption=evil))])
    assert "<script" not in made


def test_page_fetches_nothing():
    made = page("A", "b", [Section("C", "<p>d</p>")])
    assert "http" not in made
    assert 'lang="en-GB"' in made
    assert 'href="#c"' in made


def test_numbers_are_set_for_reading():
    made = table(pd.DataFrame({"n": [12000], "share": [0.12345], "none": [float("nan")]}), decimals=2)
    assert "12,000" in made
    assert "0.12<" in made
    assert "–" in made
