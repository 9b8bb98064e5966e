"""Chats: always fetched by (id, user id), so that nobody gets to another's."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import IS_LISTED, Chat, Database, Message, utcnow
from webui.runs import journal
from webui.services import merging, messages
from webui.services.locks import large_write

DEFAULT_TITLE = "New Chat"
MAX_TITLE = 1000  # characters
PAUSE_SECONDS = (
    0.05  # between parts of a large save, in which others get to write; SQLite's waiting ones look that often
)

# Statements of hot paths are built once: building costs as much as running them.
_CHAT_COLUMNS = (
    *(Chat.id, Chat.user_id, Chat.title, Chat.updated_at, Chat.created_at, Chat.share_id, Chat.archived, Chat.pinned),
    *(Chat.meta, Chat.folder_id, Chat.data, Chat.current_id),
)
_MESSAGE_COLUMNS = (Message.id, Message.parent_id, Message.role, Message.content, Message.data, Message.run_id)
_IS_FIRST = sa.func.row_number().over(order_by=Message.position) == 1
# One statement for a chat and its messages. Each row is a message; the chat's columns stand on the first alone, so that
# a chat's large JSON is not sent once for each message.
_CONVERSATION = (
    sa.select(*(sa.case((_IS_FIRST, column)) for column in _CHAT_COLUMNS), *_MESSAGE_COLUMNS)
    .outerjoin(Message, sa.and_(Message.chat_id == Chat.id, Message.deleted_at.is_(None)))
    .where(Chat.id == sa.bindparam("chat_id"), Chat.user_id == sa.bindparam("user_id"), IS_LISTED)
    .order_by(Message.position)
)


def read_chat(db: Session, user_id: str, chat_id: str) -> dict[str, Any]:
    """A chat with its conversation, in the form of ``ChatOut``."""
    rows = db.execute(_CONVERSATION, {"chat_id": chat_id, "user_id": user_id}).all()
    if not rows:
        raise ApiError(Problem.CHAT_NOT_FOUND)
    row = dict(zip((column.key for column in _CHAT_COLUMNS), rows[0], strict=False))
    found = (message[len(_CHAT_COLUMNS) :] for message in rows)
    history = messages.assemble((message[:-1] for message in found if message[0] is not None), row["current_id"])
    for *_, message_id, _, _, _, _, run_id in rows:
        if run_id is not None:  # it is being generated: its text is in the journal so far
            history["messages"][message_id]["content"] = journal.so_far(db, run_id)
    chat = {**row["data"], "title": row["title"], "history": history}
    if history["messages"] or "messages" not in row["data"]:
        chat["messages"] = messages.branch(history)
    return {**row, "chat": chat}


def read_chats(database: Database, user_id: str, chat_ids: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Whole chats, each read by itself when its turn comes: all of a user's would not fit into memory."""
    for chat_id in chat_ids:
        try:
            with database.begin(write=False) as db:
                chat = read_chat(db, user_id, chat_id)
        except ApiError as error:
            if error.problem is not Problem.CHAT_NOT_FOUND:  # it was deleted meanwhile
                raise
        else:
            yield chat


def update_chat(database: Database, user_id: str, chat_id: str, chat: dict[str, Any]) -> dict[str, Any]:
    """Merge what the client holds into the chat: top-level keys replace, messages are merged one by one."""
    sent = parse_chat(chat)  # before the lock, since it takes its time
    with database.begin() as db:
        row = find_chat(db, user_id, chat_id)
        if sent.messages is None or not merging.is_large(db, chat_id, sent.messages):
            _store(row, sent)
            if sent.messages is not None:
                merging.merge(db, chat_id, sent.messages)
            return read_chat(db, user_id, chat_id)
    with large_write():
        with database.begin(write=False) as db:
            find_chat(db, user_id, chat_id, lock=False)
            changes = merging.compare(merging.read(db, chat_id), sent.messages)
        write_in_parts(database, user_id, chat_id, changes)
        with database.begin() as db:
            _store(find_chat(db, user_id, chat_id), sent)
    with database.begin(write=False) as db:
        return read_chat(db, user_id, chat_id)


def write_in_parts(database: Database, user_id: str, chat_id: str, changes: merging.Changes) -> None:
    """Store changes of a large chat in transactions that are short.

    What is stored of a save that is cut off is kept: sent again, it takes its place.
    """
    for part in changes.parts():
        with database.begin() as db:
            find_chat(db, user_id, chat_id)
            merging.write_part(db, chat_id, part)
        time.sleep(PAUSE_SECONDS)


def change_messages(
    database: Database,
    user_id: str,
    chat_id: str,
    *,
    sent: Mapping[str, Any],
    deleted: AbstractSet[str],
    current_id: str | None,
) -> datetime:
    """Store some messages of a chat, put others into the trash, and say which one is shown; when that was done.

    Unlike ``update_chat`` it reads no text of the messages that it is not about.
    """
    incoming = messages.parse(sent)
    with database.begin() as db:
        chat = find_chat(db, user_id, chat_id)
        changes = merging.some(db, chat_id, incoming, deleted)
        is_large = len(deleted) * messages.ROW + messages.length(incoming.values()) > messages.PART
        if not is_large:
            merging.write_part(db, chat_id, changes)
            return _show(chat, current_id)
    with large_write():
        write_in_parts(database, user_id, chat_id, changes)
    with database.begin() as db:
        return _show(find_chat(db, user_id, chat_id), current_id)


def _show(chat: Chat, current_id: str | None) -> datetime:
    chat.current_id, chat.updated_at = current_id, utcnow()
    return chat.updated_at


def find_chat(db: Session, user_id: str, chat_id: str, *, lock: bool = True) -> Chat:
    """The chat; locked until the transaction ends, so that two tabs are merged one after the other."""
    find = sa.select(Chat).where(Chat.id == chat_id, Chat.user_id == user_id, IS_LISTED)
    row = db.scalar(find.with_for_update() if lock else find)
    if row is None:
        raise ApiError(Problem.CHAT_NOT_FOUND)
    return row


@dataclass(frozen=True)
class Sent:
    """What a client sent of a chat, checked. ``messages`` is None when it sent no history."""

    title: str | None
    data: dict[str, Any]
    current_id: str | None
    messages: dict[str, dict[str, Any]] | None


def parse_chat(chat: dict[str, Any]) -> Sent:
    """Take apart what a client, or a file, has of a chat; 422 for what is none."""
    title, history = chat.get("title"), chat.get("history")
    data = {key: value for key, value in chat.items() if key not in ("history", "title")}
    title = title[:MAX_TITLE] if isinstance(title, str) and title.strip() else None
    if history is None:
        return Sent(title, data, None, None)
    if not isinstance(history, dict):
        where = ["body", "chat", "history"]
        raise ApiError(Problem.INVALID, [{"type": "dict_type", "loc": where, "msg": "This must be an object."}])
    data.pop("messages", None)  # the contract's redundant copy of the current branch
    current = history.get("currentId")
    rows = messages.parse(history.get("messages", {}))
    return Sent(title, data, current if isinstance(current, str) else None, rows)


def _store(row: Chat, sent: Sent) -> None:
    row.title = sent.title or row.title
    row.data = {**row.data, **sent.data}
    row.updated_at = utcnow()
    if sent.messages is not None:
        row.current_id = sent.current_id
