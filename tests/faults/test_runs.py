"""Replies in the background while their process is killed, stopped or one of several."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from scripts.bench import replies
from scripts.bench.harness import Upstream, running_upstream
from tests.functional.runs.support import HELLO, eventually
from tests.support import conversation, message
from tests.support_server import PATIENCE, RunningServer, running_server

LONG = "fake-100000x10ms"  # longer than any test
SHORT = "fake-100x10ms"
A_SECOND = 100  # pieces


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running_upstream([LONG, SHORT]) as running:
        yield running


def environ(upstream: Upstream, **more: str) -> dict[str, str]:
    return {"OPENAI_API_BASE_URLS": upstream.openai_url, **more}


def ask(server: RunningServer, method: str, path: str, body: Any = None, *, token: str) -> Any:
    with server.call(method, path, body, token=token) as answer:
        assert answer.status == 200, answer.read()
        return json.load(answer)


def new_chat(server: RunningServer, token: str) -> str:
    body = conversation(message("q", content="Hi"), message("a", "q", role="assistant", content=""))
    chat_id: str = ask(server, "POST", "/api/v1/chats/new", body, token=token)["id"]
    return chat_id


def start(server: RunningServer, token: str, chat_id: str, model: str, **more: Any) -> str:
    form = {"model": model, "messages": HELLO, "chat_id": chat_id, "id": "a", "session_id": "s", **more}
    task_id: str = ask(server, "POST", "/api/chat/completions", form, token=token)["task_id"]
    return task_id


def reply(server: RunningServer, token: str, chat_id: str) -> dict[str, Any]:
    chat = ask(server, "GET", f"/api/v1/chats/{chat_id}", token=token)
    found: dict[str, Any] = chat["chat"]["history"]["messages"]["a"]
    return found


def next_text(stream: HTTPResponse) -> str:
    """The text of the next event that has one; empty at the end of the stream."""
    while line := stream.readline():
        if line.startswith(b"data: "):
            told = json.loads(line[6:])["data"]
            choices = told["data"].get("choices", []) if told["type"] == "chat:completion" else []
            if said := "".join(choice["delta"].get("content", "") for choice in choices):
                return said
            if told["data"].get("done"):
                return ""
    return ""


def whole(model: str, pieces: int) -> str:
    script = replies.parse(model)
    assert script is not None
    return "".join(script.piece(number) for number in range(pieces))


def test_kill_9_costs_at_most_a_second_of_text_and_the_reply_can_be_continued(
    tmp_path: Path, upstream: Upstream
) -> None:
    with running_server(tmp_path, environ(upstream)) as server:
        token = server.sign_up()
        chat_id = new_chat(server, token)
        task_id = start(server, token, chat_id, LONG)
        with server.call("GET", f"/api/tasks/{task_id}/events", token=token) as stream:
            seen = ""
            while len(seen) < len(whole(LONG, 3 * A_SECOND)):
                seen += next_text(stream)
            server.kill(signal.SIGKILL)
    with running_server(tmp_path, environ(upstream)) as server:
        kept = reply(server, token, chat_id)["content"]
        assert whole(LONG, 20 * A_SECOND).startswith(kept)
        assert len(kept) >= len(seen) - len(whole(LONG, A_SECOND))
        eventually(lambda: reply(server, token, chat_id).get("interrupted"))
        marked = reply(server, token, chat_id)
        assert (marked["content"], marked["done"]) == (kept, True)
        assert ask(server, "GET", "/api/tasks", token=token) == {"tasks": []}
        # Who has seen more than was stored gets the end with the whole text all the same.
        with server.call("GET", f"/api/tasks/{task_id}/events?after={100 * A_SECOND}", token=token) as stream:
            last = json.loads(stream.read().split(b"data: ")[-1])["data"]["data"]
        assert (last["done"], last["interrupted"], last["content"]) == (True, True, kept)

        messages = [*HELLO, {"role": "assistant", "content": kept}]
        with server.call(
            "GET",
            f"/api/tasks/{start(server, token, chat_id, SHORT, messages=messages)}/events",
            token=token,
        ) as stream:
            stream.read()
        continued = reply(server, token, chat_id)
        assert continued["content"] == kept + whole(SHORT, 100)
        assert "interrupted" not in continued


def test_sigterm_lets_a_reply_end_and_ends_open_pages(tmp_path: Path, upstream: Upstream) -> None:
    with running_server(tmp_path, environ(upstream)) as server:
        token = server.sign_up()
        chat_id = new_chat(server, token)
        with server.call("GET", "/api/v1/events", token=token) as page:
            assert page.readline()
            start(server, token, chat_id, SHORT)
            assert next_text(page)
            server.process.send_signal(signal.SIGTERM)
            page.read()
        assert server.process.wait(PATIENCE) == 0
    with running_server(tmp_path, environ(upstream)) as server:
        assert reply(server, token, chat_id)["content"] == whole(SHORT, 100)


def test_sigterm_marks_a_reply_that_takes_too_long(tmp_path: Path, upstream: Upstream) -> None:
    with running_server(tmp_path, environ(upstream, WEBUI_GRACEFUL_TIMEOUT="100ms")) as server:
        token = server.sign_up()
        chat_id = new_chat(server, token)
        with server.call("GET", "/api/v1/events", token=token) as page:
            start(server, token, chat_id, LONG)
            seen = next_text(page)
            server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE) == 0
    with running_server(tmp_path, environ(upstream)) as server:
        kept = reply(server, token, chat_id)
        assert kept["interrupted"] is True
        assert kept["content"].startswith(seen)


def test_an_open_page_sees_what_any_worker_generates(tmp_path: Path, upstream: Upstream) -> None:
    with running_server(tmp_path, environ(upstream, UVICORN_WORKERS="3")) as server:
        token = server.sign_up()
        pages = [server.call("GET", "/api/v1/events", token=token) for _ in range(4)]
        for page in pages:
            assert page.readline()
        start(server, token, new_chat(server, token), SHORT)
        for page in pages:
            seen = ""
            while said := next_text(page):
                seen += said
            page.close()
            assert seen == whole(SHORT, 100)


def test_an_open_page_may_do_without_the_text(tmp_path: Path, upstream: Upstream) -> None:
    with running_server(tmp_path, environ(upstream)) as server:
        token = server.sign_up()
        with server.call("GET", "/api/v1/events?text=false", token=token) as page:
            assert page.readline()
            start(server, token, new_chat(server, token), SHORT)
            first = next_text(page)
            assert first
            assert next_text(page) == ""
    assert whole(SHORT, 100) != first
    assert whole(SHORT, 100).startswith(first)


def test_stop_closes_the_connection_to_the_model_server_from_any_worker(tmp_path: Path, upstream: Upstream) -> None:
    with running_server(tmp_path, environ(upstream, UVICORN_WORKERS="3")) as server:
        token = server.sign_up()
        for _ in range(4):
            chat_id = new_chat(server, token)
            seen = upstream.stats()
            task_id = start(server, token, chat_id, LONG)
            eventually(lambda chat_id=chat_id: reply(server, token, chat_id)["content"])
            assert ask(server, "POST", f"/api/tasks/stop/{task_id}", {}, token=token)["status"] is True
            upstream.wait(lambda stats, seen=seen: stats.aborted > seen.aborted, PATIENCE)
