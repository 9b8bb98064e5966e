"""One serving process: listen, serve, and end gracefully; ``webui.server.workers`` runs several of them."""

from __future__ import annotations

import gc
import logging
import math
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from waitress import wasyncore
from waitress.adjustments import Adjustments as WaitressAdjustments
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher

from webui.background import BackgroundLoop
from webui.server.channel import Channel
from webui.server.limits import allow_open_files
from webui.server.workers import Supervisor

logger = logging.getLogger("webui.server")

TICK = 1.0  # seconds; how often the main loop looks up when nothing happens
CLEAN_UP = 5.0  # seconds that cancelled replies get to close their sources
ADJUSTMENTS: dict[str, Any] = {
    "asyncore_use_poll": True,  # select() ends the process at file descriptor 1024
    "channel_request_lookahead": 1,  # without it nobody reads while a request runs, and a disconnect goes unseen
    "clear_untrusted_proxy_headers": True,
    "ident": "webui",
    # Bytes after which waitress takes a new buffer. Until then it keeps what has been sent: 16 MB of it by default.
    "outbuf_high_watermark": 4 << 20,
}


class Adjustments(WaitressAdjustments):  # type: ignore[misc]
    """waitress's, where ``max_request_body_size`` is that of any request, and ``max_body_size`` that of most."""

    max_body_size: float = math.inf


@dataclass(frozen=True)
class Listening:
    """What is served where: the addresses that are listened on, processes, threads of each."""

    urls: list[str]
    workers: int
    threads: int


class CannotListen(Exception):
    """An address is taken or not ours; the text says what to do."""


def serve(
    app: Any,
    *,
    host: str = "127.0.0.1",
    port: int = 8080,
    workers: int = 1,
    graceful_timeout: float = 30.0,
    max_body_size: int = 1 << 30,
    max_import_size: int = 0,
    background: BackgroundLoop | None = None,
    post_fork: Callable[[], None] | None = None,
    started: Callable[[Listening], None] | None = None,
    stopped: Callable[[], None] | None = None,
    **adjustments: Any,
) -> None:
    """Serve until SIGTERM or SIGINT; other keywords are waitress's, which raises ``ValueError`` for unknown ones.

    With several ``workers`` each is a forked process, and calls ``post_fork`` first. The first process that serves
    calls ``started``, which must not take long; each calls ``stopped`` in the end. ``graceful_timeout`` is in seconds,
    ``max_body_size`` and ``max_import_size``, that of files of chats, in bytes.
    """
    largest = max(max_body_size, max_import_size) + 1  # waitress refuses a body that is as long as its limit
    adj = Adjustments(host=host, port=port, max_request_body_size=largest, **{**ADJUSTMENTS, **adjustments})
    adj.max_body_size = max_body_size
    allow_open_files(adj.connection_limit)
    sockets = listen(adj)
    listening = Listening([_url(sock) for sock in sockets], workers, adj.threads)
    logger.info("Listening on %s", ", ".join(listening.urls))
    tell = partial(started, listening) if started is not None else None

    _spare_the_collector()

    def make_server() -> Server:
        server = Server(app, sockets, adj, graceful_timeout, background)
        server.stopped = stopped
        return server

    if workers == 1:
        server = make_server()
        _stop_on_signals(server.stop)
        if tell is not None:
            tell()
        server.run()
    else:
        Supervisor(make_server, workers, sockets, graceful_timeout, post_fork, started=tell).run()


def _spare_the_collector() -> None:
    # What is loaded by now stays. Looking through it for garbage took 70 ms and more, in which nothing is answered.
    gc.collect()
    gc.freeze()
    # Requests and streams leave hardly any cycles behind (5 objects in 6 s of streams), but at Python's default of 700
    # were looked through 13 times a second, for 0.5 to 100 ms each; now it is once in two seconds.
    gc.set_threshold(20_000)


def listen(adj: Adjustments) -> list[socket.socket]:
    """Sockets that listen on the wanted addresses; ``CannotListen`` when one is taken or not ours."""
    sockets: list[socket.socket] = []
    port = adj.port
    for family, kind, protocol, address in adj.listen:
        sock = socket.socket(family, kind, protocol)
        sockets.append(sock)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)  # IPv4 has a socket of its own
        try:
            sock.bind((address[0], port, *address[2:]))
            sock.listen(adj.backlog)
        except OSError as error:
            for opened in sockets:
                opened.close()
            where = f"{address[0]} port {port}"
            advice = "Set another HOST or PORT, or stop what uses this one."
            raise CannotListen(f"Cannot listen on {where}: {error.strerror}. {advice}") from None
        port = sock.getsockname()[1]  # port 0 takes any free one, and the further addresses take the same
    return sockets


class Listener(TcpWSGIServer):  # type: ignore[misc]
    """Accepts connections on one socket."""

    channel_class = Channel
    draining = False  # no further request is wanted on open connections

    def add_task(self, channel: Channel) -> None:
        """Queue the next request of the connection for a worker thread, unless it is put off."""
        if not channel.puts_off():
            super().add_task(channel)


class Server:
    """Serves ``app`` on listening sockets until ``stop``; then waits for what runs, and cancels what runs too long."""

    stopped: Callable[[], None] | None = None  # called in the end

    def __init__(
        self,
        app: Any,
        sockets: Iterable[socket.socket],
        adj: Adjustments,
        graceful_timeout: float,
        background: BackgroundLoop | None,
    ) -> None:
        self._adj = adj
        self._graceful_timeout = graceful_timeout
        self._background = background
        self._stopping = False
        self._next_check = 0.0
        self._map: dict[int, Any] = {}
        self._dispatcher = ThreadedTaskDispatcher()
        self._listeners = [self._listener(app, sock) for sock in sockets]

    def run(self, wanted: Callable[[], bool] = lambda: True) -> None:
        """Serve until ``stop`` is called or ``wanted()``, asked every second, is false."""
        self._dispatcher.set_thread_count(self._adj.threads)
        while wanted() and not self._stopping:
            self._poll(TICK)
        self._stopping = True
        self._drain()
        self._close()

    def stop(self) -> None:
        """End gracefully; may be called from any thread and from a signal handler."""
        if not self._stopping:
            self._stopping = True
            self._listeners[0].pull_trigger()

    def _listener(self, app: Any, sock: socket.socket) -> Listener:
        info = (sock.family, sock.type, sock.proto, sock.getsockname())
        return Listener(
            app, self._map, _sock=sock, dispatcher=self._dispatcher, adj=self._adj, sockinfo=info, bind_socket=False
        )

    def _poll(self, timeout: float) -> None:
        wasyncore.loop(timeout=timeout, use_poll=self._adj.asyncore_use_poll, map=self._map, count=1)
        now = time.monotonic()
        if now >= self._next_check:
            self._next_check = now + TICK
            self._close_overdue(now)

    def _channels(self) -> list[Channel]:
        return [channel for channel in self._map.values() if isinstance(channel, Channel)]

    def _close_overdue(self, now: float) -> None:
        for channel in self._channels():
            if channel.overdue(now):
                channel.handle_close()

    def _drain(self) -> None:
        """Accept nothing more, and wait for what runs within the graceful timeout."""
        for listener in self._listeners:
            listener.draining = True
            wasyncore.dispatcher.close(listener)  # not its own close(): the channels still need its trigger
        if self._background is not None:
            self._background.drain()
        deadline = time.monotonic() + self._graceful_timeout
        busy = self._close_idle()
        if busy:
            logger.info("Stopping; waiting up to %g s for %d running replies.", self._graceful_timeout, busy)
        while busy and (left := deadline - time.monotonic()) > 0:
            self._poll(min(left, TICK))
            busy = self._close_idle()
        if busy:
            logger.warning("Cancelling %d replies that did not end within %g s.", busy, self._graceful_timeout)

    def _close_idle(self) -> int:
        """Close the connections on which nothing happens; the number of the others, and of replies without one."""
        for channel in self._channels():
            if channel.idle:
                channel.handle_close()
        return len(self._channels()) + (self._background.busy if self._background is not None else 0)

    def _close(self) -> None:
        # The loop first: its replies close their sources, and threads that wait for it come free.
        if self._background is not None:
            self._background.stop(CLEAN_UP)
        for channel in self._channels():
            channel.handle_close()
        self._dispatcher.shutdown(timeout=1)
        wasyncore.close_all(self._map)
        if self.stopped is not None:
            self.stopped()
        logger.info("Stopped.")


def _stop_on_signals(stop: Callable[[], None]) -> None:
    """Call ``stop`` at the first SIGTERM or SIGINT; the second has the system's effect and ends the process at once."""
    if threading.current_thread() is not threading.main_thread():
        return  # Python delivers signals to the main thread alone; whoever started us here stops us

    def handle(*_: object) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        stop()

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)


def _url(sock: socket.socket) -> str:
    host, port = sock.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
