"""The table of jobs: who may take which, for how long, and what becomes of it.

A job is leased and not locked: whoever takes it puts ``due_at`` off by ``LEASE``, and does so again while it works. No
connection is held meanwhile, and the job of a process that died is due again by itself. ``attempts`` tells the takers
apart: one that has lost its lease can change nothing any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.models import Database, Job, utcnow

LEASE = timedelta(minutes=2)
PAUSES = (timedelta(seconds=5), timedelta(seconds=30))  # after the first attempt, after the second
MAX_ATTEMPTS = len(PAUSES) + 1
FAILED_KEPT = timedelta(days=7)  # for whoever looks for the reason
ABANDONED = "its process ended in the middle"


@dataclass(frozen=True)
class Taken:
    """A job that is leased to this process; ``attempt`` counts from 1."""

    id: str
    kind: str
    payload: dict[str, Any]
    user_id: str | None
    attempt: int


def add(db: Session, kind: str, payload: dict[str, Any], *, user_id: str | None, delay: float = 0) -> str:
    """Store a job in the caller's transaction, due in ``delay`` seconds; its id. It goes when its user goes."""
    job_id, now = str(uuid4()), utcnow()
    due_at = now + timedelta(seconds=delay)
    values = {"kind": kind, "payload": payload, "user_id": user_id, "due_at": due_at, "created_at": now}
    db.execute(sa.insert(Job).values(id=job_id, attempts=0, **values))
    return job_id


def take(database: Database) -> Taken | None:
    """Lease the job that has been due for longest. If there is none, that is one indexed read and no writer's lock."""
    with database.reader() as connection:
        if connection.scalar(_next_due(Job.id)) is None:
            return None
    with database.begin() as db:
        # SQLite has one writer at a time and ignores the locking clause.
        while job := db.scalar(_next_due(Job).with_for_update(skip_locked=True)):
            if job.attempts < MAX_ATTEMPTS:
                job.attempts += 1
                job.due_at = utcnow() + LEASE
                return Taken(job.id, job.kind, job.payload, job.user_id, job.attempts)
            job.failed_at, job.error = utcnow(), ABANDONED  # it may be what ended them
            db.flush()
    return None


def _next_due(what: Any) -> sa.Select[Any]:
    return sa.select(what).where(Job.failed_at.is_(None), Job.due_at <= utcnow()).order_by(Job.due_at).limit(1)


def renew(database: Database, job: Taken) -> bool:
    """Lengthen the lease; False if it was lost, and another process may be at the job."""
    return _change(database, job, due_at=utcnow() + LEASE)


def give_back(database: Database, job: Taken) -> None:
    """Let another process have it at once; this attempt does not count."""
    _change(database, job, due_at=utcnow(), attempts=job.attempt - 1)


def finish(database: Database, job: Taken) -> None:
    """It is done."""
    with database.begin() as db:
        db.execute(sa.delete(Job).where(*_mine(job)))


def fail(database: Database, job: Taken, error: str) -> bool:
    """Put it off for a pause, or give it up after the last attempt: True then. ``error`` is why it failed."""
    if job.attempt < MAX_ATTEMPTS:
        _change(database, job, due_at=utcnow() + PAUSES[job.attempt - 1], error=error)
        return False
    with database.begin() as db:
        db.execute(sa.update(Job).where(*_mine(job)).values(failed_at=utcnow(), error=error))
        db.execute(sa.delete(Job).where(Job.failed_at < utcnow() - FAILED_KEPT))
    return True


def _mine(job: Taken) -> tuple[sa.ColumnElement[bool], ...]:
    return Job.id == job.id, Job.attempts == job.attempt, Job.failed_at.is_(None)


def _change(database: Database, job: Taken, **values: Any) -> bool:
    """Whether the job was still this process's."""
    with database.begin() as db:
        changed = db.execute(sa.update(Job).where(*_mine(job)).values(**values).returning(Job.id))
        return changed.one_or_none() is not None
