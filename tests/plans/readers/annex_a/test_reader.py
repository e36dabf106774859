"""Reading Annex A: workbooks made by hand with the oddities that real ones show, and damaged ones."""

import datetime as dt
import os
import random

import openpyxl
import pandas as pd
import pytest

from secondplan.errors import InputError
from secondplan.plans import build_cohort, check_plans, read_annex_a
from secondplan.synthetic.writers.annex_a import HEADINGS

ROUNDS = int(os.environ.get("SECONDPLAN_FUZZ_ROUNDS", "3"))


def day(text):
    return pd.Timestamp(text)


def row(name, **values):
    """A row of a list; ``values`` by the first heading that holds the word."""
    cells = [""] * len(HEADINGS[name])
    for word, value in values.items():
        words = word.replace("_", " ")
        (place, *_) = [n for n, heading in enumerate(HEADINGS[name]) if words in heading.lower()]
        cells[place] = value
    return cells


ANNA = {
    "unique_id": "100001",
    "gender": "b) Female",
    "ethnicity": "a) WBRI",
    "birth": "01/05/2010",
    "disability": "b) No",
}
BEN = {"unique_id": "100002", "gender": "a) Male", "ethnicity": "WBRI", "birth": "20/05/2018", "disability": "a) Yes"}
FIRST = {"start_date": "14/02/2017", "initial": "a) Neglect", "latest": "d) Emotional abuse", "number_of": "0"}


def lists(**changes):
    """The lists of an extract of 31 March 2018, as rows with their headings."""
    rows = {
        "List 4": [row("List 4", **ANNA, start_date="01/02/2017", authorisation="10/02/2017")],
        "List 5": [
            row("List 5", **ANNA, strategy="30/01/2017", date_of_initial="14/02/2017"),
            row("List 5", **BEN, strategy="05/01/2018"),
        ],
        "List 6": [row("List 6", **ANNA, cin_start="20/01/2017", primary="N1 - Abuse or neglect")],
        "List 7": [
            row("List 7", **ANNA, **FIRST, end_date="05/01/2018"),
            row("List 7", **BEN, start_date="10/01/2018", initial="NEG", latest="NEG", number_of="0"),
        ],
        "List 8": [row("List 8", **ANNA, started="01/02/2018")],
    } | changes
    return {name: [list(HEADINGS[name]), *found] for name, found in rows.items()}


def save_book(path, sheets):
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for cells in rows:
            sheet.append([None if cell == "" else cell for cell in cells])
    book.save(path)
    return path


@pytest.fixture
def read(tmp_path):
    def read(sheets=None, name="annex_a_2018-03-31.xlsx", **options):
        path = save_book(tmp_path / name, lists() if sheets is None else sheets)
        return read_annex_a(path, **{"la_code": "330", **options})

    return read


def codes(report):
    return set(report.findings["code"])


def test_one_extract_as_worked_by_hand(read):
    plans, report = read()
    anna, ben = plans.children.to_dict("records")
    assert (anna["sex"], anna["ethnicity"], anna["disabilities"]) == ("2", "WBRI", "NONE")
    assert anna["date_of_birth"] == day("2010-05-01")
    # Not born when extracted: the date is the expected one.
    assert pd.isna(ben["date_of_birth"]) and ben["expected_date_of_birth"] == day("2018-05-20")
    assert ben["disabilities"] == "DDA"
    first = plans.plans.iloc[0]
    assert first[["start_date", "end_date", "initial_category", "latest_category"]].tolist() == [
        *(day("2017-02-14"), day("2018-01-05"), "NEG", "EMO"),
    ]
    assert first["previous_plans_reported"] == 0
    assert plans.care_episodes["start_date"].tolist() == [day("2018-02-01")]
    assert plans.cin_episodes["primary_need"].tolist() == ["N1"]
    assert plans.assessments["authorisation_date"].tolist() == [day("2017-02-10")]
    # The enquiry that led to no conference is no conference.
    assert plans.conferences.iloc[0][["conference_date", "section47_start"]].tolist() == [
        *(day("2017-02-14"), day("2017-01-30")),
    ]
    assert plans.extract.iloc[0].tolist() == [
        *("330", day("2017-10-01"), day("2018-03-31"), "Annex A: annex_a_2018-03-31.xlsx"),
    ]
    assert report.counts.loc["children", "read"] == 7
    assert report.is_clean
    outcome = build_cohort(plans).y.iloc[0]
    assert (outcome["event"], outcome["duration"]) == (2, 27)


def test_sheets_under_other_names_and_headings_in_other_forms(read):
    reference, _ = read()
    renamed = dict(zip(["d", "List_5", "CIN", "Child Protection", "Sheet8"], lists().values(), strict=True))
    assert read(renamed)[0].equals(reference)
    shouted = {name: [[cell.upper() + "  " for cell in rows[0]], *rows[1:]] for name, rows in lists().items()}
    assert read(shouted)[0].equals(reference)
    titled = {name: [["Annex A"], [], ["Council", "of X"], *rows, [], ["Total: 2"]] for name, rows in lists().items()}
    plans, report = read(titled)
    assert plans.equals(reference)
    assert report.skipped == {"rows above the headings": 10, "notes, totals and repeated headings": 5}
    moved = {name: [[*cells[::-1]] for cells in rows] for name, rows in lists().items()}
    assert read(moved)[0].equals(reference)
    newer = {
        name: [["Sex" if cell == "Gender" else cell for cell in rows[0]], *rows[1:]] for name, rows in lists().items()
    }
    assert read(newer)[0].equals(reference)


@pytest.mark.parametrize("heading", ["LAchildID", "Child ID", "ID", "Person_ID", "child unique identifier"])
def test_the_identifier_under_other_names(read, heading):
    sheets = {name: [[heading, *rows[0][1:]], *rows[1:]] for name, rows in lists().items()}
    assert read(sheets)[0].plans["child_id"].tolist() == ["100001", "100002"]


@pytest.mark.parametrize("start", [dt.datetime(2017, 2, 14), "2017-02-14", "14/02/2017", 42780, "42780", "14-Feb-2017"])
def test_dates_in_every_form(read, start):
    sheets = lists(**{"List 7": [row("List 7", **ANNA, **FIRST | {"start_date": start})]})
    assert read(sheets)[0].plans["start_date"].tolist() == [day("2017-02-14")]


@pytest.mark.parametrize(
    "heading",
    [
        *("Date Child Protection Plan Ended", "Plan End Date", "Deregistration Date", "Date of De-registration"),
        *("End Date", "CP Plan Ended", "CPP end", "CPPlanEndDate", "Date CP plan closed", "End date of the CP plan"),
        "Date ceased to be subject of a child protection plan",
        *(
            "Date of Plan End",
            "End of Plan",
            "End date of plan",
            "Date Removed from Plan",
            "Date off plan",
            "CPPendDate",
        ),
    ],
)
def test_the_end_of_plans_under_other_names(read, heading):
    headings = [heading if cell == "Child Protection Plan End Date" else cell for cell in HEADINGS["List 7"]]
    sheets = lists()
    plans, report = read(sheets | {"List 7": [headings, *sheets["List 7"][1:]]})
    assert plans.plans["end_date"].tolist() == [day("2018-01-05"), pd.NaT]
    assert "no-column-of-ends" not in codes(report)


@pytest.mark.parametrize(
    ("usual", "heading"),
    [
        *[
            ("Child Protection Plan Start Date", name)
            for name in ("Start date of plan", "Plan Commenced", "CPPstartDate")
        ],
        *[("Child Unique ID", name) for name in ("Mosaic ID", "LCS Person ID", "Case number", "UID")],
    ],
)
def test_starts_and_identifiers_under_other_names(read, usual, heading):
    sheets = lists()
    headings = [heading if cell == usual else cell for cell in HEADINGS["List 7"]]
    expected = read(sheets)[0].plans
    assert read(sheets | {"List 7": [headings, *sheets["List 7"][1:]]})[0].plans.equals(expected)


@pytest.mark.parametrize("heading", ["Reason for plan end", "Child Protection Plan End Reason", "Date of last visit"])
def test_a_list_without_ends_is_warned_of(read, heading):
    headings = [heading if cell == "Child Protection Plan End Date" else cell for cell in HEADINGS["List 7"]]
    sheets = lists()
    plans, report = read(sheets | {"List 7": [headings, *sheets["List 7"][1:]]})
    assert plans.plans["end_date"].isna().all()
    found = report.findings[report.findings["code"] == "no-column-of-ends"]
    assert found[["table", "column"]].to_numpy().tolist() == [["plans", "end_date"]]


@pytest.mark.parametrize(
    "headings",
    [
        ["Person ID", "Date of birth", "Start date", "Category of abuse", "End date"],
        ["Child's Unique ID", "DOB", "Date of registration", "Latest category of abuse", "Date de-registered"],
        ["ChildUniqueID", "DateOfBirth", "CPPlanStartDate", "LatestCategoryOfAbuse", "CPPlanEndDate"],
    ],
)
def test_a_list_of_plans_under_plain_headings(read, headings):
    plans, _ = read({"Sheet1": [headings, ["1", "01/05/2010", "02/10/2017", "Neglect", "01/11/2017"]]})
    assert plans.plans[["start_date", "end_date"]].to_numpy().tolist() == [[day("2017-10-02"), day("2017-11-01")]]
    assert plans.plans["latest_category"].tolist() == ["NEG"]


@pytest.mark.parametrize("blank", ["N/A", "NULL", "-", "None"])
def test_a_placeholder_for_a_conference_is_no_conference(read, blank):
    rows = [list(HEADINGS["List 5"]), row("List 5", **BEN, strategy="05/01/2018", date_of_initial=blank)]
    plans, report = read(lists() | {"List 5": rows})
    assert plans.conferences.empty and report.is_clean


@pytest.mark.parametrize(
    "nobody",
    [
        *["#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#N/A", "#NULL!", "####", "TBC", "Total", "unknown", "?", "n/k"],
        "Grand Total",
        "Total: 12",
        *["Average", "End of list", "(blank)", "#N/A N/A", "Report run by an analyst"],
    ],
)
def test_rows_without_an_identifier_are_nobody(read, nobody):
    own = ANNA | {"unique_id": nobody}
    rows = [row("List 7", **own, **FIRST | {"start_date": start}) for start in ("02/10/2017", "10/01/2018")]
    plans, report = read({"List 7": [list(HEADINGS["List 7"]), *rows]})
    assert plans.plans.empty and plans.children.empty
    assert {"child-id-missing", "no-plan-kept"} <= codes(report)
    assert report.counts.loc["plans", "rejected"] == 2


def test_what_only_looks_like_nobody_is_somebody(read):
    names = ["TBC12", "Total1", "#12", "N0K", "Zoe"]
    rows = [row("List 7", **ANNA | {"unique_id": name}, **FIRST) for name in names]
    assert sorted(read({"List 7": [list(HEADINGS["List 7"]), *rows]})[0].plans["child_id"]) == sorted(names)


def test_short_years_are_none_after_the_extract_but_births_may_be(read):
    rows = [
        row("List 7", **ANNA, **FIRST | {"start_date": "02/10/17"}, end_date="01-NOV-17"),
        row("List 7", **BEN | {"birth": "20/05/18"}, **FIRST | {"start_date": "10/01/18"}),
        row("List 7", **ANNA | {"unique_id": "9"}, **FIRST | {"start_date": "02/10/18"}),
    ]
    plans, report = read({"List 7": [list(HEADINGS["List 7"]), *rows]})
    assert plans.plans["start_date"].tolist() == [day("2017-10-02"), day("2018-01-10")]
    assert plans.plans["end_date"].tolist() == [day("2017-11-01"), pd.NaT]
    assert plans.children["expected_date_of_birth"].tolist() == [pd.NaT, day("2018-05-20"), pd.NaT]
    assert "date-unreadable" in codes(report)


@pytest.mark.parametrize(
    ("starts", "is_warned"),
    [
        (["02/10/2017", "10/13/2017"], True),
        (["2/10/17 00:00", "10/13/17 00:00"], True),
        # A day above 12 says that the day comes first; without an impossible date nothing is known.
        (["13/10/2017", "10/13/2017"], False),
        (["02/10/2017", "03/10/2017"], False),
        (["02/10/2017", "soon"], False),
    ],
)
def test_a_column_with_the_month_first_is_warned_of_as_a_whole(read, starts, is_warned):
    rows = [row("List 7", **ANNA, **FIRST | {"start_date": start}) for start in starts]
    _, report = read({"List 7": [list(HEADINGS["List 7"]), *rows]})
    found = report.findings[report.findings["code"] == "dates-month-first"]
    assert found[["table", "column"]].to_numpy().tolist() == [["plans", "start_date"]] * is_warned


@pytest.mark.parametrize("form", [str, int, float])
def test_one_identifier_as_text_and_number_is_one_child(read, form):
    changed = row("List 8", **ANNA, started="01/02/2018")
    changed[0] = form(100001)
    assert read(lists(**{"List 8": [changed]}))[0].care_episodes["child_id"].tolist() == ["100001"]


def test_extracts_are_stacked_and_show_second_plans(read, tmp_path):
    save_book(tmp_path / "annex_a_2018-03-31.xlsx", lists(**{"List 8": []}))
    later = [
        row("List 7", **ANNA, start_date="01/06/2018", initial="a) Neglect", latest="a) Neglect", number_of="1"),
        row(
            "List 7", **BEN, start_date="10/01/2018", end_date="01/09/2018", initial="NEG", latest="NEG", number_of="0"
        ),
    ]
    save_book(tmp_path / "Annex A 30.09.2018.xlsx", lists(**{"List 7": later, "List 8": []}))
    plans, report = read_annex_a(tmp_path, la_code="330")
    assert len(plans.plans) == 3
    assert plans.plans["end_date"].tolist()[2] == day("2018-09-01")
    assert list(plans.extract["first_date"]) == [day("2017-10-01"), day("2018-03-31")]
    assert not codes(report) & {"year-missing", "plan-not-carried-forward"}
    outcome = build_cohort(plans).y.iloc[0]
    assert (outcome["event"], outcome["duration"]) == (1, (day("2018-06-01") - day("2018-01-05")).days)


def test_extracts_far_apart_leave_a_gap_in_which_nobody_is_seen(tmp_path):
    for date in ("2016-03-31", "2018-03-31"):
        save_book(tmp_path / f"{date}.xlsx", lists())
    plans, report = read_annex_a(tmp_path, la_code="330")
    assert "year-missing" in codes(report)
    assert len(plans.extract) == 2


def test_where_the_extract_date_comes_from(read, tmp_path):
    def extract(**options):
        plans, report = read(**options)
        return plans.extract["extract_date"].tolist(), "extract-date-inferred" in codes(report)

    assert extract(name="a.xlsx", extract_date="2018-03-30") == ([day("2018-03-30")], False)
    assert extract(name="a.xlsx", extract_date={"a.xlsx": dt.date(2018, 3, 30)}) == ([day("2018-03-30")], False)
    assert extract(name="Annex A March 2018.xlsx") == ([day("2018-03-31")], False)
    # The latest date in the lists that is not still to come.
    assert extract(name="a.xlsx") == ([day("2018-02-01")], True)
    stated = lists()
    stated["List 7"] = [
        [*cells, value]
        for cells, value in zip(stated["List 7"], ["Reference Date", "31/03/2018", "30/09/2018"], strict=True)
    ]
    stated = {"List 7": stated["List 7"]}
    assert extract(sheets=stated, name="a.xlsx") == ([day("2018-03-31"), day("2018-09-30")], False)
    with pytest.raises(InputError, match="still to come"):
        read(extract_date="2100-01-01")
    with pytest.raises(InputError, match="names a file that is not read"):
        read(extract_date={"b.xlsx": "2018-03-31"})


def test_the_names_of_sheets_are_never_printed(read, tmp_path):
    """A sheet may be called after a child; a person finds it by its number."""
    sheets = {f"Jo Bloggs {number}": rows for number, rows in enumerate(lists().values())}
    sheets["Jo Bloggs"] = [["a note", "of two cells"]]
    plans, report = read(sheets | {"List 9": [["a", "b"]]}, name="annex_a_2018-03-31.xlsx")
    assert len(plans.plans) == 2
    assert report.skipped == {"rows of other sheets": 1, "rows of other sheets (List 9)": 1}
    assert "annex_a_2018-03-31.xlsx, sheet 4" in set(report.findings["file"])
    told = report.summary() + str(report.to_dict()) + report.findings.to_csv() + report._repr_html_()
    assert "Bloggs" not in told
    with pytest.raises(InputError) as caught:
        read({"Jo Bloggs": [["x", "y"], [1, 2]]})
    assert "Bloggs" not in str(caught.value)


def test_the_shape_of_a_published_sample(read):
    """Numbers for identifiers, words without letters beside words with them, error cells, codes after letters."""
    ben = BEN | {
        "unique_id": 4653765,
        "gender": "c) Not stated/recorded",
        "ethnicity": "s) NOBT",
        "birth": None,
        "age": 0.19,
    }
    sheets = {
        "List 1": [
            ["Child Unique ID", "Date of Contact", "Contact Source"],
            [9212044, dt.datetime(2018, 3, 1), "q) 6: Police"],
        ],
        "List 3": [
            list(HEADINGS["List 3"]),
            row(
                "List 3",
                **{name: value for name, value in ANNA.items() if name != "disability"},
                date_of_referral=dt.datetime(2018, 1, 2),
                source="s) 8: Other",
                allocated_team="#N/A",
            ),
        ],
        "List 6": [
            list(HEADINGS["List 6"]),
            row(
                "List 6",
                **ben,
                cin_start=dt.datetime(2010, 6, 9),
                primary="PSRMEM - Support with memory",
                allocated_team="#N/A",
            ),
        ],
        "List 7": [
            list(HEADINGS["List 7"]),
            row(
                "List 7",
                **ben,
                start_date=dt.datetime(2017, 11, 23),
                initial="Physical abuse",
                latest="e) Multiple/not recommended",
                statutory=dt.datetime(2018, 3, 22),
            ),
        ],
    }
    plans, report = read(sheets, name="Annex_A.xlsx")
    assert plans.plans.iloc[0][["child_id", "initial_category", "latest_category"]].tolist() == [
        "4653765",
        "PHY",
        "MUL",
    ]
    assert plans.cin_episodes["referral_source"].fillna("").tolist() == ["8", ""]
    # The last visit is the last thing that the extract knows of.
    assert plans.extract["extract_date"].tolist() == [day("2018-03-22")]
    assert report.skipped == {"rows of other sheets (List 1)": 2}
    assert codes(report) == {
        *("extract-date-inferred", "code-recoded", "code-unknown", "date-reformatted", "birth-date-missing"),
        *("previous-plans-missing", "duplicate-row"),
    }


def test_lists_as_csv_in_one_folder_are_one_extract(read, tmp_path):
    folder = tmp_path / "2018-03-31"
    folder.mkdir()
    for name, rows in lists().items():
        pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False, header=False, encoding="cp1252", sep=";")
    plans, _ = read_annex_a(folder, la_code="330")
    reference, _ = read()
    assert plans.plans.equals(reference.plans) and plans.children.equals(reference.children)
    assert plans.extract["source"].tolist() == ["Annex A: 2018-03-31"]


def test_an_extract_without_its_list_of_plans_observes_no_plans(tmp_path):
    save_book(tmp_path / "2018-03-31.xlsx", lists())
    save_book(tmp_path / "2018-09-30.xlsx", {"List 8": lists()["List 8"]})
    plans, report = read_annex_a(tmp_path, la_code="330")
    assert plans.extract["extract_date"].tolist() == [day("2018-03-31")]
    assert "list-missing" in codes(report)


def test_an_extract_without_any_plan_is_read_and_reported(read):
    plans, report = read(lists(**{"List 7": []}))
    assert len(plans.plans) == 0 and len(plans.children) == 2
    assert "no-plans" in codes(report) and "list-missing" not in codes(report)


def test_rows_that_cannot_be_used_are_accounted_for(read):
    bad = [
        row("List 7", **ANNA | {"unique_id": ""}, **FIRST),
        row("List 7", **ANNA, **FIRST | {"start_date": "soon"}),
        row("List 7", **ANNA, **FIRST | {"start_date": "#N/A", "initial": "#REF!"}),
        row("List 7", **ANNA, **FIRST | {"initial": "f) Other"}, end_date="01/01/2016"),
    ]
    plans, report = read(lists(**{"List 7": bad}))
    assert report.counts.loc["plans"].tolist() == [4, 0, 1, 0, 3]
    assert codes(report) >= {
        "child-id-missing",
        "date-unreadable",
        "value-required",
        "code-unknown",
        "end-before-start",
    }
    assert len(plans.plans) == 1


def test_an_unknown_authority_is_filed_under_000(read):
    plans, report = read(la_code=None)
    assert set(plans.plans["la_code"]) == {"000"} and "authority-unknown" in codes(report)
    with pytest.raises(InputError, match="three-digit"):
        read(la_code="Camden")


@pytest.mark.parametrize(
    ("sheets", "message"),
    [
        ({"Sheet1": []}, "holds no rows"),
        ({"Sheet1": [["a", "b"], [1, 2]]}, "no sheet has the headings of an Annex A list"),
        (
            {"List 7": [["x", "y"], [1, 2]], "List 8": lists()["List 8"]},
            "sheet List 7: the list of child protection plans has no headings such as",
        ),
    ],
)
def test_what_is_no_annex_a_is_refused(read, sheets, message):
    with pytest.raises(InputError, match=message):
        read(sheets)


def test_no_value_of_a_child_is_in_the_report(read):
    sheets = lists(**{"List 7": [row("List 7", **ANNA, **FIRST | {"start_date": "31-31-1931", "initial": "QQQQ"})]})
    _, report = read(sheets)
    text = report.summary() + report.findings.to_csv() + repr(report) + str(report.to_dict())
    for value in ("100001", "31-31-1931", "QQQQ", "01/05/2010"):
        assert value not in text


ODD = [
    *(
        None,
        "",
        " ",
        "NULL",
        "N/A",
        "#N/A",
        "#REF!",
        "0",
        0,
        -1,
        1e300,
        99999,
        43000.5,
        True,
        "2017-02-30",
        "31/12/2017",
    ),
    *(
        dt.datetime(2017, 12, 31),
        dt.time(0, 0),
        dt.date(1900, 1, 1),
        "9999-12-31",
        "a) Neglect",
        "e)",
        ";;;",
        "x" * 5000,
    ),
    *("é" * 40, "a\nb", '"', "'", "=1/0", "100001", "List 7", "Child Unique ID", "٣٣"),
]


def damage(sheets, rng):
    """One mutation of a workbook's cells, rows, columns, headings or sheets."""
    title = rng.choice(list(sheets))
    rows = sheets[title]
    kind = rng.choice(
        ["cell", "cell", "cell", "drop row", "repeat row", "drop column", "add column", "swap", "heading", "sheet"]
    )
    line = rng.randrange(len(rows)) if rows else 0
    if not rows or kind == "sheet":
        sheets[rng.choice(["List 7", "List 9", "x"])] = list(rows)
    elif kind == "cell":
        rows[line][rng.randrange(len(rows[line]))] = rng.choice(ODD)
    elif kind == "drop row":
        del rows[line]
    elif kind == "repeat row":
        rows.insert(rng.randrange(len(rows) + 1), list(rows[line]))
    elif kind == "drop column":
        place = rng.randrange(len(rows[line]))
        sheets[title] = [cells[:place] + cells[place + 1 :] or [None] for cells in rows]
    elif kind == "add column":
        sheets[title] = [[*cells, rng.choice(ODD)] for cells in rows]
    elif kind == "swap":
        other = rng.randrange(len(rows))
        rows[line], rows[other] = rows[other], rows[line]
    else:
        rows[0] = [str(cell).replace(rng.choice(" aeChD"), rng.choice(["", " ", "_"])) for cell in rows[0]]


@pytest.mark.parametrize("form", ["xlsx", "csv"])
def test_damage_is_an_input_error_or_accounted_for(form, tmp_path):
    rng = random.Random(form)
    n_read = 0
    for _ in range(3 * ROUNDS):
        sheets = {name: [list(cells) for cells in rows] for name, rows in lists().items()}
        for _ in range(rng.randint(1, 6)):
            damage(sheets, rng)
        if form == "xlsx":
            paths = [save_book(tmp_path / "annex_2018-03-31.xlsx", sheets)]
        else:
            paths = [tmp_path / f"{name} 2018-03-31.csv" for name in sheets]
            for path, rows in zip(paths, sheets.values(), strict=True):
                pd.DataFrame(rows).to_csv(path, index=False, header=False)
        try:
            plans, report = read_annex_a(paths, la_code="330")
        except InputError as error:
            assert "\n" not in str(error) and "2018-03-31" in str(error)
            continue
        n_read += 1
        # A child's row for each row of each list that was read; the rest is skipped, by number.
        n_rows = sum(any(cell not in (None, "", " ") for cell in cells) for rows in sheets.values() for cells in rows)
        n_headings = n_rows - sum(report.skipped.values()) - report.counts.loc["children", "read"]
        assert 1 <= n_headings <= len(sheets)
        assert len(plans.plans) == (
            report.counts.loc["plans", ["kept", "repaired"]].sum() if "plans" in report.counts.index else 0
        )
        check_plans(plans)
    assert n_read > ROUNDS


def test_damaged_bytes_are_an_input_error_or_read(tmp_path):
    good = save_book(tmp_path / "annex_2018-03-31.xlsx", lists()).read_bytes()
    rng = random.Random(7)
    for _ in range(3 * ROUNDS):
        data = bytearray(good)
        for _ in range(rng.randint(1, 20)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        if rng.random() < 0.2:
            data = data[: rng.randrange(len(data))]
        path = tmp_path / "annex_2018-03-31.xlsx"
        path.write_bytes(bytes(data))
        try:
            read_annex_a(path, la_code="330")
        except InputError as error:
            assert "\n" not in str(error)
