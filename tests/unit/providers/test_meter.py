from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable
from typing import Any

import pytest

from webui.providers.meter import STREAM_TAIL, WHOLE_TAIL, Meter, Metered, estimate_tokens, metered, told_tokens
from webui.streaming import Reply

EVENTS = "text/event-stream; charset=utf-8"
JSON = "application/json"
LINES = "application/x-ndjson"


class Source:
    """A body that gives these chunks; an exception among them is raised."""

    def __init__(self, chunks: Iterable[bytes | Exception]) -> None:
        self._chunks = iter(chunks)
        self.closed = 0

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        chunk = next(self._chunks, None)
        if chunk is None:
            raise StopAsyncIteration
        if isinstance(chunk, Exception):
            raise chunk
        return chunk

    async def aclose(self) -> None:
        self.closed += 1


def meter(*chunks: bytes | Exception, kind: str = EVENTS) -> tuple[Any, Source, list[Metered]]:
    """A metered body, what is under it, and the outcomes that were told."""
    outcomes: list[Metered] = []
    source = Source(chunks)
    reply = metered(Reply(200, (("Content-Type", kind),), source), started=time.monotonic(), on_end=outcomes.append)
    return reply.body, source, outcomes


async def read(body: AsyncIterator[bytes]) -> list[bytes]:
    return [chunk async for chunk in body]


def outcome(*chunks: bytes, kind: str = EVENTS) -> Metered:
    body, _, outcomes = meter(*chunks, kind=kind)
    assert asyncio.run(read(body)) == list(chunks)
    [found] = outcomes
    return found


def event(**body: Any) -> bytes:
    return b"data: " + json.dumps(body).encode() + b"\n\n"


def said(text: str) -> bytes:
    return event(choices=[{"index": 0, "delta": {"content": text}}], usage=None)


USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}
DONE = b"data: [DONE]\n\n"


def test_the_server_tells_what_a_stream_took() -> None:
    found = outcome(said("Hi"), event(choices=[], usage=USAGE), DONE)
    assert (found.status, found.told) == (200, (7, 5))
    assert 0 <= (found.first_byte or 0) <= found.duration


def test_counts_are_found_however_the_end_is_cut() -> None:
    end = said("Hi") + event(choices=[], usage=USAGE) + DONE
    assert outcome(*(end[i : i + 1] for i in range(len(end)))).told == (7, 5)


def test_a_server_that_does_not_tell_has_its_events_counted() -> None:
    found = outcome(said("Hi") + said(" the"), said("re"))
    assert (found.told, found.said) == (None, 3)


def test_what_a_model_says_is_not_taken_for_counts() -> None:
    assert outcome(said(json.dumps({"usage": USAGE, "eval_count": 3}))).told is None


@pytest.mark.parametrize(
    ("tail", "told"),
    [
        ({"usage": USAGE, "choices": []}, (7, 5)),
        ({"usage": {"prompt_tokens": 7, "total_tokens": 7}, "data": [{"embedding": []}]}, (7, 0)),
        ({"type": "response.completed", "response": {"usage": {"input_tokens": 7, "output_tokens": 5}}}, (7, 5)),
        ({"done": True, "prompt_eval_count": 7, "eval_count": 5}, (7, 5)),
        ({"usage": {"prompt_tokens": -1, "completion_tokens": "5"}}, None),
        ({"usage": {"prompt_tokens": 10**12, "completion_tokens": True}}, None),
        ({"usage": []}, None),
        ({"usage": None}, None),
    ],
)
def test_counts_of_all_dialects(tail: Any, told: tuple[int, int] | None) -> None:
    assert told_tokens(json.dumps(tail).encode()) == told


@pytest.mark.parametrize("tail", [b"", b'"usage":{', b'"usage":' + b'{"a":' * 100_000, b"\xff" * 10])
def test_an_end_that_cannot_be_read_tells_nothing(tail: bytes) -> None:
    assert told_tokens(tail) is None


def test_the_last_counts_are_the_ones() -> None:
    first = event(usage={"prompt_tokens": 7, "completion_tokens": 1})
    assert outcome(first, event(usage=USAGE), event(usage={}), b'data: {"usage": {"prompt_tokens"').told == (7, 5)


def test_an_answer_at_once_is_metered_at_once() -> None:
    outcomes: list[Metered] = []
    body = json.dumps({"usage": USAGE, "choices": []}).encode()
    reply = Reply(200, (("Content-Type", JSON),), body)
    assert metered(reply, started=time.monotonic(), on_end=outcomes.append) is reply
    assert [found.told for found in outcomes] == [(7, 5)]


def test_an_answer_that_is_no_stream_may_tell_before_its_text() -> None:
    body = json.dumps({"usage": USAGE, "choices": [{"message": {"content": "x" * STREAM_TAIL * 9}}]}).encode()
    assert outcome(*(body[i : i + 1000] for i in range(0, len(body), 1000)), kind=JSON).told == (7, 5)


@pytest.mark.parametrize(
    ("body", "tokens"),
    [({"choices": [{"message": {"content": "x" * 40}}]}, 10), ({"data": [{"embedding": [0.5] * 100}]}, 0)],
)
def test_an_answer_that_tells_nothing_is_estimated_by_its_text(body: Any, tokens: int) -> None:
    found = outcome(json.dumps(body).encode(), kind=JSON)
    assert (found.told, found.said) == (None, tokens)


def test_lines_of_a_stream_are_counted_too() -> None:
    line = b'{"message":{"content":"Hi"},"done":false}\n'
    assert outcome(line, line, kind=LINES).said == 2
    assert outcome(line, b'{"done":true,"prompt_eval_count":7,"eval_count":1}\n', kind=LINES).told == (7, 1)


def test_an_empty_reply_has_no_first_byte() -> None:
    assert outcome().first_byte is None


def test_a_reply_that_breaks_off_is_over() -> None:
    body, source, outcomes = meter(said("Hi"), ConnectionResetError("gone"))
    with pytest.raises(ConnectionResetError):
        asyncio.run(read(body))
    asyncio.run(body.aclose())
    assert source.closed == len(outcomes) == 1


def test_a_reply_that_its_client_left_is_over() -> None:
    body, source, outcomes = meter(said("Hi"), said(" there"))

    async def leave() -> None:
        await anext(body)
        await body.aclose()
        await body.aclose()

    asyncio.run(leave())
    assert source.closed == 1
    assert [(found.told, found.said) for found in outcomes] == [(None, 1)]


def test_a_reply_that_nobody_took_is_closed() -> None:
    body, source, outcomes = meter(said("Hi"))
    asyncio.run(body.aclose())
    assert source.closed == 1
    assert [found.first_byte for found in outcomes] == [None]


def test_a_reply_whose_source_fails_to_close_is_over() -> None:
    body, source, outcomes = meter(said("Hi"))

    async def fail() -> None:
        raise OSError("on purpose")

    source.aclose = fail  # type: ignore[method-assign]
    with pytest.raises(OSError, match="on purpose"):
        asyncio.run(body.aclose())
    assert len(outcomes) == 1


@pytest.mark.parametrize(("kind", "most"), [(EVENTS, STREAM_TAIL), (JSON, WHOLE_TAIL)])
def test_of_a_long_reply_the_end_alone_is_kept(kind: str, most: int) -> None:
    found = Meter(Reply(200, (("Content-Type", kind),), b""), 0.0, lambda outcome: None)
    for _ in range(20_000):
        found.note(b"x" * 250)
    assert most <= sum(map(len, found._tail)) < most + 250


def test_tokens_are_estimated_by_the_text() -> None:
    parts = [{"type": "text", "text": "x" * 8}, {"type": "image_url", "image_url": {"url": "x" * 1000}}]
    messages = [{"role": "system", "content": "x" * 12}, {"content": parts}, {"content": None}, "garbage"]
    assert estimate_tokens(messages) == 5
    assert estimate_tokens(None) == 0
