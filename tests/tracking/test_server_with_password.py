"""Tracking to an MLflow server as councils run it: PostgreSQL behind it, a password before it."""

import importlib.util
import os
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from secondplan.errors import OutputError
from secondplan.tracking import compare_runs, load_tracked_model, log_comparison, open_store, promote

PASSWORD = "known-to-the-environment-only"
# MLflow's form for new users wants Flask-WTF, which is no dependency; nothing here uses that form.
NO_FORMS = "class CSRFProtect:\n    def init_app(self, app):\n        pass\n"


@pytest.fixture(scope="module")
def address(postgresql, tmp_path_factory):
    """Of a running server."""
    from sqlalchemy import create_engine, text

    from .conftest import a_free_port, answers

    folder = tmp_path_factory.mktemp("server")
    engine = create_engine(postgresql, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE DATABASE tracking"))
    engine.dispose()
    path, query = postgresql.split("?")
    database = f"{path.rpartition('/')[0]}/tracking?{query}"
    (folder / "auth.ini").write_text(
        "[mlflow]\nauth_cache_ttl_seconds = 600\n"  # else each of hundreds of requests hashes the password
        "default_permission = READ\ndatabase_uri = sqlite:///auth.db\nadmin_username = admin\n"
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    environment = os.environ | {
        "MLFLOW_AUTH_CONFIG_PATH": str(folder / "auth.ini"),
        "MLFLOW_AUTH_ADMIN_PASSWORD": PASSWORD,
        "MLFLOW_FLASK_SERVER_SECRET_KEY": "of the tests",
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    }
    if importlib.util.find_spec("flask_wtf") is None:
        (folder / "forms" / "flask_wtf").mkdir(parents=True)
        (folder / "forms" / "flask_wtf" / "__init__.py").touch()
        (folder / "forms" / "flask_wtf" / "csrf.py").write_text(NO_FORMS)
        environment["PYTHONPATH"] = str(folder / "forms")
    port = a_free_port()
    command = [sys.executable, "-m", "mlflow", "server", "--app-name", "basic-auth", "--workers", "1"]
    command += ["--backend-store-uri", database, "--host", "127.0.0.1", "--port", str(port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    try:
        assert answers(f"http://127.0.0.1:{port}/health"), (folder / "log").read_text()[-2000:]
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture
def _credentials(monkeypatch, tmp_path):
    monkeypatch.setenv("MLFLOW_TRACKING_USERNAME", "admin")
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", PASSWORD)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.mark.usefixtures("_credentials")
def test_the_whole_way_with_credentials_from_the_environment(address, cohort, fitted, make_comparison, capfd):
    store = open_store(address)
    log_comparison(make_comparison(), cohort, experiment="with a password", fitted=fitted, store=store)
    table = compare_runs("with a password", store=store).set_index("model")
    assert table.loc["CauseSpecificCox", "gates"] == "passed"
    run = table.loc["CauseSpecificCox", "run_id"]
    assert promote(f"runs:/{run}/model", store=store) == "models:/secondplan@champion is now version 1"
    model = load_tracked_model("models:/secondplan@champion", store=store)
    X = cohort.X[["plan_length_days", "sex", "disabled"]]
    assert (model.predict(X) == fitted["CauseSpecificCox"].predict(X)).all()
    assert store.client.get_run(run).data.tags["champion"] == "models:/secondplan/1"
    logged = str(store.client.get_run(run).to_dictionary()) + "".join(capfd.readouterr())
    assert PASSWORD not in logged


def test_without_credentials_nothing_is_answered_and_the_error_is_one_line(address, cohort, make_comparison, capfd):
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{address}/api/2.0/mlflow/experiments/search?max_results=1")
    with pytest.raises(OutputError, match=r"^the experiment cannot be made \([\w, ]+\)$"):
        log_comparison(make_comparison(), cohort, experiment="without a password", store=address)
    assert capfd.readouterr() == ("", "")
