"""Cases from databases and scores into them: SQLite, and PostgreSQL on a server of the tests' own."""

import json
import traceback

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import mssql

from secondplan.errors import EmptyCohortError, InputError, OutputError, TooManyRejectsError
from secondplan.scoring import score, score_batch
from secondplan.scoring.sinks import database as sink_module
from secondplan.scoring.sinks.database import LOCKS, DatabaseSink, exchange
from secondplan.scoring.sources import database as source_module

SECRET = "s3cret-word"
DROP = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE pid <> pg_backend_pid() AND datname = current_database()"
)


@pytest.fixture(params=["sqlite", "postgresql"])
def address(request, tmp_path):
    """An empty database of each kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'cases.db'}"
        return
    server = request.getfixturevalue("postgresql")
    run(server, "DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
    yield server


def run(address, statements):
    engine = sa.create_engine(address)
    with engine.begin() as connection:
        for statement in statements.split(";"):
            result = connection.execute(sa.text(statement))
    rows = result.fetchall() if result.returns_rows else None
    engine.dispose()
    return rows


def store(address, frame, name="cases"):
    engine = sa.create_engine(address)
    frame.to_sql(name, engine, index=False)
    engine.dispose()


def table(address, name):
    engine = sa.create_engine(address)
    with engine.connect() as connection:
        frame = pd.read_sql_table(name, connection)
    engine.dispose()
    return frame


def names(address):
    engine = sa.create_engine(address)
    found = set(sa.inspect(engine).get_table_names())
    engine.dispose()
    return found


def shuffled(cases):
    """Not in order of keys, with a missing value, and what a model does not need."""
    return cases.sample(frac=1, random_state=1).assign(name_of_child="nobody's business")


def test_a_table_and_a_query_give_the_scores_of_the_frame(model, cases, address, tmp_path, monkeypatch):
    monkeypatch.setattr(source_module, "ROWS_PER_BATCH", 7)
    store(address, shuffled(cases))
    score_batch(model, address, tmp_path / "a", table="cases", rows_per_part=25)
    query = "SELECT *, 'a:b' AS note FROM cases WHERE child_id <> ':x' ORDER BY child_id"
    score_batch(model, address, tmp_path / "b", query=query, rows_per_part=25)
    expected = score(model, cases)
    for name in ("a", "b"):
        found = pd.read_parquet(tmp_path / name / "scores")
        assert found["child_id"].tolist() == expected["child_id"].tolist()
        np.testing.assert_allclose(found["risk_730"], expected["risk_730"], atol=1e-12)
        assert SECRET not in "".join(p.read_text() for p in (tmp_path / name).iterdir() if p.is_file())
    # The same rows are the same job.
    assert score_batch(model, address, tmp_path / "a", table="cases", rows_per_part=25).was_done


def test_values_of_a_database_are_judged_row_by_row(model, cases, address, tmp_path):
    rows = cases.iloc[:4].astype({"n_reviews": "string"})
    rows.loc[2, "n_reviews"], rows.loc[3, "child_id"] = "three", None
    store(address, rows)
    result = score_batch(model, address, tmp_path / "out", table="cases")
    assert result.codes == {"missing_key": 1, "not_a_number": 1} and result.n_scored == 2


def test_scores_take_the_place_of_the_night_before(model, cases, address, tmp_path):
    cases.assign(n_reviews=[-1.0, *cases["n_reviews"][1:]]).to_parquet(tmp_path / "cases.parquet")
    for times in ((91, 365), (91, 365)):
        result = score_batch(
            model, tmp_path / "cases.parquet", address, output_table="scores", times=times, rows_per_part=25
        )
    assert SECRET not in result.summary()
    found, expected = table(address, "scores"), score(model, cases, times=(91, 365)).iloc[1:]
    assert found["child_id"].tolist() == expected["child_id"].tolist() and list(found) == list(expected)
    np.testing.assert_allclose(found["risk_365"], expected["risk_365"], atol=1e-12)
    assert table(address, "scores_rejects")[["row", "code"]].to_numpy().tolist() == [[1, "out_of_range"]]
    (manifest,) = table(address, "scores_manifest").to_dict("records")
    assert (manifest["n_read"], manifest["n_scored"], manifest["n_rejected"]) == (60, 59, 1)
    assert json.loads(manifest["manifest"])["job"]["model_digest"] == manifest["model_digest"]
    assert names(address) == {"scores", "scores_rejects", "scores_manifest"}


def test_rights_and_views_on_the_table_stay(model, cases, postgresql, tmp_path):
    run(postgresql, "DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
    cases.to_parquet(tmp_path / "cases.parquet")
    score_batch(model, tmp_path / "cases.parquet", postgresql, output_table="public.scores")
    run(postgresql, "CREATE VIEW high AS SELECT child_id, risk_730 FROM scores")
    score_batch(model, tmp_path / "cases.parquet", postgresql, output_table="public.scores")
    assert run(postgresql, "SELECT count(*) FROM high") == [(60,)]


def test_a_connection_that_drops_publishes_nothing_and_the_next_night_runs(
    model, cases, postgresql, tmp_path, monkeypatch
):
    run(postgresql, "DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
    cases.to_parquet(tmp_path / "cases.parquet")
    cases.iloc[:40].to_parquet(tmp_path / "fewer.parquet")
    given = {"output_table": "scores", "rows_per_part": 25}
    score_batch(model, tmp_path / "cases.parquet", postgresql, **given)
    before = table(postgresql, "scores_manifest")
    for moment in ("write", "_insert", "_exchange"):
        real, calls = getattr(DatabaseSink, moment), []

        def dropped(self, *arguments, real=real, calls=calls):
            calls.append(1)
            if len(calls) == (2 if real.__name__ != "_exchange" else 1):
                run(postgresql, DROP)
            return real(self, *arguments)

        with monkeypatch.context() as patch:
            patch.setattr(DatabaseSink, moment, dropped)
            with pytest.raises(OutputError, match="postgresql database hdm_local: ") as error:
                score_batch(model, tmp_path / "fewer.parquet", postgresql, **given)
        assert SECRET not in "".join(traceback.format_exception(error.value))
        pd.testing.assert_frame_equal(table(postgresql, "scores_manifest"), before)
        assert len(table(postgresql, "scores")) == 60
    score_batch(model, tmp_path / "cases.parquet", postgresql, **given)
    assert names(postgresql) == {"scores", "scores_rejects", "scores_manifest"}


def test_a_connection_that_drops_while_cases_are_read_leaves_no_folder(model, cases, postgresql, tmp_path, monkeypatch):
    run(postgresql, "DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
    monkeypatch.setattr(source_module, "ROWS_PER_BATCH", 10)
    store(postgresql, cases)
    real = source_module.wanted_of_schema
    with monkeypatch.context() as patch:
        patch.setattr(source_module, "wanted_of_schema", lambda *given: (run(postgresql, DROP), real(*given)))
        with pytest.raises(InputError, match="postgresql database hdm_local: ") as error:
            score_batch(model, postgresql, tmp_path / "out", table="cases")
    assert SECRET not in "".join(traceback.format_exception(error.value))
    assert not (tmp_path / "out").exists()
    assert score_batch(model, postgresql, tmp_path / "out", table="cases").n_scored == 60


def test_two_writers_of_a_table_are_not_let_in(model, cases, address, tmp_path):
    cases.to_parquet(tmp_path / "cases.parquet")
    other = DatabaseSink(address, "scores")
    with other.taken({}, resume=False), pytest.raises(OutputError, match="in use by another scoring run"):
        score_batch(model, tmp_path / "cases.parquet", address, output_table="scores")
    assert score_batch(model, tmp_path / "cases.parquet", address, output_table="scores").n_scored == 60


def test_readers_see_the_old_night_until_the_new_one_is_whole(model, cases, postgresql, tmp_path, monkeypatch):
    run(postgresql, "DROP SCHEMA IF EXISTS public CASCADE; CREATE SCHEMA public")
    cases.to_parquet(tmp_path / "a.parquet")
    cases.iloc[:20].to_parquet(tmp_path / "b.parquet")
    score_batch(model, tmp_path / "a.parquet", postgresql, output_table="scores")
    seen = []

    def looked_at(target, staging):
        for statement in exchange(target, staging):
            seen.append(run(postgresql, "SELECT count(*) FROM scores")[0][0])
            yield statement

    monkeypatch.setattr(sink_module, "exchange", looked_at)
    score_batch(model, tmp_path / "b.parquet", postgresql, output_table="scores")
    assert set(seen) == {60} and len(table(postgresql, "scores")) == 20


def test_a_table_of_somebody_else_is_left_alone(model, cases, address, tmp_path):
    cases.to_parquet(tmp_path / "cases.parquet")
    store(address, cases, "children")
    with pytest.raises(OutputError, match="has other columns"):
        score_batch(model, tmp_path / "cases.parquet", address, output_table="children")
    assert len(table(address, "children")) == 60 and names(address) == {"children"}


def test_where_too_many_or_all_are_rejected_the_old_scores_stay(model, cases, address, tmp_path):
    cases.to_parquet(tmp_path / "cases.parquet")
    score_batch(model, tmp_path / "cases.parquet", address, output_table="scores")
    cases.assign(n_reviews=-1.0).to_parquet(tmp_path / "bad.parquet")
    for limit, kind in ((10, TooManyRejectsError), (None, EmptyCohortError)):
        with pytest.raises(kind, match="the table scores_rejects_staging says why"):
            score_batch(model, tmp_path / "bad.parquet", address, output_table="scores", max_rejects=limit)
        assert len(table(address, "scores")) == 60 == len(table(address, "scores_rejects_staging"))
        assert len(table(address, "scores_rejects")) == 0


def test_sql_server_understands_the_statements():
    """Compiled only: no SQL Server was at hand."""
    meta = sa.MetaData(schema="risk")
    columns = [("child_id", sa.Unicode()), ("risk_730", sa.Double()), ("row", sa.BigInteger())]
    target, staging = (sa.Table(name, meta, *(sa.Column(*column) for column in columns)) for name in ("s", "s_staging"))
    made = [*exchange(target, staging), sa.schema.CreateTable(staging), sa.schema.DropTable(staging)]
    texts = [" ".join(str(statement.compile(dialect=mssql.dialect())).split()) for statement in made]
    assert texts == [
        "DELETE FROM risk.s",
        "INSERT INTO risk.s (child_id, risk_730, row) SELECT risk.s_staging.child_id, risk.s_staging.risk_730, "
        "risk.s_staging.row FROM risk.s_staging",
        "CREATE TABLE risk.s_staging ( child_id NVARCHAR(max) NULL, risk_730 DOUBLE PRECISION NULL, row BIGINT NULL )",
        "DROP TABLE risk.s_staging",
    ]
    assert "sp_getapplock" in LOCKS["mssql"][0]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "needs a table"),
        ({"table": "cases", "query": "SELECT 1"}, "one of the two"),
        ({"table": "absent"}, "there is no such table"),
        ({"query": "SELECT 1 AS child_id"}, "lacks the columns plan_id"),
        ({"query": "SELEKT"}, "OperationalError|ProgrammingError|SyntaxError"),
        ({"query": "DELETE FROM cases"}, "OperationalError|SyntaxError"),
    ],
)
def test_what_cannot_be_read_from_a_database_is_one_line(model, cases, address, tmp_path, options, message):
    store(address, cases)
    with pytest.raises(InputError, match=message) as error:
        score_batch(model, address, tmp_path / "out", **options)
    assert SECRET not in str(error.value) and "SELEKT" not in str(error.value)
    assert len(table(address, "cases")) == 60


def test_outputs_that_are_no_tables_are_refused(model, tmp_path):
    for output, options, message in [
        ("sqlite:///x.db", {}, "needs the name of a table"),
        ("sqlite:///x.db", {"output_table": "a; DROP TABLE b"}, "must be a name"),
        ("sqlite:///x.db", {"output_table": "a", "formats": ["csv"]}, "are for folders"),
        (tmp_path / "out", {"output_table": "a"}, "is no address of a database"),
    ]:
        with pytest.raises(InputError, match=message):
            score_batch(model, tmp_path / "cases.parquet", output, **options)
