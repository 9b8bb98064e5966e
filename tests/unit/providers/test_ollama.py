"""Ollama's stream, cut into pieces at any byte, is the same reply."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from itertools import pairwise
from types import SimpleNamespace

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support_upstream import events, text
from webui.bodies import Converted
from webui.providers import ollama
from webui.providers.ollama import reply_events
from webui.providers.ollama_wire import Conversion

WORDS = ["Hel", "lo ", "Wörld \N{GRINNING FACE}", "\n\n", '"}', ""]
LINES = [json.dumps({"message": {"content": word}}, ensure_ascii=False).encode() for word in WORDS]
END = json.dumps({"message": {"content": ""}, "done": True, "prompt_eval_count": 1, "eval_count": 6}).encode()
REPLY = b"\n".join([*LINES, END, b""])


class Body:
    """The part of aiohttp's answer that is read: pieces, and then perhaps an exception."""

    def __init__(self, pieces: Sequence[bytes], error: Exception | None = None) -> None:
        self.content = self
        self.closed = False
        self._pieces = pieces
        self._error = error

    async def iter_any(self) -> AsyncIterator[bytes]:
        for piece in self._pieces:
            yield piece
        if self._error is not None:
            raise self._error

    def close(self) -> None:
        self.closed = True


def relayed(pieces: Sequence[bytes], error: Exception | None = None) -> bytes:
    async def read() -> bytes:
        conversion = Conversion(id="chatcmpl-1", model="m", created=1, include_usage=True)
        stream = reply_events(Body(pieces, error), conversion, connection="It")  # type: ignore[arg-type]
        return b"".join([event async for event in stream])

    return asyncio.run(read())


def pieces_of(data: bytes, cuts: set[int]) -> list[bytes]:
    places = [0, *sorted(cuts), len(data)]
    return [data[start:end] for start, end in pairwise(places)]


@given(st.sets(st.integers(0, len(REPLY))))
def test_a_stream_may_be_cut_into_pieces_anywhere(cuts: set[int]) -> None:
    assert relayed(pieces_of(REPLY, cuts)) == relayed([REPLY])


def test_a_whole_stream_has_all_words_the_usage_and_an_end() -> None:
    found = events(relayed([REPLY]))
    assert text(found) == "".join(WORDS)
    assert found[-2]["usage"]["total_tokens"] == 7
    assert found[-1] == "[DONE]"


def test_the_last_line_needs_no_newline() -> None:
    assert relayed([REPLY.rstrip()]) == relayed([REPLY])


@given(st.integers(0, len(REPLY) - len(END) - 1), st.booleans())
def test_a_stream_that_breaks_off_anywhere_ends_with_an_error_event(place: int, by_force: bool) -> None:
    found = events(relayed([REPLY[:place]], aiohttp.ClientPayloadError() if by_force else None))
    assert found[-1]["error"]["message"] == "It broke off in the middle of a reply."
    assert "".join(WORDS).startswith(text(found[:-1]))


@pytest.mark.parametrize("garbage", [b"<html>", b"[]", b"1", b'{"message": 1}', b"\xff\xfe", b'{"done": {}}'])
def test_garbage_ends_the_stream_and_keeps_what_was_said_before(garbage: bytes) -> None:
    found = events(relayed([LINES[0] + b"\n" + garbage + b"\n" + LINES[1] + b"\n"]))
    assert text(found[:-1]) == WORDS[0]
    assert found[-1]["error"]["code"] == "upstream_failed"


def test_an_error_in_the_middle_is_told_and_ends_the_stream() -> None:
    found = events(relayed([LINES[0] + b'\n{"error": "out of memory"}\n' + LINES[1] + b"\n"]))
    assert text(found[:1]) == WORDS[0]
    assert found[1]["error"]["message"] == "out of memory"
    assert found[2:] == ["[DONE]"]


def test_a_line_without_an_end_is_not_collected_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ollama, "MAX_LINE_BYTES", 100)
    [error] = events(relayed([b"x" * 60, b"x" * 60, b"x" * 60]))
    assert error["error"]["code"] == "upstream_failed"


def test_closing_a_stream_that_nobody_read_closes_the_answer() -> None:
    body = Body([REPLY])

    async def close() -> None:
        events = reply_events(body, SimpleNamespace(), connection="It")  # type: ignore[arg-type]
        await Converted(events, body).aclose()

    asyncio.run(close())
    assert body.closed
