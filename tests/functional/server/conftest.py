"""A server on a real socket, an upstream to relay from, and a client that shows every byte."""

from __future__ import annotations

import asyncio
import json
import queue
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import ExitStack
from contextvars import ContextVar
from typing import Any

import pytest
from pyramid.config import Configurator
from pyramid.request import Request
from pyramid.response import Response

from webui.background import BackgroundLoop
from webui.errors import ApiError
from webui.server.channel import PIECE
from webui.server.serve import ADJUSTMENTS, Adjustments, Server, listen
from webui.streaming import Outcome, Reply, detached

WAIT = 20.0  # seconds; the bound of every wait


class Client:
    """One connection; reads exactly what it is asked for."""

    def __init__(self, port: int, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(WAIT)
        self.socket.connect(("127.0.0.1", port))
        self.file = self.socket.makefile("rb")

    def send(self, data: bytes) -> Client:
        self.socket.sendall(data)
        return self

    def get(self, path: str, *headers: str, method: str = "GET", version: str = "1.1") -> Client:
        lines = [f"{method} {path} HTTP/{version}", "Host: localhost", *headers, "", ""]
        return self.send("\r\n".join(lines).encode())

    def head(self) -> tuple[int, dict[str, str]]:
        status = int(self.file.readline().split()[1])
        headers = {}
        while line := self.file.readline().strip():
            name, _, value = line.decode().partition(": ")
            headers[name.lower()] = value
        return status, headers

    def answer(self) -> tuple[int, dict[str, str], bytes]:
        """A whole response that has a Content-Length."""
        status, headers = self.head()
        return status, headers, self.file.read(int(headers["content-length"]))

    def chunk(self) -> bytes | None:
        """The next chunk of a chunked body: ``b""`` at its proper end, ``None`` where it is truncated."""
        size = self.file.readline()
        if not size:
            return None
        data = self.file.read(int(size, 16))
        self.file.readline()
        return data

    def chunks(self) -> list[bytes | None]:
        """All chunks to the end, which is the last item."""
        found: list[bytes | None] = []
        while not found or found[-1]:
            found.append(self.chunk())
        return found

    def at_eof(self) -> bool:
        return self.file.read(1) == b""

    def close(self) -> None:
        """Close with FIN."""
        self.file.close()
        self.socket.close()

    def reset(self) -> None:
        """Close with RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


class Source:
    """A body that yields what the test puts, and knows whether it was closed."""

    def __init__(self, background: BackgroundLoop) -> None:
        self.background = background
        self.items: asyncio.Queue[bytes | Exception | None] = asyncio.Queue()
        self.waiting = threading.Event()
        self.closed = threading.Event()

    def put(self, *items: bytes | Exception | None) -> None:
        for item in items:
            self.background.call_soon(self.items.put_nowait, item)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        self.waiting.set()
        item = await self.items.get()
        if isinstance(item, Exception):
            raise item
        if item is None:
            raise StopAsyncIteration
        return item

    async def aclose(self) -> None:
        self.closed.set()


class Site:
    """Views by path: a coroutine function for ``detached``, a plain body, or else the size of what was sent."""

    def __init__(self) -> None:
        self.background = BackgroundLoop()
        self.starts: dict[str, Callable[[], Coroutine[Any, Any, Reply]]] = {}
        self.plain: dict[str, bytes] = {}
        self.viewed: list[str] = []
        self.outcomes: queue.SimpleQueue[Outcome] = queue.SimpleQueue()
        self.callbacks: list[Callable[[Outcome], object]] = [self.outcomes.put]
        self.path_in_context: ContextVar[str] = ContextVar("path")
        config = Configurator()
        config.registry.background = self.background
        config.add_route("any", "/*path")
        config.add_view(self.view, route_name="any")
        self.app = config.make_wsgi_app()
        self.clients: list[Client] = []
        self.port = 0
        self.server: Server

    def view(self, request: Request) -> Response:
        self.viewed.append(request.path)
        if request.path in self.plain:
            body = self.plain[request.path]
            pieces = (body[offset : offset + PIECE] for offset in range(0, len(body), PIECE))
            return Response(app_iter=pieces, content_length=len(body))
        start = self.starts.get(request.path)
        if start is None:
            size = len(request.body_file_raw.read())
            return Response(f"plain {request.path} {size}", content_type="text/plain")
        token = self.path_in_context.set(request.path)
        response = detached(request, start, on_error)
        self.path_in_context.reset(token)
        response.headers["X-Request-Id"] = "r-1"
        response.headers["Cache-Control"] = "private"
        for callback in self.callbacks:
            response.add_done_callback(callback)
        return response

    def reply(self, path: str, body: Any, *headers: tuple[str, str], status: int = 200) -> None:
        async def start() -> Reply:
            return Reply(status, headers, body)

        self.starts[path] = start

    def source(self, path: str) -> Source:
        """Make ``path`` a streamed reply of one use."""
        source = Source(self.background)
        self.reply(path, source, ("Content-Type", "text/plain"))
        return source

    def outcome(self) -> Outcome:
        return self.outcomes.get(timeout=WAIT)

    def channels(self) -> list[Any]:
        return self.server._channels()

    def connect(self, **kw: Any) -> Client:
        self.clients.append(Client(self.port, **kw))
        return self.clients[-1]

    def stop(self) -> None:
        for client in self.clients:
            client.close()
        self.server.stop()


def on_error(error: BaseException) -> Reply:
    status, detail = (error.status, error.detail) if isinstance(error, ApiError) else (500, "Internal Server Error")
    return Reply(status, (("Content-Type", "application/json"),), json.dumps({"detail": detail}).encode())


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], None]:
    """Wait until something is true that sends no event."""

    def wait(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + WAIT
        while not condition():
            assert time.monotonic() < deadline, "it did not happen"
            time.sleep(0.005)

    return wait


@pytest.fixture
def make_site(caplog: pytest.LogCaptureFixture) -> Iterator[Callable[..., Site]]:
    caplog.set_level("ERROR", "waitress.queue")
    with ExitStack() as stack:

        def make(max_body_size: int = 1 << 20, max_import_size: int = 0, **adjustments: Any) -> Site:
            site = Site()
            options = {**ADJUSTMENTS, "threads": 2, "connection_limit": 2000, **adjustments}
            largest = max(max_body_size, max_import_size) + 1
            adj = Adjustments(host="127.0.0.1", port=0, max_request_body_size=largest, **options)
            adj.max_body_size = max_body_size
            sockets = listen(adj)
            site.port = sockets[0].getsockname()[1]
            site.server = Server(site.app, sockets, adj, graceful_timeout=0, background=site.background)
            thread = threading.Thread(target=site.server.run)
            thread.start()
            stack.callback(thread.join)
            stack.callback(site.stop)
            return site

        yield make


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()
