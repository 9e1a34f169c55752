"""A tiny server with the few routes of Prefect's API that a test needs, at a real address."""

from __future__ import annotations

import json
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from typing import Any

Count = Callable[[dict[str, Any]], int]


class Api(BaseHTTPRequestHandler):
    """Health, version, and the count of task runs; with a password and a token if the server has them."""

    server: Answering

    def do_GET(self) -> None:
        if self.path == "/api/health":
            self.reply(200, data=True)
        elif not self.is_let_in():
            self.reply(401, data={"exception_message": "Unauthorized"})
        elif self.path == "/api/admin/version":
            self.reply(200, data=self.server.version)
        elif self.path.startswith("/api/csrf-token") and self.server.csrf:
            expiration = "2100-01-01T00:00:00Z"
            self.reply(
                200, data={"client": "x", "token": self.server.csrf, "expiration": expiration}
            )
        else:
            self.reply(404, data={"detail": "Not Found"})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.csrf and self.headers.get("Prefect-Csrf-Token") != self.server.csrf:
            self.reply(403, data={"detail": "Missing CSRF token."})
        elif not self.is_let_in():
            self.reply(401, data={"exception_message": "Unauthorized"})
        else:
            self.reply(200, data=self.server.count(body["task_runs"]))

    def is_let_in(self) -> bool:
        word = b64encode((self.server.login or "").encode()).decode()
        return not self.server.login or self.headers.get("Authorization") == f"Basic {word}"

    def reply(self, status: int, *, data: Any) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
        pass


class Answering(ThreadingHTTPServer):
    """The server, and what it answers."""

    version = version("prefect")
    login: str | None = None
    csrf: str | None = None
    count: Count = staticmethod(lambda _: 0)


@contextmanager
def answering(**traits: Any) -> Iterator[str]:
    """Yield the address of a server with these traits."""
    server = Answering(("127.0.0.1", 0), Api)
    vars(server).update(traits)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/api"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
