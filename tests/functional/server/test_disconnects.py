"""What happens to a reply when its client leaves, or does not take it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import pytest

from webui.server import channel as channel_module
from webui.server.channel import PIECE, UNSENT_LIMIT
from webui.streaming import Outcome, Reply

Eventually = Callable[[Callable[[], object]], None]


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_a_client_that_leaves_closes_a_silent_source(site: Any, leave: str) -> None:
    source = site.source("/stream")
    client = site.connect().get("/stream")
    source.put(b"one")
    client.head()
    assert client.chunk() == b"one"
    getattr(client, leave)()
    assert source.closed.wait(20)
    assert site.outcome() == Outcome(200, 3, "client disconnected")


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_a_client_that_leaves_before_the_head_cancels_the_start(site: Any, leave: str) -> None:
    started, cancelled = threading.Event(), threading.Event()

    async def start() -> Reply:
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()
        raise AssertionError

    site.starts["/slow"] = start
    client = site.connect().get("/slow")
    assert started.wait(20)
    getattr(client, leave)()
    assert cancelled.wait(20)
    assert site.outcome() == Outcome(499, 0, "client disconnected")


def test_a_cancelled_source_may_take_its_time_to_close(site: Any) -> None:
    release, steps = asyncio.Event(), []

    async def body() -> Any:
        try:
            yield b"one"
            await asyncio.Event().wait()
        finally:
            steps.append("closing")
            await release.wait()
            steps.append("closed")

    site.reply("/stream", body())
    client = site.connect().get("/stream")
    client.head()
    assert client.chunk() == b"one"
    client.reset()
    site.background.call_soon(release.set)
    assert site.outcome().error == "client disconnected"
    assert steps == ["closing", "closed"]


def test_many_clients_that_leave_at_random_moments_leave_nothing_behind(site: Any, eventually: Eventually) -> None:
    async def forever() -> Any:
        while True:
            yield b"x" * 100
            await asyncio.sleep(0)

    async def start() -> Reply:
        return Reply(200, (), forever())

    site.starts["/stream"] = start
    for number in range(150):
        client = site.connect().get("/stream")
        client.file.read(number + 1)  # something: a client that leaves before that may never be noticed
        client.reset() if number % 2 else client.close()
    assert all(site.outcome().error == "client disconnected" for _ in range(150))
    eventually(lambda: not site.channels())
    assert site.connect().get("/plain").answer()[0] == 200


def test_a_slow_reader_holds_its_source_back_and_loses_nothing(site: Any, eventually: Eventually) -> None:
    chunk, total = b"x" * 100_000, 300
    unsent: list[int] = []

    async def body() -> Any:
        for _ in range(total):
            unsent.append(site.channels()[0].total_outbufs_len)
            yield chunk

    site.reply("/stream", body())
    client = site.connect(receive_buffer=4096).get("/stream")
    client.head()
    eventually(lambda: [channel for channel in site.channels() if channel.total_outbufs_len > UNSENT_LIMIT])
    assert len(unsent) < total
    assert b"".join(filter(None, client.chunks())) == chunk * total
    assert max(unsent) <= UNSENT_LIMIT + PIECE + 100  # and the chunk's framing
    assert site.outcome() == Outcome(200, len(chunk) * total, None)


def test_a_slow_reader_of_one_large_body_gets_it_whole(site: Any, eventually: Eventually) -> None:
    body = bytes(range(256)) * 120_000
    site.reply("/bytes", body)
    client = site.connect(receive_buffer=4096).get("/bytes")
    eventually(lambda: [channel for channel in site.channels() if channel.total_outbufs_len > UNSENT_LIMIT])
    assert site.channels()[0].total_outbufs_len <= UNSENT_LIMIT + PIECE
    assert client.answer()[2] == body
    assert client.get("/plain").answer()[0] == 200


def test_a_client_that_takes_nothing_is_given_up(
    site: Any, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    monkeypatch.setattr(channel_module, "STALLED", 0.1)
    source = site.source("/stream")
    source.put(*[b"x" * 100_000] * 300)
    client = site.connect(receive_buffer=4096).get("/stream")
    assert source.closed.wait(20)
    assert site.outcome().error == "slow reader"
    eventually(lambda: not site.channels())
    client.head()
    assert client.chunks()[-1] != b""


def test_a_client_that_never_takes_the_end_is_given_up(
    site: Any, monkeypatch: pytest.MonkeyPatch, eventually: Eventually
) -> None:
    monkeypatch.setattr(channel_module, "STALLED", 0.1)
    monkeypatch.setattr(channel_module, "UNSENT_LIMIT", 1 << 30)
    site.reply("/bytes", b"x" * 12_000_000)
    site.connect(receive_buffer=4096).get("/bytes")
    assert site.outcome().error == "slow reader"
    eventually(lambda: not site.channels())
