"""A receiver of webhooks on loopback: keeps what it gets, answers what a test wants."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from stack.ports import HOST

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Received:
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """Where it listens, what came, and how the next requests are answered (then again with 204)."""

    port: int
    received: list[Received] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    hold: threading.Event = field(default_factory=threading.Event)

    @property
    def place(self) -> str:
        """As ``BELVEDERE_WEBHOOK_HOSTS`` names it."""
        return f"{HOST}:{self.port}"

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://{self.place}/in"


@contextmanager
def receiving() -> Iterator[Receiver]:
    """Listen on a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            made.received.append(Received(self.path, {k.lower(): v for k, v in self.headers.items()}, body))
            made.hold.wait(20)
            status, headers = made.answers.pop(0) if made.answers else (204, {})
            self.send_response(status)
            for name, value in {"Content-Length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    made = Receiver(server.server_address[1])
    made.hold.set()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        made.hold.set()
        server.shutdown()
        server.server_close()
