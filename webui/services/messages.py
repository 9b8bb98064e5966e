"""Between the client's tree of messages (``history``) and rows.

The client's form: ``{"messages": {id: {id, parentId, childrenIds, role, content, ...}}, "currentId": id}``. Parents are
kept, children follow from them; what else a message has is kept as it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import Message, utcnow

MAX_MESSAGES = 100_000
TOLD = ("role", "content", "data")  # what a message says, as opposed to where it stands
_OWN_KEYS = frozenset({"id", "parentId", "childrenIds", "role", "content"})


def parse(messages: Any) -> dict[str, dict[str, Any]]:
    """Column values by message id, from the client's ``history.messages``; 422 for what is not a tree."""
    if not isinstance(messages, dict) or len(messages) > MAX_MESSAGES:
        raise _invalid([], f"Messages must be an object of at most {MAX_MESSAGES} messages by id.")
    rows = {}
    for message_id, message in messages.items():
        if not isinstance(message, dict) or not 0 < len(message_id) <= 255:
            raise _invalid([message_id[:255]], "A message must be an object, with an id of at most 255 characters.")
        rows[message_id] = _columns(message, messages)
    _refuse_cycles({message_id: row["parent_id"] for message_id, row in rows.items()})
    return rows


def _columns(message: dict[str, Any], messages: Mapping[str, Any]) -> dict[str, Any]:
    parent, role, content = message.get("parentId"), message.get("role"), message.get("content")
    data = {key: value for key, value in message.items() if key not in _OWN_KEYS}
    if content is not None and not isinstance(content, str):
        data["content"] = content  # lists of parts; the text column is for text
    return {
        "parent_id": parent if isinstance(parent, str) and parent in messages else None,
        "role": role if isinstance(role, str) else "user",
        "content": content if isinstance(content, str) else "",
        "data": data,
    }


def _refuse_cycles(parents: Mapping[str, str | None]) -> None:
    reaches_root: set[str] = set()
    for start in parents:
        path: list[str] = []
        seen: set[str] = set()
        node: str | None = start
        while node is not None and node not in reaches_root:
            if node in seen:
                raise _invalid([node, "parentId"], "This message is its own ancestor.")
            seen.add(node)
            path.append(node)
            node = parents[node]
        reaches_root.update(path)


def _invalid(loc: list[str], message: str) -> ApiError:
    where = ["body", "chat", "history", "messages", *loc]
    return ApiError(Problem.INVALID, [{"type": "messages", "loc": where, "msg": message}])


def merge(db: Session, chat_id: str, incoming: Mapping[str, dict[str, Any]]) -> None:
    """Store what a client holds of a chat.

    The client sends the whole chat and no version, so: one that brings something and lacks messages has a stale copy,
    and what it lacks stays; one that only lacks messages has deleted them, and they go to the trash. Deleting gives the
    children of a message another parent, so a changed parent alone is not something brought.

    A message that is being generated is the server's until it is complete, and a copy that was taken meanwhile does not
    replace the complete one.
    """
    stored = {row.id: row for row in db.execute(_STORED, {"chat_id": chat_id})}
    new = [message_id for message_id in incoming if message_id not in stored]
    known = [
        (stored[key], columns)
        for key, columns in incoming.items()
        if key in stored and _may_change(stored[key], columns)
    ]
    brought = [row.id for row, columns in known if row.deleted_at or any(getattr(row, c) != columns[c] for c in TOLD)]
    moved = [row.id for row, columns in known if row.parent_id != columns["parent_id"]]
    lacking = [
        row.id for row in stored.values() if row.id not in incoming and row.deleted_at is None and row.run_id is None
    ]
    now = utcnow()
    if brought or moved:
        update = {"chat_id": chat_id, "updated_at": now, "deleted_at": None}
        db.execute(
            sa.update(Message), [{**update, "id": known_id, **incoming[known_id]} for known_id in {*brought, *moved}]
        )
    if new:
        first = 1 + max((row.position for row in stored.values()), default=-1)
        own = {"chat_id": chat_id, "created_at": now, "updated_at": now, "deleted_at": None}
        rows = [
            {**own, "id": message_id, "position": position, **incoming[message_id]}
            for position, message_id in enumerate(new, first)
        ]
        db.execute(sa.insert(Message), rows)
    if lacking and not new and not brought:
        db.execute(sa.update(Message), [{"chat_id": chat_id, "id": gone, "deleted_at": now} for gone in lacking])


def _may_change(row: sa.Row[Any], columns: Mapping[str, Any]) -> bool:
    """Whether a client's copy of a message counts: not while it is being generated, nor a copy from that time."""
    complete = row.role == "assistant" and row.data.get("done") is True
    if row.run_id is not None or not complete or columns["data"].get("done") is True:
        return row.run_id is None
    return 'done="false"' not in columns["content"] and not row.content.startswith(columns["content"])


_STORED = sa.select(
    *(Message.id, Message.parent_id, Message.position, Message.role, Message.content, Message.data),
    *(Message.deleted_at, Message.run_id),
).where(Message.chat_id == sa.bindparam("chat_id"))


def assemble(rows: Iterable[Sequence[Any]], current_id: str | None) -> dict[str, Any]:
    """The client's ``history`` of rows (id, parent_id, role, content, data) in order of position."""
    messages: dict[str, dict[str, Any]] = {}
    for message_id, parent_id, role, content, data in rows:
        own = {"id": message_id, "parentId": parent_id, "childrenIds": [], "role": role, "content": content}
        messages[message_id] = {**own, **data}
    for message_id, message in messages.items():
        if message["parentId"] in messages:
            messages[message["parentId"]]["childrenIds"].append(message_id)
        else:
            message["parentId"] = None  # the parent is in the trash
    current = current_id if current_id in messages else next(reversed(messages), None)
    return {"messages": messages, "currentId": current}


def branch(history: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages from the root to the current one: the contract's flat ``messages``."""
    messages, node = history["messages"], history["currentId"]
    path = []
    while node is not None:
        path.append(messages[node])
        node = messages[node]["parentId"]
    return path[::-1]
