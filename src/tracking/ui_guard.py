"""What stands between a browser and MLflow's server: a list of what is served, who may ask, headers, no assistant.

MLflow's server changes runs, tags and aliases for whoever reaches its port, and offers much besides: an assistant that
can run commands on this machine, a gateway to language models, endpoints for traces and jobs, an artifact proxy, the
making of experiments that keep their files anywhere. On a shared machine every user, and every page in a browser,
reaches a loopback port. So only what reads comparisons is served, only under our own address, only to our own pages.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

API = "/(?:ajax-)?api/[0-9]\\.[0-9]/mlflow/"
# What MLflow's pages ask for to show experiments, runs, charts, models and their files. A search is a POST.
READS = {
    "GET": re.compile(
        "/|/health|/version|/static-files/.+|/get-artifact|/model-versions/get-artifact"
        f"|{API}(?:experiments/(?:get|get-by-name|search)|runs/get|artifacts/list"
        "|metrics/get-history(?:-bulk(?:-interval)?)?"
        "|registered-models/(?:get|search|get-latest-versions|alias)|model-versions/(?:get|search|get-download-uri)"
        "|logged-models/[^/]+(?:/artifacts/(?:directories|files))?|server-info)"
    ),
    # The pages spell one of these without its slash.
    "POST": re.compile(
        "/graphql|/ajax-api/2.0mlflow/experiments/search-datasets"
        f"|{API}(?:experiments/search(?:-datasets)?|runs/search|logged-models/search|traces/search"
        "|registered-models/get-latest-versions)"
    ),
}
# With --allow-edits: names, descriptions, tags, aliases, and the removal of runs and models. Metrics, parameters and
# files stay as they were logged; nothing is made, since what is made may have any folder as the place of its files.
_REGISTRY = "(?:registered-models|model-versions)/"
EDITS = {
    "POST": re.compile(
        f"{API}(?:experiments/(?:update|delete|restore|set-experiment-tag|delete-experiment-tag)"
        f"|runs/(?:update|delete|restore|set-tag|delete-tag)|{_REGISTRY}set-tag"
        "|registered-models/(?:rename|alias)|model-versions/transition-stage)"
    ),
    "PATCH": re.compile(f"{API}(?:{_REGISTRY}update|logged-models/[^/]+/tags)"),
    "DELETE": re.compile(
        f"{API}(?:{_REGISTRY}(?:delete|delete-tag)|registered-models/alias|logged-models/[^/]+(?:/tags/[^/]+)?)"
    ),
}
ALIAS = re.compile(f"{API}registered-models/alias")
CHAMPION = "champion"
READ_ONLY = "these pages are read-only; to edit names, descriptions, tags and aliases: secondplan ui --allow-edits"
NOT_SERVED = "not served by secondplan"
PROMOTE = "the champion is set by: secondplan promote, which looks at the gates"
FOREIGN = "asked from another page or under another address"
LARGEST_BODY = 1_000_000
# MLflow's pages ask for these on every visit, and complain of any other answer than "there is none".
NOTHING = {
    "/ajax-api/3.0/mlflow/assistant/config": {"providers": {}, "projects": {}, "remote_access_allowed": False},
    "/ajax-api/3.0/mlflow/assistant/providers": {"providers": []},
    "/ajax-api/2.0/mlflow/gateway-proxy": {"endpoints": []},
}
HEADERS = (
    (b"content-security-policy", b"connect-src 'self' blob: data:; form-action 'self'; frame-ancestors 'self'"),
    (b"referrer-policy", b"no-referrer"),
)
# Set before MLflow's own script runs: the assistant and an announcement stay closed, and runs and charts come before
# what is meant for language models.
FIRST_SCRIPT = b"""<script>
for (const [key, value] of Object.entries({
  "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
  "mlflow.assistant.panelOpen_v1": "false",
  "_mlflow_model_registry_promo_modal_dismissed_v1": "true",
})) localStorage.setItem(key, value);
if (!localStorage.getItem("mlflow.workflowType_v1"))
  localStorage.setItem("mlflow.workflowType_v1", '"machine_learning"');
</script><style>[data-assistant-ui="true"] { display: none !important; }</style>"""
# A page that is changed on its way must come whole and plain.
CONDITIONAL = {b"accept-encoding", b"if-none-match", b"if-modified-since", b"range"}


def guarded(app: App, *, addresses: Collection[str], allow_edits: bool = False) -> App:
    """The application ``app`` behind the guard.

    Parameters
    ----------
    app : ASGI application
    addresses : collection of str
        ``HOST:PORT`` as browsers may spell it; every other host and origin is refused.
    allow_edits : bool
        Whether names, descriptions, tags and aliases may be changed.
    """

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await app(scope, receive, send)
            return
        method, path = scope["method"], scope["path"]
        if is_foreign(method, scope["headers"], addresses):
            await _refuse(send, 403, FOREIGN)
        elif method == "GET" and path.rstrip("/") in NOTHING:
            await _answer(send, 200, NOTHING[path.rstrip("/")])
        elif refusal := why_refused(method, path, allow_edits=allow_edits):
            await _refuse(send, 404 if refusal == NOT_SERVED else 403, refusal)
        elif (method == "POST" and path == "/graphql") or (method != "GET" and ALIAS.fullmatch(path)):
            body = await _body(receive)
            if refusal := _why_body_refused(path, body):
                await _refuse(send, 403, refusal)
            else:
                await app(scope, _once(body), _with_headers(send))
        elif method == "GET" and path == "/":
            kept = [(name, value) for name, value in scope["headers"] if name.lower() not in CONDITIONAL]
            await app({**scope, "headers": kept}, receive, _FirstScript(send))
        else:
            await app(scope, receive, _with_headers(send))

    return guard


def is_foreign(method: str, headers: Collection[tuple[bytes, bytes]], addresses: Collection[str]) -> bool:
    """Whether a request names another host or origin than ours, or another page sends it; links to us are followed."""
    found: dict[str, list[str]] = {}
    for name, value in headers:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    hosts, origins = found.get("host", []), found.get("origin", [])
    if len(hosts) != 1 or hosts[0] not in addresses or any(origin != f"http://{hosts[0]}" for origin in origins):
        return True
    is_link = method == "GET" and found.get("sec-fetch-mode") == ["navigate"]
    return not is_link and any(site not in ("same-origin", "none") for site in found.get("sec-fetch-site", []))


def why_refused(method: str, path: str, *, allow_edits: bool = False) -> str:
    """Why a request is refused by its method and path; empty where it is not."""
    asked = "GET" if method == "HEAD" else method
    if asked in READS and READS[asked].fullmatch(path):
        return ""
    if asked in EDITS and EDITS[asked].fullmatch(path):
        return "" if allow_edits else READ_ONLY
    return NOT_SERVED if asked == "GET" else READ_ONLY if not allow_edits else NOT_SERVED


def _why_body_refused(path: str, body: bytes | None) -> str:
    try:
        asked = json.loads(body or b"")
    except ValueError:
        asked = None
    if not isinstance(asked, dict):
        return NOT_SERVED
    if path == "/graphql":
        return "" if _only_queries(asked.get("query")) else READ_ONLY
    return PROMOTE if str(asked.get("alias")).strip().casefold() == CHAMPION else ""


def _only_queries(document: Any) -> bool:
    from graphql import GraphQLError, OperationDefinitionNode, OperationType, parse

    try:
        nodes = parse(document).definitions
    except (GraphQLError, TypeError, RecursionError):
        return False
    operations = [node.operation for node in nodes if isinstance(node, OperationDefinitionNode)]
    return bool(operations) and set(operations) == {OperationType.QUERY}


async def _body(receive: Receive) -> bytes | None:
    """The whole body of a request; None where it is too large for what is asked."""
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message["type"] == "http.request" and message.get("more_body", False)
        if len(body) > LARGEST_BODY:
            return None
    return body


def _once(body: bytes | None) -> Receive:
    """Hands a body on that was read already."""
    messages = [{"type": "http.request", "body": body or b"", "more_body": False}]

    async def receive() -> Any:
        return messages.pop() if messages else {"type": "http.disconnect"}

    return receive


class _FirstScript:
    """Holds a page back until it is whole, and puts a script first in its head."""

    def __init__(self, send: Send):
        self.send = _with_headers(send)
        self.start: dict[str, Any] = {}
        self.body = b""

    async def __call__(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.start = message
            return
        self.body += message.get("body", b"")
        if message.get("more_body", False):
            return
        body = self.body.replace(b"<head>", b"<head>" + FIRST_SCRIPT, 1)
        headers = [pair for pair in self.start["headers"] if pair[0].lower() not in (b"content-length", b"etag")]
        headers.append((b"content-length", str(len(body)).encode()))
        await self.send({**self.start, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Any) -> None:
        if message["type"] == "http.response.start":
            ours = {name for name, _ in HEADERS}
            kept = [pair for pair in message.get("headers", []) if pair[0].lower() not in ours]
            message = {**message, "headers": [*kept, *HEADERS]}
        await send(message)

    return send_with_headers


async def _refuse(send: Send, status: int, why: str) -> None:
    """MLflow's pages show the message of such an answer."""
    await _answer(send, status, {"error_code": "PERMISSION_DENIED", "message": why})


async def _answer(send: Send, status: int, content: Any) -> None:
    body = json.dumps(content).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await _with_headers(send)({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
