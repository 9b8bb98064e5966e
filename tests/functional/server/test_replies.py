"""What a client sees of detached replies."""

from __future__ import annotations

import asyncio
import json
import threading
from typing import Any

import pytest

from webui.errors import ApiError, Problem
from webui.streaming import Outcome, Reply


def test_each_chunk_arrives_before_the_next_is_made(site: Any) -> None:
    source = site.source("/stream")
    client = site.connect().get("/stream")
    status, headers = client.head()  # the head too comes before any chunk
    assert (status, headers["transfer-encoding"]) == (200, "chunked")
    for chunk in (b"one", b"two", b"three"):
        source.put(chunk)
        assert client.chunk() == chunk
    source.put(None)
    assert client.chunk() == b""
    assert client.at_eof()
    assert source.closed.is_set()
    assert site.outcome() == Outcome(200, 11, None)


def test_a_worker_thread_is_free_before_the_head_is_known(make_site: Any) -> None:
    site = make_site(threads=1)
    ready, started = asyncio.Event(), threading.Event()

    async def start() -> Reply:
        started.set()
        await ready.wait()
        return Reply(200, (), b"done")

    site.starts["/slow"] = start
    slow = site.connect().get("/slow")
    assert started.wait(20)
    assert site.connect().get("/plain").answer()[2] == b"plain /plain 0"
    site.background.call_soon(ready.set)
    assert slow.answer()[2] == b"done"


def test_250_streams_share_two_threads_with_plain_requests(site: Any) -> None:
    sources = [site.source(f"/{number}") for number in range(250)]
    clients = [site.connect().get(f"/{number}") for number in range(250)]
    for client, source in zip(clients, sources, strict=True):
        source.put(b"first")
        assert client.head()[0] == 200
        assert client.chunk() == b"first"
    assert site.connect().get("/plain").answer()[0] == 200
    for client, source in zip(clients, sources, strict=True):
        source.put(b"last", None)
        assert client.chunks() == [b"last", b""]
        client.close()


def test_headers_of_the_response_are_sent_and_those_of_the_reply_win(site: Any) -> None:
    site.reply("/bytes", b"{}", ("Content-Type", "application/json"), ("cache-control", "no-store"), status=201)
    status, headers, _ = site.connect().get("/bytes").answer()
    assert status == 201
    assert headers["x-request-id"] == "r-1"
    assert headers["cache-control"] == "no-store"
    assert headers["content-type"] == "application/json"
    assert headers["server"] == "webui"


def test_framing_headers_of_an_upstream_are_not_passed_on(site: Any) -> None:
    upstream = ("Transfer-Encoding", "chunked"), ("Connection", "close"), ("Content-Length", "999"), ("X-Kept", "yes")
    site.reply("/bytes", b"body", *upstream)
    client = site.connect()
    for _ in range(2):
        _, headers, body = client.get("/bytes").answer()
        assert body == b"body"
        assert headers["x-kept"] == "yes"
        assert not headers.keys() & {"transfer-encoding", "connection"}


@pytest.mark.parametrize("header", [("X-Bad", "a\r\nSet-Cookie: b"), ("X Bad", "a"), ("X-Bad", "\u20ac")])
def test_a_header_that_would_break_the_head_is_refused(header: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="not a header"):
        Reply(200, (header,), b"")


def test_the_connection_stays_usable_after_a_reply_of_known_length(site: Any) -> None:
    site.reply("/bytes", b"detached")
    client = site.connect()
    for _ in range(3):
        assert client.get("/bytes").answer()[2] == b"detached"
        assert client.get("/plain").answer()[2] == b"plain /plain 0"
    assert site.outcome() == Outcome(200, 8, None)


def test_pipelined_requests_are_answered_in_order(site: Any) -> None:
    ready = asyncio.Event()

    async def start() -> Reply:
        await ready.wait()
        return Reply(200, (), b"late")

    site.starts["/late"] = start
    site.reply("/bytes", b"detached")
    client = site.connect()
    for path in ("/late", "/plain", "/bytes", "/late", "/other"):
        client.get(path)
    site.background.call_soon(ready.set)
    bodies = [client.answer()[2] for _ in range(5)]
    assert bodies == [b"late", b"plain /plain 0", b"detached", b"late", b"plain /other 0"]


def test_a_pipelined_upload_that_waits_to_be_invited_is(site: Any) -> None:
    ready = asyncio.Event()

    async def start() -> Reply:
        await ready.wait()
        return Reply(200, (), b"late")

    site.starts["/late"] = start
    client = site.connect().get("/late").get("/up", "Content-Length: 4", "Expect: 100-continue", method="POST")
    site.background.call_soon(ready.set)
    assert client.answer()[2] == b"late"
    assert client.head()[0] == 100
    assert client.send(b"data").answer()[2] == b"plain /up 4"


def test_connection_close_is_honoured(site: Any) -> None:
    site.reply("/bytes", b"detached")
    client = site.connect().get("/bytes", "Connection: close")
    assert client.answer()[2] == b"detached"
    assert client.at_eof()


def test_an_http_1_0_client_gets_a_body_that_ends_with_the_connection(site: Any) -> None:
    source = site.source("/stream")
    source.put(b"one", b"two", None)
    client = site.connect().get("/stream", version="1.0")
    status, headers = client.head()
    assert status == 200
    assert "transfer-encoding" not in headers
    assert client.file.read() == b"onetwo"


def test_an_http_1_0_client_may_keep_the_connection(site: Any) -> None:
    site.reply("/bytes", b"detached")
    client = site.connect()
    for _ in range(2):
        assert client.get("/bytes", "Connection: keep-alive", version="1.0").answer()[2] == b"detached"


def test_head_of_a_reply_of_known_length(site: Any) -> None:
    site.reply("/bytes", b"detached")
    client = site.connect().get("/bytes", method="HEAD")
    assert client.head()[1]["content-length"] == "8"
    assert client.get("/plain").answer()[2] == b"plain /plain 0"
    assert site.outcome() == Outcome(200, 0, None)


def test_head_of_a_stream_closes_its_source(site: Any) -> None:
    source = site.source("/stream")
    client = site.connect().get("/stream", method="HEAD")
    assert client.head()[0] == 200
    assert client.at_eof()
    assert source.closed.is_set()
    assert not source.waiting.is_set()


@pytest.mark.parametrize("status", [204, 304])
def test_a_status_without_body_sends_none(site: Any, status: int) -> None:
    site.reply("/bytes", b"ignored", status=status)
    client = site.connect().get("/bytes")
    assert client.head()[0] == status
    assert client.at_eof()


def test_an_expected_error_before_the_first_byte_is_a_proper_response(site: Any) -> None:
    async def start() -> Reply:
        raise ApiError(Problem.UPSTREAM_FAILED)

    site.starts["/fails"] = start
    client = site.connect()
    for _ in range(2):  # the connection stays usable
        status, _, body = client.get("/fails").answer()
        assert (status, json.loads(body)) == (502, {"detail": "The model server could not be reached."})


def test_any_error_before_the_first_byte_is_a_proper_response(site: Any) -> None:
    async def start() -> Reply:
        raise KeyError("secret")

    site.starts["/fails"] = start
    status, _, body = site.connect().get("/fails").answer()
    assert status == 500
    assert b"secret" not in body


def test_an_error_mid_stream_truncates_the_response(site: Any, caplog: pytest.LogCaptureFixture) -> None:
    source = site.source("/stream")
    client = site.connect().get("/stream")
    source.put(b"one", ValueError("secret"))
    assert client.head()[0] == 200
    assert client.chunks() == [b"one", None]
    assert source.closed.is_set()
    assert site.outcome() == Outcome(200, 3, "failed: ValueError")
    [record] = [record for record in caplog.records if record.name == "webui.streaming"]
    assert record.exc_info is not None


def test_a_failing_callback_does_not_keep_the_others_from_the_outcome(
    site: Any, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(outcome: Outcome) -> None:
        raise ValueError("on purpose")

    site.callbacks.insert(0, fail)
    site.reply("/bytes", b"detached")
    assert site.connect().get("/bytes").answer()[0] == 200
    assert site.outcome() == Outcome(200, 8, None)
    assert "callback" in caplog.text


def test_a_reply_runs_in_the_context_of_its_request(site: Any) -> None:
    async def start() -> Reply:
        return Reply(200, (), site.path_in_context.get().encode())

    site.starts["/context"] = start
    assert site.connect().get("/context").answer()[2] == b"/context"


def test_a_large_body_arrives_whole(site: Any) -> None:
    body = bytes(range(256)) * 40_000
    site.reply("/bytes", body)
    client = site.connect()
    assert client.get("/bytes").answer()[2] == body
    source = site.source("/stream")
    source.put(body, None)
    client.get("/stream").head()
    assert b"".join(filter(None, client.chunks())) == body
