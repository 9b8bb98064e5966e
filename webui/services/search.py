"""Search over a user's chats.

What is typed is a text that stands in the title or in a message, whatever the case, and among its words filters:
``tag:name`` (``tag:none``: no tag), ``folder:name`` (with its subfolders), and ``pinned:``, ``archived:``, ``shared:``
with ``true`` or ``false``. Everything else is taken literally; there are no operators.

Chats whose title has the text come first, then those with it in a message, the newest first in both. Archived chats are
found only with ``archived:true``. Of a text that is in very many messages the newest are found, see
``webui.models.search``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.models import IS_LISTED, Chat, ChatTag, Folder, Message
from webui.models.search import INDEXED, candidates, fold
from webui.services.tags import UNTAGGED, tag_id

PAGE_SIZE = 60
SNIPPET_BEFORE, SNIPPET = 40, 160  # characters
_FLAGS = {"true": True, "false": False}
_LINE = (Chat.id, Chat.title, Chat.updated_at, Chat.created_at)
_CONTENT = sa.func.substr(Message.content, 1, INDEXED).label("content")
_HAS_TAG = sa.exists().where(ChatTag.chat_id == Chat.id)


@dataclass
class Query:
    """What was typed: the folded text, and the filters."""

    text: str = ""
    tags: set[str] = field(default_factory=set)  # ids of tags
    folders: set[str] = field(default_factory=set)  # plain names, see _plain
    flags: dict[str, bool] = field(default_factory=dict)  # of pinned, archived, shared


@dataclass(frozen=True)
class Hit:
    """A chat that was found. ``message_id`` and ``snippet`` are of its newest fitting message, if its title does not
    fit.
    """

    id: str
    title: str
    updated_at: datetime
    created_at: datetime
    message_id: str | None = None
    snippet: str | None = None


def parse(text: str) -> Query:
    """Take what was typed apart. Filters without a proper value are left out."""
    query, rest = Query(flags={"archived": False}), []
    for word in text.strip().split(" "):
        name, colon, value = fold(word).partition(":")
        if not colon or name not in ("tag", "folder", "pinned", "archived", "shared"):
            rest.append(word)
        elif name == "tag" and value:
            query.tags.add(tag_id(word[len("tag:") :]))
        elif name == "folder" and value:
            query.folders.add(_plain(value))
        elif value in _FLAGS and name not in ("tag", "folder"):
            query.flags[name] = _FLAGS[value]
    query.text = fold(" ".join(rest).strip())
    return query


def search_chats(db: Session, user_id: str, text: str, page: int) -> list[Hit]:
    """A page of the chats that fit what was typed, the best first. Without a text: all that pass the filters."""
    query = parse(text)
    conditions = [Chat.user_id == user_id, IS_LISTED, *_filters(db, user_id, query)]
    start = (page - 1) * PAGE_SIZE
    if not query.text:
        newest = sa.select(*_LINE).where(*conditions).order_by(Chat.updated_at.desc(), Chat.id)
        return [Hit(*row) for row in db.execute(newest.limit(PAGE_SIZE).offset(start))]
    found = candidates(db.get_bind().dialect.name, user_id, query.text).subquery("found")
    find = (
        sa.select(*_LINE, found.c.message_id, _CONTENT, found.c.place)
        .join_from(found, Chat, Chat.id == found.c.chat_id)
        .outerjoin(
            Message,
            (Message.chat_id == found.c.chat_id) & (Message.id == found.c.message_id) & Message.deleted_at.is_(None),
        )
        .where(*conditions, found.c.message_id.is_(None) | Message.id.is_not(None))
    )
    # Past the ORM, which would take longer over these rows than the database.
    hits = _ranked(db.connection().execute(find), query.text)[start : start + PAGE_SIZE]
    return [_hit(row, query.text) for row in hits]


def _filters(db: Session, user_id: str, query: Query) -> Iterable[sa.ColumnElement[bool]]:
    if UNTAGGED in query.tags:
        yield ~_HAS_TAG
    if tags := query.tags - {UNTAGGED}:
        tagged = sa.select(ChatTag.chat_id).where(ChatTag.user_id == user_id, ChatTag.tag_id.in_(sorted(tags)))
        yield Chat.id.in_(tagged.group_by(ChatTag.chat_id).having(sa.func.count() == len(tags)))
    if query.folders:
        yield Chat.folder_id.in_(_folders(db, user_id, query.folders))
    columns = {"pinned": Chat.pinned, "archived": Chat.archived, "shared": Chat.share_id.is_not(None)}
    for name, wanted in query.flags.items():
        yield columns[name].is_(wanted) if name != "shared" else columns[name] == wanted


def _folders(db: Session, user_id: str, names: set[str]) -> list[str]:
    """The ids of the folders with these names and of all folders in them."""
    inside, todo = defaultdict(list), []
    for folder in db.execute(sa.select(Folder.id, Folder.parent_id, Folder.name).where(Folder.user_id == user_id)):
        inside[folder.parent_id].append(folder.id)
        if _plain(folder.name) in names:
            todo.append(folder.id)
    found: set[str] = set()
    while todo:
        folder_id = todo.pop()
        if folder_id not in found:
            found.add(folder_id)
            todo.extend(inside[folder_id])
    return sorted(found)


def _plain(name: str) -> str:
    """A folder's name as it is compared: any case, underscores or spaces."""
    return re.sub(r"[\s_]+", " ", fold(name)).strip()


def _ranked(rows: Iterable[sa.Row[Any]], text: str) -> list[sa.Row[Any]]:
    """Of each chat that does have the text the best row, the best chat first."""
    best: dict[str, sa.Row[Any]] = {}
    for row in rows:
        known = best.get(row.id)
        if known is not None and (known.message_id is None or (row.message_id and row.place < known.place)):
            continue
        if text in fold(row.title if row.message_id is None else row.content):
            best[row.id] = row
    hits = sorted(best.values(), key=lambda row: row.id)
    hits.sort(key=lambda row: row.updated_at, reverse=True)
    return sorted(hits, key=lambda row: row.message_id is not None)


def _hit(row: sa.Row[Any], text: str) -> Hit:
    snippet = None if row.message_id is None else _snippet(row.content, text)
    return Hit(row.id, row.title, row.updated_at, row.created_at, row.message_id, snippet)


def _snippet(content: str, text: str) -> str:
    """A line of the content with the text in it, or with the beginning of a long one."""
    start = max(fold(content).index(text) - SNIPPET_BEFORE, 0)
    line = " ".join(content[start : start + SNIPPET].split())
    return f"{'…' if start else ''}{line}{'…' if start + SNIPPET < len(content) else ''}"
