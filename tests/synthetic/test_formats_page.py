"""docs/formats.md says which columns and features come back from each format; here they do, or the page is wrong."""

import os
import re
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import secondplan as sp
from secondplan.plans.columns import COLUMNS

PAGE = Path(__file__).parents[2] / "docs" / "formats.md"
LA_CODE = "501"


def with_census(plans, folder):
    sp.write_cin_census(plans, folder)
    return sp.read_cin_census(folder)[0]


def with_census_and_care(plans, folder):
    sp.write_ssda903(plans, folder / "care")
    return sp.add_care_episodes(with_census(plans, folder / "census"), folder / "care")[0]


def with_annex_a(plans, folder):
    return sp.read_annex_a(sp.write_annex_a(plans, folder, form="csv"), la_code=LA_CODE)[0]


def with_ssd(plans, folder):
    sp.write_ssd(plans, folder, la_code=LA_CODE)
    return sp.read_ssd(folder, la_code=LA_CODE)[0]


def with_dfe_api(plans, folder):
    folder.mkdir()
    sp.write_dfe_api(plans, folder / "children.json", la_code=LA_CODE)
    return sp.read_dfe_api(folder / "children.json", la_code=LA_CODE)[0]


def with_tables(plans, folder):
    return sp.read_tables(folder, sp.write_tables(plans, folder))[0]


FORMATS = {
    "CIN census": with_census,
    "census and SSDA903": with_census_and_care,
    "Annex A": with_annex_a,
    "SSD": with_ssd,
    "DfE API": with_dfe_api,
    "plain tables": with_tables,
}


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What each format gives back of data in which every column has values."""
    plans = sp.simulate(sp.scenario("england-2018"), n_children=300, random_state=5)
    assert set(plans.children["la_code"]) == {LA_CODE}
    children = plans.children.copy()
    ended = plans.plans.loc[plans.plans["end_date"].idxmax()]
    children.loc[children["child_id"] == ended["child_id"], "date_of_death"] = pd.Timestamp("2018-03-01")
    plans = replace(plans, children=children)
    for table, columns in COLUMNS.items():
        assert plans.tables[table][list(columns)].notna().any().all(), table
    folder = tmp_path_factory.mktemp("formats")
    return plans, {name: read(plans, folder / name) for name, read in FORMATS.items()}


def as_table(first, names, given):
    """A table of Markdown: a row for each of ``names``, a column per format."""
    lines = [f"| {first} | {' | '.join(FORMATS)} |", "|---" * (len(FORMATS) + 1) + "|"]
    lines += [f"| {name} | {' | '.join('yes' if name in given[form] else '' for form in FORMATS)} |" for name in names]
    return "\n".join(lines)


def part(name, text):
    return re.search(rf"<!-- {name} -->\n(.*?)\n?<!-- end -->", text, re.DOTALL)


def stated(name, table):
    """What the page says; with SECONDPLAN_WRITE_DOCS set, once ``table`` is written into it."""
    text = PAGE.read_text(encoding="utf-8")
    if os.environ.get("SECONDPLAN_WRITE_DOCS"):
        old = part(name, text)
        text = text[: old.start(1)] + table + "\n" + text[old.end(1) :].lstrip("\n")
        PAGE.write_text(text, encoding="utf-8")
    return part(name, text)[1]


def test_the_page_says_which_columns_come_back(found):
    _, stores = found
    names = [f"{table}.{column}" for table, columns in COLUMNS.items() for column in columns if table != "extract"]
    given = {
        form: {
            f"{table}.{column}" for table, rows in store.tables.items() for column in rows if rows[column].notna().any()
        }
        for form, store in stores.items()
    }
    table = as_table("column", names, given)
    assert stated("columns", table) == table


def test_the_page_says_which_features_come_back(found):
    plans, stores = found
    names = list(sp.build_cohort(plans).X)
    given = {}
    for form, store in stores.items():
        features = sp.build_cohort(store).X
        given[form] = {name for name in features if features[name].notna().any()}
    table = as_table("feature", names, given)
    assert stated("features", table) == table
