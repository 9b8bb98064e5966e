"""A model server that answers exactly the bytes that a test wants, and keeps what it was asked."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from webtest import TestResponse

from tests.support import Client

PATIENCE = 30.0


@dataclass(frozen=True)
class Answer:
    """Pieces of a body, each written on its own; ``cut`` drops the connection instead of ending it."""

    pieces: Sequence[bytes] = ()
    status: int = 200
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    cut: bool = False
    after: threading.Event | None = None  # nothing is said before
    before_end: threading.Event | None = None  # everything is said before, but for the end

    @classmethod
    def json(cls, value: Any, status: int = 200, **more: Any) -> Answer:
        return cls([json.dumps(value).encode()], status, **more)

    @classmethod
    def events(cls, *pieces: bytes, **more: Any) -> Answer:
        return cls(pieces, content_type="text/event-stream", **more)


@dataclass(frozen=True)
class Asked:
    """A request that came; ``body`` is parsed if it is JSON, and None if there is none."""

    path: str
    headers: dict[str, str]
    body: Any
    method: str = "POST"


@dataclass
class Upstream:
    """``answers`` by path, or by method and path; any other path is 404. A function is given the request's body."""

    url: str
    answers: dict[str, Answer | Callable[[Any], Answer]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)

    def offer(self, *models: str) -> Upstream:
        """List these models, as OpenAI and as Ollama do."""
        self.answers["/v1/models"] = Answer.json({"object": "list", "data": [{"id": name} for name in models]})
        self.answers["/api/tags"] = Answer.json({"models": [{"model": name, "name": name} for name in models]})
        return self

    def chat(self, answer: Answer) -> Upstream:
        """Answer every chat so."""
        self.answers["/v1/chat/completions"] = self.answers["/api/chat"] = answer
        return self

    @property
    def payload(self) -> Any:
        """What was asked last."""
        return self.asked[-1].body


@contextmanager
def scripted_upstream(tls: ssl.SSLContext | None = None) -> Iterator[Upstream]:
    """Serves on a free port of the loopback."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            connections.append(self.connection)

        def do_GET(self) -> None:
            self.respond(self.read())

        do_HEAD = do_POST = do_PUT = do_DELETE = do_GET

        def read(self) -> Any:
            if "chunked" in self.headers.get("Transfer-Encoding", ""):
                body = b""
                while size := int(self.rfile.readline(), 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
            else:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.headers.get("Content-Type") == "application/json":
                return json.loads(body)
            return body or None

        def respond(self, body: Any) -> None:
            upstream.asked.append(Asked(self.path, dict(self.headers), body, self.command))
            answers = upstream.answers
            unknown = Answer.json({"error": "no such path"}, 404)
            found = answers.get(f"{self.command} {self.path}") or answers.get(self.path, unknown)
            answer = found if isinstance(found, Answer) else found(body)
            if answer.after is not None:
                answer.after.wait(PATIENCE)
            try:
                self.play(answer)
            except ConnectionError:  # the caller went away, which is its right
                self.close_connection = True

        def play(self, answer: Answer) -> None:
            self.send_response(answer.status)
            for name, value in (*answer.headers, ("Content-Type", answer.content_type)):
                self.send_header(name, value)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            if self.command == "HEAD":
                return
            for piece in filter(None, answer.pieces):
                self.wfile.write(b"%x\r\n%s\r\n" % (len(piece), piece))
            if answer.before_end is not None:
                answer.before_end.wait(PATIENCE)
            if answer.cut:
                self.close_connection = True
            else:
                self.wfile.write(b"0\r\n\r\n")

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    connections: list[socket.socket] = []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if tls is not None:
        server.socket = tls.wrap_socket(server.socket, server_side=True)
    upstream = Upstream(f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield upstream
    finally:
        server.shutdown()
        for connection in connections:
            with suppress(OSError):  # it is closed already
                connection.shutdown(socket.SHUT_RDWR)
        server.server_close()
        thread.join()


def ask(person: Client, path: str = "/api/chat/completions", /, **more: Any) -> TestResponse:
    """Say something to the model ``m``; keywords are further fields of the request."""
    return person.post(path, {"model": "m", "messages": [{"role": "user", "content": "Hi"}]} | more)


def events(body: bytes) -> list[Any]:
    """The events of a stream, parsed; the text ``[DONE]`` at its proper end."""
    found = [item.strip().removeprefix(b"data: ") for item in body.split(b"\n\n") if item.strip()]
    return [item.decode() if item == b"[DONE]" else json.loads(item) for item in found]


def text(found: list[Any]) -> str:
    """What the model has said in these events."""
    chosen = [choice for event in found if isinstance(event, dict) for choice in event.get("choices", [])]
    return "".join(choice["delta"].get("content") or "" for choice in chosen)
