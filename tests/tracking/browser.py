"""A headless Chromium that tests drive by its DevTools protocol; pages render late, so each is awaited by its text."""

import json
import os
import shutil
import subprocess
import time
import urllib.request
from urllib.parse import urlsplit

NAMES = ("chromium", "chromium-browser", "google-chrome")
SECONDS = 60


def why_no_browser():
    """Why no browser can be driven here; empty where one can."""
    if not any(map(shutil.which, NAMES)):
        return "Chromium is not installed"
    try:
        import websocket  # noqa: F401
    except ModuleNotFoundError:
        return "websocket-client, which Jupyter installs, is not there"
    return ""


class Browser:
    """One tab; names other than this machine's are not resolved, and every request is kept."""

    def __init__(self, folder):
        from websocket import create_connection

        command = [next(filter(None, map(shutil.which, NAMES))), "--headless=new", "--disable-gpu", "--no-first-run"]
        command += ["--remote-debugging-port=0", "--remote-allow-origins=*", f"--user-data-dir={folder}"]
        command += ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--disable-background-networking"]
        command += ["--disable-dev-shm-usage", "--window-size=1600,1200", "about:blank"]
        if os.geteuid() == 0:
            command.append("--no-sandbox")  # which Chromium does not have as root
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.requests, self.calls = [], 0
        port = until(lambda: (folder / "DevToolsActivePort").read_text().split()[0])
        tabs = until(lambda: [tab for tab in tabs_of(port) if tab["type"] == "page"])
        self.socket = create_connection(tabs[0]["webSocketDebuggerUrl"], timeout=SECONDS)
        for part in ("Page", "Network"):
            self.call(f"{part}.enable")

    def call(self, method, **params):
        """The answer of the browser; what it tells between is kept where it is a request."""
        self.calls += 1
        self.socket.send(json.dumps({"id": self.calls, "method": method, "params": params}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == self.calls:
                assert "error" not in message, message
                return message["result"]
            if message.get("method") == "Network.requestWillBeSent":
                self.requests.append(message["params"]["request"]["url"])

    def run(self, script):
        """The value of a piece of JavaScript in the page."""
        asked = {"expression": script, "returnByValue": True, "awaitPromise": True}
        return self.call("Runtime.evaluate", **asked)["result"].get("value")

    def read(self, address, *words):
        """What a person reads at ``address`` once all ``words`` are there."""
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url=address)
        text = ""

        def shown():
            nonlocal text
            text = (self.run("document.body ? document.body.innerText : ''") or "").replace("\xa0", " ")
            return all(word in text for word in words)

        try:
            until(shown)
        except TimeoutError:
            raise AssertionError(f"{text}\n\nholds no {[word for word in words if word not in text]}") from None
        return text

    def hosts(self):
        """Where all requests so far went, but for what the page itself holds."""
        return {
            urlsplit(url).hostname for url in self.requests if urlsplit(url).scheme not in ("data", "blob", "about")
        }

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(20)


def tabs_of(port):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/json", timeout=10) as answer:
        return json.load(answer)


def until(found, seconds=SECONDS):
    """The first true value of ``found``."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if value := found():
                return value
        except OSError:
            pass
        time.sleep(0.1)
    raise TimeoutError
