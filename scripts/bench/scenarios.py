"""What is asked of the server, and what is measured meanwhile. Each measure is a generator of figures."""

from __future__ import annotations

import json
import math
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from scripts.bench import client
from scripts.bench.client import Load, percentile
from scripts.bench.harness import Upstream
from scripts.bench.report import Figure
from scripts.bench.server import Server, usage
from scripts.bench.wire import Call

MODEL = "fake-1000x0ms"
NAME, EMAIL, PASSWORD = "Bench", "bench@example.com", "a password of the benchmark"
WARM_UP = 0.2


@dataclass(frozen=True)
class Target:
    """A server under test that lets us in."""

    server: Server
    token: str

    @property
    def url(self) -> str:
        """The address."""
        return self.server.url

    def call(self, method: str, path: str, body: Any = None) -> Call:
        """A call of the signed-in user."""
        return Call.to(self.url, method, path, body, token=self.token)


@dataclass(frozen=True)
class Plan:
    """How much is measured: numbers of clients and of streams, and seconds for each; 0 leaves it out."""

    clients: tuple[int, ...]
    streams: tuple[int, ...]
    seconds: float
    seed_seconds: float
    first_byte_seconds: float
    many_seconds: float
    chats: int = 1000


FULL = Plan(
    clients=(1, 16, 64),
    streams=(1, 16, 64, 256),
    seconds=2.0,
    seed_seconds=20.0,
    first_byte_seconds=4.0,
    many_seconds=6.0,
)
QUICK = Plan(
    clients=(16,),
    streams=(1, 16),
    seconds=1.0,
    seed_seconds=5.0,
    first_byte_seconds=1.5,
    many_seconds=0.0,
)


class Refused(Exception):
    """The server does not let the benchmark in."""


def sign_in(url: str) -> str:
    """A token: of the first account, which is made here, or of the account that an earlier run made."""
    account = {"email": EMAIL, "password": PASSWORD}
    status, body = client.ask(url, Call.to(url, "POST", "/api/v1/auths/signup", {"name": NAME, **account}))
    if status != 200:
        status, body = client.ask(url, Call.to(url, "POST", "/api/v1/auths/signin", account))
    if status != 200:
        raise Refused(
            f"The server answers {status} to signing up and in as {EMAIL}. Give the token of an administrator in "
            "BENCH_TOKEN, or use a server without accounts."
        )
    return str(json.loads(body)["token"])


def chat(messages: int, size: int = 300) -> dict[str, Any]:
    """The body of a chat with so many messages, as the web client of the contract sends it."""
    ids = [str(uuid.uuid4()) for _ in range(messages)]
    items = [
        {
            "id": ids[index],
            "parentId": ids[index - 1] if index else None,
            "childrenIds": ids[index + 1 : index + 2],
            "role": "assistant" if index % 2 else "user",
            "content": f"{index} ".ljust(size, "x"),
            "timestamp": 1_700_000_000 + index,
        }
        for index in range(messages)
    ]
    history = {"messages": {item["id"]: item for item in items}, "currentId": ids[-1]}
    return {"chat": {"title": "Benchmark", "models": [MODEL], "history": history, "messages": items}}


def fill(target: Target, plan: Plan) -> str:
    """Makes the chats that the list shows, and a long one; gives the id of the long one, empty if refused."""
    new = target.call("POST", "/api/v1/chats/new", chat(2))
    status, _ = client.ask(target.url, new)
    end = time.perf_counter() + plan.seed_seconds
    made = 1
    while status == 200 and made < plan.chats and time.perf_counter() < end:
        made += client.run(target.url, new, clients=8, seconds=min(1.0, plan.seed_seconds)).done
    status, body = client.ask(target.url, target.call("POST", "/api/v1/chats/new", chat(100)))
    return str(json.loads(body)["id"]) if status == 200 else ""


def _calls(target: Target, chat_id: str) -> dict[str, Call]:
    account = {"email": EMAIL, "password": PASSWORD}
    return {
        "GET /health": target.call("GET", "/health"),
        "GET /api/config": target.call("GET", "/api/config"),
        "GET /api/v1/auths/": target.call("GET", "/api/v1/auths/"),
        "GET /api/models": target.call("GET", "/api/models"),
        "GET /api/v1/chats/?page=1": target.call("GET", "/api/v1/chats/?page=1"),
        "GET /api/v1/chats/{id}, 100 messages": target.call("GET", f"/api/v1/chats/{chat_id}"),
        "POST /api/v1/chats/new": target.call("POST", "/api/v1/chats/new", chat(2)),
        "POST /api/v1/auths/signin": Call.to(target.url, "POST", "/api/v1/auths/signin", account),
    }


def generator(upstream: Upstream, plan: Plan) -> Iterator[Figure]:
    """How fast the load generator is against the simplest server there is, and its own CPU for a request."""
    for clients in plan.clients:
        load = client.run(upstream.url, Call.to(upstream.url, "GET", "/health"), clients=clients, seconds=plan.seconds)
        own = {"own CPU us": 1e6 * load.cpu / max(load.done, 1)}
        yield Figure(
            "generator", "GET /health of the fake upstream", load.rate, "/s", clients, _times(load.latencies) | own
        )


def requests(target: Target, plan: Plan, chat_id: str) -> Iterator[Figure]:
    """Requests a second of each endpoint; 0 for one that does not answer 200."""
    for name, call in _calls(target, chat_id).items():
        status, _ = client.ask(target.url, call)
        if status != 200:
            yield Figure("requests", name, 0.0, "/s", note=f"answers {status}")
            continue
        client.run(target.url, call, clients=2, seconds=WARM_UP)
        for clients in plan.clients:
            before = cpu(target.server)
            load = client.run(target.url, call, clients=clients, seconds=plan.seconds)
            used = (cpu(target.server) - before) / max(load.done, 1)
            more = _times(load.latencies) | {"errors": load.failures.total(), "server CPU us": 1e6 * used}
            yield Figure("requests", name, load.rate, "/s", clients, more, note(load))


def cpu(server: Server) -> float:
    """Seconds of CPU that the server has used; nan if its processes are not known."""
    return usage(server.pid).cpu if server.pid else math.nan


def note(load: Load) -> str:
    """What went wrong, in words."""
    return ", ".join(f"{number} x {what}" for what, number in load.failures.most_common(3))


def _times(values: list[float]) -> dict[str, float]:
    return {"p50 ms": 1000 * percentile(values, 0.5), "p99 ms": 1000 * percentile(values, 0.99)}
