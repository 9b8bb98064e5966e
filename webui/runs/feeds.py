"""What viewers are sent: server-sent events, at most thirty a second each, and nothing is encoded when nobody looks.

A viewer pulls: it remembers the number of the last delta that it has sent and takes what follows, from memory or from
the journal. So a slow one holds nothing up and costs no queue, and one that comes back goes on where it was.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json
from sqlalchemy.exc import SQLAlchemyError

from webui.models import Role
from webui.runs import journal
from webui.runs.log import Delta, Event, Room, RunLog, Watcher, frames
from webui.runs.upkeep import read
from webui.security.identity import find_identity

if TYPE_CHECKING:
    from webui.runs.engine import Runs

FRAME_SECONDS = 1 / 30
PING_SECONDS = 15.0  # proxies close what is silent; and only a write shows that a viewer has gone
CHECK_SECONDS = 2.0  # how long what happens is told at most to somebody who may not hear it any more
POLL_SECONDS = 0.25  # between two looks at a run of another process
HEADERS = (("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache"), ("X-Accel-Buffering", "no"))
PING = b": ping\n\n"


async def follow_run(runs: Runs, run: journal.Stored, seq: int) -> AsyncGenerator[bytes, None]:
    """What follows delta ``seq`` of one run, to its end."""
    room = runs.room(run.user_id)
    with _watching(room, run.id) as watcher:
        silent_since = time.monotonic()
        while not runs.closing or run.id in runs.active:
            last, deltas = await _following(runs, run.id, room.logs.get(run.id), seq)
            end = next((number for number, delta in enumerate(deltas, 1) if _is_end(delta)), None)
            if end is not None:  # what jobs have announced since is for those who follow the user
                yield await _encode(runs, run, deltas[:end], last - len(deltas) + end)
                return
            if deltas:
                seq = last
                yield await _encode(runs, run, deltas, seq)
                silent_since = time.monotonic()
                await asyncio.sleep(FRAME_SECONDS)
                continue
            active = run.id in runs.active
            if not active and await _has_ended(runs, run.id, seq):
                return
            if time.monotonic() - silent_since > PING_SECONDS:
                silent_since = time.monotonic()
                yield PING
            await watcher.wait(PING_SECONDS if active else POLL_SECONDS)


async def follow_user(runs: Runs, user_id: str, since: float, *, text: bool = True) -> AsyncGenerator[bytes, None]:
    """What happens to all runs of a user from now on, and those whole that began after ``since`` (monotonic).

    Without ``text`` only the first piece of what a run says is told, and all else that happens.
    """
    room = runs.room(user_id)
    seen = {known.id: known.seq for known in room.logs.values() if known.began < since}
    with _watching(room) as watcher:
        yield PING  # so that the head reaches the page at once
        while not runs.closing:
            if not await watcher.wait(PING_SECONDS):
                seen = {run_id: seq for run_id, seq in seen.items() if run_id in room.logs}
                yield PING
                continue
            for known in watcher.take():
                told = seen.get(known.id, 0)
                last, deltas = await _following(runs, known.id, known, told)
                seen[known.id] = last
                if not text and told:
                    deltas = [delta for delta in deltas if "event" in delta]
                if deltas:
                    yield await _encode(runs, known, deltas, last)
            await asyncio.sleep(FRAME_SECONDS)


async def while_signed_in(
    runs: Runs, events: AsyncGenerator[bytes, None], *, user_id: str, session_id: str
) -> AsyncGenerator[bytes, None]:
    """The events until the session ends that they are sent to; that is noticed at the next event."""
    checked = time.monotonic()
    async with aclosing(events):
        async for event in events:
            if time.monotonic() - checked > CHECK_SECONDS:
                checked = time.monotonic()
                find = partial(find_identity, runs.registry.database, user_id=user_id, session_id=session_id)
                try:
                    found = await asyncio.to_thread(find)
                except SQLAlchemyError:
                    return  # nobody knows whether the session goes on
                if found is None or found.role is Role.PENDING:
                    return
            yield event


@contextmanager
def _watching(room: Room, run_id: str | None = None) -> Iterator[Watcher]:
    watcher = Watcher(run_id)
    room.watchers.add(watcher)
    try:
        yield watcher
    finally:
        room.watchers.discard(watcher)


async def _following(runs: Runs, run_id: str, known: RunLog | None, seq: int) -> tuple[int, list[Delta]]:
    """The deltas after number ``seq`` as far as they can be had now, and the number of the last."""
    deltas = None if known is None else known.after(seq)
    if deltas is not None and (deltas or run_id in runs.active):
        return seq + len(deltas), deltas
    return await read(runs, partial(journal.read_after, run_id=run_id, seq=seq)) or (seq, [])


async def _has_ended(runs: Runs, run_id: str, seq: int) -> bool:
    """Whether nothing can follow delta ``seq`` any more."""
    run = await read(runs, partial(journal.read, run_id=run_id))
    return run is None or (run.state != "running" and run.seq <= seq)


def _is_end(delta: Delta) -> bool:
    event = delta.get("event")
    return event is not None and event["type"] == "chat:completion" and bool(event["data"].get("done"))


async def _encode(runs: Runs, run: journal.Stored | RunLog, deltas: list[Delta], last: int) -> bytes:
    """Server-sent events in the contract's form, each with the number from which a viewer may resume."""
    whole: dict[str, Any] = {}
    if any(_is_end(delta) for delta in deltas):
        whole = await read(runs, partial(journal.outcome, run_id=run.id)) or {}
    where = {"chat_id": run.chat_id, "message_id": run.message_id, "task_id": run.id}
    lines, seq = [], last - len(deltas)
    for count, event in frames(deltas):
        seq += count
        told = _with(event, whole) if _is_end({"event": event}) else event
        lines.append(b"id: %d\ndata: %b\n\n" % (seq, to_json({**where, "data": told})))
    return b"".join(lines)


def _with(event: Event, more: dict[str, Any]) -> Event:
    return {**event, "data": {**event["data"], **more}}
