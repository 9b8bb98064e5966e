"""The runs of this process: started after the request's commit, and stored in the end whatever happens to them."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import uuid4

from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session

from webui.bodies import close_body
from webui.errors import ApiError, Problem
from webui.models import RunState
from webui.runs import after, journal, upkeep
from webui.runs.generation import Generation
from webui.runs.log import Event, Room, RunLog
from webui.services.runs import TEMPORARY, Begun
from webui.services.usage import measured

if TYPE_CHECKING:
    from pyramid.registry import Registry

    from webui.services.completions import Completion

T = TypeVar("T")
log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0  # before what could not be stored is tried again


@dataclass
class Active:
    """A reply that this process generates."""

    begun: Begun
    completion: Completion
    background_tasks: dict[str, Any]
    generation: Generation
    task: asyncio.Task[None] | None  # None once there is nothing left to cancel
    reason: RunState = RunState.INTERRUPTED  # what it is when cancelled


class Runs:
    """Lives in the registry as ``registry.runs``. Methods belong to the loop unless they say otherwise."""

    def __init__(self, registry: Registry) -> None:
        self.owner = ""  # this process
        self.active: dict[str, Active] = {}
        self.rooms: dict[str, Room] = {}  # by user; with the logs of what is active or was so a short while ago
        self.closing = False  # the server is about to stop: viewers are to come back to its successor
        self.writing = asyncio.Lock()  # a delta is written once
        self.looked: float | None = None  # when the tables were last seen (monotonic)
        self.registry = registry
        self._starting = threading.Lock()

    def start(self) -> None:
        """Look after runs from now on; any thread. Called by requests, so after the fork, and cheap when started."""
        if self.owner:
            return
        with self._starting:
            if not self.owner:
                self.owner = uuid4().hex
                for step, seconds in upkeep.STEPS.items():
                    self.registry.background.submit(upkeep.repeat(step, self, seconds))
                self.registry.background.on_drain.append(self._close)
                self.registry.jobs.start()

    def launch(self, begun: Begun, completion: Completion, background_tasks: dict[str, Any]) -> None:
        """Generate a reply whose run has been committed; any thread."""
        self.registry.background.submit(self._run(begun, completion, background_tasks))

    def stop(self, run_id: str, reason: RunState = RunState.STOPPED) -> None:
        """End a reply of this process, if it is one."""
        run = self.active.get(run_id)
        if run is not None and run.task is not None:
            run.reason = reason
            run.task.cancel()
            run.task = None

    async def announce(self, run_id: str, event: Event) -> None:
        """Tell the viewers of a run that is over something more."""
        seq = await self.store(lambda db: journal.append_event(db, run_id, event))
        known = next((room.logs[run_id] for room in self.rooms.values() if run_id in room.logs), None)
        if known is not None and seq == known.seq + 1:
            known.append({"event": event})
            known.wrote(seq)

    def room(self, user_id: str) -> Room:
        """What one user can follow."""
        return self.rooms.setdefault(user_id, Room())

    async def store(self, work: Callable[[Session], T]) -> T:
        """Do ``work`` in a transaction of its own; tried until the database answers."""

        def transaction() -> T:
            with self.registry.database.begin() as db:
                return work(db)

        while True:
            try:
                return await asyncio.to_thread(transaction)
            except (OperationalError, PoolTimeout) as error:
                log.warning("Replies cannot be stored, trying again: %s", error)
                await asyncio.sleep(RETRY_SECONDS)

    def _close(self) -> None:
        self.closing = True
        for room in self.rooms.values():
            room.tell(None)

    async def _run(self, begun: Begun, completion: Completion, background_tasks: dict[str, Any]) -> None:
        room = self.room(completion.user_id)
        run_log = RunLog(begun.run_id, chat_id=begun.chat_id, message_id=begun.message_id, room=room)
        generation = Generation(run_log, begun.prefix, completion.handling.get("reasoning_tags"))
        run = Active(begun, completion, background_tasks, generation, asyncio.current_task())
        self.active[begun.run_id] = run
        self.registry.background.busy += 1
        try:
            await self._generate(run)
        except asyncio.CancelledError:
            generation.state = run.reason
        except ApiError as error:
            generation.fail(error)
        except Exception:
            log.exception("A reply could not be generated.")
            generation.fail(ApiError(Problem.INTERNAL))
        else:
            generation.state = RunState.DONE
        run.task = None
        try:
            await self._finish(run)
        finally:
            del self.active[begun.run_id]
            self.registry.background.busy -= 1

    async def _generate(self, run: Active) -> None:
        begun = run.begun
        if (selected := run.completion.selected_model_id) is not None:
            run.generation.log.append({"event": {"type": "chat:completion", "data": {"selected_model_id": selected}}})
        reply = await measured(
            self.registry.usage, run.completion, api="run", chat_id=begun.chat_id, message_id=begun.message_id
        )
        try:
            await run.generation.follow(reply)
        finally:
            await close_body(reply.body)

    async def _finish(self, run: Active) -> None:
        selected = run.completion.selected_model_id
        ending = run.generation.end({"selectedModelId": selected} if selected else {})
        try:
            await self._conclude(run, ending)
        except asyncio.CancelledError:  # the server stops just now, and nobody else has the end of this reply
            await self._conclude(run, ending)
        if ending.state is RunState.DONE:
            self.registry.jobs.wake()

    async def _conclude(self, run: Active, ending: journal.Ending) -> None:
        run_log = run.generation.log
        async with self.writing:
            seq = run_log.seq + len(ending.last)
            entry = journal.Entry(run_log.id, seq, [*run_log.unwritten(), *ending.last])
            await self.store(lambda db: self._store_end(db, run, entry, ending))
            for delta in ending.last:
                run_log.append(delta)
            run_log.wrote(seq)

    def _store_end(self, db: Session, run: Active, entry: journal.Entry, ending: journal.Ending) -> None:
        begun = run.begun
        stored = journal.finish(db, entry, ending)
        if stored and ending.state is RunState.DONE and not begun.chat_id.startswith(TEMPORARY):
            after.plan(
                db,
                self.registry.jobs,
                run_id=begun.run_id,
                user_id=run.completion.user_id,
                chat_id=begun.chat_id,
                message_id=begun.message_id,
                model=run.completion.model["id"],
                background_tasks=run.background_tasks,
            )
