"""Between the client's tree of messages (``history``) and rows.

The client's form: ``{"messages": {id: {id, parentId, childrenIds, role, content, ...}}, "currentId": id}``. Parents are
kept, children follow from them; what else a message has is kept as it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import Message, utcnow

MAX_MESSAGES = 100_000
PART = 256 * 1024  # characters in one transaction; with the search index that takes up to half a second
ROW = 100  # what it takes to write a message without text, in characters
TOLD = ("role", "content", "data")  # what a message says, as opposed to where it stands
_OWN_KEYS = frozenset({"id", "parentId", "childrenIds", "role", "content"})


def parse(messages: Any) -> dict[str, dict[str, Any]]:
    """Column values by message id, from the client's ``history.messages``; 422 for what is not a tree.

    A parent may be missing, since a client need not hold the whole chat.
    """
    if not isinstance(messages, dict) or len(messages) > MAX_MESSAGES:
        raise _invalid([], f"Messages must be an object of at most {MAX_MESSAGES} messages by id.")
    rows = {}
    for message_id, message in messages.items():
        if not isinstance(message, dict) or not _is_id(message_id):
            raise _invalid([message_id[:255]], "A message must be an object, with an id of at most 255 characters.")
        rows[message_id] = _columns(message)
    looped = _find_cycle({message_id: row["parent_id"] for message_id, row in rows.items()})
    if looped is not None:
        raise _invalid([looped, "parentId"], "This message is its own ancestor.")
    return rows


def _is_id(value: Any) -> bool:
    return isinstance(value, str) and 0 < len(value) <= 255


def _columns(message: dict[str, Any]) -> dict[str, Any]:
    parent, role, content = message.get("parentId"), message.get("role"), message.get("content")
    data = {key: value for key, value in message.items() if key not in _OWN_KEYS}
    if content is not None and not isinstance(content, str):
        data["content"] = content  # lists of parts; the text column is for text
    return {
        "parent_id": parent if _is_id(parent) else None,
        "role": role if isinstance(role, str) else "user",
        "content": content if isinstance(content, str) else "",
        "data": data,
    }


def _find_cycle(parents: Mapping[str, str | None]) -> str | None:
    """A message that is its own ancestor."""
    reaches_root: set[str] = set()
    for start in parents:
        path: dict[str, None] = {}  # a set in order
        node: str | None = start
        while node is not None and node in parents and node not in reaches_root:
            if node in path:
                return node
            path[node] = None
            node = parents[node]
        reaches_root.update(path)
    return None


def _invalid(loc: list[str], message: str) -> ApiError:
    where = ["body", "chat", "history", "messages", *loc]
    return ApiError(Problem.INVALID, [{"type": "messages", "loc": where, "msg": message}])


def length(rows: Iterable[Mapping[str, Any]]) -> int:
    """How much there is to write, in characters; a message without text counts as ``ROW``."""
    return sum(ROW + len(row["content"]) for row in rows)


def parts(rows: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    """As many rows at a time as one transaction should write."""
    part: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        part.append(row)
        size += length([row])
        if size > PART:
            yield part
            part, size = [], 0
    if part:
        yield part


def add_loose(db: Session, chat_id: str, rows: Iterable[dict[str, Any]]) -> None:
    """Store those messages of ``rows`` that the chat has not got yet, under no parent: ``merge`` gives them theirs."""
    wanted = {row["id"]: row for row in rows}
    last = sa.select(sa.func.max(Message.position)).where(Message.chat_id == chat_id)
    for known in db.scalars(sa.select(Message.id).where(Message.chat_id == chat_id, Message.id.in_(wanted))):
        del wanted[known]
    if wanted:
        own = {"chat_id": chat_id, "parent_id": None, "created_at": utcnow(), "updated_at": utcnow()}
        first = 1 + (db.scalar(last) or 0)
        numbered = [{**row, **own, "position": position} for position, row in enumerate(wanted.values(), first)]
        db.execute(sa.insert(Message), numbered)


def compare(
    db: Session, chat_id: str, sent: Mapping[str, dict[str, Any]]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The rows, with their ids, of what ``sent`` has that the chat has not: new messages, and changed ones."""
    stored = {row.id: row for row in db.execute(_STORED, {"chat_id": chat_id})}
    rows = [{"id": key, **columns} for key, columns in sent.items()]
    known = [row for row in rows if row["id"] in stored]
    changed = [row for row in known if _may_change(stored[row["id"]], row) and _brings(stored[row["id"]], row)]
    return [row for row in rows if row["id"] not in stored], changed


def merge(db: Session, chat_id: str, incoming: Mapping[str, dict[str, Any]], *, brings: bool = False) -> None:
    """Store what a client holds of a chat. ``brings`` tells that some of it is new, though it is stored already.

    The client sends the whole chat and no version, so: one that brings something and lacks messages has a stale copy,
    and what it lacks stays, also in the messages that it has; one that only lacks messages has deleted them, and they
    go to the trash. Deleting gives the children of a message another parent, so a changed parent alone is not something
    brought. Nobody can say which of two texts of a message is the newer one: the last that comes is shown, and the one
    before it goes to the trash.

    A message that is being generated is the server's until it is complete, and a copy that was taken meanwhile does not
    replace the complete one.
    """
    stored = {row.id: row for row in db.execute(_STORED, {"chat_id": chat_id})}
    sent = {key: columns for key, columns in incoming.items() if key not in stored or _may_change(stored[key], columns)}
    new = [key for key in sent if key not in stored]
    brought = {key: stored[key] for key in sent if key in stored and _brings(stored[key], sent[key])}
    there = [row for row in stored.values() if row.deleted_at is None]
    lacking = {row.id for row in there if row.id not in incoming and row.run_id is None}
    gone: set[str] = set() if new or brought or brings else lacking
    parents = _parents(stored, sent, {row.id for row in there} - gone | sent.keys())
    settled = gone | brought.keys()
    moved = [row.id for row in there if row.id not in settled and row.parent_id != parents[row.id]]
    now = utcnow()
    own = {"chat_id": chat_id, "updated_at": now}
    _update(db, [{**own, "id": key, "parent_id": parents[key]} for key in moved])
    _update(db, [{"chat_id": chat_id, "id": key, "deleted_at": now} for key in gone])
    changes = []
    for key, row in brought.items():
        data = _united(row.data, sent[key]["data"]) if lacking else sent[key]["data"]
        changes.append({**own, "id": key, **sent[key], "data": data, "parent_id": parents[key], "deleted_at": None})
    _update(db, changes)
    rows = [{"id": key, **sent[key], "parent_id": parents[key], "deleted_at": None} for key in new]
    rows += [{**version, "deleted_at": now} for version in _replaced(stored, sent, brought.values())]
    if rows:
        first = 1 + max((row.position for row in stored.values()), default=-1)
        numbered = [{**own, "created_at": now, "position": position, **row} for position, row in enumerate(rows, first)]
        db.execute(sa.insert(Message), numbered)


def _update(db: Session, rows: list[dict[str, Any]]) -> None:
    if rows:
        db.execute(sa.update(Message), rows)


def _brings(row: sa.Row[Any], columns: Mapping[str, Any]) -> bool:
    return row.deleted_at is not None or any(getattr(row, name) != columns[name] for name in TOLD)


def _united(stored: Mapping[str, Any], sent: Mapping[str, Any]) -> dict[str, Any]:
    """What a message holds when a stale copy of it comes: keys that the copy lacks stay, but for the content."""
    return {**{key: value for key, value in stored.items() if key != "content"}, **sent}


def _parents(
    stored: Mapping[str, sa.Row[Any]], sent: Mapping[str, Mapping[str, Any]], live: AbstractSet[str]
) -> dict[str, str | None]:
    """The parent of each live message: where the client has it, or the nearest ancestor that is live.

    What is stored and what is sent are trees, but together they may go in circles: then what is stored stays in place.
    """
    before = {key: row.parent_id if row.parent_id in stored else None for key, row in stored.items()}
    wanted = before | {key: columns["parent_id"] for key, columns in sent.items()}
    if _find_cycle(wanted) is not None:
        wanted |= before
    return nearest_ancestors(wanted, live, live)


def nearest_ancestors(
    parents: Mapping[str, str | None], keys: AbstractSet[str], live: AbstractSet[str]
) -> dict[str, str | None]:
    """The nearest live ancestor of each key. Each message is looked at once, however long the branches are."""
    nearest: dict[str | None, str | None] = {None: None, **{key: key for key in live}}
    for key in keys:
        node, dead = parents[key], []
        while node is not None and node not in nearest:
            dead.append(node)
            nearest[node] = None
            node = parents.get(node)
        nearest.update(dict.fromkeys(dead, nearest[node]))
    return {key: nearest[parents[key]] for key in keys}


def _replaced(
    stored: Mapping[str, sa.Row[Any]], sent: Mapping[str, Mapping[str, Any]], brought: Iterable[sa.Row[Any]]
) -> Iterator[dict[str, Any]]:
    """What messages said that now say something else, for the trash; once, however often two tabs take turns."""
    trash = (row for row in stored.values() if row.deleted_at is not None and row.id not in sent)
    kept = {str(_said(row.content, row.data)) for row in trash}
    for row in brought:
        said, says = _said(row.content, row.data), _said(sent[row.id]["content"], sent[row.id]["data"])
        is_continued = isinstance(said, str) and isinstance(says, str) and says.startswith(said)
        is_draft = row.data.get("done") is False  # of a reply that was being written
        if said != says and not is_continued and not is_draft and str(said) not in kept:
            kept.add(str(said))
            own = {"parent_id": row.parent_id, "role": row.role, "content": row.content, "data": row.data}
            yield {"id": str(uuid4()), **own}


def _said(content: str, data: Mapping[str, Any]) -> Any:
    """The text of a message, or the list of its parts."""
    return data.get("content", content)


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
