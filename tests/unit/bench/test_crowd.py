from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts.bench import crowd
from scripts.bench.harness import Upstream, running_upstream
from scripts.bench.wire import BadAnswer, Call


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running_upstream() as running:
        yield running


def stream(upstream: Upstream, model: str) -> Call:
    return Call.to(upstream.url, "POST", "/v1/chat/completions", {"model": model, "stream": True})


def test_calls_that_are_gathered_all_come_to_their_end(upstream: Upstream) -> None:
    before = upstream.stats()
    crowd.gather(upstream.url, [stream(upstream, "fake-20x1ms")] * 5, 10.0)
    assert upstream.stats().finished == before.finished + 5


def test_a_gathered_call_must_be_answered_well(upstream: Upstream) -> None:
    with pytest.raises(BadAnswer, match="status 429"):
        crowd.gather(upstream.url, [stream(upstream, "fake-20x1ms-429")], 10.0)


def test_a_gathered_call_must_be_answered_in_time(upstream: Upstream) -> None:
    with pytest.raises(BadAnswer, match="no answer in"):
        crowd.gather(upstream.url, [stream(upstream, "fake-20x1ms-hang")], 0.1)


def test_answers_can_be_held_open(upstream: Upstream) -> None:
    before = upstream.stats()
    with crowd.held(upstream.url, stream(upstream, "fake-2x1ms-stall"), 3):
        assert upstream.stats().open == before.open + 3
    upstream.wait(lambda stats: stats.aborted == before.aborted + 3)


def test_a_call_that_is_abandoned_is_made(upstream: Upstream) -> None:
    before = upstream.stats()
    crowd.abandon(upstream.url, stream(upstream, "fake-2x1ms-hang"), 1)
    upstream.wait(lambda stats: stats.requests == before.requests + 1 and stats.open == before.open)
