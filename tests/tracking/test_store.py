import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from textwrap import dedent

import pytest

from secondplan.errors import InputError, OutputError
from secondplan.tracking import Store, open_store
from secondplan.tracking.store import mlflow_edge, run_tags


def test_the_store_is_beside_its_artifacts_and_current(store):
    assert store.database.name == "mlflow.db"
    again = open_store(store.uri, create=False)
    assert again == store == open_store(store)
    assert open_store(store.database) == store
    experiment = store.client.get_experiment(store.experiment_id("where"))
    assert experiment.artifact_location == str(store.database.parent / "mlruns" / "where")
    assert store.experiment_id("where") == experiment.experiment_id


def test_the_default_is_the_working_directory(store, monkeypatch):
    monkeypatch.chdir(store.database.parent)
    assert open_store() == store


def test_telemetry_is_off(store):
    assert os.environ["MLFLOW_DISABLE_TELEMETRY"] == "true"
    from mlflow.telemetry.client import get_telemetry_client

    assert get_telemetry_client() is None


OPEN = dedent("""
    import sys
    from secondplan.tracking import open_store
    store = open_store("sqlite:///" + sys.argv[1])
    print(store.client.create_run(store.experiment_id("together"), run_name=sys.argv[2]).info.run_id)
""")


def test_processes_that_start_together_share_one_store(tmp_path):
    database = tmp_path / "new folder" / "mlflow.db"
    runs = [
        subprocess.Popen([sys.executable, "-c", OPEN, database, str(i)], stdout=subprocess.PIPE, text=True)
        for i in range(2)
    ]
    ids = {run.communicate(timeout=120)[0].strip() for run in runs}
    assert [run.returncode for run in runs] == [0, 0]
    store = open_store(database)
    found = store.client.search_runs([store.experiment_id("together")])
    assert {run.info.run_id for run in found} == ids
    assert len(ids) == 2


@pytest.mark.parametrize(
    ("uri", "message"),
    [("mlruns", "sqlite:///PATH"), ("file:./mlruns", "sqlite:///PATH"), ("sqlite:///{folder}", "is a folder")],
)
def test_addresses_that_are_no_store(tmp_path, uri, message):
    with pytest.raises(InputError, match=message):
        open_store(uri.format(folder=tmp_path))


def test_databases_that_are_no_store(tmp_path):
    with pytest.raises(InputError, match="no such MLflow store"):
        open_store(tmp_path / "absent.db", create=False)
    (tmp_path / "text.db").write_text("this is no database at all, but long enough to be looked at" * 20)
    with pytest.raises(InputError, match="not a SQLite database"):
        open_store(tmp_path / "text.db")
    with closing(sqlite3.connect(tmp_path / "other.db")) as connection:
        connection.execute("CREATE TABLE children (child_id TEXT)")
    with pytest.raises(InputError, match="not a database of MLflow 3"):
        open_store(tmp_path / "other.db")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_an_output_error(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(OutputError):
        open_store(tmp_path / "mlflow.db")


def test_exceptions_of_mlflow_come_out_without_text_or_chain(store):
    with pytest.raises(OutputError, match="cannot be read") as error, mlflow_edge("the run cannot be read"):
        store.client.get_run("SECRETVALUE")
    assert "SECRETVALUE" not in str(error.value)
    assert error.value.__suppress_context__


def test_tags_name_neither_user_nor_machine_nor_path():
    import getpass
    import platform

    text = " ".join(run_tags().values())
    assert getpass.getuser() not in text
    assert platform.node() not in text
    assert os.sep not in text


def test_importing_the_package_does_not_import_mlflow():
    code = "import sys, secondplan, secondplan.tracking, secondplan.scoring; sys.exit('mlflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_store_is_a_value():
    assert Store("http://localhost:5000", None) == open_store("http://localhost:5000")


def test_a_database_that_another_process_holds_is_in_use(tmp_path, store, monkeypatch):
    path = tmp_path / "held.db"
    path.write_bytes(store.database.read_bytes())
    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *given, **options: real(*given, **options | {"timeout": 0.1}))
    with closing(real(path)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OutputError, match=r"held\.db: in use by another process"):
            open_store(path)


def test_a_server_that_does_not_answer_is_not_asked_for_minutes(monkeypatch):
    monkeypatch.delenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", raising=False)
    assert open_store("http://127.0.0.1:1").database is None
    assert os.environ["MLFLOW_HTTP_REQUEST_MAX_RETRIES"] == "2"
