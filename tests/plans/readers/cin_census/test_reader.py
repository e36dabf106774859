"""Reading CIN census files: two clean years worked by hand, and each oddity that real files show."""

import gzip
import os
import re
from datetime import date
from pathlib import Path

import pandas as pd
import pytest

from secondplan.errors import InputError
from secondplan.plans import build_cohort, read_cin_census

SAMPLES = Path(__file__).parent / "samples"
SAMPLE = (SAMPLES / "cin_2018.xml").read_text(encoding="utf-8")
PLAN_START = "<CPPstartDate>2017-02-14</CPPstartDate>"
PLAN_END = "<CPPendDate>2017-11-21</CPPendDate>"


def day(text):
    return pd.Timestamp(text)


@pytest.fixture
def read(tmp_path):
    """Read a text as a file; ``changes`` are replacements in the first sample, each of which must apply."""

    def read(*changes, text=SAMPLE, encoding="utf-8", **options):
        for old, new in changes:
            assert old in text, old
            text = text.replace(old, new, 1)
        path = tmp_path / "return.xml"
        path.write_bytes(text.encode(encoding))
        return read_cin_census(path, **options)

    return read


def first_plan(plans, child="100001"):
    return plans.plans[plans.plans["child_id"] == child].iloc[0]


def actions(report, code):
    found = report.findings[report.findings["code"] == code]
    return list(zip(found["table"], found["action"], strict=True))


def test_one_year_as_worked_by_hand(read):
    plans, report = read()
    assert list(plans.children["child_id"]) == ["100001", "100002", "100003"]
    boy = plans.children.iloc[0]
    assert (boy["sex"], boy["ethnicity"], boy["disabilities"]) == ("1", "WBRI", "AUT;LD")
    assert boy["date_of_birth"] == day("2010-06-15")
    unborn = plans.children.iloc[1]
    assert (unborn["sex"], unborn["ethnicity"]) == ("0", "NOBT")
    assert unborn["expected_date_of_birth"] == day("2018-05-20")
    plan = first_plan(plans)
    assert plan["plan_id"] == "330-100001-2017-02-14"
    assert (plan["start_date"], plan["end_date"]) == (day("2017-02-14"), day("2017-11-21"))
    assert (plan["initial_category"], plan["latest_category"], plan["previous_plans_reported"]) == ("NEG", "EMO", 0)
    assert list(plans.reviews["review_date"]) == [day("2017-05-10"), day("2017-10-30")]
    assert list(plans.assessments["factors"]) == ["3B;16A"]
    assert list(plans.cin_episodes["closure_reason"].fillna("")) == ["RC7", "", ""]
    conference = plans.conferences.iloc[0]
    assert (conference["conference_date"], conference["section47_start"]) == (day("2017-02-14"), day("2017-01-30"))
    extract = plans.extract.iloc[0]
    assert (extract["la_code"], extract["first_date"], extract["extract_date"]) == (
        *("330", day("2017-04-01"), day("2018-03-31")),
    )
    # The conference is given under the episode and under the enquiry.
    assert report.counts.loc["conferences"].to_dict() == {
        **{"read": 2, "kept": 1, "repaired": 0, "merged": 1, "rejected": 0},
    }
    assert report.counts.loc["plans", "kept"] == report.counts.loc["plans", "read"] == 2
    assert report.is_clean


def test_two_years_are_stacked():
    plans, report = read_cin_census(SAMPLES)
    assert len(plans.plans) == 3
    carried = first_plan(plans, "100002")
    assert carried["end_date"] == day("2018-12-04")
    assert (carried["initial_category"], carried["latest_category"]) == ("NEG", "PHY")
    girl = plans.children.set_index("child_id").loc["100002"]
    assert (girl["sex"], girl["ethnicity"], girl["date_of_birth"]) == ("2", "MWBC", day("2018-05-18"))
    assert girl["expected_date_of_birth"] == day("2018-05-20")
    # What a later year leaves out is not lost.
    assert plans.children.set_index("child_id").loc["100001", "disabilities"] == "AUT;LD"
    assert report.counts.loc["plans"].to_dict() == {"read": 4, "kept": 3, "repaired": 0, "merged": 1, "rejected": 0}
    changed = report.findings[report.findings["code"] == "carried-forward-changed"]
    assert ("plans", "cin_2019.xml", 2) in set(zip(changed["table"], changed["file"], changed["row"], strict=True))
    assert list(plans.extract["extract_date"]) == [day("2018-03-31"), day("2019-03-31")]
    cohort = build_cohort(plans)
    assert len(cohort) == 2
    boy = cohort.y[cohort.keys["child_id"] == "100001"].iloc[0]
    assert (boy["event"], boy["duration"]) == (1, (day("2018-10-12") - day("2017-11-21")).days)


def test_the_order_of_the_files_does_not_matter():
    files = [SAMPLES / "cin_2018.xml", SAMPLES / "cin_2019.xml"]
    forward, _ = read_cin_census(files)
    backward, _ = read_cin_census([*files[::-1], files[0]])
    assert forward.equals(backward)


def test_nothing_known_does_not_win_over_something_known(tmp_path):
    text = (SAMPLES / "cin_2019.xml").read_text()
    later = text.replace("2019", "2020").replace("MWBC", "NOBT").replace("<GenderCurrent>2", "<GenderCurrent>0")
    (tmp_path / "later.xml").write_text(later)
    plans, _ = read_cin_census([SAMPLES, tmp_path])
    girl = plans.children.set_index("child_id").loc["100002"]
    assert (girl["sex"], girl["ethnicity"]) == ("2", "MWBC")


def test_a_later_file_can_open_a_plan_again(tmp_path):
    text = (SAMPLES / "cin_2019.xml").read_text()
    later = text.replace("2019-03-31", "2020-03-31").replace("<CPPendDate>2018-12-04</CPPendDate>", "")
    (tmp_path / "later.xml").write_text(later.replace("<Year>2019", "<Year>2020"))
    plans, report = read_cin_census([SAMPLES, tmp_path])
    assert pd.isna(first_plan(plans, "100002")["end_date"])
    assert actions(report, "plan-reopened") == [("plans", "kept")]


def test_an_unusable_later_end_does_not_undo_an_earlier_one(tmp_path):
    text = (SAMPLES / "cin_2019.xml").read_text()
    later = text.replace("2019-03-31", "2020-03-31").replace("<Year>2019", "<Year>2020")
    (tmp_path / "later.xml").write_text(later.replace("2018-12-04", "2016-12-04"))
    plans, _ = read_cin_census([SAMPLES, tmp_path])
    assert first_plan(plans, "100002")["end_date"] == day("2018-12-04")


def test_an_open_plan_that_does_not_come_again_is_reported(tmp_path):
    head, _, _ = (SAMPLES / "cin_2019.xml").read_text().partition("    <Child>")
    (tmp_path / "later.xml").write_text(f"{head}</Children></Message>")
    plans, report = read_cin_census([SAMPLES / "cin_2018.xml", tmp_path / "later.xml"])
    assert pd.isna(first_plan(plans, "100002")["end_date"])
    assert actions(report, "plan-not-carried-forward") == [("plans", "kept")]


def test_a_missing_year_is_reported(tmp_path):
    text = (SAMPLES / "cin_2019.xml").read_text()
    (tmp_path / "later.xml").write_text(text.replace("<Year>2019", "<Year>2021").replace("2019-03-31", "2021-03-31"))
    _, report = read_cin_census([SAMPLES / "cin_2018.xml", tmp_path / "later.xml"])
    assert actions(report, "year-missing") == [("extract", "noted")]


def test_one_identifier_in_two_authorities_is_two_children(tmp_path):
    (tmp_path / "other.xml").write_text(SAMPLE.replace("<LEA>330", "<LEA>331"))
    plans, report = read_cin_census([SAMPLES / "cin_2018.xml", tmp_path / "other.xml"])
    assert len(plans.children) == 6
    assert report.counts.loc["plans", "merged"] == 0


@pytest.mark.parametrize(
    ("text", "how"),
    [
        ("21/11/2017", "date-reformatted"),
        ("2017-11-21T00:00:00", "date-reformatted"),
        ("43060", "date-reformatted"),
        (" 2017-11-21 ", None),
    ],
)
def test_dates_in_other_forms(read, text, how):
    plans, report = read((PLAN_END, f"<CPPendDate>{text}</CPPendDate>"))
    assert first_plan(plans)["end_date"] == day("2017-11-21")
    assert actions(report, "date-reformatted") == ([("plans", "repaired")] if how else [])


@pytest.mark.parametrize("text", ["NULL", "N/A", "No Trace", "1900-01-01"])
def test_words_for_no_date_leave_the_plan_open(read, text):
    plans, report = read((PLAN_END, f"<CPPendDate>{text}</CPPendDate>"))
    assert pd.isna(first_plan(plans)["end_date"])
    assert actions(report, "placeholder") == [("plans", "repaired")]


def test_an_unreadable_end_is_repaired_and_an_unreadable_start_rejects_the_plan(read):
    plans, report = read((PLAN_END, "<CPPendDate>2017-11-31</CPPendDate>"))
    assert pd.isna(first_plan(plans)["end_date"])
    assert actions(report, "date-unreadable") == [("plans", "repaired")]
    plans, report = read((PLAN_START, "<CPPstartDate>2017-02-30</CPPstartDate>"))
    assert len(plans.plans) == 1
    assert actions(report, "date-unreadable") == [("plans", "rejected")]
    assert actions(report, "plan-left-out") == [("reviews", "rejected")] * 2
    rejected = report.findings[report.findings["action"] == "rejected"].iloc[0]
    line = SAMPLE[: SAMPLE.index(PLAN_START)].count("\n")  # The block opens on the line before its start.
    assert (rejected["row"], rejected["line"]) == (1, line)


@pytest.mark.parametrize("start", ["", "<CPPstartDate/>", "<CPPstartDate>NULL</CPPstartDate>"])
def test_a_plan_without_a_start_is_rejected(read, start):
    plans, report = read((PLAN_START, start))
    assert len(plans.plans) == 1
    assert actions(report, "value-required") == [("plans", "rejected")]


@pytest.mark.parametrize("identifier", ["", "<LAchildID></LAchildID>", "<LAchildID>NULL</LAchildID>"])
def test_a_child_without_an_identifier_takes_its_records_along(read, identifier):
    plans, report = read(("<LAchildID>100001</LAchildID>", identifier))
    assert list(plans.children["child_id"]) == ["100002", "100003"]
    assert ("plans", "rejected") in actions(report, "child-id-missing")
    assert report.counts.loc["plans"].to_dict() == {"read": 2, "kept": 1, "repaired": 0, "merged": 0, "rejected": 1}


def test_a_plan_outside_any_child_is_rejected(read):
    stray = "<ChildProtectionPlans><CPPstartDate>2017-05-05</CPPstartDate></ChildProtectionPlans>"
    plans, report = read(("  </Children>", f"{stray}</Children>"))
    assert len(plans.plans) == 2
    assert actions(report, "child-missing") == [("plans", "rejected")]


@pytest.mark.parametrize("sex", ["<Sex>M</Sex>", "<Sex>1</Sex>", "<Sex>Male</Sex>", "<GenderCurrent>m</GenderCurrent>"])
def test_sex_under_each_name_and_form(read, sex):
    plans, _ = read(("<GenderCurrent>1</GenderCurrent>", sex))
    assert plans.children.iloc[0]["sex"] == "1"


@pytest.mark.parametrize("text", ["aWBRI", "a) WBRI", "A - WBRI", "wbri", "WBRI - White British"])
def test_ethnicity_with_a_prefix(read, text):
    plans, report = read(("<Ethnicity>WBRI", f"<Ethnicity>{text}"))
    assert plans.children.iloc[0]["ethnicity"] == "WBRI"
    assert actions(report, "code-recoded") == [("children", "repaired")]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<Reviews>", "<CPPreviews>"),
        ("<CPPreviewDate>2017-10-30", "</Reviews><Reviews><CPPreviewDate>2017-10-30"),
        ("<CPPreviewDate>2017-10-30", "<Reviews/><CPPreviewDate>2017-10-30"),
    ],
)
def test_reviews_under_other_names_and_repeated(read, old, new):
    changes = [(old, new)] + ([("</Reviews>", "</CPPreviews>")] if "CPPreviews>" in new else [])
    plans, report = read(*changes)
    assert list(plans.reviews["review_date"]) == [day("2017-05-10"), day("2017-10-30")]
    assert report.is_clean


def test_reviews_on_or_before_the_start_are_rejected_and_later_than_the_end_are_kept(read):
    plans, report = read(("2017-05-10</CPPrev", "2017-02-14</CPPrev"), ("2017-10-30</CPPrev", "2017-12-30</CPPrev"))
    assert list(plans.reviews["review_date"]) == [day("2017-12-30")]
    assert actions(report, "review-not-after-start") == [("reviews", "rejected")]
    assert actions(report, "review-after-end") == [("reviews", "kept")]


def test_factors_in_other_forms(read):
    plans, _ = read(("<AssessmentFactors>3B", "<AssessmentFactors> 3b "), ("16A<", "16A - Neglect<"))
    assert list(plans.assessments["factors"]) == ["3B;16A"]
    block = SAMPLE[SAMPLE.index("<FactorsIdent") : SAMPLE.index("</FactorsIdent")]
    plans, _ = read((block + "</FactorsIdentifiedAtAssessment>", "<FactorsIdentifiedAtAssessment/>"))
    assert plans.assessments["factors"].isna().all()


@pytest.mark.parametrize(
    ("count", "code", "value"),
    [
        ("", "previous-plans-missing", None),
        ("<NumberOfPreviousCPP>-1</NumberOfPreviousCPP>", "number-negative", None),
        ("<NumberOfPreviousCPP>10</NumberOfPreviousCPP>", "previous-plans-implausible", 10),
        ("<NumberOfPreviousCPP>many</NumberOfPreviousCPP>", "number-unreadable", None),
        ("<NumberOfPreviousCPP>99999</NumberOfPreviousCPP>", "number-unreadable", None),
    ],
)
def test_odd_counts_of_previous_plans(read, count, code, value):
    plans, report = read(("<NumberOfPreviousCPP>0</NumberOfPreviousCPP>", count))
    got = first_plan(plans)["previous_plans_reported"]
    assert pd.isna(got) if value is None else got == value
    assert actions(report, code)


def test_a_plan_that_ends_before_it_starts_keeps_its_start(read):
    plans, report = read((PLAN_END, "<CPPendDate>2016-11-21</CPPendDate>"))
    plan = first_plan(plans)
    assert plan["start_date"] == day("2017-02-14")
    assert pd.isna(plan["end_date"])
    assert actions(report, "end-before-start") == [("plans", "repaired")]
    assert report.counts.loc["plans", "repaired"] == 1


def extra_plan(start, end="", category="NEG"):
    ending = f"<CPPendDate>{end}</CPPendDate>" if end else ""
    return (
        f"<ChildProtectionPlans><CPPstartDate>{start}</CPPstartDate>{ending}<InitialCategoryOfAbuse>{category}"
        f"</InitialCategoryOfAbuse><LatestCategoryOfAbuse>{category}</LatestCategoryOfAbuse>"
        "<NumberOfPreviousCPP>0</NumberOfPreviousCPP></ChildProtectionPlans>"
    )


def with_plans(*plans):
    return ("        <ChildProtectionPlans>\n", "".join(plans) + "<ChildProtectionPlans>")


def test_overlapping_and_open_plans_are_kept_and_reported(read):
    plans, report = read(with_plans(extra_plan("2017-06-01", "2018-01-10")))
    assert len(plans.plans) == 3
    assert actions(report, "plans-overlap") == [("plans", "kept")]
    plans, report = read(with_plans(extra_plan("2018-01-01"), extra_plan("2018-02-01")))
    assert len(plans.plans) == 4
    assert actions(report, "several-open-plans") == [("plans", "kept")] * 2
    _, report = read(with_plans(extra_plan("2017-11-21", "2018-01-10")))
    assert not actions(report, "plans-overlap")


def test_copies_of_a_plan_become_one(read):
    plans, report = read(with_plans(extra_plan("2017-02-14"), extra_plan("2017-02-14", "2017-11-21", "EMO")))
    plan = first_plan(plans)
    assert len(plans.plans) == 2
    assert (plan["end_date"], plan["initial_category"]) == (day("2017-11-21"), "NEG")
    assert report.counts.loc["plans"].to_dict() == {"read": 4, "kept": 2, "repaired": 0, "merged": 2, "rejected": 0}
    assert actions(report, "duplicate-differs") == [("plans", "merged")] * 2


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ((PLAN_END, "<CPPendDate>2017-02-14</CPPendDate>"), "same-day"),
        ((PLAN_END, "<CPPendDate>2018-11-21</CPPendDate>"), "after-extract"),
        ((PLAN_END, "<CPPendDate>2017-03-31</CPPendDate>"), "before-extract"),
        (("2010-06-15", "2018-01-15"), "start-long-before-birth"),
        (("2010-06-15", "1999-02-14"), "start-after-eighteen"),
        (("<GenderCurrent>1", "<PersonDeathDate>2017-06-01</PersonDeathDate><GenderCurrent>1"), "after-death"),
        (("<InitialCategoryOfAbuse>NEG", "<InitialCategoryOfAbuse>"), "category-missing"),
    ],
)
def test_faults_that_are_kept_and_reported(read, change, code):
    plans, report = read(change)
    assert len(plans.plans) == 2
    assert actions(report, code) == [("plans", "kept")]
    assert not report.is_clean


def test_a_plan_before_birth_is_right_for_the_unborn(read):
    _, report = read(("2010-06-15", "2017-05-15"))
    assert report.is_clean


def test_category_in_words_and_unknown(read):
    plans, report = read(("<InitialCategoryOfAbuse>NEG", "<InitialCategoryOfAbuse>a) Neglect"))
    assert first_plan(plans)["initial_category"] == "NEG"
    assert actions(report, "code-recoded") == [("plans", "repaired")]
    plans, report = read(("<InitialCategoryOfAbuse>NEG", "<InitialCategoryOfAbuse>XYZ"))
    assert pd.isna(first_plan(plans)["initial_category"])
    assert actions(report, "code-unknown") == [("plans", "repaired")]


def test_unknown_elements_and_stray_text_are_counted_and_their_names_never_printed(read):
    unknown = "<Jo_Bloggs><PPstage>x</PPstage><CPPstartDate>2017-01-01</CPPstartDate></Jo_Bloggs>"
    plans, report = read(("        <ReferralNFA>", f"{unknown} stray <ReferralNFA>"))
    assert report.skipped == {"elements that are not known": 3}
    assert actions(report, "unknown-elements") == [("file", "noted")]
    assert "Bloggs" not in report.summary() + str(report.to_dict()) + report.findings.to_csv() + report._repr_html_()
    assert actions(report, "stray-text") == [("file", "noted")]
    assert len(plans.plans) == 2


@pytest.mark.parametrize(
    ("modules", "n"),
    [
        ("<PreProceedingsandFGDM><Started>2017-05-01</Started><Held><Date>1</Date></Held></PreProceedingsandFGDM>", 1),
        ("<PreProceedings><PPend/></PreProceedings><FGDM>1</FGDM>", 2),
        ("<FamilyGroupDecisionMaking><CPPstartDate>2017-01-01</CPPstartDate></FamilyGroupDecisionMaking>", 1),
        ("<preproceedingsandfgdm/>" * 2, 2),
    ],
)
def test_pre_proceedings_and_family_group_decision_making_are_known_and_counted_as_unused(read, modules, n):
    plain, _ = read()
    places = ("        <ReferralNFA>", "      <CINdetails>", "  </Children>")
    for place in places if n == 2 else places[:1]:
        plans, report = read((place, modules + place))
        assert plans.plans.equals(plain.plans)
        assert report.skipped == {"PreProceedingsandFGDM": n}
        assert not actions(report, "unknown-elements")
        assert not actions(report, "stray-text")


def test_a_file_without_any_plan_is_read(read):
    text = re.sub(r"<ChildProtectionPlans>.*?</ChildProtectionPlans>", "", SAMPLE, flags=re.DOTALL)
    plans, report = read(text=text)
    assert len(plans.plans) == 0
    assert len(plans.children) == 3
    assert actions(report, "no-plans") == [("file", "noted")]


def test_another_root_namespaces_and_case(read):
    reference, _ = read()
    collection = SAMPLE.replace("<Message>", "<CINdetailsCollection>").replace("</Message>", "</CINdetailsCollection>")
    assert read(text=collection)[0].equals(reference)
    namespaced = SAMPLE.replace("<Message>", '<Message xmlns="urn:x" xmlns:xsi="urn:y" xsi:schemaLocation="z">')
    assert read(text=namespaced)[0].equals(reference)
    prefixed = SAMPLE.replace("</", "\0").replace("<", "<c:").replace("\0", "</c:").replace("<c:?xml", "<?xml")
    assert read(text=prefixed.replace("<c:Message>", '<c:Message xmlns:c="urn:x">'))[0].equals(reference)
    assert read(text=SAMPLE.replace("LAchildID", "LAChildID").replace("CPPstartDate", "CPPStartDate"))[0].equals(
        reference
    )


@pytest.mark.parametrize(
    ("declared", "encoding"),
    [
        ("utf-8", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-8", "utf-16"),
        ("utf-16", "utf-8"),
        ("ISO-8859-1", "latin-1"),
        ("windows-1252", "cp1252"),
        ("utf-8", "latin-1"),
    ],
)
def test_encodings_declared_rightly_and_wrongly(read, declared, encoding):
    text = SAMPLE.replace("utf-8", declared).replace("100003", "Zoë-3")
    plans, report = read(text=text, encoding=encoding)
    assert list(plans.children["child_id"]) == ["100001", "100002", "Zoë-3"]
    assert bool(actions(report, "encoding-assumed")) == ((declared, encoding) == ("utf-8", "latin-1"))


def test_blank_lines_before_the_declaration_keep_line_numbers_right(read):
    _, report = read((PLAN_START, ""), text="\n\n" + SAMPLE)
    rejected = report.findings[report.findings["code"] == "value-required"].iloc[0]
    assert rejected["line"] == SAMPLE[: SAMPLE.index(PLAN_START)].count("\n") + 2


HEADER = SAMPLE[SAMPLE.index("  <Header>") : SAMPLE.index("  <Children>")]


def test_without_a_header(read):
    plans, report = read((HEADER, ""))
    assert set(plans.plans["la_code"]) == {"000"}
    assert plans.extract.iloc[0]["extract_date"] == day("2018-03-31")
    assert actions(report, "authority-unknown") and actions(report, "year-inferred")
    plans, report = read((HEADER, ""), la_code="330", year=2019)
    assert set(plans.plans["la_code"]) == {"330"}
    assert plans.extract.iloc[0]["extract_date"] == day("2019-03-31")
    assert not actions(report, "authority-unknown")
    plans, report = read(("<ReferenceDate>2018-03-31</ReferenceDate>", ""))
    assert plans.extract.iloc[0]["first_date"] == day("2017-04-01")
    plans, report = read(("<Year>2018", "<Year>2017"))
    assert actions(report, "year-differs")
    assert plans.extract.iloc[0]["extract_date"] == day("2018-03-31"), "the dates in the file are of 2018"


@pytest.mark.parametrize(
    ("year", "reference", "stood", "code"),
    [
        ("2018", "2018-07-21", "2018-07-21", "reference-date-differs"),
        ("2018", "21/07/2018", "2018-07-21", "reference-date-differs"),
        ("2018", "2018-04-01", "2018-04-01", "reference-date-differs"),
        ("2018", "2017-04-01", "2017-04-01", "reference-date-differs"),
        ("2018", "2018-01-15", "2018-01-15", "reference-date-differs"),
        ("", "2018-07-21", "2018-07-21", "reference-date-differs"),
        ("2018", "soon", "", "reference-date-differs"),
        ("2018", "2019-03-31", "2019-03-31", "year-differs"),
        ("2017", "2018-03-31", "2018-03-31", "year-differs"),
        ("2018", "2018-03-31T00:00:00", None, ""),
        ("2018", "", None, ""),
    ],
)
def test_the_reference_date_is_31_march_and_a_finding_says_what_stood_there(read, year, reference, stood, code):
    plans, report = read(("<Year>2018", f"<Year>{year}"), ("2018-03-31</Ref", f"{reference}</Ref"))
    extract = plans.extract.iloc[0]
    assert (extract["first_date"], extract["extract_date"]) == (day("2017-04-01"), day("2018-03-31"))
    found = report.findings[report.findings["code"].isin(["reference-date-differs", "year-differs"])]
    assert list(found["code"]) == ([] if stood is None else [code])
    if stood:
        assert list(found["file"]) == [f"return.xml, ReferenceDate {stood}"]
        assert f"return.xml, ReferenceDate {stood}" in report.summary()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        (" \n ", "is empty"),
        ("hello", r"line 1: not well-formed XML"),
        ("PK\x03\x04\x00", r"is a zip archive or an Excel workbook"),
        (SAMPLE[:2000], r"line \d\d: the XML is cut off"),
        (SAMPLE.replace("</Children>", ""), r"line \d+: not well-formed XML \(mismatched tag\)"),
        ("<html><body>Log in</body></html>", "neither a Header nor a Child"),
        ("<Message><Children/></Message>", "neither a Header nor a Child"),
        ("<Message><Child><LAchildID>1</LAchildID></Child></Message>", "give the year"),
        ('<?xml version="1.0" encoding="klingon"?><Message/>', "line 1: .*encoding"),
        ('<?xml version="1.0" encoding="big5"?><Message/>', "line 1: .*encoding"),
    ],
)
def test_what_cannot_be_read_is_one_line(read, text, message):
    with pytest.raises(InputError, match=message) as caught:
        read(text=text)
    assert "return.xml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_documents_with_entities_are_refused_unread(read, tmp_path):
    (tmp_path / "secret.txt").write_text("SECRET")
    bombs = [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 12)]
    expansion = f'<?xml version="1.0"?><!DOCTYPE m [<!ENTITY e0 "x">{"".join(bombs)}]><Message>&e11;</Message>'
    external = f'<!DOCTYPE m [<!ENTITY x SYSTEM "{(tmp_path / "secret.txt").as_uri()}">]><Message>&x;</Message>'
    remote = '<!DOCTYPE m SYSTEM "http://localhost:1/x.dtd"><Message/>'
    parameter = '<!DOCTYPE m [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><Message/>'
    for text in (expansion, external, remote, parameter):
        with pytest.raises(InputError, match="line 1: declares a document type") as caught:
            read(text=text)
        assert "SECRET" not in str(caught.value)
    with pytest.raises(InputError, match="undefined entity"):
        read(text="<Message>&unknown;</Message>")


def test_paths(tmp_path):
    with pytest.raises(InputError, match=r"nowhere\.xml: does not exist"):
        read_cin_census(tmp_path / "nowhere.xml")
    with pytest.raises(InputError, match=r"holds no \.xml file"):
        read_cin_census(tmp_path)
    with pytest.raises(InputError, match="no CIN census file is given"):
        read_cin_census([])
    with pytest.raises(InputError, match="three-digit"):
        read_cin_census(SAMPLES, la_code="E08000025")
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "cin_2018.XML").write_text(SAMPLE)
    (tmp_path / "cin_2018.XML").write_text(SAMPLE.replace("<LEA>330", "<LEA>331"))
    (tmp_path / "notes.txt").write_text("not XML")
    plans, _ = read_cin_census(str(tmp_path))
    assert plans.extract["source"].is_unique
    assert os.sep + "tmp" not in plans.extract["source"].iloc[0]


def test_hidden_files_of_a_folder_are_left_alone(tmp_path):
    (tmp_path / "2018.XML").write_text(SAMPLE, encoding="utf-8")
    (tmp_path / "._2018.xml").write_bytes(b"\x00\x05\x16\x07")
    (tmp_path / ".old").mkdir()
    (tmp_path / ".old" / "2018.xml").write_text("not XML")
    assert read_cin_census(tmp_path)[1].counts.loc["plans", "read"] == 2


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="the system has no named pipes")
def test_a_named_pipe_is_refused_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.xml")
    with pytest.raises(InputError, match="neither a file nor a folder"):
        read_cin_census(tmp_path / "pipe.xml")


def test_a_packed_file_is_named_for_what_it_is(tmp_path):
    (tmp_path / "return.xml").write_bytes(gzip.compress(SAMPLE.encode()))
    with pytest.raises(InputError, match="is a gzip file, not XML"):
        read_cin_census(tmp_path / "return.xml")


def test_a_value_given_twice_is_reported_where_the_two_differ(read):
    plans, report = read((PLAN_END, PLAN_END + "<CPPendDate>2017-11-28</CPPendDate>"))
    assert first_plan(plans)["end_date"] == day("2017-11-28")
    assert actions(report, "value-repeated") == [("plans", "noted")]
    assert not actions(read((PLAN_END, PLAN_END + PLAN_END))[1], "value-repeated")


def test_another_collection_is_reported(read):
    assert actions(read(("<Collection>CIN<", "<Collection>CLA<"))[1], "collection-differs") == [("file", "noted")]


def test_nothing_is_seen_after_the_day_of_reading(read, monkeypatch):
    class Day(date):
        @classmethod
        def today(cls):
            return cls(2018, 2, 1)

    monkeypatch.setattr("secondplan.plans.readers.records.extracts.date", Day)
    plans, report = read()
    assert plans.extract["extract_date"].tolist() == [day("2018-02-01")]
    assert actions(report, "year-not-over") == [("file", "noted")]
    with pytest.raises(InputError, match="a year that has not begun"):
        read(("2018-03-31</ReferenceDate>", "2081-03-31</ReferenceDate>"), ("<Year>2018", "<Year>2081"))


def test_no_identifier_or_date_of_a_child_is_in_the_report(read):
    _, report = read((PLAN_START, "<CPPstartDate>31-31-1931</CPPstartDate>"), ("<Ethnicity>WBRI", "<Ethnicity>QQQQ"))
    text = report.summary() + report.findings.to_csv() + repr(report) + report._repr_html_() + str(report.to_dict())
    for value in ("100001", "31-31-1931", "QQQQ", "2010-06-15"):
        assert value not in text
