"""Authorities that others took over from: only where a user asks for it, and never a guess."""

import pandas as pd
import pytest

from secondplan.errors import InputError
from secondplan.plans import authority_successions, build_cohort, read_cin_census, read_tables
from secondplan.plans.authorities import given_successors, successors_in_words


def census(folder, authority, year, *plans, child="A1", birth="2015-05-05"):
    """A return with one child, whose plans are pairs of start and end."""
    written = "".join(
        f"<ChildProtectionPlans><CPPstartDate>{start}</CPPstartDate>{f'<CPPendDate>{end}</CPPendDate>' if end else ''}"
        "<InitialCategoryOfAbuse>NEG</InitialCategoryOfAbuse></ChildProtectionPlans>"
        for start, end in plans
    )
    (folder / f"{authority}_{year}.xml").write_text(
        f"<Message><Header><CollectionDetails><Collection>CIN</Collection><Year>{year}</Year>"
        f"<ReferenceDate>{year}-03-31</ReferenceDate></CollectionDetails><Source><LEA>{authority}</LEA></Source></Header>"
        f"<Children><Child><ChildIdentifiers><LAchildID>{child}</LAchildID><PersonBirthDate>{birth}</PersonBirthDate>"
        f"</ChildIdentifiers><CINdetails><CINreferralDate>2018-04-10</CINreferralDate>{written}</CINdetails></Child>"
        "</Children></Message>"
    )


def codes(report):
    return set(report.findings["code"])


@pytest.fixture
def merged(tmp_path):
    """A plan that Poole left open and Bournemouth, Christchurch and Poole ended, and a second one there."""
    census(tmp_path, "836", 2019, ("2018-06-01", None))
    census(tmp_path, "837", 2019, ("2018-06-01", None), child="B1")
    census(tmp_path, "839", 2020, ("2018-06-01", "2019-06-01"), ("2019-12-01", None))
    return tmp_path


@pytest.mark.parametrize("successors", ["known", {"836": "839"}, {"836": "837", "837": "839"}])
def test_a_plan_goes_on_in_the_authority_that_took_over(merged, successors):
    plans, report = read_cin_census(merged, successors=successors)
    own = plans.plans[plans.plans["child_id"] == "A1"]
    assert own["la_code"].unique().tolist() == ["839"] and len(own) == 2
    assert build_cohort(plans).y[["duration", "event"]].to_numpy().tolist() == [[183, 1]]
    assert "return-replaced" not in codes(report) and "identifier-of-several" not in codes(report)


def test_nothing_is_mapped_unless_asked_for(merged):
    plans, _ = read_cin_census(merged)
    assert sorted(plans.plans["la_code"]) == ["836", "837", "839", "839"]


def test_what_was_divided_has_no_successor_unless_one_is_named(tmp_path):
    census(tmp_path, "928", 2021, ("2020-06-01", None))
    census(tmp_path, "941", 2022, ("2020-06-01", "2021-06-01"))
    plans, report = read_cin_census(tmp_path, successors="known")
    assert sorted(plans.plans["la_code"]) == ["928", "941"] and "authority-split" in codes(report)
    plans, report = read_cin_census(tmp_path, successors={"928": "941"})
    assert plans.plans["end_date"].tolist() == [pd.Timestamp("2021-06-01")] and "authority-split" not in codes(report)


def test_one_identifier_of_two_authorities_for_two_children_is_a_finding(merged):
    census(merged, "837", 2019, ("2018-07-01", None), child="A1", birth="2011-01-01")
    _, report = read_cin_census(merged, successors="known")
    assert "identifier-of-several" in codes(report)


def test_tables_with_a_column_of_authorities(tmp_path):
    (tmp_path / "plans.csv").write_text(
        "la_code,child_id,start_date,end_date\n836,1,2018-06-01,2019-01-01\n839,1,2019-06-01,\n928,2,2019-06-01,\n"
    )
    plans, report = read_tables(tmp_path, successors="known")
    assert plans.plans["la_code"].tolist() == ["839", "839", "928"] and "authority-split" in codes(report)
    assert sorted(read_tables(tmp_path)[0].plans["la_code"]) == ["836", "839", "928"]


def test_the_table_is_of_codes_and_says_what_may_be_mapped():
    table = authority_successions()
    assert table[["la_code", "successor"]].apply(lambda column: column.str.fullmatch(r"\d{3}")).all(axis=None)
    n_successors = table.groupby("la_code")["successor"].nunique()
    kind = table.groupby("la_code")["kind"].first()
    assert ((kind == "split") == (n_successors > 1)).all()
    same = table["kind"] == "same code"
    assert (table["la_code"] == table["successor"]).equals(same)
    for old, new in {"909": {"942", "943"}, "928": {"940", "941"}, "836": {"839"}, "837": {"839"}}.items():
        assert set(table.loc[table["la_code"] == old, "successor"]) == new


def test_what_a_user_gives_is_checked():
    assert given_successors({"909": "943"}) == {"909": "943"} and given_successors(None) == {}
    assert successors_in_words(["known", " 928 = 941"]) == {"836": "839", "837": "839", "928": "941"}
    for wrong in ({"909": "94"}, {909: "942"}, {"1": "2"}, "all", ["909"], {"909": "942", "942": "909"}):
        with pytest.raises(InputError, match="successors"):
            given_successors(wrong)
    with pytest.raises(InputError, match="OLD=NEW"):
        successors_in_words(["928"])
