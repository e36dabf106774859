"""The Standard Safeguarding Dataset from SQLite and PostgreSQL; no credentials anywhere."""

import logging
import traceback

import pandas as pd
import pytest
import sqlalchemy as sa

from secondplan.errors import InputError, OutputError
from secondplan.plans import read_ssd
from secondplan.synthetic import write_ssd

GIVEN = {"la_code": "501", "first_date": "2011-04-01", "extract_date": "2018-03-31"}
SECRET = "s3cret-word"


@pytest.fixture
def plans(two_authorities):
    return two_authorities


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, tmp_path):
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ssd.db'}"
        return
    server = request.getfixturevalue("postgresql")
    run(server, "DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
    yield server


def run(address, statements):
    engine = sa.create_engine(address)
    with engine.begin() as connection:
        for statement in statements.split(";"):
            connection.execute(sa.text(statement))
    engine.dispose()


def assert_no_secret(error, caplog, *others):
    shown = "".join(traceback.format_exception(error)) + repr(error) + caplog.text + "".join(map(str, others))
    while error is not None:
        shown += repr(error.args)
        error = error.__context__ or error.__cause__
    assert SECRET not in shown


def test_a_database_gives_what_the_folder_gives(plans, address, tmp_path):
    write_ssd(plans, tmp_path / "folder", system="mosaic", la_code="501")
    write_ssd(plans, address, system="mosaic", la_code="501")
    from_folder, _ = read_ssd(tmp_path / "folder", **GIVEN)
    from_database, report = read_ssd(address, **GIVEN)
    for name in from_folder.tables.keys() - {"extract"}:
        pd.testing.assert_frame_equal(getattr(from_folder, name), getattr(from_database, name))
    assert report.counts["rejected"].sum() == 0
    # Typed dates need no conversion.
    assert "date-reformatted" not in set(report.findings["code"])


def test_values_of_every_type(address):
    boolean = "BOOLEAN" if address.startswith("postgresql") else "INTEGER"
    yes = "TRUE" if address.startswith("postgresql") else "1"
    run(
        address,
        "CREATE TABLE ssd_person (pers_person_id NUMERIC(9,0), pers_sex CHAR(3), pers_dob TIMESTAMP);"
        f"CREATE TABLE ssd_cp_plans (cppl_cp_plan_id BIGINT, cppl_person_id FLOAT, cppl_cp_plan_ola {boolean},"
        "  cppl_cp_plan_start_date DATE, cppl_cp_plan_end_date TIMESTAMP, cppl_cp_plan_initial_category TEXT);"
        "INSERT INTO ssd_person VALUES (10, 'F  ', '2010-05-01 00:00:00');"
        f"INSERT INTO ssd_cp_plans VALUES (1, 10.0, {yes}, '2017-01-10', '2017-11-20 16:30:00', 'Neglect');"
        "INSERT INTO ssd_cp_plans VALUES (NULL, 10, NULL, '2018-01-10', NULL, NULL)",
    )
    read, _ = read_ssd(address, **GIVEN)
    assert read.children[["child_id", "sex"]].to_numpy().tolist() == [["10", "2"]]
    assert read.plans["plan_id"].tolist() == ["1", "501-10-2018-01-10"]
    assert read.plans["end_date"].iloc[0] == pd.Timestamp("2017-11-20")
    assert read.plans["other_authority"].fillna(False).tolist() == [True, False]


@pytest.mark.parametrize(
    ("kind", "value"),
    [("JSONB", '{"1A": "Yes", "2B": "No", "4A": true}'), ("TEXT[]", "{1A,4A}"), ("JSON", '["1A", "4A"]')],
)
def test_factors_in_the_types_that_postgresql_has_for_them(postgresql, kind, value):
    run(
        postgresql,
        "DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public;"
        "CREATE TABLE ssd_cp_plans (cppl_person_id TEXT, cppl_cp_plan_start_date DATE);"
        "CREATE TABLE ssd_cin_assessments"
        "  (cina_assessment_id INT, cina_person_id INT, cina_assessment_start_date DATE);"
        f"CREATE TABLE ssd_assessment_factors (cinf_assessment_id INT, cinf_assessment_factors_json {kind});"
        "INSERT INTO ssd_cin_assessments VALUES (1, 10, '2017-01-10')",
    )
    engine = sa.create_engine(postgresql)
    with engine.begin() as connection:
        connection.execute(
            sa.text(f"INSERT INTO ssd_assessment_factors VALUES (1, CAST(:value AS {kind}))"), {"value": value}
        )
    engine.dispose()
    read, report = read_ssd(postgresql, **GIVEN)
    assert read.assessments["factors"].tolist() == ["1A;4A"]
    assert "code-unknown" not in set(report.findings["code"])


def test_only_needed_columns_are_asked_for_and_nothing_is_written(address):
    run(
        address,
        "CREATE TABLE ssd_cp_plans (cppl_person_id TEXT, cppl_cp_plan_start_date TEXT, cppl_note TEXT);"
        "CREATE TABLE ssd_cp_visits (cppv_person_id TEXT);"
        "INSERT INTO ssd_cp_plans VALUES ('10', '2017-01-10', 'a secret')",
    )
    engine = sa.create_engine(address)
    statements = []
    sa.event.listen(engine, "before_cursor_execute", lambda *event: statements.append(event[2]))
    read, _ = read_ssd(engine, **GIVEN)
    engine.dispose()
    assert len(read.plans) == 1
    asked = [text for text in statements if "ssd_cp" in text and "pg_catalog" not in text and "PRAGMA" not in text]
    assert len(asked) == 1 and "cppl_note" not in asked[0] and asked[0].startswith("SELECT")


def test_views_are_read_where_there_is_no_table(address):
    run(
        address,
        "CREATE TABLE source (cppl_person_id TEXT, cppl_cp_plan_start_date TEXT);"
        "INSERT INTO source VALUES ('10', '2017-01-10');"
        "CREATE VIEW ssd_cp_plans_view AS SELECT * FROM source",
    )
    assert len(read_ssd(address, **GIVEN)[0].plans) == 1


def test_copies_and_tables_of_other_programs_are_left_alone(address):
    columns = "(cppl_person_id TEXT, cppl_cp_plan_start_date TEXT)"
    run(
        address,
        f"CREATE TABLE ssd_cp_plans {columns}; CREATE TABLE ssd_cp_plans_bak {columns};"
        "CREATE TABLE person (person_id TEXT, sex TEXT); CREATE TABLE ssd_person (pers_person_id TEXT, pers_sex TEXT);"
        "INSERT INTO ssd_cp_plans VALUES ('10', '2017-01-10');"
        "INSERT INTO ssd_cp_plans_bak VALUES ('11', '2016-01-10');"
        "INSERT INTO person VALUES ('12', 'M'); INSERT INTO ssd_person VALUES ('10', 'F')",
    )
    read, _ = read_ssd(address, **GIVEN)
    assert read.children[["child_id", "sex"]].to_numpy().tolist() == [["10", "2"]]
    assert read.plans["child_id"].tolist() == ["10"]
    run(address, f"DROP TABLE ssd_cp_plans; CREATE TABLE ssd_cp_plans_new {columns}")
    with pytest.raises(InputError, match="several tables may be ssd_cp_plans"):
        read_ssd(address, **GIVEN)


def test_schemas_of_postgresql(postgresql, plans):
    run(postgresql, "DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
    run(postgresql, "DROP SCHEMA IF EXISTS ssd_live CASCADE; CREATE SCHEMA ssd_live")
    write_ssd(plans, postgresql, la_code="501", schema="ssd_live")
    expected = (plans.plans["la_code"] == "501").sum()
    assert len(read_ssd(postgresql, schema="ssd_live", **GIVEN)[0].plans) == expected
    assert len(read_ssd(postgresql, **GIVEN)[0].plans) == expected
    run(postgresql, "DROP SCHEMA IF EXISTS ssd_test CASCADE; CREATE SCHEMA ssd_test")
    write_ssd(plans, postgresql, la_code="501", schema="ssd_test")
    with pytest.raises(InputError, match="2 schemas hold SSD tables; give schema"):
        read_ssd(postgresql, **GIVEN)
    with pytest.raises(InputError, match="no schema of the name"):
        read_ssd(postgresql, schema="elsewhere", **GIVEN)
    run(postgresql, "DROP SCHEMA ssd_live CASCADE; DROP SCHEMA ssd_test CASCADE")


def test_one_snapshot_and_no_locks_for_others(postgresql, monkeypatch):
    """Rows that others add while tables are read are in none of them."""
    run(postgresql, "DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
    run(
        postgresql,
        "CREATE TABLE ssd_cp_plans (cppl_person_id TEXT, cppl_cp_plan_start_date DATE);"
        "CREATE TABLE ssd_person (pers_person_id TEXT);"
        "INSERT INTO ssd_cp_plans VALUES ('10', '2017-01-10')",
    )
    engine = sa.create_engine(postgresql)

    def add(connection, cursor, statement, *_):
        if "FROM ssd_cp_plans" in statement:
            run(postgresql, "INSERT INTO ssd_person VALUES ('11')")

    sa.event.listen(engine, "after_cursor_execute", add)
    read, _ = read_ssd(engine, **GIVEN)
    assert read.children["child_id"].tolist() == ["10"]
    engine.dispose()


def test_a_password_is_in_no_message_and_in_nothing_kept(postgresql, plans, caplog, tmp_path):
    caplog.set_level(logging.DEBUG)
    run(postgresql, "DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
    with pytest.raises(InputError, match="holds no table of the SSD") as caught:
        read_ssd(postgresql, **GIVEN)
    assert_no_secret(caught.value, caplog)
    write_ssd(plans, postgresql, la_code="501")
    read, report = read_ssd(postgresql, **GIVEN)
    read.write(tmp_path / "store")
    report.write_json(tmp_path / "report.json")
    assert read.extract["source"].tolist() == ["SSD: postgresql database hdm_local"]
    for file in tmp_path.rglob("*"):
        assert file.is_dir() or SECRET.encode() not in file.read_bytes()
    with pytest.raises(OutputError, match="holds tables of the SSD already") as caught:
        write_ssd(plans, postgresql, la_code="501")
    assert_no_secret(caught.value, caplog, report.summary())
    run(postgresql, "ALTER TABLE ssd_person ALTER pers_dob TYPE TEXT; UPDATE ssd_person SET pers_dob = 'infinity'")
    run(postgresql, "ALTER TABLE ssd_person ALTER pers_dob TYPE TIMESTAMP USING pers_dob::timestamp")
    with pytest.raises(InputError, match="postgresql database hdm_local: DataError") as caught:
        read_ssd(postgresql, **GIVEN)
    assert_no_secret(caught.value, caplog)


@pytest.mark.parametrize(
    ("address", "message"),
    [
        (f"postgresql+psycopg://user:{SECRET}@127.0.0.1:1/hdm", "postgresql database hdm: OperationalError"),
        (f"postgresql+psycopg://user:{SECRET}@127.0.0.1:port/hdm", "the address of the database cannot be read"),
        # An at sign that is not escaped makes a host, and a database, of the password's end.
        (f"postgresql+psycopg://user:p@127.0.0.1:1/{SECRET}@host/hdm", "postgresql database: OperationalError"),
        (f"nosuch+thing://user:{SECRET}@host/hdm", "the address of the database cannot be read"),
        (f"mssql+nodriver://user:{SECRET}@host/hdm", "cannot be read|is not installed"),
        (f"mssql+pyodbc://?odbc_connect=PWD%3D{SECRET}", "is not installed"),
        (f"://{SECRET}", "the address of the database cannot be read"),
    ],
)
def test_addresses_that_lead_nowhere(address, message, caplog):
    caplog.set_level(logging.DEBUG)
    if "psycopg" in address:
        pytest.importorskip("psycopg")
    with pytest.raises(InputError, match=message) as caught:
        read_ssd(address)
    assert "\n" not in str(caught.value)
    assert_no_secret(caught.value, caplog)


def test_a_file_that_is_no_database_and_one_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        read_ssd(f"sqlite:///{tmp_path / 'missing.db'}")
    assert not (tmp_path / "missing.db").exists()
    (tmp_path / "text.db").write_text("no database " * 100)
    with pytest.raises(InputError, match=r"sqlite database text\.db: DatabaseError"):
        read_ssd(f"sqlite:///{tmp_path / 'text.db'}")
