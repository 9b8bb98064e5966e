"""Chats: always fetched by (id, user id), so that nobody gets to another's."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import Chat, Message, utcnow
from webui.services import messages

PAGE_SIZE = 60
DEFAULT_TITLE = "New Chat"
MAX_TITLE = 1000  # characters


def list_chats(
    db: Session, user_id: str, *, page: int | None, include_pinned: bool, include_folders: bool
) -> list[sa.Row[Any]]:
    """Lines of the list, newest first; ``page`` counts from 1, without it all are returned."""
    find = (
        sa.select(Chat.id, Chat.title, Chat.updated_at, Chat.created_at)
        .where(Chat.user_id == user_id, Chat.archived.is_(False))
        .order_by(Chat.updated_at.desc(), Chat.id)
    )
    if not include_pinned:
        find = find.where(Chat.pinned.is_(False))
    if not include_folders:
        find = find.where(Chat.folder_id.is_(None))
    if page is not None:
        find = find.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    return list(db.execute(find))


def create_chat(db: Session, user_id: str, chat: dict[str, Any], folder_id: str | None) -> dict[str, Any]:
    """Store a new chat; answers it as the client will see it."""
    now = utcnow()
    row = Chat(
        id=str(uuid4()),
        user_id=user_id,
        title=DEFAULT_TITLE,
        folder_id=folder_id,
        archived=False,
        pinned=False,
        meta={},
        data={},
        created_at=now,
    )
    db.add(row)
    _store(db, row, chat)
    return _wire(db, row)


def read_chat(db: Session, user_id: str, chat_id: str) -> dict[str, Any]:
    """A chat with its conversation."""
    return _wire(db, _find(db, user_id, chat_id))


def update_chat(db: Session, user_id: str, chat_id: str, chat: dict[str, Any]) -> dict[str, Any]:
    """Merge what the client holds into the chat: top-level keys replace, messages are merged one by one."""
    row = _find(db, user_id, chat_id, for_update=True)
    _store(db, row, chat)
    return _wire(db, row)


def delete_chat(db: Session, user_id: str, chat_id: str) -> None:
    """Delete a chat with its conversation."""
    db.delete(_find(db, user_id, chat_id))


def _find(db: Session, user_id: str, chat_id: str, *, for_update: bool = False) -> Chat:
    find = sa.select(Chat).where(Chat.id == chat_id, Chat.user_id == user_id)
    row = db.scalar(find.with_for_update() if for_update else find)
    if row is None:
        raise ApiError(Problem.CHAT_NOT_FOUND)
    return row


def _store(db: Session, row: Chat, chat: dict[str, Any]) -> None:
    data = {key: value for key, value in chat.items() if key not in ("history", "title")}
    title = chat.get("title")
    if isinstance(title, str) and title.strip():
        row.title = title[:MAX_TITLE]
    history = chat.get("history")
    if history is not None:
        if not isinstance(history, dict):
            where = ["body", "chat", "history"]
            raise ApiError(Problem.INVALID, [{"type": "dict_type", "loc": where, "msg": "This must be an object."}])
        data.pop("messages", None)  # the contract's redundant copy of the current branch
        current = history.get("currentId")
        row.current_id = current if isinstance(current, str) else None
        rows = messages.parse(history.get("messages", {}))
        db.flush()
        messages.merge(db, row.id, rows)
    row.data = {**row.data, **data}
    row.updated_at = utcnow()
    db.flush()


def _wire(db: Session, row: Chat) -> dict[str, Any]:
    found = db.scalars(
        sa.select(Message).where(Message.chat_id == row.id, Message.deleted_at.is_(None)).order_by(Message.position)
    )
    history = messages.assemble(found, row.current_id)
    chat = {**row.data, "title": row.title, "history": history}
    if history["messages"] or "messages" not in row.data:
        chat["messages"] = messages.branch(history)
    fields = (
        "id",
        "user_id",
        "title",
        "updated_at",
        "created_at",
        "share_id",
        "archived",
        "pinned",
        "meta",
        "folder_id",
    )
    return {**{name: getattr(row, name) for name in fields}, "chat": chat}
