"""The gate for dates that people give: its forms, all public parameters behind it, and no other way in."""

import ast
import dataclasses
import datetime as dt
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

import secondplan as sp
from secondplan.cli.main import app
from secondplan.given_dates import given_date, given_dates, moment_in_text

SOURCE = Path(sp.__file__).parent
WRONG = ["2018", 2018, "04/13/2017", "2018-02-30", "soon", "", None, pd.NaT, float("nan"), np.datetime64("2018")]
# Files that read text of the package's own making, or date objects.
OF_OUR_OWN_MAKING = {
    "given_dates.py",
    "plans/readers/dfe_api/reader.py",
    "plans/readers/ssd/reader.py",
    "synthetic/blocks.py",
    "synthetic/store_tables.py",
    "synthetic/writers/census_faults.py",
    "synthetic/writers/cin_census.py",
}


@pytest.mark.parametrize(
    "value",
    [
        "2017-04-03",
        " 2017-04-03 ",
        "2017-04-03T23:30",
        "2017/04/03",
        "20170403",
        "03/04/2017",
        "3.4.2017",
        "03-04-2017",
        "3 Apr 2017",
        "3 April 2017",
        dt.date(2017, 4, 3),
        dt.datetime(2017, 4, 3, 23, 30),
        pd.Timestamp("2017-04-03 23:30", tz="Europe/London"),
        np.datetime64("2017-04-03"),
        np.datetime64("2017-04-03T23:30:00", "ns"),
    ],
)
def test_a_date_is_iso_or_day_first_or_an_object(value):
    assert given_date(value, "as_of") == pd.Timestamp(2017, 4, 3)
    assert given_dates([value], "start")[0] == np.datetime64("2017-04-03")


@pytest.mark.parametrize("value", WRONG, ids=repr)
def test_anything_else_is_refused_with_what_came(value):
    with pytest.raises(ValueError, match=r"^as_of must be a date such as 2018-03-31 or 31/03/2018 .*, got ") as error:
        given_date(value, "as_of")
    assert str(error.value).endswith(repr(value))


def test_columns_keep_what_is_missing_and_show_no_value():
    dates = given_dates(pd.Series(["03/04/2017", None, dt.date(2018, 1, 2)]), "start")
    assert dates.dtype == "datetime64[us]"
    np.testing.assert_array_equal(dates, np.array(["2017-04-03", "NaT", "2018-01-02"], dtype="datetime64[D]"))
    zoned = given_dates(pd.date_range("2018-01-01 23:30", periods=2, tz="Europe/London"), "start")
    np.testing.assert_array_equal(zoned, np.array(["2018-01-01", "2018-01-02"], dtype="datetime64[D]"))
    with pytest.raises(ValueError, match=r"^start must hold dates such as .*: 2 are none$"):
        given_dates(["03/04/2017", "04/13/2017", 5], "start")


@pytest.fixture(scope="module")
def plans():
    return sp.simulate(n_children=300, random_state=4)


PARAMETERS = {
    "build_cohort": lambda plans, day: sp.build_cohort(plans, as_of=day),
    "open_cases": lambda plans, day: sp.open_cases(plans, day),
    "indicators": lambda plans, day: sp.indicators(plans, period=(day, "2018-03-31")),
    "monthly_shares": lambda plans, day: sp.monthly_shares(plans, first=day),
    "monthly_shares, last": lambda plans, day: sp.monthly_shares(plans, first="2014-04-01", last=day),
    "TemporalSplit": lambda plans, day: sp.TemporalSplit(day),
    "Scenario": lambda plans, day: sp.scenario().replace(first_date=day),
}


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("value", ["2018", 2018, "04/13/2017", "soon"], ids=repr)
def test_public_parameters_refuse_what_is_no_date(plans, name, value):
    with pytest.raises(ValueError, match="must be a date such as 2018-03-31"):
        PARAMETERS[name](plans, value)


def test_the_day_comes_first(plans):
    assert sp.open_cases(plans, "03/04/2017").as_of == pd.Timestamp(2017, 4, 3)
    assert sp.build_cohort(plans, as_of="03/04/2017").as_of == pd.Timestamp(2017, 4, 3)
    assert sp.indicators(plans, period=("01/04/2016", "31/03/2017")).first == pd.Timestamp(2016, 4, 1)
    assert sp.scenario().replace(first_date="01/04/2013").first_date == dt.date(2013, 4, 1)


def test_readers_take_and_refuse_the_same(tmp_path):
    (tmp_path / "ssd_cp_plans.csv").write_text(
        "cppl_cp_plan_id,cppl_person_id,cppl_cp_plan_start_date,cppl_cp_plan_end_date\n1,2,2017-01-10,\n"
    )
    read, _ = sp.read_ssd(tmp_path, la_code="330", extract_date="03/04/2017")
    assert read.extract["extract_date"].tolist() == [pd.Timestamp(2017, 4, 3)]
    for name in ("extract_date", "first_date"):
        with pytest.raises(sp.InputError, match=f"{name} must be a date such as .*, got '2018'"):
            sp.read_ssd(tmp_path, la_code="330", **{name: "2018"})


def test_tables_made_by_hand_hold_dates_of_the_same_forms(plans):
    made = dataclasses.replace(plans, extract=plans.extract.assign(extract_date="03/04/2017"))
    assert made.extract["extract_date"].tolist() == [pd.Timestamp(2017, 4, 3)]


@pytest.mark.parametrize("words", [["--from", "2018", "--to", "2018-03-31"], ["--from", "04/13/2017"]])
def test_options_refuse_what_is_no_date(words, tmp_path):
    result = CliRunner().invoke(app, ["indicators", str(tmp_path), *words])
    assert result.exit_code == 2
    assert "must be a date such as" in " ".join(result.output.split())


def test_experiment_files_take_and_refuse_the_same():
    from secondplan.experiment.file import CohortSpec

    assert CohortSpec(as_of="03/04/2017").as_of == dt.date(2017, 4, 3)
    for value in ("2018", 2018, "04/13/2017"):
        with pytest.raises(ValueError, match="must be a date such as"):
            CohortSpec(as_of=value)


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("01/07/2024 09:30", "01/07/2024 10:00"),
        ("2024-07-01T10:30:00+01:00", "2024-07-01T10:00:00Z"),
        ("01-JUL-2024 11.00.00.000000 AM", "01-JUL-2024 12.00.00.000000 PM"),
        ("2024-07-01", "20240701T000001"),
        ("2024-07-01T10:30:00-99:99", "2024-07-01 00:01"),
        ("9999-12-31", "9999-12-31 00:01"),
    ],
)
def test_moments_tell_times_of_one_day_apart(earlier, later):
    read = [moment_in_text(text) for text in (earlier, later)]
    assert read[0] < read[1]


def test_moments_of_nonsense_are_midnight_or_none():
    assert moment_in_text("9999-12-31T24:30") == dt.datetime(9999, 12, 31, tzinfo=dt.UTC)
    assert moment_in_text("at noon") is None


def guesses(tree):
    """Lines that read whatever they are given as a date: of one argument that is not written out, and no unit."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        alone = len(node.args) == 1 and not isinstance(node.args[0], ast.Constant) and not node.keywords
        if node.func.attr in ("to_datetime", "fromisoformat", "strptime") or (node.func.attr == "Timestamp" and alone):
            yield node.lineno


def test_nothing_else_reads_dates_of_people():
    found = {
        str(path.relative_to(SOURCE)): lines
        for path in SOURCE.rglob("*.py")
        if (lines := list(guesses(ast.parse(path.read_text(encoding="utf-8")))))
    }
    assert set(found) <= OF_OUR_OWN_MAKING, found
