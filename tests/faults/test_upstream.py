"""Model servers that misbehave and clients that leave, behind a server as people start it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from scripts.bench import client, replies
from scripts.bench.harness import Upstream, running_upstream
from scripts.bench.wire import Call
from tests.support_server import PATIENCE, RunningServer, running_server
from tests.support_upstream import events, text

CHAT = "/api/chat/completions"
HELLO = [{"role": "user", "content": "Hi"}]
LARGE = "fake-50x0ms-1048576b"  # 50 MB in lines of 1 MB
HUGE = "fake-6400x0ms-16384b"  # 100 MB
LONG = "fake-100000x10ms"
MODELS = ["fake-300x1ms", LARGE, HUGE, LONG]
OLLAMA = {fault: f"fake-10x10ms-{fault}:latest" for fault in ("cut", "garbage", "429", "stall", "hang")}
THREADS = 8


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    """Speaks OpenAI's API."""
    with running_upstream(MODELS) as running:
        yield running


@pytest.fixture(scope="module")
def ollama() -> Iterator[Upstream]:
    """Speaks Ollama's; its models are those that end in ``:latest``."""
    with running_upstream(["fake-300x1ms:latest", f"{LONG}:latest", *OLLAMA.values()]) as running:
        yield running


@pytest.fixture(scope="module")
def server(upstream: Upstream, ollama: Upstream, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    environ = {
        "OPENAI_API_BASE_URLS": upstream.openai_url,
        "ENABLE_OLLAMA_API": "true",
        "OLLAMA_BASE_URLS": ollama.url,
        "WEBUI_THREADS": str(THREADS),
    }
    with running_server(tmp_path_factory.mktemp("server"), environ) as running:
        yield running
    assert "Traceback" not in "".join(running.log)


@pytest.fixture(scope="module")
def token(server: RunningServer) -> str:
    return server.sign_up()


def ask(server: RunningServer, token: str, model: str, **more: Any) -> HTTPResponse:
    return server.call("POST", CHAT, {"model": model, "messages": HELLO, **more}, token=token)


def send(server: RunningServer, token: str, model: str, **more: Any) -> socket.socket:
    """Make a request without waiting for its answer; closing the socket leaves."""
    connection = HTTPConnection(server.url.removeprefix("http://"), timeout=PATIENCE)
    body = json.dumps({"model": model, "messages": HELLO, **more})
    connection.request("POST", CHAT, body, {"Content-Type": "application/json", "Authorization": f"Bearer {token}"})
    return connection.sock


def is_well(server: RunningServer, token: str) -> bool:
    with server.call("GET", "/api/v1/auths/", token=token) as answer:
        return answer.status == 200


def reply(model: str) -> replies.Reply:
    found = replies.parse(model)
    assert found is not None
    return found


def test_a_stream_is_the_upstreams_byte_for_byte(server: RunningServer, upstream: Upstream, token: str) -> None:
    body = {"model": "fake-300x1ms", "messages": HELLO, "stream": True, "stream_options": {"include_usage": True}}
    _, direct = client.ask(upstream.url, Call.to(upstream.url, "POST", "/v1/chat/completions", body))
    with server.call("POST", CHAT, body, token=token) as answer:
        assert answer.read() == direct
    found = events(direct)
    assert text(found) == reply("fake-300x1ms").text
    assert found[-2]["usage"]["completion_tokens"] == 300


def test_a_stream_of_ollama_has_every_chunk_in_order(server: RunningServer, token: str) -> None:
    with ask(server, token, "fake-300x1ms:latest", stream=True, stream_options={"include_usage": True}) as answer:
        found = events(answer.read())
    assert text(found) == reply("fake-300x1ms").text
    assert found[-2]["usage"]["completion_tokens"] == 300
    assert found[-1] == "[DONE]"


@pytest.mark.parametrize("kind", ["openai", "ollama"])
def test_what_has_come_is_passed_on_while_the_upstream_is_silent(
    server: RunningServer, upstream: Upstream, ollama: Upstream, token: str, kind: str
) -> None:
    source, model = (upstream, "fake-10x10ms-stall") if kind == "openai" else (ollama, OLLAMA["stall"])
    seen = source.stats()
    with ask(server, token, model, stream=True) as answer:
        half = "".join(reply(model).piece(index) for index in range(5))
        received = b""
        while received.count(b"\n\n") < 5:
            received += answer.read1()
        assert text(events(received)) == half
    source.wait(lambda stats: stats.aborted > seen.aborted, PATIENCE)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("model", [LONG, "fake-10x10ms-hang", f"{LONG}:latest", OLLAMA["hang"]])
def test_a_client_that_leaves_ends_the_upstreams_work(
    server: RunningServer, upstream: Upstream, ollama: Upstream, token: str, *, model: str, stream: bool
) -> None:
    source = ollama if model.endswith(":latest") else upstream
    seen = source.stats()
    with send(server, token, model, stream=stream):
        source.wait(lambda stats: stats.open > seen.open, PATIENCE)
    source.wait(lambda stats: stats.aborted > seen.aborted and stats.open == seen.open, PATIENCE)


@pytest.mark.parametrize("model", ["fake-10x10ms-cut", OLLAMA["cut"]])
def test_a_stream_that_is_cut_ends_well_formed_and_with_an_error(server: RunningServer, token: str, model: str) -> None:
    with ask(server, token, model, stream=True) as answer:
        *said, error = events(answer.read())
    assert text(said) == "".join(reply(model).piece(index) for index in range(5))
    assert "broke off in the middle of a reply" in error["error"]["message"]


@pytest.mark.parametrize("model", ["fake-10x10ms-garbage", OLLAMA["garbage"]])
def test_garbage_in_the_middle_is_an_error_event(server: RunningServer, token: str, model: str) -> None:
    with ask(server, token, model, stream=True) as answer:
        *said, error = events(answer.read())
    assert text(said) == reply(model).piece(0)
    assert "error" in error
    assert is_well(server, token)


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("fault", "status"), [("429", 429), ("500", 500)])
def test_an_error_before_the_first_byte_keeps_its_status(
    server: RunningServer, token: str, fault: str, status: int, stream: bool
) -> None:
    with ask(server, token, f"fake-10x10ms-{fault}", stream=stream) as answer:
        assert answer.status == status
        assert "message" in json.load(answer)["error"]
        assert answer.headers.get("Retry-After") == ("7" if status == 429 else None)


def test_a_large_reply_that_is_read_slowly_takes_no_memory(server: RunningServer, token: str) -> None:
    with ask(server, token, "fake-100x0ms", stream=True) as answer:  # so that what is loaded once is loaded
        answer.read()
    before = server.memory()
    size, most = 0, 0
    with ask(server, token, HUGE, stream=True) as answer:
        while data := answer.read(1 << 20):
            size += len(data)
            most = max(most, server.memory())
            time.sleep(0.005)  # the model server is faster
    assert size > 100 << 20
    assert most - before < 20 << 20


def test_lines_of_a_megabyte_arrive_whole(server: RunningServer, token: str) -> None:
    with ask(server, token, LARGE, stream=True) as answer:
        found = events(answer.read())
    assert text(found) == reply(LARGE).text


def test_requests_that_wait_for_their_first_byte_hold_no_thread(
    server: RunningServer, upstream: Upstream, token: str
) -> None:
    seen = upstream.stats()
    with ExitStack() as stack:
        for _ in range(100):
            stack.enter_context(closing(send(server, token, "fake-10x10ms-hang", stream=True)))
        upstream.wait(lambda stats: stats.open == seen.open + 100, PATIENCE)
        for _ in range(2 * THREADS):
            assert is_well(server, token)
    upstream.wait(lambda stats: stats.aborted == seen.aborted + 100, PATIENCE)


def test_the_upstreams_connections_are_given_back(server: RunningServer, upstream: Upstream, token: str) -> None:
    upstream.wait(lambda stats: stats.open == 0, PATIENCE)
    for _ in range(20):
        with ask(server, token, "fake-100x0ms", stream=True) as answer:
            answer.read()
    assert len(list(Path(f"/proc/{server.process.pid}/fd").iterdir())) < 60
