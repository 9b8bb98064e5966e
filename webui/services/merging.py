"""What a client's save does to the messages of a chat: found out by comparing, then done at once or in parts.

The client sends the whole chat and no version, so: one that brings something and lacks messages has a stale copy, and
what it lacks stays, also in the messages that it has; one that only lacks messages has deleted them, and they go to the
trash. Deleting gives the children of a message another parent, so a changed parent alone is not something brought.
Nobody can say which of two texts of a message is the newer one: the last that comes is shown, and the one before it
goes to the trash.

A message that is being generated is the server's until it is complete, and a copy that was taken meanwhile does not
replace the complete one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.models import Message, utcnow
from webui.services import messages
from webui.services.messages import find_cycle, nearest_ancestors

Row = dict[str, Any]
Stored = Mapping[str, sa.Row[Any]]  # by id
Node = sa.Row[str, str | None, bool]  # id, parent and whether it is outside the trash
TOLD = ("role", "content", "data")  # what a message says, as opposed to where it stands

_COLUMNS = (
    *(Message.id, Message.parent_id, Message.position, Message.role, Message.content, Message.data),
    *(Message.deleted_at, Message.run_id),
)
_STORED = sa.select(*_COLUMNS).where(Message.chat_id == sa.bindparam("chat_id"))
# Of these messages, and of those in the trash beside them: what they have said before.
_SOME = _STORED.where(
    Message.id.in_(sa.bindparam("ids", expanding=True))
    | (Message.deleted_at.is_not(None) & Message.parent_id.in_(sa.bindparam("parents", expanding=True)))
)
_COUNT = sa.select(sa.func.count()).where(Message.chat_id == sa.bindparam("chat_id"))
_LAST = sa.select(sa.func.max(Message.position)).where(Message.chat_id == sa.bindparam("chat_id"))
_TREE = sa.select(Message.id, Message.parent_id, Message.deleted_at.is_(None)).where(
    Message.chat_id == sa.bindparam("chat_id")
)
_NEAR = _TREE.where(Message.id.in_(sa.bindparam("ids", expanding=True)))


@dataclass(frozen=True)
class Changes:
    """Rows to insert, rows with what messages say now, rows of ids and new parents, and ids for the trash.

    Done in this order, row by row, they leave a tree at any time: parents come before their children, but for those
    that go. ``stale`` tells that the client's copy lacks messages.
    """

    new: list[Row] = field(default_factory=list)
    changed: list[Row] = field(default_factory=list)
    moved: list[Row] = field(default_factory=list)
    gone: list[Row] = field(default_factory=list)
    stale: bool = False

    def parts(self) -> Iterator[Changes]:
        """The same in as many parts as transactions should do it."""
        yield from (Changes(new=part) for part in messages.parts(self.new))
        yield from (Changes(changed=part, stale=self.stale) for part in messages.parts(self.changed))
        yield from (Changes(moved=part) for part in messages.parts(self.moved))
        yield from (Changes(gone=part) for part in messages.parts(self.gone))


def is_large(db: Session, chat_id: str, incoming: Mapping[str, Row]) -> bool:
    """Whether comparing and writing would keep others waiting."""
    count = db.scalar(_COUNT, {"chat_id": chat_id}) or 0
    return max(messages.length(incoming.values()), count * messages.ROW) > messages.PART


def merge(db: Session, chat_id: str, incoming: Mapping[str, Row]) -> None:
    """Store what a client holds of a chat."""
    stored = read(db, chat_id)
    last = max((row.position for row in stored.values()), default=-1)
    _write(db, chat_id, compare(stored, incoming), stored, last)


def read(db: Session, chat_id: str) -> Stored:
    """The messages of a chat, those in the trash too."""
    return {row.id: row for row in db.execute(_STORED, {"chat_id": chat_id})}


def compare(stored: Stored, incoming: Mapping[str, Row]) -> Changes:
    """What has to be done so that the chat is what the client holds, and nothing is lost."""
    sent = {key: columns for key, columns in incoming.items() if key not in stored or _may_change(stored[key], columns)}
    new = [key for key in sent if key not in stored]
    changed = [key for key in sent if key in stored and _brings(stored[key], sent[key])]
    there = {row.id for row in stored.values() if row.deleted_at is None}
    lacking = {key for key in there - incoming.keys() if stored[key].run_id is None}
    gone: set[str] = set() if new or changed else lacking
    before = {key: row.parent_id if row.parent_id in stored else None for key, row in stored.items()}
    parents = _parents(before, sent, there - gone | sent.keys())
    moved = [key for key in parents if key in stored and stored[key].parent_id != parents[key]]
    depth, depth_before = _depths(parents), _depths(before)
    return Changes(
        [{**sent[key], "id": key, "parent_id": parents[key]} for key in sorted(new, key=depth.__getitem__)],
        [{**sent[key], "id": key} for key in changed],
        [{"id": key, "parent_id": parents[key]} for key in sorted(moved, key=depth.__getitem__)],
        [{"id": key} for key in sorted(gone, key=depth_before.__getitem__, reverse=True)],
        stale=bool(lacking),
    )


def some(db: Session, chat_id: str, incoming: Mapping[str, Row], deleted: AbstractSet[str]) -> Changes:
    """What has to be done to store these messages of a chat and to delete those; about others nothing is said."""
    depth = _depths({key: row["parent_id"] if row["parent_id"] in incoming else None for key, row in incoming.items()})
    rows = [{**incoming[key], "id": key} for key in sorted(incoming, key=depth.__getitem__)]
    known = {key for part in messages.parts(rows) for key, _, _ in _near(db, chat_id, [row["id"] for row in part])}
    tree = {key: parent for key, parent, _ in _tree(db, chat_id)} if deleted else {}
    depth_before = _depths(tree)
    return Changes(
        [row for row in rows if row["id"] not in known],
        [row for row in rows if row["id"] in known],
        [],
        [{"id": key} for key in sorted(deleted & tree.keys(), key=depth_before.__getitem__, reverse=True)],
        stale=True,
    )


def _tree(db: Session, chat_id: str) -> Sequence[Node]:
    """All messages of a chat. Past the session, which takes three times as long over rows."""
    return db.connection().execute(_TREE, {"chat_id": chat_id}).all()


def _near(db: Session, chat_id: str, ids: Collection[str]) -> Sequence[Node]:
    return db.connection().execute(_NEAR, {"chat_id": chat_id, "ids": ids}).all()


def write_part(db: Session, chat_id: str, part: Changes) -> None:
    """Do a part of what ``compare`` found. What others have done since then stays."""
    ids = [row["id"] for row in (*part.new, *part.changed, *part.moved, *part.gone)]
    beside = {row["parent_id"] for row in part.changed} - {None}
    stored = {row.id: row for row in db.execute(_SOME, {"chat_id": chat_id, "ids": ids, "parents": sorted(beside)})}
    if part.new or part.moved or part.gone:
        part = _fitted(part, _surroundings(db, chat_id, part))
    last = db.scalar(_LAST, {"chat_id": chat_id}) if part.new or part.changed else None
    _write(db, chat_id, part, stored, -1 if last is None else last)


def _surroundings(db: Session, chat_id: str, part: Changes) -> Sequence[Node]:
    """What decides where a part fits: the whole tree, unless it is new answers to messages that are there."""
    if not part.moved and not part.gone:
        ids = {row[name] for row in part.new for name in ("id", "parent_id")} - {None}
        near = _near(db, chat_id, ids)
        if all(is_live for _, _, is_live in near):
            return near
    return _tree(db, chat_id)


def _fitted(part: Changes, tree: Sequence[Node]) -> Changes:
    """The part as the tree of now takes it: parents that are there, no circles, and what has children stays."""
    live = {key for key, _, is_live in tree if is_live}
    moved = [row for row in part.moved if row["id"] in live]
    before = {key: parent for key, parent, _ in tree}
    placed = {row["id"]: row["parent_id"] for row in (*part.new, *moved)}
    if find_cycle(before | placed) is not None:
        moved, placed = [], {row["id"]: row["parent_id"] for row in part.new}
    parents = nearest_ancestors(before | placed, placed.keys(), live | placed.keys())
    children, gone = Counter(before[key] for key in live), []
    for row in part.gone:
        if row["id"] in live and not children[row["id"]]:
            gone.append(row)
            children[before[row["id"]]] -= 1
    return replace(
        part,
        new=[{**row, "parent_id": parents[row["id"]]} for row in part.new],
        moved=[{"id": row["id"], "parent_id": parents[row["id"]]} for row in moved],
        gone=gone,
    )


def _write(db: Session, chat_id: str, changes: Changes, stored: Stored, last: int) -> None:
    """``stored`` has at least the messages that the changes are about, ``last`` is the highest position."""
    now = utcnow()
    own = {"chat_id": chat_id, "updated_at": now}
    changed = {row["id"]: row for row in changes.changed if row["id"] in stored}
    changed = {key: row for key, row in changed.items() if _may_change(stored[key], row) and _brings(stored[key], row)}
    there = {key for key, row in stored.items() if row.deleted_at is None and row.run_id is None}
    _update(db, [{**own, **row} for row in changes.moved if row["id"] in stored])
    _update(db, [{"chat_id": chat_id, "deleted_at": now, **row} for row in changes.gone if row["id"] in there])
    _update(db, [{**own, **_told(stored[key], row, changes.stale), "deleted_at": None} for key, row in changed.items()])
    rows = [{**row, "deleted_at": None} for row in changes.new if row["id"] not in stored]
    rows += [{**version, "deleted_at": now} for version in _replaced(stored, changed)]
    if rows:
        numbered = [
            {**own, "created_at": now, "position": position, **row} for position, row in enumerate(rows, last + 1)
        ]
        db.execute(sa.insert(Message), numbered)


def _update(db: Session, rows: list[Row]) -> None:
    if rows:
        db.execute(sa.update(Message), rows)


def _told(stored: sa.Row[Any], row: Row, stale: bool) -> Row:
    """What a message says now. Keys that a stale copy of it lacks stay, but for the content."""
    kept = {key: value for key, value in stored.data.items() if stale and key != "content"}
    return {"id": row["id"], "role": row["role"], "content": row["content"], "data": {**kept, **row["data"]}}


def _brings(row: sa.Row[Any], columns: Mapping[str, Any]) -> bool:
    return row.deleted_at is not None or any(getattr(row, name) != columns[name] for name in TOLD)


def _parents(
    before: Mapping[str, str | None], sent: Mapping[str, Row], live: AbstractSet[str]
) -> dict[str, str | None]:
    """The parent of each live message: where the client has it, or the nearest ancestor that is live.

    What is stored and what is sent are trees, but together they may go in circles: then what is stored stays in place.
    """
    wanted = {**before, **{key: columns["parent_id"] for key, columns in sent.items()}}
    if find_cycle(wanted) is not None:
        wanted |= before
    return nearest_ancestors(wanted, live, live)


def _depths(parents: Mapping[str, str | None]) -> dict[str | None, int]:
    """How many ancestors each message of a tree has. Each is looked at once, however long the branches are."""
    depths: dict[str | None, int] = {None: -1}
    for key in parents:
        path: dict[str, None] = {}  # a set in order
        node: str | None = key
        while node is not None and node not in depths and node not in path:
            path[node] = None
            node = parents[node]
        for below, each in enumerate(reversed(path), 1):
            depths[each] = depths.get(node, -1) + below
    return depths


def _replaced(stored: Stored, changed: Mapping[str, Row]) -> Iterator[Row]:
    """What messages said that now say something else, for the trash; once, however often two tabs take turns."""
    trash = (row for row in stored.values() if row.deleted_at is not None and row.id not in changed)
    kept = {str(_said(row.content, row.data)) for row in trash}
    for key, says in changed.items():
        row = stored[key]
        said, now = _said(row.content, row.data), _said(says["content"], says["data"])
        is_continued = isinstance(said, str) and isinstance(now, str) and now.startswith(said)
        is_draft = row.data.get("done") is False  # of a reply that was being written
        if said != now and not is_continued and not is_draft and str(said) not in kept:
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
