"""Replies that hold no worker thread while they are made.

A view returns ``detached(request, start, on_error)``. On our own server (``webui.server``) the worker thread is free as
soon as the view has returned, even before the status is known, and ``request.registry.background`` writes the reply
when it comes. On any other WSGI server the same response keeps its thread and hands the chunks over one by one.

Either way ``Detached._deliver`` runs the reply, as one task on the background loop, and writes to a ``Wire``.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import re
from collections.abc import AsyncIterator, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass
from http.client import responses as reason_phrases
from queue import SimpleQueue
from typing import Any, Protocol, runtime_checkable

from pyramid.request import Request
from pyramid.response import Response

from webui.background import BackgroundLoop

logger = logging.getLogger(__name__)

Headers = list[tuple[str, str]]
Start = Callable[[], Coroutine[Any, Any, "Reply"]]

TASK_KEY = "webui.task"  # where webui.server.channel puts its task into the WSGI environ
CLIENT_CLOSED = 499  # nobody was there to see a status; nginx's number for it
BRIDGED_CHUNKS = 8  # chunks that may wait for a foreign server's thread

# Framing belongs to the server, and these describe one connection alone: RFC 9110 section 7.6.1.
FRAMING = frozenset(
    {
        "connection",
        "content-length",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110 section 5.6.2
FIELD_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")  # RFC 9110 section 5.5


@dataclass(frozen=True)
class Reply:
    """An HTTP answer whose body may still be under way.

    A body that is an iterator is always ``aclose``d, also when nothing was taken from it. Python does not enter the
    ``finally`` of a generator that was never started: a body that holds a connection is better a class.
    """

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes | AsyncIterator[bytes]

    def __post_init__(self) -> None:
        for name, value in self.headers:
            if not (FIELD_NAME.fullmatch(name) and FIELD_VALUE.fullmatch(value)):
                raise ValueError(f"{name!r} is not a header that can be sent")


@runtime_checkable
class HandsOver(Protocol):
    """A body whose pieces need no turn of the loop each."""

    def hand_to(self, offer: Callable[[bytes], bool]) -> None:
        """While the iteration waits, give what arrives to ``offer``; what that refuses comes out of the iteration."""


@dataclass(frozen=True)
class Outcome:
    """How a reply ended: bytes of body that were handed to the connection, and ``None`` or what went wrong."""

    status: int
    sent: int
    error: str | None


class ConnectionLost(Exception):
    """The reply cannot be delivered any more; the text says why."""


class Wire:
    """The way to the client. ``lost`` may be called from any thread, everything else belongs to the loop.

    The two kinds are ``Bridge`` and ``webui.server.channel.ChannelWire``.
    """

    def __init__(self, background: BackgroundLoop) -> None:
        self.background = background
        self.gone = False
        self.sent = 0
        self._pump: asyncio.Task[Any] | None = None

    def attach(self) -> None:
        """Let the current task be the one that ``lost`` cancels."""
        self._pump = asyncio.current_task()
        if self.gone:
            self._cancel()

    def lost(self) -> None:
        """The client has gone: end the reply. ``gone`` is set first, in case ``attach`` is still to come."""
        self.gone = True
        self.background.call_soon(self._cancel)

    def _cancel(self) -> None:
        # Once only: a second cancellation would interrupt the clean-up after the first.
        pump, self._pump = self._pump, None
        if pump is not None:
            pump.cancel()

    def head(self, status: str, headers: Headers) -> None:
        """Send the status line and the headers."""
        raise NotImplementedError

    def offer(self, data: bytes) -> bool:
        """Send a part of the body if that can be done at once; False if nothing of it was taken."""
        return False

    async def send(self, data: bytes) -> None:
        """Send a part of the body, once there is room for it; raises ``ConnectionLost``."""
        raise NotImplementedError

    async def end(self) -> None:
        """The body is complete: wait until it is on its way; raises ``ConnectionLost``."""
        raise NotImplementedError

    def release(self, *, complete: bool) -> None:
        """Give the connection back, the last call on a wire; an incomplete reply must look truncated to the client."""
        self._pump = None


class Bridge(Wire):
    """A wire over plain WSGI: the iterable of chunks that a foreign server's thread takes."""

    def __init__(self, background: BackgroundLoop) -> None:
        super().__init__(background)
        self._items: SimpleQueue[Any] = SimpleQueue()  # (status, headers), then bytes, then None or an exception
        self._room = asyncio.Semaphore(BRIDGED_CHUNKS)

    def head(self, status: str, headers: Headers) -> None:
        self._items.put((status, headers))

    async def send(self, data: bytes) -> None:
        await self._room.acquire()
        self._items.put(data)
        self.sent += len(data)

    async def end(self) -> None:
        pass  # what is queued is the server's to send

    def release(self, *, complete: bool) -> None:
        super().release(complete=complete)
        self._items.put(None if complete else ConnectionLost("the reply broke off"))

    def take_head(self) -> tuple[str, Headers]:
        """Wait for the head, on the server's thread."""
        head: tuple[str, Headers] = self._take()
        return head

    def __iter__(self) -> Iterator[bytes]:
        return self

    def __next__(self) -> bytes:
        item = self._take()
        if item is None:
            self._items.put(None)  # whoever asks again gets the same answer
            raise StopIteration
        self.background.call_soon(self._room.release)
        chunk: bytes = item
        return chunk

    def close(self) -> None:
        """WSGI's call at the end, early or not (PEP 3333)."""
        self.lost()

    def _take(self) -> Any:
        item = self._items.get()
        if isinstance(item, ConnectionLost):
            self._items.put(item)
            raise item
        return item


class Detached(Response):  # type: ignore[misc]
    """The response of ``detached``. Tweens may add headers to it; status and body are not known to them yet."""

    def __init__(self, background: BackgroundLoop, start: Start, on_error: Callable[[BaseException], Reply]) -> None:
        super().__init__(headerlist=[], app_iter=())
        self._background = background
        self._start = start
        self._on_error = on_error
        self._context = contextvars.copy_context()  # log lines of the reply carry the request's id
        self._callbacks: list[Callable[[Outcome], object]] = []

    def add_done_callback(self, fn: Callable[[Outcome], object]) -> None:
        """Have ``fn(outcome)`` called once on the loop, so it must not block, when the reply is over."""
        self._callbacks.append(fn)

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Start the reply. By now the transaction has been committed and every tween has had its say."""
        has_body = environ["REQUEST_METHOD"] != "HEAD"

        def launch(wire: Wire) -> None:
            self._context.run(self._background.submit, self._deliver(wire, has_body))

        if TASK_KEY in environ:
            environ[TASK_KEY].detach(self._background, launch, start_response)
            return ()
        bridge = Bridge(self._background)
        launch(bridge)
        start_response(*bridge.take_head())
        return bridge

    async def _deliver(self, wire: Wire, has_body: bool) -> None:
        status, error, body = CLIENT_CLOSED, None, None
        try:
            wire.attach()
            reply = await self._reply()
            status, body = reply.status, reply.body
            wire.head(*self._head(reply))
            if has_body and _allows_body(status):
                await _send(body, wire)
            await wire.end()
        except asyncio.CancelledError:
            error = "client disconnected" if wire.gone else "server stopped"
        except ConnectionLost as lost:
            error = str(lost)
        except Exception as failure:
            logger.exception("A reply broke off.")
            error = f"failed: {type(failure).__name__}"
        finally:
            try:
                await _close(body)
            finally:
                self._report(Outcome(status, wire.sent, error))
                wire.release(complete=error is None)

    async def _reply(self) -> Reply:
        try:
            return await self._start()
        except Exception as error:
            return self._on_error(error)

    def _head(self, reply: Reply) -> tuple[str, Headers]:
        """Status line and headers: the reply's own, and those of this response that it does not have."""
        own = [(name, value) for name, value in reply.headers if name.lower() not in FRAMING]
        taken = FRAMING.union(name.lower() for name, _ in own)
        headers = [(name, value) for name, value in self.headerlist if name.lower() not in taken] + own
        if isinstance(reply.body, bytes) and _allows_body(reply.status):
            headers.append(("Content-Length", str(len(reply.body))))
        return f"{reply.status} {reason_phrases.get(reply.status, 'Unknown')}", headers

    def _report(self, outcome: Outcome) -> None:
        for callback in self._callbacks:
            try:
                callback(outcome)
            except Exception:
                logger.exception("A callback at the end of a reply failed.")


def detached(request: Request, start: Start, on_error: Callable[[BaseException], Reply]) -> Detached:
    """A response whose status, headers and body are what ``start()`` returns, awaited on the background loop.

    ``start`` is called after the transaction's commit. What it raises becomes the reply ``on_error(exception)``; what
    the body raises later truncates the reply, since its status has been sent.
    """
    return Detached(request.registry.background, start, on_error)


def _allows_body(status: int) -> bool:
    return status >= 200 and status not in (204, 304)  # RFC 9110 section 6.4.1


async def _send(body: bytes | AsyncIterator[bytes], wire: Wire) -> None:
    if isinstance(body, bytes):
        await wire.send(body)
        return
    if isinstance(body, HandsOver):
        body.hand_to(wire.offer)
    async for chunk in body:
        if chunk:
            await wire.send(chunk)


async def _close(body: bytes | AsyncIterator[bytes] | None) -> None:
    aclose = getattr(body, "aclose", None)
    if aclose is not None:
        try:
            await aclose()
        except Exception:
            logger.exception("The source of a reply failed while it was closed.")
