"""A model server of raw bytes, for what no HTTP library would send. The model's name says what happens."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from tests.support_server import PATIENCE

LISTS = {
    "/v1/models": lambda names: {"object": "list", "data": [{"id": name} for name in names]},
    "/api/tags": lambda names: {"models": [{"model": name, "name": name} for name in names]},
}


@dataclass
class Asked:
    """A request for a reply on ``connection``; ``wire`` is ``openai`` or ``ollama``."""

    wire: str
    stream: bool
    connection: socket.socket
    over: threading.Event

    def say(self, *pieces: bytes) -> None:
        """Send the pieces, each on its own."""
        for piece in pieces:
            self.connection.sendall(piece)

    def hang(self) -> None:
        """Say nothing more until the caller goes away."""
        self.connection.settimeout(PATIENCE)
        with suppress(ConnectionError, TimeoutError):
            while self.connection.recv(4096) and not self.over.is_set():
                pass


Script = Callable[[Asked], None]


@dataclass
class RawUpstream:
    """``open`` is the number of connections that the other side holds open."""

    url: str
    scripts: dict[str, Script]
    open: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def wait_until_left(self) -> None:
        """Wait until every connection is closed; AssertionError if some are not."""
        with self.changed:
            assert self.changed.wait_for(lambda: self.open == 0, PATIENCE), f"{self.open} connections stay open"


@contextmanager
def raw_upstream(scripts: dict[str, Script]) -> Iterator[RawUpstream]:
    """Serves OpenAI's wire under ``/v1`` and Ollama's under ``/api`` on a free port; models are ``<wire>-<script>``."""
    over = threading.Event()
    listener = socket.create_server(("127.0.0.1", 0), backlog=128)
    upstream = RawUpstream(f"http://127.0.0.1:{listener.getsockname()[1]}", scripts)

    def accept() -> None:
        with suppress(OSError):  # closed
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=_serve, args=(upstream, connection, over), daemon=True).start()

    thread = threading.Thread(target=accept)
    thread.start()
    try:
        yield upstream
    finally:
        over.set()
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


def _serve(upstream: RawUpstream, connection: socket.socket, over: threading.Event) -> None:
    with upstream.changed:
        upstream.open += 1
    try:
        with connection, connection.makefile("rb") as file, suppress(ConnectionError):
            while (asked := _read(file)) is not None:
                _answer(upstream, connection, over, *asked)
    finally:
        with upstream.changed:
            upstream.open -= 1
            upstream.changed.notify_all()


def _read(file: Any) -> tuple[str, dict[str, Any]] | None:
    """Path and JSON body of the next request; None when the caller has closed."""
    line = file.readline()
    if not line:
        return None
    path, length = line.split()[1].decode(), 0
    while line := file.readline().strip():
        if found := re.match(rb"(?i)content-length: *(\d+)", line):
            length = int(found[1])
    return path, json.loads(file.read(length) or b"{}")


def _answer(
    upstream: RawUpstream, connection: socket.socket, over: threading.Event, path: str, body: dict[str, Any]
) -> None:
    wire = "openai" if path.startswith("/v1/") else "ollama"
    if path in LISTS:
        content = json.dumps(LISTS[path]([f"{wire}-{name}" for name in upstream.scripts])).encode()
        head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(content)
        connection.sendall(head + content)
        return
    name = body.get("model", "").removeprefix(f"{wire}-")
    upstream.scripts[name](Asked(wire, bool(body.get("stream")), connection, over))
    with suppress(OSError):  # whoever asked may have left
        connection.shutdown(socket.SHUT_WR)
    Asked(wire, False, connection, over).hang()
