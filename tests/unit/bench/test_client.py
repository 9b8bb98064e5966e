import math
from collections.abc import Iterator

import pytest

from scripts.bench import client
from scripts.bench.harness import Upstream, running_upstream
from scripts.bench.wire import Answer, BadAnswer, Call

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n"


@pytest.fixture(scope="module")
def upstream() -> Iterator[Upstream]:
    with running_upstream() as running:
        yield running


def stream(upstream: Upstream, model: str) -> Call:
    body = {"model": model, "stream": True}
    return Call.to(upstream.url, "POST", "/v1/chat/completions", body, event=b'"content"', final=b"[DONE]")


def test_a_chunked_answer_may_arrive_in_any_pieces() -> None:
    answer = Answer()
    assert b"".join(answer.feed(bytes([byte])) for byte in CHUNKED) == b"hello world"
    assert answer.complete


def test_an_answer_that_says_close_is_the_last_of_its_connection() -> None:
    answer = Answer()
    assert answer.feed(b"HTTP/1.1 204 No Content\r\nConnection: close\r\nContent-Length: 0\r\n\r\n") == b""
    assert answer.complete
    assert not answer.keep_alive


@pytest.mark.parametrize("start", [b"", CHUNKED[:-9], b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel"])
def test_an_answer_that_ends_early_is_bad(start: bytes) -> None:
    answer = Answer()
    answer.feed(start)
    with pytest.raises(BadAnswer):
        answer.end()


def test_every_request_of_a_load_is_counted_once(upstream: Upstream) -> None:
    load = client.run(upstream.url, Call.to(upstream.url, "GET", "/health"), clients=4, seconds=0.2)
    assert 0 < load.done <= len(load.latencies)
    assert not load.failures


def test_the_events_of_finished_streams_are_all_counted(upstream: Upstream) -> None:
    before = upstream.stats()
    load = client.run(upstream.url, stream(upstream, "fake-20x0ms"), clients=2, seconds=0.2)
    # Of each client, a stream may have begun before the count, and one may be cut off by its end.
    assert 20 * (load.done - 2) <= load.events <= 20 * (load.done + 2)
    assert not load.failures
    upstream.wait(lambda stats: stats.open == 0 and stats.finished > before.finished)


def test_a_stream_that_breaks_is_a_failure(upstream: Upstream) -> None:
    load = client.run(upstream.url, stream(upstream, "fake-4x0ms-cut"), clients=1, seconds=0.1)
    assert set(load.failures) == {"the connection ended within an answer"}
    load = client.run(upstream.url, stream(upstream, "fake-4x0ms-garbage"), clients=1, seconds=0.1)
    assert set(load.failures) == {"a stream ended early"}


def test_an_error_status_is_a_failure(upstream: Upstream) -> None:
    load = client.run(upstream.url, stream(upstream, "fake-4x0ms-429"), clients=1, seconds=0.1)
    assert set(load.failures) == {"status 429"}
    assert load.done == 0


def test_a_server_that_is_not_there_ends_the_load() -> None:
    with running_upstream() as gone:
        pass
    load = client.run(gone.url, Call.to(gone.url, "GET", "/health"), clients=2, seconds=30)
    assert load.done == 0
    assert load.failures


def test_percentiles_are_taken_from_the_values() -> None:
    values = [float(value) for value in range(100, 0, -1)]
    assert (client.percentile(values, 0.5), client.percentile(values, 0.99)) == (51.0, 100.0)
    assert math.isnan(client.percentile([], 0.5))
