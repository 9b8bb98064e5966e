"""waitress's connection, taught to let a reply leave its worker thread.

Three threads meet here. The main thread reads, flushes and closes sockets; a worker thread runs a request; the
background loop writes a detached reply. What orders them:

- A detached request stays first in ``channel.requests``, so for waitress the connection is busy: it starts no other
  request and no idle timeout on it.
- Both write under waitress's lock, at once or through ``write_soon``, and never wait for the client. What a worker
  thread writes is kept, on disk above 1 MB, and the next request put off; ``ChannelWire`` makes its source wait.
- ``channel.wire`` is set before ``channel.connected`` is read, and the main thread clears ``connected`` before it reads
  ``wire``: whichever comes second sees the other, so no disconnect is missed.

The main thread sees a client leave by reading (``channel_request_lookahead``). waitress does not read while output is
unsent or a pipelined request waits; then TCP's reset tells, or at last ``STALLED``.

This leans on internals of waitress 3.0.2 (channel.py, task.py), which is why setup.py pins it.
"""

from __future__ import annotations

import asyncio
import math
import socket
import time
from collections.abc import Callable
from typing import Any

from waitress.channel import ClientDisconnected, HTTPChannel
from waitress.task import WSGITask

from webui.background import BackgroundLoop
from webui.server.parser import JsonErrorTask, RequestParser
from webui.streaming import TASK_KEY, ConnectionLost, Headers, Wire

PIECE = 64 * 1024  # bytes; the most that is written at once
UNSENT_LIMIT = 256 * 1024  # bytes; above it the source, or the next pipelined request, waits for the client
STALLED = 60.0  # seconds in which a client that takes nothing, or sends nothing of a body it began, is given up
# Seconds for a whole head: a browser sends it at once. Counting from the last byte, as for a body, would let a client
# that sends a byte a minute keep its place among the connections.
HEAD_TIME = 30.0
LINGER = 5.0  # seconds in which the rest of a refused request is read and dropped


class Detach(BaseException):
    """Carries a detached reply out of ``HTTPChannel.service``, which handles every ``Exception`` itself."""

    def __init__(self, wire: ChannelWire) -> None:
        self.wire = wire


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


class Channel(HTTPChannel):  # type: ignore[misc]
    """A client's connection."""

    parser_class = RequestParser
    error_task_class = JsonErrorTask
    wire: ChannelWire | None = None  # of the detached reply under way
    unread = False  # an error was answered although more of its request may come
    linger_until: float | None = None
    put_off = False  # the next pipelined request waits for the client to take the answers before it
    _turn: object = None  # what the client had to do when ``overdue`` was last asked, changed by any progress
    _since = 0.0  # when that was first seen

    @staticmethod
    def task_class(channel: Channel, request: RequestParser) -> Task:
        return request.detached or Task(channel, request)

    @property
    def idle(self) -> bool:
        """Nothing is being received, answered or sent."""
        return self.linger_until is not None or not (self.requests or self.request or self.total_outbufs_len)

    def overdue(self, now: float) -> bool:
        """Whether the client has not done its part in time; asked every second, ``now`` in seconds of any clock."""
        turn, limit = self._client_turn()
        if turn != self._turn:
            self._turn, self._since = turn, now
        return now - self._since > limit

    def _client_turn(self) -> tuple[object, float]:
        """What the client has to do next, in a form that changes as it does it, and the seconds that may pass."""
        if self.wire is not None:
            return None, math.inf  # it has its own guard
        if self.total_outbufs_len:
            return self.last_activity, STALLED  # nothing is read meanwhile
        if self.requests or self.request is None:
            return None, math.inf
        if self.request.headers_finished:
            return self.last_activity, STALLED
        return self.request, HEAD_TIME

    def puts_off(self) -> bool:
        """Whether the next request has to wait; ``handle_write`` asks again."""
        with self.outbuf_lock:  # no flush comes between the test and the mark
            self.put_off = self.total_outbufs_len > UNSENT_LIMIT
            return self.put_off

    def _flush_outbufs_below_high_watermark(self) -> None:
        """Wait for nothing. waitress would wait here for the client, without a limit, and hold a worker thread."""

    def service(self) -> None:
        try:
            super().service()
        except Detach as detach:
            detach.wire.launch()

    def send_at_once(self, data: bytes) -> bool:
        """Send past the buffers, through which a piece takes twice as long; False if nothing was sent."""
        with self.outbuf_lock:
            if not self.connected or self.total_outbufs_len:
                return False
            try:
                sent = self.socket.send(data)
            except OSError:  # the client is slow or has left: the way through the buffers tells
                return False
            if sent < len(data):
                self.write_soon(data[sent:])
            return True

    def handle_write(self) -> None:
        if self.unread and self.close_when_flushed and not self.total_outbufs_len:
            self._half_close()
            return
        super().handle_write()
        if self.put_off:
            self.server.add_task(self)
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

    def offer(self, data: bytes) -> bool:
        if len(data) > PIECE or not self._task.chunked_response:
            return False
        taken = self._channel.send_at_once(b"%x\r\n%b\r\n" % (len(data), data))
        self.sent += len(data) if taken else 0
        return taken

    async def send(self, data: bytes) -> None:
        if self.offer(data):
            return
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
