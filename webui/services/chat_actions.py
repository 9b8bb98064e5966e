"""What is done to one chat as a whole: pinned, archived, copied."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import IS_LISTED, Chat, Message, Run, utcnow
from webui.runs import journal
from webui.services.chats import MAX_TITLE, find_chat, read_chat
from webui.services.folders import hold_folder
from webui.services.tags import copy_tags

_PINNED = sa.select(Chat.pinned).where(
    Chat.id == sa.bindparam("chat_id"), Chat.user_id == sa.bindparam("user_id"), IS_LISTED
)
_COPIED = (
    *(Message.id, Message.parent_id, Message.position, Message.role, Message.content, Message.data),
    *(Message.created_at, Message.updated_at),
)


def is_pinned(db: Session, user_id: str, chat_id: str) -> bool:
    """Whether a chat is pinned."""
    pinned = db.scalar(_PINNED, {"chat_id": chat_id, "user_id": user_id})
    if pinned is None:
        raise ApiError(Problem.CHAT_NOT_FOUND)
    return pinned


def toggle_pin(db: Session, user_id: str, chat_id: str) -> dict[str, Any]:
    """Pin a chat, or no longer; answers it in the form of ``ChatOut``."""
    chat = find_chat(db, user_id, chat_id)
    chat.pinned, chat.updated_at = not chat.pinned, utcnow()
    db.flush()
    return read_chat(db, user_id, chat_id)


def toggle_archive(db: Session, user_id: str, chat_id: str) -> dict[str, Any]:
    """Archive a chat, or bring it back; it leaves its folder either way, as in the contract, and keeps pin and tags."""
    chat = find_chat(db, user_id, chat_id)
    chat.archived, chat.folder_id, chat.updated_at = not chat.archived, None, utcnow()
    db.flush()
    return read_chat(db, user_id, chat_id)


def clone_chat(db: Session, user_id: str, chat_id: str, title: str | None) -> dict[str, Any]:
    """Copy a chat, with its place among the user's chats; answers the copy. As many statements for any length."""
    original = find_chat(db, user_id, chat_id)
    if original.folder_id is not None:
        hold_folder(db, user_id, original.folder_id)
    copy = Chat(
        id=str(uuid4()),
        user_id=user_id,
        title=clone_title(original.title, title),
        folder_id=original.folder_id,
        archived=False,
        pinned=original.pinned,
        current_id=original.current_id,
        meta=original.meta,
        data={**original.data, **origin(chat_id, original.current_id)},
        created_at=utcnow(),
        updated_at=utcnow(),
    )
    db.add(copy)
    db.flush()
    _copy_messages(db, chat_id, copy.id)
    copy_tags(db, chat_id, copy.id)
    return read_chat(db, user_id, copy.id)


def clone_title(original: str, given: str | None = None) -> str:
    """What a copy is called."""
    return (given.strip() if given else "")[:MAX_TITLE] or f"Clone of {original}"[:MAX_TITLE]


def origin(chat_id: str, current_id: str | None) -> dict[str, Any]:
    """The keys by which the contract's chat object says what it is a copy of, and where the two part."""
    return {"originalChatId": chat_id, "branchPointMessageId": current_id}


def _copy_messages(db: Session, chat_id: str, copy_id: str) -> None:
    there = (Message.chat_id == chat_id, Message.deleted_at.is_(None))
    rows = sa.select(sa.literal(copy_id), *_COPIED).where(*there)
    db.execute(sa.insert(Message).from_select(["chat_id", *(column.key for column in _COPIED)], rows))
    # A reply that is being generated goes on in the original alone; the copy has it as far as it is.
    runs = sa.select(Run.id, Run.message_id).join(Message, Message.run_id == Run.id).where(*there)
    for run_id, message_id in db.execute(runs).all():
        message = db.get_one(Message, (copy_id, message_id))
        message.content = journal.transcript(journal.read_after(db, run_id, 0)[1]).render(done=True)
        message.data = {**message.data, "done": True, "interrupted": True}
    db.flush()
