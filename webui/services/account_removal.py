"""Removing an account with all that is its user's, however much that is.

The account is shut in one short transaction. What is left of it, which may take minutes to take out of the search
index, goes in the background as the trash does: in transactions that are short, so that nobody else waits.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import Chat, Credential, Role, Run, RunState, User, UserSession
from webui.models.locks import Lock, hold
from webui.services import trash
from webui.services.accounts import first_admin_id
from webui.services.chat_lists import change_all

if TYPE_CHECKING:
    from pyramid.registry import Registry

    from webui.jobs.worker import Jobs

JOB = "remove_account"


def shut(db: Session, jobs: Jobs, user_id: str, *, by: str) -> None:
    """End an account: nobody can sign in with it, or is signed in, and its address is free.

    Raises ``ApiError`` for one's own account, and for that of the first administrator.
    """
    hold(db, Lock.ACCOUNTS)
    user = db.get(User, user_id)
    if user is None:
        raise ApiError(Problem.NOT_FOUND, "There is no such account.")
    if user_id in (by, first_admin_id(db)):
        raise ApiError(Problem.FORBIDDEN, "Neither your own account nor the first administrator's can be removed.")
    for table in (Credential, UserSession):
        db.execute(sa.delete(table).where(table.user_id == user_id))
    user.email, user.role = user_id, Role.PENDING
    db.flush()
    running = sa.update(Run).where(Run.user_id == user_id, Run.state == RunState.RUNNING)
    db.connection().execute(running.values(stop_requested=True))
    jobs.add(db, JOB, {"user_id": user_id}, user_id=None)


async def remove(registry: Registry, payload: dict[str, Any], _user_id: str | None) -> None:
    """Erase what an account that is shut has left, and in the end itself."""
    user_id = payload["user_id"]
    there = (Chat.user_id == user_id, sa.or_(Chat.deleted_at.is_(None), Chat.deleted_at != trash.ERASED))
    values = {"deleted_at": trash.ERASED, "import_id": None}
    await asyncio.to_thread(change_all, registry.database, there, values)
    erased = sa.and_(Chat.user_id == user_id, Chat.deleted_at == trash.ERASED)
    while await registry.runs.store(partial(trash.erase_chats, which=erased)):
        await asyncio.sleep(trash.PAUSE_SECONDS)
    await registry.runs.store(lambda db: db.execute(sa.delete(User).where(User.id == user_id)))
