"""The locks that several services take, each the weakest that does. SQLite needs none: it has one writer at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import Folder, User

_LARGE_WRITES = BoundedSemaphore(2)

_USER = sa.select(User.id).where(User.id == sa.bindparam("user_id")).with_for_update(key_share=True)
_FOLDERS = (
    sa.select(Folder.id)
    .where(Folder.id.in_(sa.bindparam("folder_ids", expanding=True)), Folder.user_id == sa.bindparam("user_id"))
    .order_by(Folder.id)
    .with_for_update(read=True, key_share=True)
)


def lock_user(db: Session, user_id: str) -> None:
    """Let nobody else change what belongs to the user as a whole, the tree of folders and the tags, meanwhile."""
    db.execute(_USER, {"user_id": user_id})


def hold_folders(db: Session, user_id: str, folder_ids: Collection[str]) -> set[str]:
    """Those of these folders that are the user's; none of them can be deleted until the transaction ends."""
    if not folder_ids:
        return set()
    return set(db.scalars(_FOLDERS, {"folder_ids": list(folder_ids), "user_id": user_id}))


@contextmanager
def large_write() -> Iterator[None]:
    """For what takes seconds: two at a time in a process, since each holds one of few threads. 503 for others."""
    if not _LARGE_WRITES.acquire(blocking=False):
        text = "Other large chats are being stored. Try again in a moment."
        raise ApiError(Problem.UNAVAILABLE, text, headers={"Retry-After": "5"})
    try:
        yield
    finally:
        _LARGE_WRITES.release()
