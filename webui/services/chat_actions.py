"""What is done to one chat as a whole: pinned, archived, copied."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import IS_LISTED, Chat, Database, Message, utcnow
from webui.runs import journal
from webui.services.chats import MAX_TITLE, find_chat, read_chat
from webui.services.new_chats import Prepared, Row, build, store

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


def clone_chat(database: Database, user_id: str, chat_id: str, title: str | None) -> dict[str, Any]:
    """Copy a chat, with its place among the user's chats; answers the copy. As many statements for any length."""
    with database.begin(write=False) as db:
        [copy] = prepared = [_copy(db, find_chat(db, user_id, chat_id, lock=False), title)]
    prepared = build(database, user_id, prepared)
    with database.begin() as db:
        store(db, user_id, prepared)
        return read_chat(db, user_id, copy.chat["id"])


def _copy(db: Session, chat: Chat, title: str | None) -> Prepared:
    copy = {
        "id": str(uuid4()),
        "title": clone_title(chat.title, title),
        "folder_id": chat.folder_id,
        "share_id": None,
        "archived": False,
        "pinned": chat.pinned,
        "current_id": chat.current_id,
        "meta": chat.meta,
        "data": {**chat.data, **origin(chat.id, chat.current_id)},
        "created_at": utcnow(),
        "updated_at": utcnow(),
        "deleted_at": None,
    }
    there = sa.select(*_COPIED, Message.run_id).where(Message.chat_id == chat.id, Message.deleted_at.is_(None))
    own = {"chat_id": copy["id"], "run_id": None}
    return Prepared(copy, [_as_it_is(db, row) | own for row in db.execute(there).mappings()])


def _as_it_is(db: Session, row: sa.RowMapping) -> Row:
    """A message; a reply that is being generated goes on in the original alone, and the copy has it as far as it is."""
    if row["run_id"] is None:
        return dict(row)
    content = journal.transcript(journal.read_after(db, row["run_id"], 0)[1]).render(done=True)
    return {**row, "content": content, "data": {**row["data"], "done": True, "interrupted": True}}


def clone_title(original: str, given: str | None = None) -> str:
    """What a copy is called."""
    return (given.strip() if given else "")[:MAX_TITLE] or f"Clone of {original}"[:MAX_TITLE]


def origin(chat_id: str, current_id: str | None) -> dict[str, Any]:
    """The keys by which the contract's chat object says what it is a copy of, and where the two part."""
    return {"originalChatId": chat_id, "branchPointMessageId": current_id}
