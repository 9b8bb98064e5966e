from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from webui.errors import ApiError
from webui.services import arena
from webui.services.arena import announced
from webui.streaming import Reply

EVENTS = (("content-type", "text/event-stream; charset=utf-8"),)
JSON = (("Content-Type", "application/json"),)


class Body:
    """A body in pieces that knows whether it was closed."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.closed = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self.pieces:
            raise StopAsyncIteration
        return self.pieces.pop(0)

    async def aclose(self) -> None:
        self.closed = True


async def all_of(body: bytes | AsyncIterator[bytes]) -> bytes:
    return body if isinstance(body, bytes) else b"".join([piece async for piece in body])


@pytest.mark.parametrize("body", [b"data: 1\n\n", Body(b"data: ", b"1\n\n")])
def test_a_stream_begins_with_who_answers(body: bytes | Body) -> None:
    async def read() -> bytes:
        return await all_of((await announced(Reply(200, EVENTS, body), "m")).body)

    assert asyncio.run(read()) == b'data: {"selected_model_id":"m"}\n\ndata: 1\n\n'


def test_closing_before_anything_was_read_closes_the_models_reply() -> None:
    async def close(body: Body) -> None:
        reply = await announced(Reply(200, EVENTS, body), "m")
        await reply.body.aclose()  # type: ignore[union-attr]

    body = Body(b"x")
    asyncio.run(close(body))
    assert body.closed


def test_a_whole_answer_that_comes_in_pieces_is_put_together_and_closed() -> None:
    body = Body(b'{"choices"', b": []}")
    reply = asyncio.run(announced(Reply(200, JSON, body), "m"))
    assert reply.body == b'{"choices":[],"selected_model_id":"m"}'
    assert body.closed


def test_a_whole_answer_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arena, "MAX_WHOLE_REPLY", 4)
    body = Body(b"1234", b"5", b"6")
    with pytest.raises(ApiError, match="too much"):
        asyncio.run(announced(Reply(200, JSON, body), "m"))
    assert body.closed
    assert body.pieces == [b"6"]
