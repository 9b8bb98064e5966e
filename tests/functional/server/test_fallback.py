"""The same responses on servers that are not ours."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from waitress.server import create_server
from webtest import TestApp

from webui.errors import ApiError, Problem
from webui.streaming import BRIDGED_CHUNKS, Outcome, Reply


@pytest.fixture
def plain(site: Any) -> Iterator[Any]:
    """The application of ``site`` behind a plain waitress."""
    server = create_server(site.app, host="127.0.0.1", port=0, threads=4)
    running = [True]

    def run() -> None:
        while running:
            server.asyncore.loop(timeout=0.05, map=server._map, count=1)
        server.task_dispatcher.shutdown()
        server.asyncore.close_all(server._map)

    thread = threading.Thread(target=run)
    thread.start()
    site.port = int(server.effective_port)
    yield site
    for client in site.clients:
        client.close()
    running.clear()
    thread.join()


def test_each_chunk_arrives_before_the_next_is_made(plain: Any) -> None:
    source = plain.source("/stream")
    client = plain.connect().get("/stream")
    source.put(b"one")  # a plain server sends the head with the first chunk
    status, headers = client.head()
    assert (status, headers["x-request-id"], headers["content-type"]) == (200, "r-1", "text/plain")
    assert client.chunk() == b"one"
    source.put(b"two")
    assert client.chunk() == b"two"
    source.put(None)
    assert client.chunk() == b""
    assert source.closed.is_set()
    assert plain.outcome() == Outcome(200, 6, None)


def test_the_connection_stays_usable_after_a_reply_of_known_length(plain: Any) -> None:
    plain.reply("/bytes", b"detached")
    client = plain.connect()
    for _ in range(2):
        assert client.get("/bytes").answer()[2] == b"detached"


def test_an_error_mid_stream_truncates_the_response(plain: Any) -> None:
    source = plain.source("/stream")
    source.put(b"one", ValueError("on purpose"))
    client = plain.connect().get("/stream")
    client.head()
    assert client.chunks() == [b"one", None]
    assert plain.outcome().error == "failed: ValueError"


def test_a_client_that_leaves_closes_the_source_at_a_next_chunk(plain: Any) -> None:
    async def forever() -> Any:
        while True:
            yield b"x" * 100
            await asyncio.sleep(0)

    plain.reply("/stream", forever())
    client = plain.connect().get("/stream")
    client.head()
    client.reset()
    assert plain.outcome().error == "client disconnected"


def test_a_server_that_closes_the_iterable_unread_closes_the_source(site: Any) -> None:
    source = site.source("/stream")
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/stream", "SERVER_NAME": "x", "SERVER_PORT": "1"}
    site.app({**environ, "wsgi.url_scheme": "http"}, lambda status, headers: None).close()
    assert source.closed.wait(20)
    assert site.outcome() == Outcome(200, 0, "client disconnected")


def test_a_source_does_not_run_ahead_of_its_server(site: Any) -> None:
    produced = []

    async def body() -> Any:
        for number in range(1000):
            produced.append(number)
            yield b"x"

    site.reply("/stream", body())
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": "/stream", "SERVER_NAME": "x", "SERVER_PORT": "1"}
    chunks = site.app({**environ, "wsgi.url_scheme": "http"}, lambda status, headers: None)
    assert next(chunks) == b"x"
    site.background.run(asyncio.sleep(0))
    assert len(produced) <= BRIDGED_CHUNKS + 2
    assert sum(map(len, chunks)) == 999
    chunks.close()


def test_webtest_sees_whole_replies(site: Any) -> None:
    app = TestApp(site.app)
    site.reply("/bytes", b"detached", ("Content-Type", "text/plain"))
    source = site.source("/stream")
    source.put(b"one", b"two", None)
    assert app.get("/bytes").body == b"detached"
    assert app.get("/stream").body == b"onetwo"
    assert app.head("/bytes").headers["Content-Length"] == "8"


def test_webtest_sees_errors_before_the_first_byte(site: Any) -> None:
    async def start() -> Reply:
        raise ApiError(Problem.RATE_LIMITED)

    site.starts["/fails"] = start
    assert TestApp(site.app).get("/fails", status=429).json == {"detail": "API rate limit exceeded"}
