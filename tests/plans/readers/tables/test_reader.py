"""Reading plain tables with a column map: files made by hand, faults of the map, damaged files."""

import os
import random

import pandas as pd
import pytest

from secondplan.errors import InputError
from secondplan.plans import check_plans, read_tables
from secondplan.plans.readers.tables.column_map import MAPPED_TABLES, column_map_template, load_column_map

ROUNDS = int(os.environ.get("SECONDPLAN_FUZZ_ROUNDS", "6"))
PLANS = """CP register of the council
Person ID,DoB,CP Start,CP End,Reason,Previous,Set by other LA
7,01/05/2010,2017-02-14,2018-01-05,Neglectful parenting,0,N
7,01/05/2010,2018-06-01,,EMO,1,N
9,,2018-01-10,,neg,NULL,Y
"""
MAP = """
source: warehouse
la_code: 030
extract:
  first_date: 2015-04-01
  extract_date: 2018-12-31
tables:
  plans:
    file: CP*.csv
    columns:
      child_id: person id
      start_date: CP Start
      end_date: CP End
      initial_category: Reason
      latest_category: Reason
      previous_plans_reported: Previous
      other_authority: Set by other LA
    recode:
      initial_category: {neglectful PARENTING: NEG}
      latest_category: {neglectful parenting: NEG}
  children:
    file: CP*.csv
    columns: {child_id: Person ID, date_of_birth: DoB}
"""


def day(text):
    return pd.Timestamp(text)


@pytest.fixture
def read(tmp_path):
    def read(plans=PLANS, column_map=MAP, **options):
        (tmp_path / "data").mkdir(exist_ok=True)
        (tmp_path / "data" / "cp_plans.csv").write_text(plans, encoding="utf-8")
        (tmp_path / "map.yaml").write_text(column_map, encoding="utf-8")
        return read_tables(tmp_path / "data", tmp_path / "map.yaml", **options)

    return read


def test_one_file_gives_two_tables(read):
    plans, report = read()
    assert plans.plans["plan_id"].tolist() == ["030-7-2017-02-14", "030-7-2018-06-01", "030-9-2018-01-10"]
    assert plans.plans["initial_category"].tolist() == ["NEG", "EMO", "NEG"]
    assert plans.plans["other_authority"].tolist() == [False, False, True]
    assert plans.children["date_of_birth"].tolist() == [day("2010-05-01"), pd.NaT]
    assert plans.extract.iloc[0].tolist() == ["030", day("2015-04-01"), day("2018-12-31"), "tables: warehouse"]
    assert report.counts.loc["plans"].tolist() == [3, 2, 1, 0, 0]
    assert report.counts.loc["children"].tolist() == [3, 1, 1, 1, 0]
    assert report.skipped == {"rows above the headings": 2}
    first = report.findings[report.findings["code"] == "code-recoded"].iloc[0]
    assert (first["file"], first["row"]) == ("cp_plans.csv", 5)


def test_headings_that_are_repeated_are_no_records(read):
    head, _, rows = PLANS.partition("7,")
    plans, report = read(plans=PLANS + head.splitlines()[1].upper() + "\n7," + rows.partition("7,")[0])
    assert plans.children["child_id"].tolist() == ["7", "9"]
    assert report.skipped["repeated headings"] == 2


def test_files_called_as_the_tables_need_no_map(tmp_path):
    pd.DataFrame({"Child ID": [7], "start date": ["2017-02-14"], "la_code": [330]}).to_parquet(
        tmp_path / "plans.parquet"
    )
    (tmp_path / "reviews.csv").write_text("child_id;review_date;la_code\n7;14/05/2017;330\n")
    (tmp_path / "other.csv").write_text("a\n1\n")
    plans, report = read_tables(tmp_path)
    assert plans.reviews["plan_id"].tolist() == ["330-7-2017-02-14"]
    assert plans.extract["extract_date"].tolist() == [day("2017-05-14")]
    assert set(report.findings["code"]) >= {"extract-date-not-mapped", "child-not-described"}
    assert report.skipped == {"files that the column map does not name": 1}


def test_each_row_goes_to_its_authority(tmp_path):
    (tmp_path / "plans.csv").write_text(
        "child_id,start_date,la_code\n7,2017-02-14,330\n7,2017-02-14,031\n7,2017-02-14,31\n8,2017-02-14,x\n"
    )
    plans, report = read_tables(tmp_path / "plans.csv")
    assert plans.plans["la_code"].tolist() == ["000", "031", "330"]
    assert report.counts.loc["plans", "merged"] == 1
    assert {"authority-unknown", "code-unknown"} <= set(report.findings["code"])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("source: warehouse", "source: [", r"map\.yaml: not YAML, see line"),
        ("la_code: 030", "la_code: Camden", "the three-digit code"),
        ("  plans:", "  planz:", "unknown table planz"),
        ("      start_date: CP Start\n", "", r"tables\.plans\.columns: start_date is required"),
        ("      end_date: CP End", "      ended: CP End", "unknown column ended"),
        ("Previous", "Number", r"has no column 'Number' \(tables\.plans\.columns\.previous_plans_reported"),
        ("CP*.csv", "x.csv", r"tables\.plans\.file: x\.csv is not among the files"),
        ("extract_date: 2018-12-31", "extract_date: 2999-12-31", "still to come"),
        ("extract_date: 2018-12-31", "extract_date: soon", "extract.extract_date: "),
        ("first_date: 2015-04-01", "first_date: 2019-04-01", "first_date is after extract_date"),
        ("latest_category: {", "plan_id: {", "is not among the columns"),
        ("source: warehouse", "sauce: warehouse", "sauce: Extra inputs"),
    ],
)
def test_a_wrong_map_is_refused_in_one_line(read, old, new, message):
    assert old in MAP
    with pytest.raises(InputError, match=message) as caught:
        read(column_map=MAP.replace(old, new, 1))
    assert "\n" not in str(caught.value)


def test_files_that_do_not_fit_the_map(read, tmp_path):
    with pytest.raises(InputError, match="has no heading such as 'person id'"):
        read(plans="a,b\n1,2\n")
    with pytest.raises(InputError, match="is empty"):
        read(plans="")
    with pytest.raises(InputError, match="give a column map"):
        read_tables(tmp_path / "data" / "cp_plans.csv")
    with pytest.raises(InputError, match=r"plans\.csv: no column is called as one of plans \(plan_id, "):
        (tmp_path / "plans.csv").write_text("Start,End\n1,2\n")
        read_tables(tmp_path / "plans.csv")
    with pytest.raises(InputError, match="start_date is required"):
        (tmp_path / "plans.csv").write_text("child_id\n1\n")
        read_tables(tmp_path / "plans.csv")
    with pytest.raises(InputError, match="no date to take the extract date from"):
        (tmp_path / "plans.csv").write_text("child_id,start_date\n1,\n")
        read_tables(tmp_path / "plans.csv")


def test_the_template_is_a_map_of_everything(tmp_path):
    (tmp_path / "map.yaml").write_text(column_map_template())
    template = load_column_map(tmp_path / "map.yaml")
    assert tuple(template.tables) == MAPPED_TABLES
    assert template.extract.extract_date is None


def damage(text, rng):
    """One mutation of a text of separated values."""
    kind = rng.choice(["byte", "cut", "line", "repeat", "cell", "quote"])
    lines = text.split("\n")
    place = rng.randrange(len(lines))
    if kind == "byte":
        place = rng.randrange(len(text))
        return text[:place] + rng.choice("\0\"';,\t|\n\r é٣=@") + text[place + 1 :]
    if kind == "cut":
        return text[: rng.randrange(len(text))]
    if kind == "line":
        del lines[place]
    elif kind == "repeat":
        lines.insert(rng.randrange(len(lines)), lines[place])
    else:
        cells = lines[place].split(",")
        odd = rng.choice(["NULL", "", "99999", "1e9", "2017-02-30", "x" * 3000, "-1", "43000", "#N/A", "é"])
        cells[rng.randrange(len(cells))] = f'"{odd}' if kind == "quote" else odd
        lines[place] = ",".join(cells)
    return "\n".join(lines)


def test_damage_is_an_input_error_or_accounted_for(read, tmp_path):
    rng = random.Random(30)
    n_read = 0
    for _ in range(8 * ROUNDS):
        text = PLANS
        for _ in range(rng.randint(1, 4)):
            text = damage(text, rng) or "x"
        try:
            plans, report = read(plans=text)
        except InputError as error:
            assert "\n" not in str(error) and "cp_plans.csv" in str(error)
            continue
        n_read += 1
        counts = report.counts.loc["plans"]
        assert counts["read"] == counts[["kept", "repaired", "merged", "rejected"]].sum()
        assert len(plans.plans) == counts["kept"] + counts["repaired"]
        n_records = sum(any(map(str.strip, cells)) for cells in pd.Series(text.splitlines()).str.split(r"[,;\t|]"))
        if '"' not in text and "\r" not in text and "\0" not in text:
            # Skipped rows are counted for each of the two tables of the file, which may see other headings.
            assert n_records - 1 - sum(report.skipped.values()) <= counts["read"] <= n_records - 1
        check_plans(plans)
    assert n_read > 2 * ROUNDS
