"""Replies that the server stores while they come, beside the same replies passed on; and pages that only wait."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator
from typing import Any

from scripts.bench import client, crowd
from scripts.bench.harness import Upstream
from scripts.bench.report import DIRECT, IDLE_PAGES, LENGTH, PAGES, STORED, WATCHED, Figure
from scripts.bench.scenarios import Plan, Target, chat, cpu
from scripts.bench.server import usage
from scripts.bench.wire import Call

STREAMS, CHUNKS = 16, 400
MODEL = f"fake-{CHUNKS}x10ms"
LENGTHS = {1: 20, 100: 20, 1000: 4, 10_000: 1}  # tokens of a reply, and how many replies of that length
LENGTH_MODELS = {tokens: f"fake-{tokens}x1ms" for tokens in LENGTHS}
MODELS = [MODEL, *LENGTH_MODELS.values()]
EVENTS = "/api/v1/events"  # what an open page listens to
PATIENCE = 60.0
POLL = 0.2


def replies(target: Target, upstream: Upstream, plan: Plan) -> Iterator[Figure]:
    """What a stored reply costs beside one that is passed on, and whether that depends on its length."""
    if not target.server.pid:
        return
    if not launch(target, LENGTH_MODELS[1], new_chat(target)):
        yield Figure("replies", STORED, 0.0, "us/chunk", note="the server does not store replies")
        return
    direct = _passed_on(target)
    yield Figure("replies", DIRECT, direct, "us/chunk", STREAMS)
    for name, watched in ((STORED, False), (WATCHED, True)):
        cost = _stored(target, upstream, MODEL, STREAMS, watched=watched) / CHUNKS
        yield Figure("replies", name, cost, "us/chunk", STREAMS, {"x passed on": cost / direct})
    if plan.many_seconds:
        yield from _lengths(target, upstream)


def pages(target: Target, plan: Plan) -> Iterator[Figure]:
    """What pages cost on which nothing happens."""
    if not (plan.many_seconds and target.server.pid):
        return
    listen = target.call("GET", EVENTS)
    before = usage(target.server.pid)
    with crowd.held(target.url, listen, PAGES):
        now = usage(target.server.pid)
    more = {"threads": now.threads, "KB a page": 1024 * (now.memory - before.memory) / PAGES}
    yield Figure("pages", IDLE_PAGES, now.memory, "MB", PAGES, more)


def _lengths(target: Target, upstream: Upstream) -> Iterator[Figure]:
    """The CPU of each further token, for replies of several lengths; what a reply of one token costs is taken off."""
    single = 0.0
    for tokens, number in LENGTHS.items():
        used = sum(_stored(target, upstream, LENGTH_MODELS[tokens], 1) for _ in range(number)) / number
        if tokens == 1:
            single = used
            continue
        yield Figure("replies", LENGTH, (used - single) / tokens, "us/token", tokens, {"reply ms": used / 1000})


def _passed_on(target: Target) -> float:
    """Microseconds of the server's CPU for a chunk of replies that are passed on."""
    body = {"model": MODEL, "stream": True, "messages": [{"role": "user", "content": "Hello"}]}
    before = cpu(target.server)
    crowd.gather(target.url, [target.call("POST", "/api/chat/completions", body)] * STREAMS, PATIENCE)
    return 1e6 * (cpu(target.server) - before) / (STREAMS * CHUNKS)


def _stored(target: Target, upstream: Upstream, model: str, number: int, *, watched: bool = False) -> float:
    """Microseconds of the server's CPU for a reply, of so many that are stored at once, each in a chat of its own."""
    chats = [new_chat(target) for _ in range(number)]
    before = cpu(target.server)
    tasks = [launch(target, model, chat_id) for chat_id in chats]
    if watched:
        crowd.gather(target.url, [target.call("GET", f"/api/tasks/{task}/events") for task in tasks], PATIENCE)
    wait_for_all(target, upstream)
    return 1e6 * (cpu(target.server) - before) / number


def wait_for_all(target: Target, upstream: Upstream) -> None:
    """Until no reply is under way."""
    upstream.wait(lambda seen: seen.open == 0, PATIENCE)
    end = time.monotonic() + PATIENCE
    while _asked(target.url, target.call("GET", "/api/tasks"))["tasks"]:
        if time.monotonic() > end:
            raise TimeoutError("a stored reply did not end")
        time.sleep(POLL)


def new_chat(target: Target) -> str:
    """The id of a chat with two messages."""
    return str(_asked(target.url, target.call("POST", "/api/v1/chats/new", chat(2)))["id"])


def launch(target: Target, model: str, chat_id: str) -> str:
    """Begin a reply; its task, empty if the server passes the reply on instead."""
    names = {"chat_id": chat_id, "id": str(uuid.uuid4()), "session_id": "bench"}
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "Hello"}], **names}
    status, answer = client.ask(target.url, target.call("POST", "/api/chat/completions", body))
    return str(json.loads(answer)["task_id"]) if status == 200 and answer.startswith(b"{") else ""


def _asked(url: str, call: Call) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(client.ask(url, call)[1])
    return found
