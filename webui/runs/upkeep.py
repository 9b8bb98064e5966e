"""What goes on beside the replies of a process: their journal, signals from other processes, runs that were lost; and
what nobody waits for, the end of what is in the trash.

One process generates a run and renews its heartbeat. Others reach it through the database alone, which is asked ten
times a second while there are runs: that is how a stop gets through, and how a deleted chat ends its reply. A run
without a heartbeat has lost its process; whoever sees that first gives the message the text that the journal holds.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TYPE_CHECKING, TypeVar

import sqlalchemy as sa
from sqlalchemy.exc import SQLAlchemyError

from webui.models import RunState
from webui.runs import journal
from webui.runs.log import Room, RunLog
from webui.services import trash
from webui.services.imports import records

if TYPE_CHECKING:
    from webui.runs.engine import Runs

T = TypeVar("T")
log = logging.getLogger(__name__)

PAUSE_SECONDS = 2.0  # before a database that does not answer is asked again
QUIET_SECONDS = 10.0  # after which the deltas of a run that is over leave the memory


async def repeat(step: Callable[[Runs], Awaitable[None]], runs: Runs, seconds: float) -> None:
    """Take a step again and again; what goes wrong is logged, and the next step comes all the same."""
    while True:
        await asyncio.sleep(seconds)
        try:
            await step(runs)
        except Exception:
            log.exception("Looking after replies failed; trying again.")


async def write_journal(runs: Runs) -> None:
    """Write what all runs have said since the last time, in one transaction."""
    if not runs.active:
        return
    async with runs.writing:
        # A run whose end is stored is no longer active, one that is about to be stored waits for this lock.
        logs = [run.generation.log for run in runs.active.values()]
        entries = [journal.Entry(item.id, item.seq, item.unwritten()) for item in logs]
        await runs.store(partial(journal.write, entries=entries))
        for item, entry in zip(logs, entries, strict=True):
            item.wrote(entry.seq)


async def heed_signals(runs: Runs) -> None:
    """End the replies that somebody does not want any more, or whose chat is gone."""
    before = list(runs.active)
    if not before:
        return
    for run_id in await _ask(partial(journal.unwanted, runs.registry.database, runs.owner, before)) or ():
        runs.stop(run_id)


async def recover_lost(runs: Runs) -> None:
    """Finish the runs of processes that have died, and forget what is long over.

    When the database itself was away nobody could renew a heartbeat, so then the others get the time to do so.
    """
    found, before = await read(runs, journal.lost), runs.looked
    if found is None:
        return
    runs.looked = time.monotonic()
    steady = before is None or runs.looked - before < journal.LOST_AFTER.total_seconds()
    for run_id in found if steady else ():
        if run_id not in runs.active and await runs.store(partial(journal.interrupt, run_id=run_id)):
            log.warning("The process that generated a reply has died; the message keeps what was stored.")
    _forget_logs(runs)


async def forget_old(runs: Runs) -> None:
    """Drop the runs that nobody resumes any more."""
    await runs.store(journal.forget)


async def erase_trash(runs: Runs) -> None:
    """Erase what has been in the trash for long enough."""
    days = runs.registry.runtime.settings["chats.trash_days"]
    while await runs.store(partial(trash.erase_some, trash_days=days)):
        await asyncio.sleep(trash.PAUSE_SECONDS)


async def end_abandoned_imports(runs: Runs) -> None:
    """End the imports that no job is at any more."""
    await runs.store(partial(records.end_abandoned, jobs=runs.registry.jobs))


def _forget_logs(runs: Runs) -> None:
    now = time.monotonic()
    for user_id, room in list(runs.rooms.items()):
        for item in [item for item in room.logs.values() if item.id not in runs.active]:
            if item.touched < now - QUIET_SECONDS:
                item.shrink(0)
            if item.touched < now - journal.KEPT_FOR.total_seconds():
                del room.logs[item.id]
        if not room.logs and not room.watchers:
            del runs.rooms[user_id]


async def mirror_others(runs: Runs) -> None:
    """Bring what other processes generate, and what jobs announce there, to the viewers of this one."""
    if not any(room.watchers for room in runs.rooms.values()):
        return
    for run in await read(runs, journal.recent) or ():
        room = runs.rooms.get(run.user_id)
        if room is not None and room.watchers and run.id not in runs.active:
            await _mirror(runs, run, room)


async def _mirror(runs: Runs, run: journal.Stored, room: Room) -> None:
    known = room.logs.get(run.id)
    if known is None:  # one that is over is known but for what its jobs announce, one at a time
        seq = 0 if run.state == RunState.RUNNING else run.seq - 1
        known = RunLog(run.id, chat_id=run.chat_id, message_id=run.message_id, room=room, seq=seq)
    if run.seq > known.seq:
        last, deltas = await read(runs, partial(journal.read_after, run_id=run.id, seq=known.seq)) or (0, ())
        for delta in deltas:
            known.append(delta)
        if deltas:
            known.wrote(known.seq)
        if last > known.seq:
            known.skip_to(last)


# How often each is done, in seconds. What was said since the last write is what kill -9 costs.
STEPS = {
    write_journal: 0.5,
    heed_signals: 0.1,
    mirror_others: 0.3,
    recover_lost: 2.0,
    forget_old: 60.0,
    erase_trash: 60.0,
    end_abandoned_imports: 60.0,
}


async def read(runs: Runs, query: Callable[[sa.Connection], T]) -> T | None:
    """The answer of the database; None while there is none."""

    def read() -> T:
        with runs.registry.database.reader() as connection:
            return query(connection)

    return await _ask(read)


async def _ask(question: Callable[[], T]) -> T | None:
    try:
        return await asyncio.to_thread(question)
    except SQLAlchemyError as error:
        log.warning("The table of runs cannot be read: %s", error)
        await asyncio.sleep(PAUSE_SECONDS)
        return None
