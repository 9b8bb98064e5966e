"""Streams through the server, beside the same load on the upstream itself: what relaying them takes and adds."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace

from scripts.bench import client
from scripts.bench.client import Load, percentile
from scripts.bench.harness import Upstream
from scripts.bench.report import FIRST_BYTE, MANY, PACED, ZERO, Figure
from scripts.bench.scenarios import MODEL, Plan, Target, cpu, note
from scripts.bench.server import Server, usage
from scripts.bench.wire import Call

MODELS = {
    ZERO: MODEL,
    FIRST_BYTE: "fake-50x20ms",
    # These outlast their load, so that their chunks are counted without what it takes to begin.
    PACED: "fake-2000x20ms",
    "35 a second each": "fake-2000x28ms",
    "10 a second each": "fake-2000x100ms",
}
BEGIN_A_SECOND = 100
SETTLE = 3.0


def streams(target: Target, upstream: Upstream, plan: Plan) -> Iterator[Figure]:
    """Chunks a second, and the time to the first byte."""
    status, _ = client.ask(target.url, _completion(target.url, target.token, MODELS[FIRST_BYTE]))
    if status != 200:
        yield Figure("streams", ZERO, 0.0, "chunks/s", note=f"answers {status}")
        return
    for name in (ZERO, PACED):
        for number in plan.streams:
            yield _chunks(target, upstream, name, number, _direct(upstream, name, number, plan.seconds))
    for number in plan.streams:
        yield _first_byte(target, upstream, number, plan.first_byte_seconds)
    if plan.many_seconds:
        yield from _many(target, upstream, plan.many_seconds)


def _chunks(target: Target, upstream: Upstream, name: str, number: int, direct: Load) -> Figure:
    """What the server makes of a load that the upstream has had directly."""
    before: list[float] = []
    load = _relayed(target, name, number, direct.seconds, lambda: before.append(cpu(target.server)))
    used = (cpu(target.server) - before[0]) / max(load.events, 1)
    more = {
        "direct": direct.event_rate,
        "% of direct": 100 * load.event_rate / max(direct.event_rate, 1),
        "added p50 ms": _first(load, 0.5) - _first(direct, 0.5),
        "added p99 ms": _first(load, 0.99) - _first(direct, 0.99),
        "errors": load.failures.total(),
        "server CPU us": 1e6 * used,
    }
    return Figure("streams", name, load.event_rate, "chunks/s", number, more, note(load) + _left_open(upstream))


def _first_byte(target: Target, upstream: Upstream, number: int, seconds: float) -> Figure:
    """Streams that end and begin anew, so that there are first bytes enough for a percentile."""
    direct = _direct(upstream, FIRST_BYTE, number, seconds)
    load = _relayed(target, FIRST_BYTE, number, seconds)
    added = _first(load, 0.5) - _first(direct, 0.5)
    more = {
        "added p99 ms": _first(load, 0.99) - _first(direct, 0.99),
        "direct p50 ms": _first(direct, 0.5),
        "direct p99 ms": _first(direct, 0.99),
        "streams": len(load.first_bytes),
        "errors": load.failures.total(),
    }
    return Figure("first byte", FIRST_BYTE, added, "ms added", number, more, note(load))


def _many(target: Target, upstream: Upstream, seconds: float) -> Iterator[Figure]:
    """Many slow streams at once, what they take, and how long other requests take meanwhile."""
    asked = [target.call("GET", "/health"), target.call("GET", "/api/v1/chats/?page=1")]
    # Processes of their own: in a thread, the probe would wait for the load generator and not for the server.
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        for name, number in MANY.items():
            direct = _direct(upstream, name, number, seconds)
            ramp = _ramp(name, number)
            times = pool.submit(_probed, target.url, asked, ramp, seconds)
            taken = pool.submit(_taken, target.server, ramp + seconds / 2)
            figure = _chunks(target, upstream, name, number, direct)
            health, chats = (1000 * percentile(values, 0.95) for values in times.result())
            more = {"health p95 ms": health, "chats p95 ms": chats, **taken.result()}
            yield replace(figure, more=figure.more | more)


def _direct(upstream: Upstream, name: str, number: int, seconds: float) -> Load:
    call = _completion(upstream.url, "", MODELS[name], path="/v1/chat/completions")
    return client.run(upstream.url, call, clients=number, seconds=seconds, ramp=_ramp(name, number))


def _relayed(
    target: Target, name: str, number: int, seconds: float, when_full: Callable[[], object] = lambda: None
) -> Load:
    call = _completion(target.url, target.token, MODELS[name])
    ramp = _ramp(name, number)
    return client.run(target.url, call, clients=number, seconds=seconds, ramp=ramp, when_full=when_full)


def _completion(url: str, token: str, model: str, path: str = "/api/chat/completions") -> Call:
    body = {"model": model, "stream": True, "messages": [{"role": "user", "content": "Hello"}]}
    return Call.to(url, "POST", path, body, token=token, event=b'"content"', final=b"[DONE]")


def _ramp(name: str, number: int) -> float:
    """Seconds in which streams begin one after another; those of 1 s stay spread over it when they begin anew."""
    if name == FIRST_BYTE:
        return 1.0
    return 0.0 if name == ZERO else number / BEGIN_A_SECOND


def _first(load: Load, share: float) -> float:
    """Milliseconds to the first byte of the body."""
    return 1000 * percentile(load.first_bytes, share)


def _probed(url: str, calls: list[Call], after: float, seconds: float) -> list[list[float]]:
    time.sleep(after)
    return client.probe(url, calls, seconds)


def _taken(server: Server, after: float) -> dict[str, float]:
    time.sleep(after)
    if not server.pid:
        return {}
    used = usage(server.pid)
    return {"threads": used.threads, "MB": used.memory}


def _left_open(upstream: Upstream) -> str:
    """Streams are given up when the time is over; says so if the upstream does not hear of it."""
    try:
        upstream.wait(lambda seen: seen.open == 0, SETTLE)
    except TimeoutError:
        return f" {upstream.stats().open} streams still open upstream {SETTLE:g} s after their callers left"
    return ""
