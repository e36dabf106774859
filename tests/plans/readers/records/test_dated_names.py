"""The day that names of files and folders tell, and the names that tell none."""

from pathlib import Path

import pytest

from secondplan.plans.dates import to_text
from secondplan.plans.readers.records.dated_names import day_in_name


def told(name):
    found = day_in_name(Path("/nowhere") / name)
    return None if found is None else to_text(found)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("annex_a_2018-03-31.xlsx", "2018-03-31"),
        ("AnnexA_20180331_final.xlsx", "2018-03-31"),
        ("annexa20180331.xlsx", "2018-03-31"),
        ("20180331143005.csv", "2018-03-31"),
        ("2018-03-31 14.30.csv", "2018-03-31"),
        ("2018-03-31T20-30-00.json", "2018-03-31"),
        ("payload-20180331-203000.json", "2018-03-31"),
        ("20180331T203000Z_330.json", "2018-03-31"),
        ("2018-03-31 2017—18.csv", "2018-03-31"),
        ("20170401-20180331.csv", "2018-03-31"),
        ("Annex A 31.03.2018.xlsx", "2018-03-31"),
        ("Annex A 31.03.2018", "2018-03-31"),
        ("31032018.csv", "2018-03-31"),
        ("Annex A 31-3-18.xlsx", "2018-03-31"),
        ("Annex A 31.03.24.xlsx", "2024-03-31"),
        ("2024-3-5.csv", "2024-03-05"),
        ("Annex A (1 April 2018).xlsx", "2018-04-01"),
        ("Annex A 15th January 2024.xlsx", "2024-01-15"),
        ("Annex_A_15_of_Jan_2024.xlsx", "2024-01-15"),
        ("15Jan24.csv", "2024-01-15"),
        ("January 15th, 2024.csv", "2024-01-15"),
        ("2024-Jan-15.csv", "2024-01-15"),
        ("330_2024-01-15_v2.csv", "2024-01-15"),
    ],
)
def test_a_day(name, expected):
    assert told(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("2018-02.csv", "2018-02-28"),
        ("202402.csv", "2024-02-29"),
        ("03-2024.csv", "2024-03-31"),
        ("330_03_2024.csv", "2024-03-31"),
        ("December 2018.csv", "2018-12-31"),
        ("List 7 Sept 2018.csv", "2018-09-30"),
        ("List 7 September 2018.csv", "2018-09-30"),
        ("v2 January 2024.csv", "2024-01-31"),
        ("Annex A January 2024 (2).csv", "2024-01-31"),
        ("Annex_A_2024_Jan.xlsx", "2024-01-31"),
        ("AnnexAMarch2024.xlsx", "2024-03-31"),
        ("AnnexA_Mar24.xlsx", "2024-03-31"),
        ("CP decisions Mar-24.xlsx", "2024-03-31"),
    ],
)
def test_a_month_means_its_last_day(name, expected):
    assert told(name) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Annex A 2023-24.xlsx", "2024-03-31"),
        ("SSD 2019-20", "2020-03-31"),
        ("SSD2019-20", "2020-03-31"),
        ("SSD_2023_24", "2024-03-31"),
        ("330_2023-2024.csv", "2024-03-31"),
        ("2023 - 24.csv", "2024-03-31"),
        ("2023–24.csv", "2024-03-31"),
        ("2023 to 2024.csv", "2024-03-31"),
        ("202324.csv", "2024-03-31"),
        ("Annex A 23-24.xlsx", "2024-03-31"),
        ("1999-2000 and 2023-24.csv", "2024-03-31"),
        ("2023-24/List 7.csv", "2024-03-31"),
        # A part of the year is not the whole of it.
        ("Annex A Q4 2023-24.xlsx", "2024-03-31"),
        ("Annex A Q1 2023-24.xlsx", "2023-06-30"),
        ("2023-24 quarter 3.xlsx", "2023-12-31"),
        ("2023-24/Q2.csv", "2023-09-30"),
        ("January 2023-24.csv", "2024-01-31"),
        ("November plans 2023-24.csv", "2023-11-30"),
        ("15 January 2023-24.csv", "2024-01-15"),
        ("2023-24/Annex A 15th January 2024.xlsx", "2024-01-15"),
        ("Annex A 2023-24 (31 January 2024).xlsx", "2024-01-31"),
        ("Annex A 2023-24 as at 31 March 2024.xlsx", "2024-03-31"),
    ],
)
def test_a_financial_year_ends_on_31_march(name, expected):
    assert told(name) == expected


@pytest.mark.parametrize(
    "name",
    [
        # A year alone, and a month's name within a word.
        "330_2018.csv",
        "annex_a_summary_2023.xlsx",
        "Decisions 2021.xlsx",
        "marked 2023.xlsx",
        "2021 decided.xlsx",
        "annex_a.xlsx",
        "15 January.csv",
        "Q4 2023.csv",
        "FY24.csv",
        # No day, month or year of the calendar, whatever part of it would be one.
        "2018-02-30.csv",
        "31-02-2024.csv",
        "31 February 2024.csv",
        "2024-13.csv",
        "2024-13-01.csv",
        "13-2024.csv",
        "32 January 2024.csv",
        "12345678.csv",
        "2019-2023.csv",
        "2023-25.csv",
        # Still to come.
        "2099-03-31.csv",
        "2098-99.csv",
        # In doubt.
        "2011-12.csv",
        "2024-01-15 2024-03-31.csv",
        "Annex A March 2024 made on 2024-04-15.csv",
        "2022-23 2023-24.csv",
        "children who may be at risk 2023-24.csv",
        "2023-24 month 10.csv",
        "H1 2023-24.csv",
        # Numbers of other things.
        "Lists 10-11.csv",
        "ages 16-17.csv",
        "case 123456-17.csv",
    ],
)
def test_a_name_that_tells_no_day(name):
    assert told(name) is None


def test_from_a_day_to_a_day_means_the_second():
    assert told("1 April 2023 to 31 March 2024.csv") == "2024-03-31"
    assert told("2023-10-01 - 2024-03-31.csv") == "2024-03-31"
    assert told("April 2023-March 2024.csv") == "2024-03-31"
    assert told("1_April_2023_to_31_March_2024.csv") == "2024-03-31"
    assert told("2024-03-31 to 2023-10-01.csv") is None


def test_the_folder_tells_where_the_file_does_not(tmp_path, monkeypatch):
    assert told("2018-03-31/List 7.csv") == "2018-03-31"
    assert told("2018-03-31/List 7 of 2017-09-30.csv") == "2017-09-30"
    assert told("2018-03-31/List 7 of 2017-02-30.csv") is None, "what is in doubt is not taken from elsewhere"
    (tmp_path / "SSD 2019-20").mkdir()
    monkeypatch.chdir(tmp_path / "SSD 2019-20")
    assert to_text(day_in_name(Path())) == "2020-03-31"
