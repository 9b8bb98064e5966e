"""What others see of a chat: a copy of it as it was when its owner shared it last, under an address of its own.

The address leads nowhere while the chat is in the trash, and ends with it.
"""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import IS_LISTED, Chat, Database, SharedChat, utcnow
from webui.services.chat_actions import clone_title, origin
from webui.services.chats import find_chat, read_chat
from webui.services.new_chats import create_chat

_SHARED = (
    sa.select(*SharedChat.__table__.columns)
    .join(Chat, Chat.share_id == SharedChat.id)
    .where(SharedChat.id == sa.bindparam("share_id"), IS_LISTED)
)
_OWNER = sa.select(Chat.user_id).where(Chat.id == sa.bindparam("chat_id"), IS_LISTED)


def share_chat(db: Session, user_id: str, chat_id: str) -> dict[str, Any]:
    """Show others the chat as it is now; the address stays the same when it was shared before."""
    row = find_chat(db, user_id, chat_id)
    chat = read_chat(db, user_id, chat_id)
    row.share_id = row.share_id or str(uuid4())
    shared = SharedChat(
        id=row.share_id,
        chat_id=chat_id,
        title=chat["title"],
        chat=chat["chat"],
        meta=chat["meta"],
        created_at=chat["created_at"],
        updated_at=utcnow(),
    )
    db.merge(shared)
    db.flush()
    return _form(shared)


def unshare_chat(db: Session, user_id: str, chat_id: str) -> bool:
    """End the address; False when the chat is not shared."""
    row = find_chat(db, user_id, chat_id)
    was_shared = row.share_id is not None
    row.share_id = None
    db.execute(sa.delete(SharedChat).where(SharedChat.chat_id == chat_id))
    return was_shared


def read_shared(db: Session, share_id: str, *, sees_all: bool) -> dict[str, Any]:
    """A shared chat, in the form of ``ChatOut``. Who sees all may name any chat by its own id instead."""
    shared = db.execute(_SHARED, {"share_id": share_id}).one_or_none()
    if shared is not None:
        return _form(shared)
    if not sees_all:
        raise ApiError(Problem.CHAT_NOT_FOUND, "This chat is not shared, or not any more.")
    return read_chat(db, owner_of(db, share_id), share_id)


def clone_shared(database: Database, user_id: str, share_id: str, *, sees_all: bool) -> dict[str, Any]:
    """Copy a shared chat to the user's own; folder, pin and tags are how its owner keeps it, and stay behind."""
    with database.begin(write=False) as db:
        shared = read_shared(db, share_id, sees_all=sees_all)
    chat = shared["chat"]
    own = {"title": clone_title(shared["title"]), **origin(share_id, chat["history"]["currentId"])}
    return create_chat(database, user_id, {**chat, **own}, None)


def owner_of(db: Session, chat_id: str) -> str:
    """Whose chat it is, for those who may get at everybody's."""
    user_id = db.scalar(_OWNER, {"chat_id": chat_id})
    if user_id is None:
        raise ApiError(Problem.CHAT_NOT_FOUND)
    return user_id


def sharer_of(db: Session, chat_id: str) -> str:
    """Who shows others this chat."""
    user_id = db.scalar(_OWNER.where(Chat.share_id.is_not(None)), {"chat_id": chat_id})
    if user_id is None:
        raise ApiError(Problem.USER_NOT_FOUND)
    return user_id


def _form(shared: SharedChat | sa.Row[Any]) -> dict[str, Any]:
    return {
        "id": shared.id,
        "user_id": f"shared-{shared.chat_id}",  # the contract's form
        "title": shared.title,
        "chat": shared.chat,
        "updated_at": shared.updated_at,
        "created_at": shared.created_at,
        "share_id": None,
        "archived": False,
        "pinned": False,
        "meta": shared.meta,
        "folder_id": None,
    }
