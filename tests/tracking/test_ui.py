import asyncio
import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from secondplan.errors import InputError, OutputError
from secondplan.tracking import log_comparison, serve_ui
from secondplan.tracking.ui import (
    ARTIFACT_ROOT,
    BACKEND_STORE,
    REGISTRY_STORE,
    chart_path,
    server_command,
    server_environment,
)
from secondplan.tracking.ui_guard import guarded, is_shut


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def server(store):
    """The port of a running server."""
    port = free_port()
    code = "import sys; from secondplan.tracking import serve_ui; serve_ui(sys.argv[1], port=int(sys.argv[2]))"
    process = subprocess.Popen([sys.executable, "-c", code, store.uri, str(port)], stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if request(port, "GET", "/health")[0] == 200:
                break
        except OSError:
            time.sleep(0.1)
    yield port
    process.send_signal(signal.SIGTERM)
    assert process.wait(20) == 0


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


def test_the_latest_comparison_has_an_address_with_charts(store, cohort, make_comparison):
    parent = log_comparison(make_comparison(), cohort, experiment="charts", store=store)
    path = chart_path(store)
    assert path.startswith(f"#/experiments/{store.experiment_id('charts')}/runs?")
    assert f"%27{parent}%27" in path
    assert "compareRunsMode=CHART" in path


def test_artifacts_beside_the_database_are_served(server, store):
    run = store.client.create_run(store.experiment_id("shown"), run_name="r").info.run_id
    store.client.log_text(run, "a,b\n", "tables/t.csv")
    status, _, body = request(server, "GET", f"/get-artifact?path=tables%2Ft.csv&run_uuid={run}")
    assert (status, body) == (200, b"a,b\n")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/ajax-api/3.0/mlflow/assistant/message"),
        ("PUT", "/ajax-api/3.0/mlflow/assistant/config"),
        ("GET", "//ajax-api/3.0/mlflow/assistant/sessions/x"),
        ("POST", "/gateway/x/mlflow/invocations"),
        ("POST", "/v1/traces"),
        ("POST", "/ajax-api/3.0/jobs/"),
        ("GET", "/api/2.0/mlflow-artifacts/artifacts"),
        ("POST", "/api/2.0/mlflow/registered-models/alias"),
        ("DELETE", "/ajax-api/2.0/mlflow/registered-models/alias"),
        ("POST", "/ajax-api/2.0/mlflow/experiments/create"),
        ("POST", "/api/2.0/mlflow/runs/create"),
        ("POST", "/api/3.0/mlflow/workspaces"),
    ],
)
def test_what_a_viewer_does_not_need_is_shut(server, method, path):
    assert request(server, method, path, {})[0] == 404


def test_other_hosts_and_origins_are_refused(server):
    assert request(server, "GET", "/", Host="evil.example")[0] == 403
    assert request(server, "GET", "/", Host=f"192.168.0.7:{server}")[0] == 403
    path = "/ajax-api/2.0/mlflow/experiments/update"
    assert request(server, "POST", path, {"name": "x"}, Origin="http://evil.example")[0] == 403


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
    environment = server_environment(store, "127.0.0.1", 5001)
    assert environment["MLFLOW_SERVER_DISABLE_SECURITY_MIDDLEWARE"] == "false"
    assert environment["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false"
    assert environment["MLFLOW_DISABLE_TELEMETRY"] == "true"
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


@pytest.mark.parametrize(
    ("method", "path", "shut"),
    [
        ("GET", "/", False),
        ("GET", "/ajax-api/2.0/mlflow/runs/get", False),
        ("GET", "/ajax-api/2.0/mlflow/registered-models/alias", False),
        ("GET", "/gateways", False),
        ("GET", "/GATEWAY", True),
        ("POST", "/api/2.0/mlflow/upload-artifact", True),
        ("POST", "/api/2.0/mlflow//EXPERIMENTS/create/", True),
        ("POST", "/api/2.0/mlflow/model-versions/create", True),
        ("POST", "/api/2.0/mlflow/logged-models", True),
        ("PATCH", "/api/3.0/mlflow/workspaces/w", True),
        ("POST", "/ajax-api/2.0/mlflow/logged-models/search", False),
        ("POST", "/ajax-api/2.0/mlflow/runs/search", False),
        ("POST", "/ajax-api/2.0/mlflow/runs/set-tag", False),
    ],
)
def test_which_requests_are_shut(method, path, shut):
    assert is_shut(method, path) == shut


def test_web_sockets_are_not_passed_on():
    passed_on = []

    async def app(scope, *_):
        passed_on.append(scope["type"])

    asyncio.run(guarded(app)({"type": "websocket", "path": "/"}, None, None))
    assert passed_on == []


def test_ctrl_c_stops_the_server_and_is_no_error(store, monkeypatch):
    def interrupt(self, timeout=None):
        if not self.asked:
            self.asked = True
            raise KeyboardInterrupt
        return real(self, timeout)

    real = subprocess.Popen.wait
    monkeypatch.setattr(subprocess.Popen, "asked", False, raising=False)
    monkeypatch.setattr(subprocess.Popen, "wait", interrupt)
    port = free_port()
    serve_ui(store, port=port)
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))
        assert again.getsockname()[1] == port, "the server is gone"
