import asyncio
import json

import pytest

from secondplan.tracking.ui_guard import NOT_SERVED, READ_ONLY, guarded, is_foreign, why_refused

ADDRESS = "127.0.0.1:5000"


def endpoints():
    """(name of the call, method, path) of everything that MLflow's tracking and registry servers offer."""
    from mlflow.protos import databricks_pb2, model_registry_pb2, service_pb2

    for module in (service_pb2, model_registry_pb2):
        for service in module.DESCRIPTOR.services_by_name.values():
            for call in service.methods:
                for endpoint in call.GetOptions().Extensions[databricks_pb2.rpc].endpoints:
                    version = endpoint.since.major
                    for prefix in ("/api/", "/ajax-api/"):
                        yield call.name, endpoint.method, f"{prefix}{version}.0{endpoint.path}"


def test_of_all_that_mlflow_offers_only_reading_is_served():
    offered = list(endpoints())
    assert len(offered) > 300
    served = {(name, method) for name, method, path in offered if not why_refused(method, path)}
    assert all(name.lower().startswith(("get", "list", "search")) for name, _ in served)
    searches = {"searchExperiments", "searchRuns", "searchLoggedModels", "searchDatasets", "searchTracesV3"}
    assert {name for name, method in served if method != "GET"} == {*searches, "getLatestVersions"}
    assert {"getRun", "listArtifacts", "getMetricHistory", "searchModelVersions"} <= {name for name, _ in served}


def test_edits_change_words_and_never_what_was_measured():
    allowed = {
        name
        for name, method, path in endpoints()
        if why_refused(method, path) == READ_ONLY and not why_refused(method, path, allow_edits=True)
    }
    assert {"setTag", "deleteTag", "updateRun", "setModelVersionTag", "updateRegisteredModel"} <= allowed
    assert {"setRegisteredModelAlias", "setExperimentTag", "setLoggedModelTags"} <= allowed
    assert not [name for name in allowed if name.lower().startswith(("log", "create", "register", "finalize", "link"))]


@pytest.mark.parametrize(
    ("method", "path", "why"),
    [
        ("GET", "/", ""),
        ("HEAD", "/", ""),
        ("GET", "/static-files/static/js/main.js", ""),
        ("GET", "/graphql", NOT_SERVED),
        ("GET", "//ajax-api/3.0/mlflow/assistant/sessions/x", NOT_SERVED),
        ("GET", "/ajax-api/2.0/mlflow/logged-models/m-1/../../x", NOT_SERVED),
        ("GET", "/api/2.0/mlflow-artifacts/artifacts", NOT_SERVED),
        ("GET", "/GATEWAY", NOT_SERVED),
        ("GET", "/ajax-api/3.0/mlflow/gateway/secrets/list", NOT_SERVED),
        ("POST", "/ajax-api/3.0/mlflow/assistant/message", READ_ONLY),
        ("POST", "/api/2.0/mlflow//runs/set-tag", READ_ONLY),
        ("POST", "/api/2.0/mlflow/RUNS/set-tag", READ_ONLY),
        ("POST", "/api/2.0/mlflow/runs/search/../set-tag", READ_ONLY),
        ("POST", "/api/2.0/mlflow/upload-artifact", READ_ONLY),
        ("PUT", "/", READ_ONLY),
        ("OPTIONS", "/graphql", READ_ONLY),
        ("POST", "/v1/traces", READ_ONLY),
    ],
)
def test_which_requests_are_refused(method, path, why):
    assert why_refused(method, path) == why
    if why:
        assert why_refused(method, path, allow_edits=True)


@pytest.mark.parametrize(
    ("method", "headers", "foreign"),
    [
        ("GET", {"Host": ADDRESS}, False),
        ("POST", {"Host": ADDRESS, "Origin": f"http://{ADDRESS}", "Sec-Fetch-Site": "same-origin"}, False),
        ("GET", {"Host": ADDRESS, "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, False),  # a link
        ("GET", {}, True),
        ("GET", {"Host": "evil.example"}, True),
        ("GET", {"Host": "127.0.0.1:5001"}, True),
        ("GET", {"Host": "127.0.0.1"}, True),
        ("POST", {"Host": ADDRESS, "Origin": "http://127.0.0.1:8888"}, True),  # another local page
        ("POST", {"Host": ADDRESS, "Origin": "http://localhost:5000"}, True),
        ("POST", {"Host": ADDRESS, "Origin": f"https://{ADDRESS}"}, True),
        ("POST", {"Host": ADDRESS, "Origin": "null"}, True),
        ("GET", {"Host": ADDRESS, "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors"}, True),
        ("POST", {"Host": ADDRESS, "Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "navigate"}, True),
    ],
)
def test_only_our_own_pages_under_our_own_address(method, headers, foreign):
    pairs = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    assert is_foreign(method, pairs, [ADDRESS, "localhost:5000"]) == foreign


def asked(method, path, body=None, **options):
    """The answer of a guarded application that echoes, to one request."""
    sent, messages = [], [{"type": "http.request", "body": json.dumps(body).encode(), "more_body": False}]

    async def receive():
        return messages.pop(0)

    async def send(message):
        sent.append(message)

    async def echo(scope, receive, send):
        content = (await receive())["body"]
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": content})

    scope = {"type": "http", "method": method, "path": path, "headers": [(b"host", ADDRESS.encode())]}
    asyncio.run(guarded(echo, addresses=[ADDRESS], **options)(scope, receive, send))
    return sent[0]["status"], json.loads(sent[1]["body"])


def test_graphql_answers_queries_only():
    query = {"query": "query GetRun { mlflowGetRun(input: {runId: 1}) { run { info { runName } } } }"}
    assert asked("POST", "/graphql", query) == (200, query)
    for document in ("mutation M { x }", "query Q { x } mutation M { y }", "subscription S { x }", "fragment", 7, None):
        status, answer = asked("POST", "/graphql", {"query": document})
        assert (status, answer["message"]) == (403, READ_ONLY)
    assert asked("POST", "/graphql", [query])[0] == 403


def test_edits_reach_every_alias_but_the_champion():
    path = "/api/2.0/mlflow/registered-models/alias"
    other = {"name": "secondplan", "alias": "challenger", "version": "1"}
    assert asked("POST", path, other)[0] == 403
    assert asked("POST", path, other, allow_edits=True) == (200, other)
    for method in ("POST", "DELETE"):
        for alias in ("champion", "Champion", " champion"):
            status, answer = asked(method, path, {**other, "alias": alias}, allow_edits=True)
            assert status == 403
            assert "secondplan promote" in answer["message"]
        assert asked(method, path, json.dumps({**other, "alias": "champion"}), allow_edits=True)[0] == 403


def test_web_sockets_are_not_passed_on():
    passed_on = []

    async def app(scope, *_):
        passed_on.append(scope["type"])

    asyncio.run(guarded(app, addresses=[ADDRESS])({"type": "websocket", "path": "/"}, None, None))
    assert passed_on == []
