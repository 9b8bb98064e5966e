"""The body of a reply, whether it is there already or still under way."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from typing import Protocol, runtime_checkable

from webui.errors import ApiError, Problem
from webui.streaming import Reply

MAX_WHOLE_REPLY = 64 * 1024 * 1024  # bytes

Body = bytes | AsyncIterator[bytes]


@runtime_checkable
class Closable(Protocol):
    """An answer of a model server that is still to be read."""

    def close(self) -> object: ...


async def pieces(body: Body) -> AsyncIterator[bytes]:
    """The body as it comes."""
    if isinstance(body, bytes):
        yield body
        return
    async for piece in body:
        yield piece


async def close_body(body: Body | Closable) -> None:
    """Let go of the connection that the body comes from."""
    if isinstance(body, Closable):
        body.close()
    elif (aclose := getattr(body, "aclose", None)) is not None:
        await aclose()


class Converted:
    """A body that is made of another as that comes.

    A class rather than the generator alone: Python does not enter a generator that was never started, and closing must
    reach the source all the same.
    """

    def __init__(self, events: AsyncGenerator[bytes, None], source: Body | Closable) -> None:
        self._events = events
        self._source = source

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        return await anext(self._events)

    async def aclose(self) -> None:
        """Close the source first: the generator may wait for it."""
        await close_body(self._source)
        await self._events.aclose()


async def read_body(reply: Reply) -> bytes:
    """The whole body, which is closed then; 502 when it is too large."""
    whole = bytearray()
    try:
        async for piece in pieces(reply.body):
            whole += piece
            if len(whole) > MAX_WHOLE_REPLY:
                text = f"The model server answered with more than {MAX_WHOLE_REPLY // 1024**2} MB, which is too much."
                raise ApiError(Problem.UPSTREAM_FAILED, text)
    finally:
        await close_body(reply.body)
    return bytes(whole)
