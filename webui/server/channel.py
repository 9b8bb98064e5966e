"""waitress's connection, taught to let a reply leave its worker thread.

Three threads meet here. The main thread reads, flushes and closes sockets; a worker thread runs a request; the
background loop writes a detached reply. What orders them:

- A detached request stays first in ``channel.requests``, so for waitress the connection is busy: it starts no other
  request and no idle timeout on it.
- The loop writes through ``write_soon``, which has waitress's lock and never blocks below 16 MiB; ``ChannelWire``
  keeps below 0.5 MiB.
- ``channel.wire`` is set before ``channel.connected`` is read, and the main thread clears ``connected`` before it reads
  ``wire``: whichever comes second sees the other, so no disconnect is missed.

The main thread sees a client leave by reading (``channel_request_lookahead``). waitress does not read while output is
unsent or a pipelined request waits; then TCP's reset tells, or at last ``STALLED``.

This leans on internals of waitress 3.0.2 (channel.py, task.py), which is why setup.py pins it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import socket
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.task import ErrorTask, WSGITask

from webui.background import BackgroundLoop
from webui.errors import Problem
from webui.streaming import TASK_KEY, ConnectionLost, Headers, Wire

access_log = logging.getLogger("webui.access")

PIECE = 64 * 1024  # bytes; the most that is written at once
UNSENT_LIMIT = 256 * 1024  # bytes; above it the source waits for the client
STALLED = 60.0  # seconds in which a client that takes nothing is given up
LINGER = 5.0  # seconds in which the rest of a refused request is read and dropped


class Detach(BaseException):
    """Carries a detached reply out of ``HTTPChannel.service``, which handles every ``Exception`` itself."""

    def __init__(self, wire: ChannelWire) -> None:
        self.wire = wire


class RequestParser(HTTPRequestParser):  # type: ignore[misc]
    """A request; ``detached`` is its task once that has left the worker thread."""

    detached: Task | None = None

    def received(self, data: bytes) -> int:
        consumed: int = super().received(data)
        if self.error is not None:
            self.expect_continue = False  # waitress would ask for the body that it is about to refuse
        return consumed


class Task(WSGITask):  # type: ignore[misc]
    """A WSGI request that the response may detach from its worker thread."""

    wire: ChannelWire | None = None
    over = False

    def get_environment(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environment()
        environ[TASK_KEY] = self
        environ["webob.is_body_seekable"] = True  # waitress has it in memory or in a file; WebOb would copy it
        return environ

    def detach(
        self, background: BackgroundLoop, launch: Callable[[Wire], None], start_response: Callable[..., Any]
    ) -> None:
        """Once the application has returned, have ``launch(wire)`` called instead of writing what it returned."""
        self.wire = ChannelWire(self, background, launch, start_response)

    def build_response_header(self) -> bytes:
        if self.channel.server.draining:
            self.set_close_on_finish()
        header: bytes = super().build_response_header()
        return header

    def execute(self) -> None:
        super().execute()
        if self.wire is not None:
            raise Detach(self.wire)

    def service(self) -> None:
        if not self.over:
            super().service()


class JsonErrorTask(ErrorTask):  # type: ignore[misc]
    """An error that waitress finds itself, in the shape of all our errors and without its own words."""

    def execute(self) -> None:
        error = self.request.error
        body = json.dumps({"detail": self._detail(error.code)}).encode()
        request_id = uuid4().hex
        self.status = f"{error.code} {error.reason}"
        self.response_headers += [("Content-Type", "application/json"), ("X-Request-Id", request_id)]
        access_log.info(
            "%s refused before it was read",
            getattr(self.request, "command", "A request"),
            extra={"request_id": request_id, "status": error.code, "remote": self.channel.addr[0]},
        )
        self.set_close_on_finish()
        self.content_length = len(body)
        self.channel.unread = error.code != 500  # the one that is found after the whole request was read
        self.write(body)

    def _detail(self, status: int) -> str:
        match status:
            case 413:
                limit = self.channel.adj.max_request_body_size - 1
                return f"The request is too large; this server accepts {limit} bytes."
            case 431:
                return "The headers of the request are too large."
            case 501:
                return "This transfer encoding is not supported; send the body chunked or with a Content-Length."
            case 500:
                return Problem.INTERNAL.text
            case _:
                return Problem.MALFORMED_REQUEST.text


class Channel(HTTPChannel):  # type: ignore[misc]
    """A client's connection."""

    parser_class = RequestParser
    error_task_class = JsonErrorTask
    wire: ChannelWire | None = None  # of the detached reply under way
    unread = False  # an error was answered although more of its request may come
    linger_until: float | None = None

    @staticmethod
    def task_class(channel: Channel, request: RequestParser) -> Task:
        return request.detached or Task(channel, request)

    @property
    def idle(self) -> bool:
        """Nothing is being received, answered or sent."""
        return self.linger_until is not None or not (self.requests or self.request or self.total_outbufs_len)

    def service(self) -> None:
        try:
            super().service()
        except Detach as detach:
            detach.wire.launch()

    def handle_write(self) -> None:
        if self.unread and self.close_when_flushed and not self.total_outbufs_len:
            self._half_close()
            return
        super().handle_write()
        if (wire := self.wire) is not None:
            wire.progressed()

    def handle_close(self) -> None:
        super().handle_close()
        if (wire := self.wire) is not None:
            wire.lost()

    def received(self, data: bytes) -> bool:
        if self.linger_until is None:
            return bool(super().received(data))
        if time.monotonic() > self.linger_until:
            self.handle_close()
        return False

    def _half_close(self) -> None:
        """Closing with data unread makes TCP reset the connection and lose our answer: RFC 9112 section 9.6."""
        self.unread = self.close_when_flushed = False
        self.linger_until = time.monotonic() + LINGER
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:  # the client was faster
            self.handle_close()


class ChannelWire(Wire):
    """Writes a detached reply to its channel, from the loop."""

    def __init__(
        self,
        task: Task,
        background: BackgroundLoop,
        launch: Callable[[Wire], None],
        start_response: Callable[..., Any],
    ) -> None:
        super().__init__(background)
        self._task = task
        self._channel: Channel = task.channel
        self._launch = launch
        self._start_response = start_response
        self._progress = asyncio.Event()
        self._waiting = False  # for progress

    def launch(self) -> None:
        """Begin the reply: the last that the worker thread does for this request."""
        self._task.request.detached = self._task
        self._channel.wire = self
        if not self._channel.connected:
            self.gone = True
        self._launch(self)

    def head(self, status: str, headers: Headers) -> None:
        self._task.start()  # the Date header tells the time of the reply, not of the request
        self._start_response(status, headers)
        self._unless_closed(self._task.write, b"")

    async def send(self, data: bytes) -> None:
        for offset in range(0, len(data), PIECE):
            if offset:
                await asyncio.sleep(0)  # one large body does not hold up the other replies
            await self._drained(UNSENT_LIMIT)
            piece = data[offset : offset + PIECE]
            self._unless_closed(self._task.write, piece)
            self.sent += len(piece)

    async def end(self) -> None:
        if self._task.request.command != "HEAD":
            self._unless_closed(self._task.finish)
        await self._drained(0)

    def release(self, *, complete: bool) -> None:
        super().release(complete=complete)
        self._channel.wire = None
        self._task.over = True
        if not complete:
            self._task.close_on_finish = True
        # waitress finds the task done and does what follows any task: the next request, or closing. None of it blocks.
        self._channel.service()

    def progressed(self) -> None:
        """Some of what was unsent may have been sent; called on the main thread."""
        if self._waiting:
            self.background.call_soon(self._progress.set)

    async def _drained(self, limit: int) -> None:
        """Wait until at most ``limit`` bytes are unsent."""
        while self._channel.total_outbufs_len > limit:
            # No wake-up is lost: a flush after this line tells of itself, one before it is seen by the test below.
            self._waiting = True
            self._progress.clear()
            if self._channel.total_outbufs_len <= limit:
                break
            try:
                async with asyncio.timeout(STALLED):
                    await self._progress.wait()
            except TimeoutError:
                # Marking the channel is not enough: waitress closes a marked channel when it becomes writable.
                self._channel.server.trigger.pull_trigger(self._channel.handle_close)
                raise ConnectionLost("slow reader") from None
        self._waiting = False

    @staticmethod
    def _unless_closed(write: Callable[..., None], *data: bytes) -> None:
        try:
            write(*data)
        except ClientDisconnected:
            raise ConnectionLost("client disconnected") from None
