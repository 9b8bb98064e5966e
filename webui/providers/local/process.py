"""The web process's side of the child: find it or start it, and say in the log why it ended."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from webui.errors import ApiError, Problem
from webui.providers.local import state
from webui.providers.local.state import Endpoint

logger = logging.getLogger(__name__)

START_TIMEOUT = 120.0  # seconds; a file of many GB on a slow disk needs its time
POLL_INTERVAL = 0.1  # seconds between looks while another web process starts the child
FREE_STARTS = 3  # failures in a row before starts are spaced out
LONGEST_PAUSE = 300.0  # seconds
STDERR_TAIL = 2000  # bytes of the child's last words that go to the log
NOT_STARTED = "The local model could not be started; the server's log says why."


@dataclass(frozen=True)
class ChildOptions:
    """What the child is started with: see ``child``. ``context`` is in tokens a slot, ``idle`` in seconds."""

    model: Path
    alias: str
    threads: int
    slots: int
    context: int
    idle: float
    state: Path

    def command(self) -> list[str]:
        options = [f"--{name}={value}" for name, value in vars(self).items()]
        return [sys.executable, "-m", "webui.providers.local.child", *options]


class ModelProcess:
    """The child, started when it is first needed and again when it has ended. It belongs to one event loop."""

    def __init__(self, options: ChildOptions) -> None:
        self._options = options
        self._starting: asyncio.Task[Endpoint] | None = None
        self._own: tuple[Process, Endpoint] | None = None
        self._watches: set[asyncio.Task[None]] = set()  # the loop itself holds tasks only weakly
        self._failures = 0
        self._retry_at = 0.0

    async def endpoint(self) -> Endpoint:
        """Where the model answers, after starting it if need be; 503 or 504 when it does not come up."""
        found = self.running()
        if found is not None:
            return found
        if self._starting is None or self._starting.done():
            self._starting = asyncio.create_task(self._start())
        # A client that leaves must not stop the start: others may be waiting for it.
        return await asyncio.shield(self._starting)

    def running(self) -> Endpoint | None:
        """Where the model answers now, whichever web process started it."""
        if sys.platform == "win32":
            return self._own[1] if self._own is not None and self._own[0].returncode is None else None
        found = state.look(self._options.state)[1]
        return found if found is not None and found.model == str(self._options.model) else None

    async def close(self) -> None:
        """End the child if this process started it; it would end with this process anyway."""
        tasks = [*self._watches] if self._starting is None else [self._starting, *self._watches]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _start(self) -> Endpoint:
        pause = self._retry_at - time.monotonic()
        if pause > 0:
            text = "The local model failed to start several times. It is tried again later; the server's log says why."
            raise ApiError(Problem.UNAVAILABLE, text, headers={"Retry-After": str(int(pause) + 1)})
        try:
            async with asyncio.timeout(START_TIMEOUT):
                endpoint = await self._find_or_spawn()
        except TimeoutError:
            self._count_failure()
            logger.error("The local model was not ready within %d s.", START_TIMEOUT)
            raise ApiError(Problem.UPSTREAM_TIMEOUT, NOT_STARTED, headers={"Retry-After": "30"}) from None
        except ApiError:
            self._count_failure()
            raise
        self._failures = 0
        return endpoint

    def _count_failure(self) -> None:
        self._failures += 1
        if self._failures >= FREE_STARTS:
            self._retry_at = time.monotonic() + min(5.0 * 2 ** (self._failures - FREE_STARTS), LONGEST_PAUSE)

    async def _find_or_spawn(self) -> Endpoint:
        while True:
            found = self.running()
            if found is None and not state.look(self._options.state)[0]:
                found = await self._spawn()
            if found is not None:
                return found
            await asyncio.sleep(POLL_INTERVAL)

    async def _spawn(self) -> Endpoint | None:
        """Start a child and wait until it answers; ``None`` when another web process was faster."""
        self._options.state.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by _watch
        process = await asyncio.create_subprocess_exec(
            *self._options.command(),
            stdin=PIPE,
            stdout=PIPE,
            stderr=log,
            start_new_session=True,  # Ctrl-C is for the server, which lets running replies finish first
        )
        watch = asyncio.create_task(self._watch(process, log))
        self._watches.add(watch)
        watch.add_done_callback(self._watches.discard)
        assert process.stdout is not None  # noqa: S101 - for the type checker: it is a pipe
        try:
            line = await process.stdout.readline()
        except asyncio.CancelledError:
            _kill(process)
            raise
        if line:
            endpoint = Endpoint.from_json(line)
            self._own = process, endpoint
            logger.info("The local model %s is ready in process %d.", self._options.alias, endpoint.pid)
            return endpoint
        if await process.wait() == state.EXIT_CLAIMED:
            return None
        raise ApiError(Problem.UNAVAILABLE, NOT_STARTED, headers={"Retry-After": "5"})

    async def _watch(self, process: Process, log: IO[bytes]) -> None:
        """Log how the child ended. Cancelled, by ``close`` or because the loop stops, it ends the child."""
        with log:
            try:
                code = await process.wait()
            except asyncio.CancelledError:
                _kill(process)
                await process.wait()
                raise
            log.seek(max(0, log.seek(0, os.SEEK_END) - STDERR_TAIL))
            tail = log.read().decode(errors="replace").strip()
        if code == 0:
            logger.info("The local model in process %d has ended: nothing asked for it any more.", process.pid)
        elif code != state.EXIT_CLAIMED:
            logger.error("The local model in process %d ended with status %d. %s", process.pid, code, tail)


def _kill(process: Process) -> None:
    if process.returncode is None:
        process.kill()
