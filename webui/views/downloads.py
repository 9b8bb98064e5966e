"""Answers that are too large for memory: written piece by piece, while their source is read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import TYPE_CHECKING

from webui.streaming import Detached, Headers, Reply, detached
from webui.views.errors import as_reply

if TYPE_CHECKING:
    from pydantic import BaseModel

    from webui.request import Request


def streamed(request: Request, pieces: Iterator[bytes], headers: Headers) -> Detached:
    """An answer of these pieces, each read in a thread when the client has room for it.

    A failure before the first piece has a status of its own; a later one truncates the answer.
    """
    path, request_id = request.path_info, request.request_id

    async def start() -> Reply:
        first = await asyncio.to_thread(next, pieces)
        return Reply(200, tuple(headers), _followed(first, pieces))

    return detached(request, start, lambda error: as_reply(error, request_id, path))


def streamed_list(request: Request, items: Iterator[BaseModel]) -> Detached:
    """The items as a JSON array, of which one is in memory at a time."""
    return streamed(request, _array(items), [("Content-Type", "application/json")])


def _array(items: Iterator[BaseModel]) -> Iterator[bytes]:
    before = b"["
    for item in items:
        yield before + item.model_dump_json().encode()
        before = b","
    yield b"[]" if before == b"[" else b"]"


async def _followed(first: bytes, pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    piece: bytes | None = first
    while piece is not None:
        yield piece
        piece = await asyncio.to_thread(next, pieces, None)
