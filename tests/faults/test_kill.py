"""A server that ends in the middle of a reply: by SIGKILL, and by SIGTERM."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from http.client import HTTPResponse, IncompleteRead
from pathlib import Path

import pytest

from scripts.bench import replies
from scripts.bench.harness import Upstream, running_upstream
from tests.support import PASSWORD, conversation, message
from tests.support_server import PATIENCE, RunningServer, running_server

HELLO = [{"role": "user", "content": "Hi"}]
LONG = "fake-100000x10ms"  # longer than any test
SHORT = "fake-100x10ms"


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running_upstream([LONG]) as running:
        yield running


def environ(upstream: Upstream, **more: str) -> dict[str, str]:
    return {"OPENAI_API_BASE_URLS": upstream.openai_url, **more}


def streaming(server: RunningServer, token: str, model: str) -> HTTPResponse:
    """A stream whose first piece has come."""
    body = {"model": model, "messages": HELLO, "stream": True}
    answer = server.call("POST", "/api/chat/completions", body, token=token)
    assert answer.read1()
    return answer


def test_after_kill_9_in_the_middle_of_a_stream_everything_is_there(tmp_path: Path, upstream: Upstream) -> None:
    with running_server(tmp_path, environ(upstream)) as server:
        token = server.sign_up()
        body = conversation(message("q"), message("a", "q", role="assistant", content="An answer"))
        with server.call("POST", "/api/v1/chats/new", body, token=token) as answer:
            chat = json.load(answer)
        seen = upstream.stats()
        with streaming(server, token, LONG) as cut:
            assert server.kill(signal.SIGKILL) == -signal.SIGKILL
            with pytest.raises((IncompleteRead, ConnectionError)):
                cut.read()
    upstream.wait(lambda stats: stats.aborted > seen.aborted, PATIENCE)

    with running_server(tmp_path, environ(upstream)) as server:
        with server.call("GET", "/api/v1/auths/", token=token) as answer:
            assert json.load(answer)["email"] == "ada@example.com"
        with server.call("GET", f"/api/v1/chats/{chat['id']}", token=token) as answer:
            assert json.load(answer) == chat
        form = {"email": "ada@example.com", "password": PASSWORD}
        with server.call("POST", "/api/v1/auths/signin", form) as answer:
            assert json.load(answer)["role"] == "admin"
        streaming(server, token, LONG).close()


def test_sigterm_lets_a_running_reply_end(tmp_path: Path, upstream: Upstream) -> None:
    with running_server(tmp_path, environ(upstream)) as server:
        with streaming(server, server.sign_up(), SHORT) as answer:
            server.process.send_signal(signal.SIGTERM)
            rest = answer.read()
        assert server.process.wait(PATIENCE) == 0
    reply = replies.parse(SHORT)
    assert reply is not None
    assert reply.piece(99).encode() in rest
    assert rest.endswith(b"data: [DONE]\n\n")


def test_sigterm_does_not_wait_for_ever(tmp_path: Path, upstream: Upstream) -> None:
    seen = upstream.stats()
    with running_server(tmp_path, environ(upstream, WEBUI_GRACEFUL_TIMEOUT="100ms")) as server:
        with streaming(server, server.sign_up(), LONG) as answer:
            server.process.send_signal(signal.SIGTERM)
            with pytest.raises((IncompleteRead, ConnectionError)):
                answer.read()
        assert server.process.wait(PATIENCE) == 0
    assert "Traceback" not in "".join(server.log)
    upstream.wait(lambda stats: stats.aborted > seen.aborted, PATIENCE)
