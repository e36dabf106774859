"""What stands between a browser and MLflow's server: paths that are shut, headers, and pages without an assistant.

MLflow's server also offers an assistant that can run commands on this machine, a gateway to language models, endpoints
for traces and jobs, an artifact proxy, and the making of experiments that keep their files anywhere. On a shared
machine every user reaches a loopback port: they are shut here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

SHUT = re.compile(
    "/gateway/|/v1/"
    "|/(ajax-)?api/[0-9.]+/mlflow/(assistant|mcp-servers|upload-artifact|gateway|secrets|webhooks)/"
    "|/(ajax-)?api/[0-9.]+/(jobs|mlflow-artifacts)/"
)
# The champion is set by ``secondplan promote``, which looks at the gates.
ALIAS = re.compile("/(ajax-)?api/[0-9.]+/mlflow/registered-models/alias/")
# MLflow's pages ask for these on every visit, and complain of any other answer than "there is none".
NO_ASSISTANT = {
    "/ajax-api/3.0/mlflow/assistant/config/": {"providers": {}, "projects": {}, "remote_access_allowed": False},
    "/ajax-api/3.0/mlflow/assistant/providers/": {"providers": []},
}
# An experiment made here could have any folder as the place of its artifacts, and its files could then be read.
MAKING = re.compile(
    "/(ajax-)?api/[0-9.]+/mlflow/"
    "((experiments|runs|registered-models|model-versions)/create/|logged-models/$|workspaces/)"
)
HEADERS = (
    (b"content-security-policy", b"connect-src 'self' blob: data:; form-action 'self'; frame-ancestors 'self'"),
    (b"referrer-policy", b"no-referrer"),
)
# Set before MLflow's own script runs: the assistant stays closed, and runs and charts come before what is meant for
# language models.
FIRST_SCRIPT = b"""<script>
for (const [key, value] of Object.entries({
  "mlflow.assistant.fab.autoOpenedOnFirstLoad_v1": "true",
  "mlflow.assistant.panelOpen_v1": "false",
})) localStorage.setItem(key, value);
if (!localStorage.getItem("mlflow.workflowType_v1"))
  localStorage.setItem("mlflow.workflowType_v1", '"machine_learning"');
</script><style>[data-assistant-ui="true"] { display: none !important; }</style>"""
# A page that is changed on its way must come whole and plain.
CONDITIONAL = {b"accept-encoding", b"if-none-match", b"if-modified-since", b"range"}


def guarded(app: App) -> App:
    """The application ``app`` behind the guard."""

    async def guard(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await app(scope, receive, send)
            return
        path = _plain(scope["path"])
        if scope["method"] == "GET" and path in NO_ASSISTANT:
            await _answer(send, 200, b"application/json", json.dumps(NO_ASSISTANT[path]).encode())
        elif is_shut(scope["method"], scope["path"]):
            await _answer(send, 404, b"text/plain", b"not served by secondplan")
        elif scope["method"] == "GET" and path == "/":
            kept = [(name, value) for name, value in scope["headers"] if name.lower() not in CONDITIONAL]
            await app({**scope, "headers": kept}, receive, _FirstScript(send))
        else:
            await app(scope, receive, _with_headers(send))

    return guard


def is_shut(method: str, path: str) -> bool:
    """Whether a request is refused."""
    plain = _plain(path)
    if SHUT.match(plain):
        return True
    return method not in ("GET", "HEAD") and any(rule.match(plain) for rule in (ALIAS, MAKING))


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


async def _answer(send: Send, status: int, kind: bytes, body: bytes) -> None:
    headers = [(b"content-type", kind), (b"content-length", str(len(body)).encode())]
    await _with_headers(send)({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _plain(path: str) -> str:
    """A path in one spelling: lower case, single slashes, one at the end."""
    inner = re.sub("/+", "/", path).strip("/").lower()
    return f"/{inner}/" if inner else "/"
