"""The body of a reply, whether it is there already or still under way."""

from __future__ import annotations

from collections.abc import AsyncIterator

from webui.errors import ApiError, Problem
from webui.streaming import Reply

MAX_WHOLE_REPLY = 64 * 1024 * 1024  # bytes

Body = bytes | AsyncIterator[bytes]


async def pieces(body: Body) -> AsyncIterator[bytes]:
    """The body as it comes."""
    if isinstance(body, bytes):
        yield body
        return
    async for piece in body:
        yield piece


async def close_body(body: Body) -> None:
    """Let go of the connection that the body comes from."""
    aclose = getattr(body, "aclose", None)
    if aclose is not None:
        await aclose()


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
