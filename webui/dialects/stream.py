"""The events of a streamed reply in another dialect, whichever that is."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, Protocol

from webui.bodies import Body, Converted, pieces
from webui.errors import ApiError
from webui.providers.deltas import Delta, DeltaReader


class Builder(Protocol):
    """Makes the events of a dialect, as bytes ready to be sent."""

    def begin(self) -> bytes:
        """The events before the first delta."""

    def add(self, delta: Delta) -> bytes:
        """The events for a delta."""

    def finish(self, reason: str | None, usage: dict[str, Any] | None) -> bytes:
        """The events of a proper end."""

    def fail(self, text: str) -> bytes:
        """The events of a reply that broke off."""


def translated_stream(body: Body, builder: Builder) -> Converted:
    """A chat completion's stream in the dialect of ``builder``."""
    return Converted(_events(body, builder), body)


async def _events(body: Body, builder: Builder) -> AsyncGenerator[bytes, None]:
    reader = DeltaReader()
    yield builder.begin()
    try:
        async for data in pieces(body):
            yield b"".join(map(builder.add, reader.feed(data)))
        yield b"".join(map(builder.add, reader.end()))
    except ApiError as error:
        yield builder.fail(str(error.detail))
        return
    if reader.error is None:
        yield builder.finish(reader.finish_reason, reader.usage)
    else:
        yield builder.fail(reader.error)
