"""The tables behind runs: every delta is a row within a second, and the whole text is written once, at the end.

Statements only; each function takes the session or connection that it works with, and belongs on a worker thread.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.models import Chat, Database, Message, Run, RunDeltas, RunState, utcnow
from webui.models.lookup import Lookup
from webui.runs.log import Delta
from webui.runs.transcript import Transcript

LOST_AFTER = timedelta(seconds=6)  # without a heartbeat, which comes twice a second
KEPT_FOR = timedelta(minutes=10)  # how long a run that is over can be resumed from any number


# Between what is stored of a lost run and the number of its end: viewers have seen deltas that are not stored, and must
# get the end all the same, which has the whole text.
GAP = 1_000_000


@dataclass(frozen=True)
class Entry:
    """Deltas of one run that are to be written; the last has number ``seq``."""

    run_id: str
    seq: int
    deltas: list[Delta] = field(repr=False)


@dataclass(frozen=True)
class Ending:
    """How a run ended, and what its message is now.

    ``data`` is laid over the message's other keys; ``last`` are the deltas that tell viewers of the end.
    """

    state: RunState
    content: str = field(repr=False)
    data: Mapping[str, Any] = field(repr=False)
    last: list[Delta] = field(repr=False)
    error: str | None = None


def write(db: Session, entries: Collection[Entry]) -> None:
    """Store deltas, and renew the heartbeat of their runs."""
    ids = [entry.run_id for entry in entries]
    found = db.scalars(sa.update(Run).where(Run.id.in_(ids)).values(heartbeat_at=utcnow()).returning(Run.id))
    there = set(found)  # a chat may be deleted meanwhile, and its runs with it
    rows = [entry for entry in entries if entry.deltas and entry.run_id in there]
    if rows:
        db.execute(sa.insert(RunDeltas), [{"run_id": row.run_id, "seq": row.seq, "deltas": row.deltas} for row in rows])
        db.connection().execute(_SET_SEQ, [{"of": row.run_id, "to": row.seq} for row in rows])


_SET_SEQ = sa.update(Run).where(Run.id == sa.bindparam("of")).values(seq=sa.bindparam("to"))


def finish(db: Session, entry: Entry, ending: Ending) -> bool:
    """Store the last deltas and the message; False when the run is not there or no longer running."""
    find = sa.select(Run).where(Run.id == entry.run_id, Run.state == RunState.RUNNING)
    run = db.scalar(find.with_for_update())
    if run is None:
        return False
    now = utcnow()
    db.add(RunDeltas(run_id=entry.run_id, seq=entry.seq, deltas=entry.deltas))
    run.state, run.seq, run.error = ending.state, entry.seq, ending.error
    run.heartbeat_at = run.finished_at = now
    if run.chat_id is not None:
        message = db.get(Message, (run.chat_id, run.message_id), with_for_update=True)
        if message is not None and message.run_id == run.id:
            if ending.content or ending.state is RunState.DONE:  # else what an earlier attempt said stays
                message.content = ending.content
            message.run_id, message.updated_at = None, now
            message.data = {**message.data, **ending.data}
        db.execute(sa.update(Chat).where(Chat.id == run.chat_id).values(updated_at=now))
    return True


def append_event(db: Session, run_id: str, event: Mapping[str, Any]) -> int | None:
    """Add an event to a run that is over; its number, or None when the run is not there any more."""
    change = sa.update(Run).where(Run.id == run_id).values(seq=Run.seq + 1, heartbeat_at=utcnow()).returning(Run.seq)
    seq = db.scalar(change)
    if seq is not None:
        db.add(RunDeltas(run_id=run_id, seq=seq, deltas=[{"event": dict(event)}]))
    return seq


def announce(db: Session, *, user_id: str, chat_id: str | None, message_id: str, event: Mapping[str, Any]) -> None:
    """Tell a user's viewers, at whatever process they are, what no run says: it is a run that is over at once."""
    now = utcnow()
    run = Run(
        id=str(uuid4()),
        user_id=user_id,
        chat_id=chat_id,
        message_id=message_id,
        model="",
        state=RunState.DONE,
        stop_requested=False,
        owner="",
        seq=1,
        error=None,
        created_at=now,
        heartbeat_at=now,
        finished_at=now,
    )
    db.add(run)
    db.flush()
    db.add(RunDeltas(run_id=run.id, seq=run.seq, deltas=[{"event": dict(event)}]))
    db.flush()


def read_after(connection: sa.Connection | Session, run_id: str, seq: int) -> tuple[int, list[Delta]]:
    """The stored deltas that follow number ``seq``, and the number of the last."""
    rows = connection.execute(_AFTER, {"run_id": run_id, "seq": seq}).all()
    deltas: list[Delta] = []
    for row in rows:
        first = row.seq - len(row.deltas)  # number of the delta before this piece
        deltas += row.deltas[max(seq - first, 0) :]
    return (rows[-1].seq if rows else seq), deltas


_AFTER = (
    sa.select(RunDeltas.seq, RunDeltas.deltas)
    .where(RunDeltas.run_id == sa.bindparam("run_id"), RunDeltas.seq > sa.bindparam("seq"))
    .order_by(RunDeltas.seq)
)


def transcript(deltas: Iterable[Delta]) -> Transcript:
    """What these deltas, all of a run, say."""
    said = Transcript()
    for delta in deltas:
        if "event" not in delta:
            said.add(delta)
    return said


def so_far(connection: sa.Connection | Session, run_id: str) -> str:
    """The text of a message that is being generated, as far as it is stored."""
    return transcript(read_after(connection, run_id, 0)[1]).render(done=False)


def unwanted(database: Database, owner: str, run_ids: Collection[str]) -> list[str]:
    """Those of a process's runs that somebody wants to stop, or whose chat is gone. Cheap as long as there is none."""
    counted = _COUNTS.find(database, state=RunState.RUNNING, owner=owner)
    if counted.running >= len(run_ids) and not counted.unwanted:
        return []
    with database.reader() as connection:
        wanted = set(connection.scalars(_WANTED, {"owner": owner}))
    return [run_id for run_id in run_ids if run_id not in wanted]


_COUNTS = Lookup(
    sa.select(
        sa.func.count().label("running"),
        sa.func.count(sa.case((Run.stop_requested, sa.literal_column("1")))).label("unwanted"),
    ).where(Run.state == sa.bindparam("state"), Run.owner == sa.bindparam("owner"))
)
_WANTED = sa.select(Run.id).where(
    Run.state == RunState.RUNNING, Run.owner == sa.bindparam("owner"), Run.stop_requested.is_(False)
)


def lost(connection: sa.Connection) -> list[str]:
    """Runs whose process has died."""
    return list(connection.scalars(_LOST, {"since": utcnow() - LOST_AFTER}))


_LOST = sa.select(Run.id).where(Run.state == RunState.RUNNING, Run.heartbeat_at < sa.bindparam("since"))


def interrupt(db: Session, run_id: str) -> bool:
    """Mark a lost run and its message, which keeps the text that was stored; False if somebody else has done it."""
    claim = sa.select(Run.heartbeat_at).where(Run.id == run_id, Run.state == RunState.RUNNING)
    heartbeat = db.scalar(claim.with_for_update(skip_locked=True))
    if heartbeat is None or heartbeat >= utcnow() - LOST_AFTER:
        return False
    seq, deltas = read_after(db, run_id, 0)
    content = transcript(deltas).render(done=True)
    told = {"done": True, "interrupted": True}
    last: list[Delta] = [{"event": {"type": "chat:completion", "data": told}}]
    return finish(db, Entry(run_id, seq + GAP, last), Ending(RunState.INTERRUPTED, content, told, last))


@dataclass(frozen=True)
class Stored:
    """What the table knows of a run."""

    id: str
    user_id: str
    chat_id: str | None
    message_id: str
    state: str
    seq: int


_COLUMNS = (Run.id, Run.user_id, Run.chat_id, Run.message_id, Run.state, Run.seq)


def read(connection: sa.Connection, run_id: str) -> Stored | None:
    """A run, or None when it is not there any more."""
    row = connection.execute(sa.select(*_COLUMNS).where(Run.id == run_id)).one_or_none()
    return None if row is None else Stored(*row)


def recent(connection: sa.Connection) -> list[Stored]:
    """Runs of all processes that something happened to lately."""
    return [Stored(*row) for row in connection.execute(_RECENT, {"since": utcnow() - LOST_AFTER})]


_RECENT = sa.select(*_COLUMNS).where(Run.heartbeat_at > sa.bindparam("since"))


def outcome(connection: sa.Connection, run_id: str) -> dict[str, Any]:
    """The whole text of a run that is over, and the title of its chat: what its last event carries."""
    found = connection.execute(
        sa.select(Message.content, Chat.title)
        .join(Run, sa.and_(Run.chat_id == Message.chat_id, Run.message_id == Message.id))
        .join(Chat, Chat.id == Run.chat_id)
        .where(Run.id == run_id)
    ).one_or_none()
    if found is not None:
        return {"content": found.content, "title": found.title}
    return {"content": transcript(read_after(connection, run_id, 0)[1]).render(done=True)}


def forget(db: Session) -> None:
    """Drop runs that are over and their journals, once nobody resumes them any more."""
    over = [state for state in RunState if state is not RunState.RUNNING]
    db.execute(sa.delete(Run).where(Run.state.in_(over), Run.heartbeat_at < utcnow() - KEPT_FOR))
