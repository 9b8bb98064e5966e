"""Imports of files as people see them: begun, followed, cancelled."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import ChatImport, Job, utcnow

if TYPE_CHECKING:
    from webui.jobs.worker import Jobs

JOB = "chat_import"
FOLDER = "imports"  # in DATA_DIR
RUNNING, DONE, FAILED = "running", "done", "failed"
PAGE_SIZE = 100
PIECE = 1024 * 1024  # bytes

_LIST = (
    sa.select(ChatImport)
    .where(ChatImport.user_id == sa.bindparam("user_id"))
    .order_by(ChatImport.created_at.desc(), ChatImport.id)
    .limit(PAGE_SIZE)
)


def keep_file(read: Callable[[int], bytes], path: Path, max_size: int) -> int:
    """Copy what is read into a file, a piece at a time; its size. On failure nothing is left."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    size = 0
    try:
        with path.open("xb") as file:
            while piece := read(PIECE):
                size += len(piece)
                if size > max_size:
                    raise ApiError(Problem.TOO_LARGE, f"The file is too large; at most {max_size} bytes are accepted.")
                file.write(piece)
        if not size:
            raise ApiError(Problem.INVALID, "The body is empty. Send the file of chats as it is.")
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return size


def begin(db: Session, jobs: Jobs, user_id: str, import_id: str, size: int) -> ChatImport:
    """Note an import whose file is kept, with the job that does it. 409 while another one of the user's runs."""
    busy = sa.select(ChatImport.id).where(ChatImport.user_id == user_id, ChatImport.state == RUNNING).limit(1)
    if (other := db.scalar(busy)) is not None:
        raise ApiError(Problem.CONFLICT, f"The import {other} is still running. Wait for its end, or cancel it.")
    row = ChatImport(
        id=import_id,
        user_id=user_id,
        state=RUNNING,
        path=f"{FOLDER}/{import_id}",
        size=size,
        offset=0,
        chats=0,
        created_at=utcnow(),
    )
    db.add(row)
    jobs.add(db, JOB, {"import_id": import_id}, user_id=user_id)
    db.flush()
    return row


def list_imports(db: Session, user_id: str) -> list[ChatImport]:
    """The latest imports of a user, newest first."""
    return list(db.scalars(_LIST, {"user_id": user_id}))


def find_import(db: Session, user_id: str, import_id: str) -> ChatImport:
    """One import of a user's."""
    row = db.scalar(sa.select(ChatImport).where(ChatImport.id == import_id, ChatImport.user_id == user_id))
    if row is None:
        raise ApiError(Problem.NOT_FOUND, "This import does not exist, or it is not yours.")
    return row


def cancel(db: Session, jobs: Jobs, user_id: str, import_id: str) -> None:
    """End a running import, of which nothing stays; forget one that has ended, whose chats stay."""
    row = find_import(db, user_id, import_id)
    if fail(db, import_id, "It was cancelled."):
        # Its own job may have been given up, when it ended its process again and again.
        jobs.add(db, JOB, {"import_id": import_id}, user_id=user_id)
    else:
        db.delete(row)


def end_abandoned(db: Session, jobs: Jobs) -> None:
    """End the imports whose job was given up, since its process died at each attempt."""
    given_up = sa.select(Job.payload["import_id"].as_string()).where(Job.kind == JOB, Job.failed_at.is_not(None))
    abandoned = sa.select(ChatImport.id, ChatImport.user_id).where(ChatImport.state == RUNNING)
    for import_id, user_id in db.execute(abandoned.where(ChatImport.id.in_(given_up))).all():
        if fail(db, import_id, "The server broke off several times while it read this file; its log has the reason."):
            jobs.add(db, JOB, {"import_id": import_id}, user_id=user_id)


def fail(db: Session, import_id: str, reason: str) -> bool:
    """End a running import; False if it does not run any more. Its chats are for the job to remove."""
    running = (ChatImport.id == import_id, ChatImport.state == RUNNING)
    ended = {"state": FAILED, "error": reason, "chats": 0, "finished_at": utcnow()}
    return db.scalar(sa.update(ChatImport).where(*running).values(ended).returning(ChatImport.id)) is not None
