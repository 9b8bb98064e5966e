"""The bytes of an answer in the very callback that brings them.

Of the CPU that a relayed piece of a stream took, a third went into waking a task to read it and into setting aiohttp's
read timeout anew. ``Tap`` needs neither; ``docs/benchmarks.md`` has the figures.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import aiohttp
    from aiohttp.client_proto import ResponseHandler

TICK = 1.0  # seconds between two looks at an answer that may have fallen silent


class Tap(asyncio.Protocol):
    """Stands before aiohttp's protocol on a connection until the answer has ended.

    aiohttp still parses the bytes, stops receiving when many wait, and has the connection back for the next request.
    """

    def __init__(
        self,
        protocol: ResponseHandler,
        transport: asyncio.Transport,
        content: aiohttp.StreamReader,
        take: Callable[[bytes], bool],
    ) -> None:
        """``take`` is given what arrives and tells whether it has dealt with it; what it refuses is ``read``.

        ``content`` is the answer, of which nothing has been read yet.
        """
        self._protocol = protocol
        self._transport = transport
        self._content = content
        self._take = take
        self._passed = 0  # bytes of the content
        self._waiter: asyncio.Future[bytes] | None = None
        self._silence, protocol.read_timeout = protocol.read_timeout, None
        transport.set_protocol(self)
        content.on_eof(self._remove)  # before another request can have the connection

    async def read(self) -> bytes:
        """As ``StreamReader.readany``, for what was not taken."""
        waiter: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiter = waiter
        silence = 0.0
        try:
            self._pass_on()
            while not waiter.done():
                seen = self._content.total_bytes
                await asyncio.wait([waiter], timeout=TICK)
                silence = silence + TICK if self._content.total_bytes == seen else 0.0
                if self._silence and silence >= self._silence:
                    raise TimeoutError
                if not waiter.done():
                    self._content.read_nowait()  # raises TimeoutError when the time for the whole answer is over
            return waiter.result()
        finally:
            self._waiter = None

    def _pass_on(self) -> None:
        """Pass on what has arrived, unless the reader is still busy with what came before."""
        waiter, content = self._waiter, self._content
        if waiter is None or waiter.done():
            return
        try:
            while self._passed < content.total_bytes:  # reading may bring more, which aiohttp had put aside
                data = content.read_nowait()
                self._passed += len(data)
                if not self._take(data):
                    waiter.set_result(data)
                    return
        except Exception as error:  # it belongs to the reader
            waiter.set_exception(error)
        else:
            self._end(waiter)

    def _end(self, waiter: asyncio.Future[bytes]) -> None:
        """Tell the reader if nothing can follow."""
        if self._content.is_eof():
            waiter.set_result(b"")
        elif (error := self._content.exception()) is not None:
            waiter.set_exception(error)

    def _remove(self) -> None:
        self._transport.set_protocol(self._protocol)

    def data_received(self, data: bytes) -> None:
        self._protocol.data_received(data)
        self._pass_on()

    def eof_received(self) -> None:
        self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)
        self._pass_on()

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()
