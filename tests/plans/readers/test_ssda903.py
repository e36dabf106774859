"""Periods in care from SSDA903 returns: worked by hand, in the forms of published samples, and damaged."""

import os
import random
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from secondplan.errors import InputError
from secondplan.plans import Plans, add_care_episodes, build_cohort, read_cin_census

ROUNDS = int(os.environ.get("SECONDPLAN_FUZZ_ROUNDS", "6"))
HEADINGS = "CHILD,DECOM,RNE,LS,CIN,PLACE,PLACE_PROVIDER,DEC,REC,REASON_PLACE_CHANGE,HOME_POST,PL_POST,URN"


def episode(child, start, end="", status="C2", reason="S", ceased=""):
    return f"{child},{start},{reason},{status},N1,U4,PR1,{end},{ceased},,,,"


def day(text):
    return pd.Timestamp(text)


@pytest.fixture
def plans():
    children = pd.DataFrame({"la_code": "330", "child_id": ["7", "8"], "date_of_birth": pd.Timestamp("2010-05-01")})
    for name in ("family_id", "sex", "expected_date_of_birth", "ethnicity", "disabilities", "date_of_death"):
        children[name] = pd.NA
    own = {
        "plan_id": ["a"],
        "child_id": ["7"],
        "la_code": "330",
        "start_date": ["2017-01-10"],
        "end_date": ["2017-06-01"],
    }
    rows = pd.DataFrame(own).assign(other_authority=pd.NA, previous_plans_reported=pd.NA)
    rows = rows.assign(initial_category="NEG", latest_category="NEG")
    extract = {"la_code": ["330"], "first_date": ["2016-04-01"], "extract_date": ["2019-03-31"], "source": ["test"]}
    return Plans(children=children, plans=rows, extract=pd.DataFrame(extract))


@pytest.fixture
def add(plans, tmp_path):
    def add(*years, **options):
        for number, rows in enumerate(years):
            (tmp_path / f"episodes_{number}.csv").write_text("\n".join([HEADINGS, *rows, ""]), encoding="utf-8")
        return add_care_episodes(plans, tmp_path, **options)

    return add


def periods(plans):
    care = plans.care_episodes
    return list(zip(care["child_id"], care["start_date"], care["end_date"].astype(object), strict=True))


def codes(report):
    return set(report.findings["code"])


def test_episodes_that_follow_each_other_are_one_period(add):
    found, report = add(
        [
            episode("7", "11/12/2018", "18/01/2019", ceased="X1"),
            episode("7", "18/01/2019", "20/03/2019", reason="P", ceased="E8"),
            episode("8", "01/02/2018", "01/03/2018", ceased="E8"),
            episode("8", "01/06/2018"),
            episode("99", "01/06/2018"),
        ]
    )
    assert periods(found) == [
        ("7", day("2018-12-11"), day("2019-03-20")),
        ("8", day("2018-02-01"), day("2018-03-01")),
        ("8", day("2018-06-01"), pd.NaT),
    ]
    assert report.counts.loc["care_episodes"].tolist() == [5, 0, 3, 1, 1]
    assert "child-not-in-plans" in codes(report)
    outcome = build_cohort(found).y.iloc[0]
    assert (outcome["event"], outcome["duration"]) == (2, (day("2018-12-11") - day("2017-06-01")).days)


def test_a_period_that_goes_on_for_years_ends_when_its_last_episode_does(add):
    found, report = add(
        [episode("7", "11/12/2016", "18/01/2017", ceased="X1"), episode("7", "18/01/2017", reason="P")],
        [episode("7", "18/01/2017", "20/09/2017", reason="P", ceased="X1"), episode("7", "20/09/2017", reason="P")],
        [episode("7", "20/09/2017", "02/05/2018", reason="P", ceased="E8")],
    )
    assert periods(found) == [("7", day("2016-12-11"), day("2018-05-02"))]
    assert report.counts.loc["care_episodes", ["read", "merged"]].tolist() == [5, 4]


def test_an_open_episode_that_another_follows_ends_when_that_begins(add):
    found, report = add(
        [episode("7", "01/02/2018", ceased="X1"), episode("7", "01/03/2018", "01/04/2018", ceased="E8")]
    )
    assert periods(found) == [("7", day("2018-02-01"), day("2018-04-01"))]
    assert "episode-left-open" in codes(report)


@pytest.mark.parametrize("blank", ["NULL", "N/A", "-", "None", " ", "n/a", "31/12/9999", "31/06/2019"])
def test_placeholders_are_blanks_before_anything_follows_from_one(add, blank):
    found, _ = add(
        [episode("7", "01/05/2019", blank, ceased=blank), episode("7", "01/06/2019", "10/07/2019", reason="P")]
    )
    assert periods(found) == [("7", day("2019-05-01"), day("2019-07-10"))]


@pytest.mark.parametrize(
    ("end", "ceased", "reason", "n_periods"),
    [
        ("", "", "S", 2),
        ("", "X1", "S", 1),
        ("", "", "P", 1),
        ("01/06/2018", "E8", "S", 2),
        ("31/05/2018", "E8", "S", 2),
        ("01/06/2018", "X1", "S", 1),
        ("01/06/2018", "X1", "L", 1),
        ("01/06/2018", "", "s", 2),
    ],
)
def test_what_starts_new_care(add, end, ceased, reason, n_periods):
    years = [episode("7", "01/05/2018", end, ceased=ceased), episode("7", "01/06/2018", "10/07/2018", reason=reason)]
    for rows in ([years], [years[:1], years], [years, years]):
        found, _ = add(*rows)
        assert len(found.care_episodes) == n_periods
        assert periods(found)[-1][2] == day("2018-07-10")
        assert periods(found)[0][1] == day("2018-05-01")


def test_care_goes_on_after_a_change_with_nothing_behind_it(add):
    found, report = add([episode("7", "01/05/2018", "01/06/2018", ceased="X1")])
    assert periods(found) == [("7", day("2018-05-01"), pd.NaT)] and "care-goes-on" in codes(report)


@pytest.mark.parametrize(
    ("ceased", "reason"), [("E11", "RC1"), ("e12", "RC1"), ("E45", "RC4"), ("E3", "RC5"), ("E4A", None), ("E2", None)]
)
def test_how_care_ceased_tells_of_what_the_plans_lack(plans, tmp_path, ceased, reason):
    needs = {"child_id": ["7", "8"], "la_code": "330", "referral_date": pd.Timestamp("2016-12-01")}
    needs = pd.DataFrame(needs).assign(
        referral_source=pd.NA, primary_need=pd.NA, closure_date=pd.NaT, closure_reason=pd.NA
    )
    (tmp_path / "e.csv").write_text("\n".join([HEADINGS, episode("7", "11/12/2018", "18/01/2019", ceased=ceased)]))
    found, report = add_care_episodes(replace(plans, cin_episodes=needs), tmp_path / "e.csv")
    told = found.cin_episodes[["closure_date", "closure_reason"]].astype(object)
    told = told.where(told.notna(), None).to_numpy().tolist()
    assert told == [[day("2019-01-18") if reason else None, reason], [None, None]]
    deaths = found.children["date_of_death"].tolist()
    assert deaths == [day("2019-01-18") if ceased == "E2" else pd.NaT, pd.NaT]
    assert ("closure-told-by-care" in codes(report), "death-told-by-care" in codes(report)) == (
        bool(reason),
        ceased == "E2",
    )


XML = """<?xml version="1.0" encoding="utf-8"?>
<EXPSSDA903>
 <CHILD>
  <HEADER><CHILDID>7</CHILDID><SEX>1</SEX><DOB>02/05/2010</DOB><AREVIEW><REVIEW>01/01/2019</REVIEW></AREVIEW></HEADER>
  <EPISODE><DECOM>11/12/2018</DECOM><RNE>S</RNE><LS>C2</LS><DEC>18/01/2019</DEC><REC>X1</REC></EPISODE>
  <EPISODE><DECOM>18/01/2019</DECOM><RNE>P</RNE><LS>C2</LS><DEC>20/03/2019</DEC><REC>E8</REC></EPISODE>
 </CHILD>
 <CHILD>
  <HEADER><CHILDID>8</CHILDID><DOB>2010-05-01</DOB></HEADER>
  <EPISODE><DECOM>2018-06-01</DECOM><RNE>S</RNE><LS>C2</LS><DEC/><REC></REC></EPISODE>
 </CHILD>
</EXPSSDA903>
"""


def test_returns_as_xml(plans, tmp_path):
    (tmp_path / "return.xml").write_text(XML)
    found, report = add_care_episodes(plans, tmp_path)
    assert periods(found) == [
        ("7", day("2018-12-11"), day("2019-03-20")),
        ("8", day("2018-06-01"), pd.NaT),
    ]
    differs = report.findings[report.findings["code"] == "birth-date-differs"]
    assert differs[["row", "line"]].to_numpy().tolist() == [[1, 3]]
    (tmp_path / "return.xml").write_text(XML[: XML.index("<RNE>P")])
    with pytest.raises(InputError, match=r"return\.xml: line 6: the XML is cut off"):
        add_care_episodes(plans, tmp_path)
    (tmp_path / "return.xml").write_text(XML.replace("<EXPSSDA903>", "<!DOCTYPE x [<!ENTITY a 'b'>]><EXPSSDA903>"))
    with pytest.raises(InputError, match="declares a document type"):
        add_care_episodes(plans, tmp_path)


def test_short_breaks_are_no_care_and_short_years_are_years(add):
    found, report = add([episode("7", "21/07/18", "24/08/18"), episode("8", "01/02/2018", status="V4")])
    assert periods(found) == [("7", day("2018-07-21"), day("2018-08-24"))]
    assert report.findings["code"].tolist().count("short-break") == 1


def test_the_header_checks_who_is_who(add, tmp_path):
    (tmp_path / "header.csv").write_text("CHILD,SEX,DOB,ETHNIC\n7,1,01/05/2010,WBRI\n8,2,02/05/2010,WBRI\n")
    (tmp_path / "uasc.csv").write_text("CHILD,SEX,DUC\n7,1,01/01/2028\n")
    _, report = add([episode("7", "11/12/2018")])
    found = report.findings[report.findings["code"] == "birth-date-differs"]
    assert found["row"].tolist() == [3]
    assert report.skipped == {"rows of other files (uasc.csv)": 2}


def test_care_data_that_match_nobody_or_end_early_are_reported(add):
    assert "no-child-matched" in codes(add([episode("99", "11/12/2018")])[1])
    assert "care-not-covered" in codes(add([episode("7", "11/05/2018", "01/06/2018")])[1])


def test_rows_without_child_or_start_are_rejected(add):
    _, report = add([episode("", "11/12/2018"), episode("7", ""), episode("7", "*DUMMY*"), episode("7", "11/12/2018")])
    assert report.counts.loc["care_episodes", ["read", "rejected"]].tolist() == [4, 3]


def test_what_cannot_be_joined_is_refused(add, plans, tmp_path):
    with pytest.raises(InputError, match="no child of authority 331"):
        add([episode("7", "11/12/2018")], la_code="331")
    (tmp_path / "header.csv").write_text("CHILD,SEX,DOB\n7,1,01/05/2010\n")
    with pytest.raises(InputError, match="is no episodes file of SSDA903"):
        add_care_episodes(plans, tmp_path / "header.csv")
    with pytest.raises(InputError, match="the plans are of 0 authorities"):
        add_care_episodes(Plans(), tmp_path / "header.csv")


def test_one_report_for_both(add):
    _, census = read_cin_census(Path(__file__).parent / "cin_census" / "samples")
    _, care = add([episode("7", "11/12/2018")])
    both = census.joined(care)
    assert both.source == "CIN census and SSDA903"
    assert both.counts.index.tolist() == [*census.counts.index, "care_episodes"]
    assert len(both.findings) == len(census.findings) + len(care.findings)


def test_damage_is_an_input_error_or_accounted_for(add, tmp_path):
    rng = random.Random(903)
    rows = [
        episode("7", "11/12/2018", "18/01/2019"),
        episode("7", "18/01/2019", reason="P"),
        episode("8", "01/02/2018"),
    ]
    odd = ["", "NULL", "x", '"', ";", "\t", "99/99/9999", "31/12/17", "43000", "7", "8", "\n", "é", "-1", "DECOM"]
    n_read = 0
    for _ in range(8 * ROUNDS):
        text = list("\n".join(rows))
        for _ in range(rng.randint(1, 8)):
            place = rng.randrange(len(text))
            text[place : place + rng.randint(0, 6)] = rng.choice(odd)
        years = ["".join(text).split("\n"), rows[: rng.randint(0, 3)]]
        try:
            found, report = add(*years)
        except InputError as error:
            assert "\n" not in str(error) and "episodes_" in str(error)
            continue
        n_read += 1
        counts = report.counts.loc["care_episodes"]
        assert counts["read"] == counts[["kept", "repaired", "merged", "rejected"]].sum()
        assert len(found.care_episodes) == counts["kept"] + counts["repaired"]
        if '"' not in "".join(text):
            assert counts["read"] == sum(any(map(str.strip, row.split(","))) for year in years for row in year)
    assert n_read > 2 * ROUNDS
