import base64
import http.client
import json
import socket
import subprocess
import zlib
from pathlib import Path

import pytest

from secondplan.errors import InputError, OutputError
from secondplan.tracking import log_comparison, serve_ui
from secondplan.tracking.registry import latest_comparison
from secondplan.tracking.saved_view import view_path
from secondplan.tracking.ui import (
    ALLOW_EDITS,
    ARTIFACT_ROOT,
    BACKEND_STORE,
    REGISTRY_STORE,
    server_command,
    server_environment,
)


def request(port, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    content = None if body is None else json.dumps(body)
    connection.request(method, path, content, {"Content-Type": "application/json"} | headers)
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return found


def test_pages_and_searches_are_served(server, store):
    store.experiment_id("shown")
    status, headers, body = request(server, "GET", "/")
    assert status == 200
    assert b"<html" in body.lower()
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert "connect-src 'self'" in headers["content-security-policy"]
    assert headers["referrer-policy"] == "no-referrer"
    status, _, body = request(server, "POST", "/ajax-api/2.0/mlflow/experiments/search", {"max_results": 50})
    assert status == 200
    assert "shown" in {experiment["name"] for experiment in json.loads(body)["experiments"]}


def test_pages_open_without_the_assistant(server):
    _, headers, body = request(server, "GET", "/", **{"Accept-Encoding": "gzip", "If-None-Match": "*"})
    assert body.index(b"mlflow.assistant.panelOpen_v1") < body.index(b"static-files/static/js/main")
    assert int(headers["content-length"]) == len(body)
    status, _, body = request(server, "GET", "/ajax-api/3.0/mlflow/assistant/config")
    assert (status, json.loads(body)["providers"]) == (200, {})


def test_the_latest_comparison_is_a_saved_view(store, cohort, make_comparison):
    parent = log_comparison(make_comparison(), cohort, experiment="charts", store=store)
    experiment = store.client.get_experiment(latest_comparison(store))
    assert experiment.name == "charts"
    view = json.loads(experiment.tags["mlflow.sharedViewState.latest-comparison"])
    assert view["name"] == "Latest comparison"
    state = json.loads(zlib.decompress(base64.b64decode(view["state"].removeprefix("deflate;"))))
    assert state["searchFilter"] == f"tags.`mlflow.parentRunId` = '{parent}'"
    assert {card["metricKey"] for card in state["compareRunCharts"]} > {"summary/ipa_percent_730", "curve/auc"}
    path = view_path(experiment.experiment_id, charts=True)
    assert path.startswith(f"#/experiments/{experiment.experiment_id}/runs?viewStateShareKey=latest-comparison&")


def test_artifacts_beside_the_database_are_served(server, store):
    run = store.client.create_run(store.experiment_id("shown"), run_name="r").info.run_id
    store.client.log_text(run, "a,b\n", "tables/t.csv")
    status, _, body = request(server, "GET", f"/get-artifact?path=tables%2Ft.csv&run_uuid={run}")
    assert (status, body) == (200, b"a,b\n")


def test_nothing_is_changed_through_the_pages(server, store, cohort, make_comparison):
    """One POST forged a gate, and moved the champion, as long as MLflow answered it."""
    parent = log_comparison(make_comparison(), cohort, experiment="forged", store=store)
    run = store.client.get_run(parent)
    asked = [
        ("POST", "runs/set-tag", {"run_id": parent, "key": "secondplan.gates", "value": "{}"}),
        ("POST", "runs/log-metric", {"run_id": parent, "key": "m", "value": 1, "timestamp": 1}),
        ("POST", "runs/update", {"run_id": parent, "run_name": "forged"}),
        ("POST", "runs/delete", {"run_id": parent}),
        ("POST", "experiments/create", {"name": "made", "artifact_location": "/"}),
        ("POST", "experiments/set-experiment-tag", {"experiment_id": run.info.experiment_id, "key": "k", "value": "v"}),
        ("POST", "registered-models/create", {"name": "made"}),
        ("POST", "registered-models/alias", {"name": "made", "alias": "champion", "version": "1"}),
        ("DELETE", "registered-models/delete", {"name": "made"}),
    ]
    for method, path, body in asked:
        for prefix in ("/api/2.0/mlflow/", "/ajax-api/2.0/mlflow/"):
            status, _, answer = request(server, method, prefix + path, body)
            assert status == 403, path
            assert "secondplan ui --allow-edits" in json.loads(answer)["message"]
    mutation = {"query": "mutation { testMutation(inputString: 1) { output } }"}
    assert request(server, "POST", "/graphql", mutation)[0] == 403
    assert store.client.get_run(parent).to_dictionary() == run.to_dictionary()
    assert store.client.get_experiment_by_name("made") is None


def test_other_hosts_and_origins_are_refused(server):
    assert request(server, "GET", "/", Host="evil.example")[0] == 403
    assert request(server, "GET", "/", Host=f"192.168.0.7:{server}")[0] == 403
    search = "/ajax-api/2.0/mlflow/runs/search"
    assert request(server, "POST", search, {}, Origin=f"http://127.0.0.1:{server}")[0] == 200
    for origin in ("http://evil.example", f"http://127.0.0.1:{server + 1}", f"http://localhost:{server}"):
        assert request(server, "POST", search, {}, Origin=origin)[0] == 403


def test_the_port_in_use_is_one_line(server, store):
    with pytest.raises(OutputError, match=f"port {server} is in use"):
        serve_ui(store, port=server)


def test_only_loopback_and_an_existing_store(store, tmp_path):
    for host in ("0.0.0.0", "192.168.0.7", "example.org"):
        with pytest.raises(InputError, match="this machine only"):
            serve_ui(store, host=host)
    with pytest.raises(InputError, match="no such MLflow store"):
        serve_ui(tmp_path / "absent.db")


def test_the_server_has_one_worker_and_no_extras(store, monkeypatch):
    monkeypatch.setenv("MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE", "true")
    monkeypatch.setenv(ALLOW_EDITS, "yes")
    environment = server_environment(store, "127.0.0.1", 5001)
    assert environment["MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE"] == "false"
    assert environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    assert environment["MLFLOW_DISABLE_TELEMETRY"] == "true"
    assert ALLOW_EDITS not in environment
    assert server_environment(store, "127.0.0.1", 5001, True)[ALLOW_EDITS] == "yes"
    assert environment["MLFLOW_SERVER_ALLOWED_HOSTS"] == "127.0.0.1:5001,localhost:5001"
    assert environment[BACKEND_STORE] == environment[REGISTRY_STORE] == store.uri
    assert environment[ARTIFACT_ROOT] == str(store.database.parent / "mlruns")
    command = server_command("127.0.0.1", 5001)
    assert command[command.index("--workers") + 1] == "1"
    assert command[command.index("--host") + 1] == "127.0.0.1"


def test_variables_are_those_of_mlflow():
    """Read from the file: importing ``mlflow.server`` would take seconds."""
    import mlflow

    text = (Path(mlflow.__file__).parent / "server" / "constants.py").read_text(encoding="utf-8")
    assert f'\nBACKEND_STORE_URI_ENV_VAR = "{BACKEND_STORE}"\n' in text
    assert f'\nREGISTRY_STORE_URI_ENV_VAR = "{REGISTRY_STORE}"\n' in text
    assert f'\nARTIFACT_ROOT_ENV_VAR = "{ARTIFACT_ROOT}"\n' in text


def test_ctrl_c_stops_the_server_and_is_no_error(store, monkeypatch, free_port):
    def interrupt(self, timeout=None):
        if not self.asked:
            self.asked = True
            raise KeyboardInterrupt
        return real(self, timeout)

    real = subprocess.Popen.wait
    monkeypatch.setattr(subprocess.Popen, "asked", False, raising=False)
    monkeypatch.setattr(subprocess.Popen, "wait", interrupt)
    port = free_port
    serve_ui(store, port=port)
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))
        assert again.getsockname()[1] == port, "the server is gone"


def test_whatever_code_a_server_ends_with_that_was_asked_to_end(store, monkeypatch, free_port):
    class Server:
        returncode = None
        __enter__, __exit__ = lambda self: self, lambda *_: None

        def __init__(self, *_, **__):
            pass

        def poll(self):
            return self.returncode

        def terminate(self):
            self.returncode = 0xC000013A  # of Windows, for Ctrl-C

        def wait(self):
            if self.returncode is None:
                raise KeyboardInterrupt

    monkeypatch.setattr(subprocess, "Popen", Server)
    serve_ui(store, port=free_port)
    monkeypatch.setattr(Server, "wait", Server.terminate)
    with pytest.raises(OutputError, match="stopped with code"):
        serve_ui(store, port=free_port)
