"""The page on data quality stands alone, says what to do, and gives no small count or place away."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from secondplan.plans import Plans, check_plans, read_cin_census, read_plans
from secondplan.plans.check import CHECKS
from secondplan.plans.rules import RULES
from secondplan.report import quality_page

ROOT = Path(__file__).parents[2]


class Outline(HTMLParser):
    """Headings by level, and tables with the number of their captions."""

    def __init__(self, text):
        super().__init__()
        self.levels, self.tables, self.captions, self.open = [], 0, 0, []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        if re.fullmatch("h[1-6]", tag):
            self.levels.append(int(tag[1]))
        self.tables += tag == "table"
        self.captions += tag == "caption"
        if tag not in ("meta", "br", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def sample():
    plans, report = read_cin_census(ROOT / "tests" / "plans" / "readers" / "cin_census" / "samples")
    return plans, report, quality_page(plans, report.totals(), name="sample")


def test_headings_do_not_skip_and_every_table_has_a_caption(sample):
    outline = Outline(sample[2])
    assert outline.levels[0] == 1 and outline.levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(outline.levels, outline.levels[1:], strict=False))
    assert outline.tables == outline.captions > 3


def test_the_page_fetches_nothing(sample):
    assert not re.search(r"https?://|<script|<link|url\(|src=", sample[2])


def test_every_finding_is_told_with_what_to_do(sample):
    plans, report, page = sample
    for code in set(check_plans(plans).findings["code"]) | set(report.totals().found["code"]):
        assert f">{code} <" in page, code
        if RULES[code].advice != "None.":
            assert RULES[code].advice.split("'")[0] in page, code
    assert all(code in page for codes in CHECKS.values() for code in codes)


def test_no_small_count_no_place_and_no_child_is_told(sample):
    plans, _, page = sample
    for text in [*plans.children["child_id"], *plans.plans["plan_id"], "cin_2018.xml", " line "]:
        assert text not in page
    cells = re.findall(r'<td class="number">([^<]*)</td>', page.split("Tables of the store")[0])
    assert cells and not {"1", "2", "3", "4", "5"} & set(cells)


def test_the_shipped_store_and_an_empty_one_have_a_page():
    plans = read_plans(ROOT / "data" / "synthetic" / "store")
    page = quality_page(plans)
    assert "No quality.json stands beside the store" in page and f"<dd>{len(plans.plans):,}</dd>" in page
    assert "There is no plan." in quality_page(Plans())


def test_names_are_escaped():
    assert "<b>x" not in quality_page(Plans(), name="<b>x")
