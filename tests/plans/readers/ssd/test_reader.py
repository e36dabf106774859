"""The Standard Safeguarding Dataset from a folder: worked by hand, with what the three systems write."""

import pandas as pd
import pytest

from secondplan.errors import InputError
from secondplan.plans import read_ssd

PLANS = {
    "header": "cppl_cp_plan_id,cppl_person_id,cppl_cp_plan_start_date,cppl_cp_plan_end_date,cppl_cp_plan_ola,"
    "cppl_cp_plan_initial_category,cppl_cp_plan_latest_category",
    "rows": ["P1,10,2017-01-10,2017-11-20,N,NEG,EMO", "P2,10,2018-02-01,,NULL,NEG,NEG"],
}
PERSONS = {
    "header": "pers_person_id,pers_sex,pers_gender,pers_ethnicity,pers_dob,pers_expected_dob,pers_death_date",
    "rows": ["10,F,NULL,WBRI,2010-05-01,NULL,NULL", "11,M,NULL,NOBT,2012-06-01,NULL,NULL"],
}
GIVEN = {"la_code": "330", "extract_date": "2018-03-31"}


@pytest.fixture
def folder(tmp_path):
    """Function that writes tables (name to header and rows, or to text) and gives their folder."""

    def write(tables, **more):
        for name, table in {**tables, **more}.items():
            text = table if isinstance(table, str) else "\n".join([table["header"], *table["rows"]]) + "\n"
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def of_plans(*rows):
    return {"header": PLANS["header"], "rows": list(rows)}


def codes(report, table=None):
    found = report.findings if table is None else report.findings[report.findings["table"] == table]
    return set(found["code"])


def test_plans_and_children_of_a_folder(folder):
    plans, report = read_ssd(folder({"ssd_cp_plans": PLANS, "ssd_person": PERSONS}), **GIVEN)
    assert plans.plans["plan_id"].tolist() == ["P1", "P2"]
    assert plans.plans["start_date"].dt.strftime("%Y-%m-%d").tolist() == ["2017-01-10", "2018-02-01"]
    assert plans.plans["end_date"].isna().tolist() == [False, True]
    assert plans.plans["latest_category"].tolist() == ["EMO", "NEG"]
    # NULL is not "N".
    assert plans.plans["other_authority"].isna().tolist() == [False, True]
    assert plans.children["sex"].tolist() == ["2", "1"]
    assert report.counts.loc["plans"].tolist() == [2, 2, 0, 0, 0]


def test_the_window_is_six_years_and_said(folder):
    plans, report = read_ssd(folder({"ssd_cp_plans": PLANS, "ssd_person": PERSONS}), **GIVEN)
    assert plans.extract["first_date"].tolist() == [pd.Timestamp("2012-04-01")]
    assert plans.extract["extract_date"].tolist() == [pd.Timestamp("2018-03-31")]
    assert "first-date-assumed" in codes(report)
    plans, report = read_ssd(folder({}), first_date="2009-01-01", **GIVEN)
    assert plans.extract["first_date"].tolist() == [pd.Timestamp("2009-01-01")]
    assert "first-date-assumed" not in codes(report)


def test_what_nobody_says_is_inferred_and_said(folder):
    plans, report = read_ssd(folder({"ssd_cp_plans": PLANS, "ssd_person": PERSONS}))
    assert plans.extract["extract_date"].tolist() == [pd.Timestamp("2018-02-01")]
    assert plans.extract["la_code"].tolist() == ["000"]
    assert {"extract-date-inferred", "authority-unknown"} <= codes(report)


@pytest.mark.parametrize(
    "names",
    [
        ("ssd_cp_plans", "ssd_person"),
        ("SSD_CP_Plans_20180331", "dbo.ssd_person"),
        ("cp_plans", "Person"),
        ("hdm-ssd-cp-plans-v1.3", "export 2"),
    ],
)
def test_names_of_files_do_not_matter(folder, names):
    plans, _ = read_ssd(folder({names[0]: PLANS, names[1]: PERSONS}), **GIVEN)
    assert len(plans.plans) == 2 and len(plans.children) == 2


def test_names_of_fields_may_lack_their_letters_or_have_capitals(folder):
    bare = PLANS["header"].upper().replace("CPPL_", "")
    plans, _ = read_ssd(folder({"cp_plans": {"header": bare, "rows": PLANS["rows"]}}), **GIVEN)
    assert plans.plans["child_id"].tolist() == ["10", "10"]


def test_words_numbers_and_timestamps_of_other_systems(folder):
    given = folder(
        {
            "ssd_cp_plans": of_plans(
                "7.0,10.0,2017-01-10 00:00:00.000,2017-11-20T00:00:00,NULL,Neglect,Multiple Categories of Abuse",
                '8,10,01/02/2018,NULL,Y,"Multiple: Neglect, Physical abuse",SSD_PH',
            ),
            "ssd_person": PERSONS,
        }
    )
    plans, _ = read_ssd(given, **GIVEN)
    assert plans.plans["plan_id"].tolist() == ["7", "8"]
    assert plans.plans["initial_category"].tolist() == ["NEG", "MUL"]
    assert plans.plans["latest_category"].fillna("").tolist() == ["MUL", ""]
    assert plans.plans["start_date"].dt.strftime("%Y-%m-%d").tolist() == ["2017-01-10", "2018-02-01"]


def test_a_timestamp_at_midnight_is_no_repair(folder):
    rows = ["P1,10,2017-01-10 00:00:00.000,2017-11-20T00:00:00,N,NEG,NEG"]
    _, report = read_ssd(folder({"ssd_cp_plans": of_plans(*rows), "ssd_person": PERSONS}), **GIVEN)
    assert report.counts.loc["plans", "repaired"] == 0


def test_fields_that_a_system_does_not_have(folder):
    plans = "cppl_cp_plan_id,cppl_person_id,cppl_cp_plan_start_date\n1,10,2017-01-10\n"
    reviews = "cppr_cp_review_id,cppr_cp_plan_id,cppr_cp_review_date,cppr_cp_review_quorate\n5,1,2017-04-02,Y\n"
    read, report = read_ssd(folder({"ssd_cp_plans": plans, "ssd_cp_reviews": reviews, "ssd_person": PERSONS}), **GIVEN)
    assert read.plans["other_authority"].isna().all()
    assert read.reviews[["plan_id", "quorate"]].to_numpy().tolist() == [["1", True]]
    assert "category-missing" in codes(report)


def test_reviews_without_plan_are_tied_by_child_and_those_without_day_are_not_held(folder):
    reviews = "cppr_person_id,cppr_cp_review_due,cppr_cp_review_date\n10,2017-04-01,2017-04-02\n10,2018-05-01,NULL\n"
    plans, report = read_ssd(folder({"ssd_cp_plans": PLANS, "ssd_person": PERSONS, "ssd_cp_reviews": reviews}), **GIVEN)
    assert plans.reviews["plan_id"].tolist() == ["P1"]
    assert report.counts.loc["reviews"].tolist() == [2, 1, 0, 0, 1]
    assert "not-held" in codes(report, "reviews")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"[""1A"", ""2B""]"', "1A;2B"),
        ('["1A","2B"]', "1A;2B"),
        ('"{""1A"": ""Yes"", ""2B"": ""No"", ""3C"": true}"', "1A;3C"),
        ('"{""factors"": [""1A"", ""4B""]}"', "1A;4B"),
        ("\"['1A', '2B']\"", "1A;2B"),
        ("\"{'1A': 'Yes', '2B': 'No'}\"", "1A"),
        ("1a", "1A"),
        ("[]", None),
        ("NULL", None),
    ],
)
def test_factors_in_every_form_that_is_called_json(folder, text, expected):
    given = folder(
        {"ssd_cp_plans": PLANS, "ssd_person": PERSONS},
        ssd_cin_assessments="cina_assessment_id,cina_person_id,cina_assessment_start_date\n5,10,2017-01-01\n",
        ssd_assessment_factors=f"cinf_table_id,cinf_assessment_id,cinf_assessment_factors_json\n1,5,{text}\n",
    )
    plans, report = read_ssd(given, **GIVEN)
    assert plans.assessments["factors"].iloc[0] == expected if expected else plans.assessments["factors"].isna().all()
    assert report.counts.loc["ssd_assessment_factors"].tolist() == [1, 1, 0, 0, 0]


def test_several_rows_of_factors_and_disabilities_are_joined_and_strays_rejected(folder):
    given = folder(
        {"ssd_cp_plans": PLANS, "ssd_person": PERSONS},
        ssd_cin_assessments="cina_assessment_id,cina_person_id,cina_assessment_start_date\n5.0,10,2017-01-01\n",
        ssd_assessment_factors='cinf_assessment_id,cinf_assessment_factors_json\n5,["1A"]\n5,["4B"]\n6,["2B"]\n',
        ssd_disability="disa_person_id,disa_disability_code\n10,LD\n10,aut\n99,LD\n",
    )
    plans, report = read_ssd(given, **GIVEN)
    assert plans.assessments["factors"].tolist() == ["1A;4B"]
    assert plans.children["disabilities"].fillna("").tolist() == ["LD;AUT", ""]
    for table in ("ssd_assessment_factors", "ssd_disability"):
        assert report.counts.loc[table].tolist() == [3, 2, 0, 0, 1]
        assert codes(report, table) == {"record-unlinked"}


def test_siblings_by_family_and_by_mother(folder):
    persons = {"header": PERSONS["header"], "rows": [f"{n},F,NULL,WBRI,2010-05-01,NULL,NULL" for n in (10, 11, 12, 13)]}
    given = folder(
        {"ssd_cp_plans": PLANS, "ssd_person": persons},
        ssd_family="fami_table_id,fami_family_id,fami_person_id\n1,F1,10\n2,F1,11\n3,-1,13\n",
        ssd_mother="moth_table_id,moth_person_id,moth_childs_person_id\n1,900,11\n2,900,12\n",
    )
    plans, _ = read_ssd(given, **GIVEN)
    assert plans.children["family_id"].fillna("").tolist() == ["F1", "F1", "F1", ""]


def test_care_conferences_and_workers(folder):
    given = folder(
        {"ssd_cp_plans": PLANS, "ssd_person": PERSONS},
        ssd_cla_episodes="clae_cla_episode_id,clae_person_id,clae_cla_episode_start_date,clae_cla_episode_ceased\n"
        "1,10,2017-12-01,2018-01-10\n2,10,2018-01-10,1900-01-01\n",
        ssd_s47_enquiry="s47e_s47_enquiry_id,s47e_person_id,s47e_s47_start_date\n70,10,2016-12-20\n",
        ssd_initial_cp_conference="icpc_icpc_id,icpc_s47_enquiry_id,icpc_person_id,icpc_icpc_date,icpc_icpc_transfer_in\n"
        "1,70,10,2017-01-10,N\n2,NULL,10,NULL,NULL\n",
        ssd_cin_episodes="cine_referral_id,cine_person_id,cine_referral_date\n300,10,2016-12-01\n",
        ssd_professionals="prof_professional_id,prof_agency_worker_flag\nW1,Y\nW2,NULL\n",
        ssd_involvements="invo_professional_id,invo_involvement_start_date,invo_involvement_end_date,invo_person_id,"
        "invo_referral_id\nW1,2017-01-01,2017-06-01,10,300\nW2,2017-06-01,NULL,NULL,300\n-1,2017-06-01,NULL,10,300\n",
    )
    plans, report = read_ssd(given, **GIVEN)
    assert plans.care_episodes[["start_date", "end_date"]].isna().to_numpy().tolist() == [[False, True]]
    assert plans.conferences["section47_start"].tolist() == [pd.Timestamp("2016-12-20")]
    assert plans.conferences["transfer_in"].tolist() == [False]
    assert plans.involvements["child_id"].tolist() == ["10", "10"]
    assert plans.involvements["agency_worker"].isna().tolist() == [False, True]
    assert report.counts.loc["involvements", "rejected"] == 1
    assert report.counts.loc["conferences"].tolist() == [2, 1, 0, 0, 1]


def test_rows_with_too_many_cells_are_rejected_and_counted(folder):
    given = folder({"ssd_cp_plans": of_plans(*PLANS["rows"], "P3,11,2018-01-01,,N,Neglect, mostly,NEG")})
    _, report = read_ssd(given, **GIVEN)
    assert report.counts.loc["plans"].tolist() == [3, 2, 0, 0, 1]
    place = report.findings[report.findings["code"] == "row-ragged"].iloc[0]
    assert (place["table"], place["file"], place["row"]) == ("plans", "ssd_cp_plans.csv", 4)


def test_other_files_are_skipped_and_counted(folder):
    given = folder({"ssd_cp_plans": PLANS, "ssd_person": PERSONS}, ssd_address="addr_table_id\n1\n", notes="a,b\n1,2\n")
    _, report = read_ssd(given, **GIVEN)
    assert dict(report.skipped) == {"file notes.csv": 1, "file ssd_address.csv": 1}


def test_parts_of_a_table_are_read_together(folder):
    given = folder({"ssd_cp_plans_1": of_plans(PLANS["rows"][0]), "ssd_cp_plans_2": of_plans(PLANS["rows"][1])})
    plans, report = read_ssd(given, **GIVEN)
    assert len(plans.plans) == 2
    assert "child-not-described" in codes(report)


def test_a_workbook_with_a_sheet_for_each_table(tmp_path):
    with pd.ExcelWriter(tmp_path / "ssd.xlsx") as book:
        for name, table in (("cp plans", PLANS), ("ssd_person", PERSONS)):
            rows = [row.split(",") for row in table["rows"]]
            pd.DataFrame(rows, columns=table["header"].split(",")).to_excel(book, sheet_name=name, index=False)
    plans, _ = read_ssd(tmp_path / "ssd.xlsx", **GIVEN)
    assert len(plans.plans) == 2 and len(plans.children) == 2


def test_extracts_in_folders_of_their_own_are_not_mixed(folder, tmp_path):
    for name in ("2017", "2018"):
        (tmp_path / name).mkdir()
    with pytest.raises(InputError, match="in several folders; read one extract at a time"):
        read_ssd(folder({"2017/ssd_cp_plans": PLANS, "2018/ssd_cp_plans": PLANS}), **GIVEN)


@pytest.mark.parametrize(
    ("tables", "given", "message"),
    [
        ({"ssd_person": PERSONS}, {}, "holds no table ssd_cp_plans"),
        ({"ssd_cp_plans": "cppl_person_id,cppl_cp_plan_id\n1,2\n"}, {}, "no field cppl_cp_plan_start_date"),
        ({"ssd_cp_plans": ""}, {}, "is empty"),
        ({"ssd_cp_plans": PLANS}, {"la_code": "33"}, "three-digit"),
        ({"ssd_cp_plans": PLANS}, {"extract_date": "soon"}, "must be a date"),
        ({"ssd_cp_plans": PLANS}, {"extract_date": "2018-01-01", "first_date": "2018-02-01"}, "is after"),
    ],
)
def test_what_cannot_be_read_is_one_clear_line(folder, tables, given, message):
    with pytest.raises(InputError, match=message) as caught:
        read_ssd(folder(tables), **given)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_ssd(tmp_path / "nowhere")
    with pytest.raises(InputError, match="holds no"):
        read_ssd(tmp_path)
