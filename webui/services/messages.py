"""Between the client's tree of messages (``history``) and rows.

The client's form: ``{"messages": {id: {id, parentId, childrenIds, role, content, ...}}, "currentId": id}``. Parents are
kept, children follow from them; what else a message has is kept as it came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from webui.errors import ApiError, Problem

MAX_MESSAGES = 100_000
PART = 256 * 1024  # characters in one transaction; with the search index that takes up to half a second
ROW = 100  # what it takes to write a message without text, in characters
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
    looped = find_cycle({message_id: row["parent_id"] for message_id, row in rows.items()})
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


def find_cycle(parents: Mapping[str, str | None]) -> str | None:
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
    return sum(ROW + len(row.get("content", "")) for row in rows)


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
