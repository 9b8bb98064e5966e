from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from tests.support_upstream import Answer, scripted_upstream
from webui.background import BackgroundLoop
from webui.errors import ApiError, Problem
from webui.providers.http import HttpClient, error_event, read_error


def failure(scenario: Callable[[HttpClient], Any], **options: Any) -> ApiError:
    """What a client's call fails with."""

    async def run() -> None:
        http = HttpClient(**options)
        try:
            await scenario(http)
        finally:
            await http.close()

    with pytest.raises(ApiError) as failed:
        asyncio.run(run())
    return failed.value


def getting(url: str, **headers: str) -> Callable[[HttpClient], Any]:
    return lambda http: http.request("GET", url, connection="It", headers=headers, seconds=1)


def test_a_refused_connection_is_502_and_named() -> None:
    error = failure(getting("http://127.0.0.1:9/"))
    assert (error.status, error.detail) == (502, "It cannot be used: the connection was refused.")


def test_a_name_that_does_not_exist_is_told() -> None:
    error = failure(getting("http://no-such-name.invalid/"))
    assert error.status in (502, 504)


@pytest.mark.parametrize("url", ["http://", "http://[::1/", "http://127.0.0.1:99999/"])
def test_an_address_that_is_none_is_told(url: str) -> None:
    assert failure(getting(url)).status == 502


def test_a_key_that_cannot_be_sent_is_told_without_being_shown() -> None:
    error = failure(getting("http://127.0.0.1:9/", Authorization="Bearer sk-secret\n"))
    assert error.status == 502
    assert "sk-secret" not in str(error.detail)


def test_something_else_than_http_is_502() -> None:
    async def talk(http: HttpClient) -> None:
        async def babble(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
            writer.close()

        async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            await getting(f"http://127.0.0.1:{port}/")(http)

    assert failure(talk).status == 502


def test_plain_http_where_tls_is_wanted_is_told() -> None:
    with scripted_upstream() as upstream:
        error = failure(getting(upstream.url.replace("http:", "https:")))
    assert (error.status, error.detail) == (502, "It cannot be used: TLS failed.")


def test_silence_is_504() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        error = failure(
            lambda http: http.request("POST", url, connection="It", payload={}), timeout=timedelta(seconds=0.2)
        )
    assert (error.status, error.detail) == (504, "It took too long to answer.")


def test_what_an_error_says_is_read_up_to_a_bound() -> None:
    async def said(answer: Answer) -> dict[str, Any] | None:
        upstream.answers["/"] = answer
        http = HttpClient()
        try:
            response = await http.request("GET", f"{upstream.url}/", connection="It")
            return await read_error(response, connection="It")
        finally:
            await http.close()

    with scripted_upstream() as upstream:
        assert asyncio.run(said(Answer([b'{"error"', b': "x"}'], 400))) == {"error": "x"}
        for pieces in ([b'{"error": "' + b"x" * 70_000 + b'"}'], [b"[1]"], [b"<html>"], []):
            assert asyncio.run(said(Answer(pieces, 400))) is None


def test_the_session_is_closed_when_the_loop_stops() -> None:
    background = BackgroundLoop()
    http = HttpClient()

    async def session() -> aiohttp.ClientSession:
        return http.session()

    opened = background.run(session())
    assert not opened.closed
    background.stop()
    assert opened.closed


def test_an_error_event_first_ends_what_was_cut_off() -> None:
    data = error_event(ApiError(Problem.UPSTREAM_FAILED, "Gone."))
    assert data.startswith(b"\n\ndata: {")
    assert data.endswith(b"}\n\n")
