"""The worker of a process: takes jobs that are due and runs their handlers on the background loop."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from webui.errors import ApiError
from webui.jobs import queue
from webui.jobs.queue import Taken

if TYPE_CHECKING:
    from pyramid.registry import Registry

# Called with the registry, the payload and the user's id, as they were given to ``add``.
Handler = Callable[["Registry", dict[str, Any], Any], Awaitable[None]]
log = logging.getLogger(__name__)

POLL_SECONDS = 1.0  # jobs of other processes, and those whose pause is over, are found by looking
RENEW_SECONDS = queue.LEASE.total_seconds() / 4
AT_ONCE = 4  # handlers


class Jobs:
    """Lives in the registry as ``registry.jobs``; its public methods may be called from any thread."""

    def __init__(self, registry: Registry, handlers: Mapping[str, Handler]) -> None:
        self._registry = registry
        self._handlers = handlers
        self._woken = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()

    def add(self, db: Session, kind: str, payload: dict[str, Any], *, user_id: str | None, delay: float = 0) -> str:
        """Store a job in the caller's transaction, due in ``delay`` seconds; its id. ``wake`` after the commit."""
        return queue.add(db, kind, payload, user_id=user_id, delay=delay)

    def start(self) -> None:
        """Take jobs from now on. Called by requests, so after the fork, and cheap when started."""
        if self._worker is None:
            self.wake()

    def wake(self) -> None:
        """Look for due jobs now; without this call they are found within a second."""
        self._registry.background.call_soon(self._look)

    def _look(self) -> None:
        if self._worker is None:
            self._worker = asyncio.create_task(self._work())
        self._woken.set()

    async def _work(self) -> None:
        reachable = True
        while True:
            self._woken.clear()
            try:
                while len(self._running) < AT_ONCE and (job := await self._take()):
                    self._launch(job)
            except SQLAlchemyError as error:
                if reachable:
                    log.warning("Jobs cannot be read, trying again: %s", error)
                reachable = False
            else:
                reachable = True
            with suppress(TimeoutError):
                await asyncio.wait_for(self._woken.wait(), POLL_SECONDS)

    async def _take(self) -> Taken | None:
        """A job that is due; one that is taken while the server stops is given back."""
        taking = asyncio.get_running_loop().run_in_executor(None, queue.take, self._registry.database)
        try:
            return await asyncio.shield(taking)
        except asyncio.CancelledError:
            if job := await taking:
                await self._store(queue.give_back, job)
            raise

    def _launch(self, job: Taken) -> None:
        task = asyncio.create_task(self._run(job))
        self._running.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        self._woken.set()

    async def _run(self, job: Taken) -> None:
        lease = asyncio.create_task(self._keep(job, asyncio.current_task()))
        try:
            await self._handlers[job.kind](self._registry, job.payload, job.user_id)
        except asyncio.CancelledError:
            await self._store(queue.give_back, job)
            raise
        except Exception as error:
            await self._failed(job, error)
        else:
            await self._store(queue.finish, job)
        finally:
            lease.cancel()

    async def _keep(self, job: Taken, work: asyncio.Task[None] | None) -> None:
        """Renew the lease until cancelled; when it was lost, end the work that another process has begun again."""
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            if await self._store(queue.renew, job) is False and work is not None:
                log.warning("The lease of the job %s (%s) was lost.", job.id, job.kind)
                work.cancel()

    async def _failed(self, job: Taken, error: Exception) -> None:
        reason = error_text(error)
        if await self._store(queue.fail, job, reason):
            stack = "".join(traceback.format_tb(error.__traceback__))
            log.error("The job %s (%s) was given up: %s\n%s", job.id, job.kind, reason, stack)

    async def _store(self, change: Callable[..., bool | None], job: Taken, *more: str) -> bool | None:
        """Note what became of a job; where the database does not answer, the lease runs out and it is done again."""
        try:
            return await asyncio.to_thread(change, self._registry.database, job, *more)
        except SQLAlchemyError as error:
            log.warning("The state of the job %s (%s) cannot be stored: %s", job.id, job.kind, error)
            return None


def error_text(error: Exception) -> str:
    """What kind of failure it was; never its own words, which may repeat what people wrote."""
    known = f" {error.status} {error.problem.code}" if isinstance(error, ApiError) else ""
    return type(error).__name__ + known
