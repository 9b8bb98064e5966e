"""One asyncio loop in a side thread: all talk with model servers lives there, while requests run on worker threads.

The thread starts at first use, so that a process may fork before (``webui.server.workers``), and it is a daemon: a task
that refuses to end cannot keep the process alive.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

T = TypeVar("T")
logger = logging.getLogger(__name__)


class BackgroundLoop:
    """The loop and its thread; every method may be called from any thread."""

    def __init__(self, name: str = "webui-background") -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._stopped = False
        self.busy = 0  # work that a graceful stop waits for; changed on the loop alone
        self.on_drain: list[Callable[[], object]] = []  # called on the loop when the server begins to stop
        self.on_stop: list[Callable[[], object]] = []  # called by whoever stops the loop, when its tasks have ended

    def submit(self, coro: Coroutine[Any, Any, T]) -> Future[T]:
        """Start a coroutine that nobody needs to wait for: its failure is logged, and is in the future as well."""
        future = self._schedule(coro)
        future.add_done_callback(_log_failure)
        return future

    def run(self, coro: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        """Block until the coroutine has ended; after ``timeout`` seconds cancel it and raise ``TimeoutError``."""
        if threading.current_thread() is self._thread:
            coro.close()
            raise RuntimeError("run() would wait for its own thread; on the loop, await the coroutine instead")
        future = self._schedule(coro)
        try:
            return future.result(timeout)
        finally:
            future.cancel()  # does nothing to one that has ended

    def call_soon(self, fn: Callable[..., object], *args: Any) -> None:
        """Call ``fn`` on the loop; after ``stop`` there is nobody left to tell, and this does nothing."""
        with self._lock:
            if not self._stopped:
                self._running().call_soon_threadsafe(fn, *args)

    def drain(self) -> None:
        """The server begins to stop: what has no end of its own is to end now."""
        for fn in self.on_drain:
            self.call_soon(fn)

    def stop(self, timeout: float = 5.0) -> None:
        """Cancel what runs, wait ``timeout`` seconds for it to clean up, and end the thread. Nothing can follow."""
        with self._lock:
            self._stopped = True
            loop, thread = self._loop, self._thread
        if loop is None or thread is None or not thread.is_alive():
            return
        ended = asyncio.run_coroutine_threadsafe(_wind_up(), loop)
        ended.add_done_callback(lambda _: loop.call_soon_threadsafe(loop.stop))
        thread.join(timeout)
        if thread.is_alive():
            logger.warning("Background tasks did not end within %g s of being cancelled; leaving them.", timeout)
        for fn in self.on_stop:
            fn()

    def _schedule(self, coro: Coroutine[Any, Any, T]) -> Future[T]:
        with self._lock:
            if self._stopped:
                coro.close()
                raise RuntimeError("the background loop has been stopped")
            return asyncio.run_coroutine_threadsafe(coro, self._running())

    def _running(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=_serve, args=(self._loop,), name=self._name, daemon=True)
            self._thread.start()
        return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    try:
        loop.run_forever()
    finally:
        loop.close()


async def _wind_up() -> None:
    """Cancel every other task and wait for all of them."""
    await asyncio.sleep(0)  # a task cancelled before its first step would never reach its own clean-up
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    loop = asyncio.get_running_loop()
    await loop.shutdown_asyncgens()
    await loop.shutdown_default_executor()


def _log_failure(future: Future[Any]) -> None:
    if not future.cancelled() and (error := future.exception()) is not None:
        logger.error("A background task failed.", exc_info=error)
