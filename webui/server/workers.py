"""Several serving processes on the same listening sockets: forked, replaced when they die, and stopped together.

The parent serves nothing. It sleeps on a pipe to which Python writes the number of every signal (``set_wakeup_fd``), so
nothing runs inside a signal handler and no signal falls between a test and the sleep after it.
"""

from __future__ import annotations

import logging
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

logger = logging.getLogger("webui.server")

SETTLED = 10.0  # seconds; a worker that dies younger makes its successor wait
LONGEST_WAIT = 30.0  # seconds before a worker that keeps dying is tried again
GRACE = 10.0  # seconds on top of the graceful timeout, in which workers cancel and clean up
STOP_SIGNALS = frozenset({signal.SIGTERM, signal.SIGINT})


class Serving(Protocol):
    """What a worker runs; ``webui.server.serve.Server``."""

    def run(self, wanted: Callable[[], bool]) -> None: ...
    def stop(self) -> None: ...


@dataclass
class Worker:
    """One place among the workers."""

    pid: int = 0  # of the process that fills it; 0 for none
    started: float = 0.0
    early_deaths: int = 0  # in a row
    due: float = 0.0  # when the next process may start


class Supervisor:
    """Keeps ``count`` workers alive until SIGTERM or SIGINT."""

    def __init__(
        self,
        make_server: Callable[[], Serving],
        count: int,
        sockets: list[socket.socket],
        graceful_timeout: float,
        post_fork: Callable[[], None] | None,
        *,
        started: Callable[[], None] | None = None,
    ) -> None:
        self._make_server = make_server
        self._sockets = sockets
        self._patience = graceful_timeout + GRACE
        self._post_fork = post_fork
        self._started = started  # for the first worker alone
        self._workers = [Worker() for _ in range(count)]

    def run(self) -> None:
        """Serve until a signal, and return when every worker has ended."""
        others = [thread.name for thread in threading.enumerate() if thread is not threading.current_thread()]
        if others:
            raise RuntimeError(
                f"Cannot fork workers while threads run ({', '.join(others)}). Use workers = 1, e.g. with --reload."
            )
        self._signals, wakeup = os.pipe()
        os.set_blocking(self._signals, False)
        os.set_blocking(wakeup, False)
        signal.set_wakeup_fd(wakeup, warn_on_full_buffer=False)
        for number in (*STOP_SIGNALS, signal.SIGCHLD):
            signal.signal(number, lambda *_: None)  # must have a handler to reach the pipe
        while not self._wait(self._start_due()) & STOP_SIGNALS:
            for worker, status in self._reap():
                self._plan_successor(worker, status)
        self._stop()

    def _start_due(self) -> float | None:
        """Start the workers whose time has come; seconds until the next one's, if any."""
        now = time.monotonic()
        for worker in self._workers:
            if not worker.pid and worker.due <= now:
                self._start(worker)
        return min((worker.due - now for worker in self._workers if not worker.pid), default=None)

    def _start(self, worker: Worker) -> None:
        parent = os.getpid()
        # A signal must not find the child with the parent's handlers.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        pid = os.fork()
        if pid == 0:
            self._work(parent, mask)
        self._started = None
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        worker.pid, worker.started = pid, time.monotonic()
        logger.info("Worker %d started.", pid)

    def _work(self, parent: int, mask: set[int | signal.Signals]) -> None:
        """The life of a worker, which never returns into the parent's stack."""
        code = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            # Ctrl-C reaches the whole process group; the parent alone answers it.
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            if self._post_fork is not None:
                self._post_fork()
            server = self._make_server()
            signal.signal(signal.SIGTERM, lambda *_: server.stop())
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            if self._started is not None:
                self._started()
            server.run(lambda: os.getppid() == parent)  # an orphan would hold the port
            code = 0
        except BaseException:
            logger.exception("Worker %d failed.", os.getpid())
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    def _wait(self, timeout: float | None) -> set[int]:
        """Sleep until a signal or the timeout; the signals that came."""
        select.select([self._signals], [], [], None if timeout is None else max(timeout, 0))
        try:
            return set(os.read(self._signals, 4096))
        except BlockingIOError:
            return set()

    def _alive(self) -> list[Worker]:
        return [worker for worker in self._workers if worker.pid]

    def _reap(self) -> list[tuple[Worker, int]]:
        """The workers that have ended since the last call, with their exit codes (negative: the signal's number)."""
        ended = []
        for worker in self._alive():
            pid, status = os.waitpid(worker.pid, os.WNOHANG)
            if pid:
                worker.pid = 0
                ended.append((worker, os.waitstatus_to_exitcode(status)))
        return ended

    def _plan_successor(self, worker: Worker, code: int) -> None:
        """At once, unless it is the second in a row that dies young: then after 1, 2, 4 ... seconds."""
        now = time.monotonic()
        worker.early_deaths = worker.early_deaths + 1 if now - worker.started < SETTLED else 0
        wait = 0.0 if worker.early_deaths < 2 else min(2.0 ** (worker.early_deaths - 2), LONGEST_WAIT)
        worker.due = now + wait
        logger.error("A worker ended with code %d; starting another in %g s.", code, wait)

    def _stop(self) -> None:
        """Let the workers drain; kill what is left when they take too long or a second signal comes."""
        for sock in self._sockets:
            sock.close()
        self._kill(signal.SIGTERM)
        deadline = time.monotonic() + self._patience
        while self._alive() and (left := deadline - time.monotonic()) > 0:
            if self._wait(left) & STOP_SIGNALS:
                break
            self._reap()
        if self._alive():
            logger.warning("Killing %d workers that have not ended.", len(self._alive()))
            self._kill(signal.SIGKILL)
            for worker in self._alive():
                os.waitpid(worker.pid, 0)

    def _kill(self, number: signal.Signals) -> None:
        for worker in self._alive():
            os.kill(worker.pid, number)
