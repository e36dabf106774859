"""Codes in words, from files to events: the cohort knows who died, and the report what was not read."""

import pytest

from secondplan.plans import build_cohort, read_tables

FILES = {
    "children.csv": """child_id,sex,date_of_birth,ethnicity,disabilities
C1,a) Male,2010-05-01,White/Black African,AUT/LD
C2,Unborn/Unknown,2011-05-01,Black British,NONE
C3,2 - Female,2012-05-01,A1 White British,Awaiting diagnosis
""",
    "plans.csv": """child_id,start_date,end_date,initial_category,latest_category
C1,2017-01-10,2017-06-10,Neglect Only,Emotional Abuse & Neglect
C2,2017-01-10,2017-06-10,b) Physical abuse,EMO
C3,2017-01-10,2017-06-10,Emotional neglect,Sexual
""",
    "cin_episodes.csv": """child_id,referral_date,referral_source,primary_need,closure_date,closure_reason
C1,2017-01-01,q) 6: Police,N1 - Abuse or neglect,2018-01-01,b) Died
C2,2017-01-01,1A|2B,Family disfunction,2018-01-01,d) Special Guardianship Order
C3,2017-01-01,A & E,Child's disability,2018-01-01,Died (parent)
""",
    "assessments.csv": """child_id,start_date,authorisation_date,factors
C1,2017-01-02,2017-02-01,1A|2B
C2,2017-01-02,2017-02-01,1A 2B
C3,2017-01-02,2017-02-01,Alcohol misuse; Neglect
""",
    "reviews.csv": "child_id,review_date\nC1,2017-03-01\nC1,2019-01-01\n",
}


@pytest.fixture(scope="module")
def read(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tables")
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return read_tables(folder, la_code="330")


def test_words_become_census_codes(read):
    plans, _ = read
    assert plans.children["sex"].tolist() == ["1", "0", "2"]
    assert plans.children["ethnicity"].fillna("").tolist() == ["MWBA", "", "WBRI"]
    assert plans.children["disabilities"].fillna("").tolist() == ["AUT;LD", "NONE", ""]
    assert plans.plans["initial_category"].fillna("").tolist() == ["NEG", "PHY", ""]
    assert plans.plans["latest_category"].tolist() == ["MUL", "EMO", "SAB"]
    assert plans.cin_episodes["referral_source"].fillna("").tolist() == ["6", "", "3E"]
    assert plans.cin_episodes["primary_need"].tolist() == ["N1", "N5", "N2"]
    assert plans.cin_episodes["closure_reason"].fillna("").tolist() == ["RC2", "RC4", ""]
    assert plans.assessments["factors"].tolist() == ["1A;2B", "1A;2B", "16A"]


def test_who_died_or_left_in_words_is_not_at_risk_any_longer(read):
    cohort = build_cohort(read[0])
    assert cohort.y["event"].tolist() == [3, 3, 0]


def test_what_is_doubtful_is_counted_and_never_printed(read):
    _, report = read
    unread = report.findings[report.findings["code"] == "code-unknown"]
    columns = ["closure_reason", "disabilities", "ethnicity", "factors", "initial_category", "referral_source"]
    assert sorted(unread["column"]) == columns
    assert set(unread["action"]) == {"repaired"}
    text = f"{report.summary()}{report.to_dict()}{report.findings.to_string()}"
    assert not [word for word in ("British", "parent", "Awaiting", "Emotional neglect") if word in text]
