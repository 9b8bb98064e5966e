"""Search over a user's chats.

What is typed is a text that stands in the title or in a message, whatever the case, and among its words filters:
``tag:name`` (``tag:none``: no tag), ``folder:name`` (with its subfolders), and ``pinned:``, ``archived:``, ``shared:``
with ``true`` or ``false``. Everything else is taken literally; there are no operators.

Chats whose title has the text come first, then those with it in a message, the newest first in both. Archived chats are
found only with ``archived:true``. Of a text that is in very many chats those that were made last are found.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.models import IS_LISTED, Chat, ChatTag, Folder, Message
from webui.models.search import candidates, fold, grams_of
from webui.services.tags import UNTAGGED, tag_id

PAGE_SIZE = 60
MAX_CHATS = 120  # that are found by their titles, and as many by their messages
MAX_LOOKED_AT = 1500  # titles, and as many messages, that may have the text by the index
STREAMED = {"stream_results": True, "max_row_buffer": 200}
MAX_GRAMS = 5  # runs of characters that the database is asked for
SAMPLE, SAMPLED = 200, 1000  # messages, and characters of each
SNIPPET_BEFORE, SNIPPET = 40, 160  # characters
_FLAGS = {"true": True, "false": False}
_NEWEST = (Chat.updated_at.desc(), Chat.id)
_LINE = (Chat.id, Chat.title, Chat.updated_at, Chat.created_at)
IN_TITLE = (None, None)
Place = tuple[str | None, str | None]  # the message's id, and a line of it
Conditions = list[sa.ColumnElement[bool]]
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
    wide, narrow = _filters(db, user_id, query)
    conditions = [Chat.user_id == user_id, IS_LISTED, *wide, *narrow]
    start, end = (page - 1) * PAGE_SIZE, page * PAGE_SIZE
    if not query.text:
        newest = sa.select(*_LINE).where(*conditions).order_by(*_NEWEST)
        return [Hit(*row) for row in db.execute(newest.limit(PAGE_SIZE).offset(start))]
    among = sa.select(Chat.id).where(Chat.user_id == user_id, *narrow) if narrow else None
    dialect = db.get_bind().dialect.name
    grams = _rarest(db, user_id, grams_of(dialect, query.text))
    find = partial(candidates, dialect, user_id, grams, among=among)
    found = _found(db, find(source=Chat, where=conditions), query.text)
    by_title = found.keys()
    if len(found) < end:
        conditions.append(Message.deleted_at.is_(None))
        found = _found(db, find(source=Message, where=conditions), query.text) | found
    if not found:
        return []
    by_message = found.keys() - by_title
    ranked = sa.select(*_LINE).where(Chat.id.in_(found)).order_by(Chat.id.in_(by_message), *_NEWEST)
    return [Hit(*row, *found[row.id]) for row in db.execute(ranked.limit(PAGE_SIZE).offset(start))]


def _rarest(db: Session, user_id: str, grams: list[str]) -> list[str]:
    """Those that are rarest in what the user has read and written lately.

    The database reads all places of each that it is asked for, which takes longer than to look at what is found too
    much when some are left out.
    """
    if len(grams) <= MAX_GRAMS:
        return grams
    lately = sa.select(Chat.id).where(Chat.user_id == user_id, IS_LISTED, Chat.archived.is_(False))
    lately = lately.order_by(*_NEWEST).limit(SAMPLE)
    texts = sa.select(sa.func.substr(Message.content, 1, SAMPLED)).where(Message.chat_id.in_(lately)).limit(SAMPLE)
    sample = [fold(text) for text in db.scalars(texts)]
    return sorted(grams, key=lambda gram: sum(gram in text for text in sample))[:MAX_GRAMS]


def _found(db: Session, find: sa.Select[Any], text: str) -> dict[str, Place]:
    """Where the text is, by the ids of the chats: in the title, or in the newest message that has it."""
    found: dict[str, Place] = {}
    # As a stream, since PostgreSQL's driver would wait for all rows.
    with db.connection().execute(find.limit(MAX_LOOKED_AT), execution_options=STREAMED) as rows:
        for chat_id, message_id, content in rows:
            if chat_id not in found and text in fold(content):
                found[chat_id] = (message_id, _snippet(content, text)) if message_id else IN_TITLE
                if len(found) == MAX_CHATS:
                    break
    return found


def _filters(db: Session, user_id: str, query: Query) -> tuple[Conditions, Conditions]:
    """The conditions that most chats pass, and those that few do."""
    wide: Conditions = []
    narrow: Conditions = []
    if UNTAGGED in query.tags:
        wide.append(~_HAS_TAG)
    if tags := query.tags - {UNTAGGED}:
        tagged = sa.select(ChatTag.chat_id).where(ChatTag.user_id == user_id, ChatTag.tag_id.in_(sorted(tags)))
        narrow.append(Chat.id.in_(tagged.group_by(ChatTag.chat_id).having(sa.func.count() == len(tags))))
    if query.folders:
        narrow.append(Chat.folder_id.in_(_folders(db, user_id, query.folders)))
    columns = {"pinned": Chat.pinned, "archived": Chat.archived, "shared": Chat.share_id.is_not(None)}
    for name, wanted in query.flags.items():
        condition = columns[name].is_(wanted) if name != "shared" else columns[name] == wanted
        (narrow if wanted else wide).append(condition)
    return wide, narrow


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


def _snippet(content: str, text: str) -> str:
    """A line of the content with the text in it, or with the beginning of a long one."""
    start = max(fold(content).index(text) - SNIPPET_BEFORE, 0)
    line = " ".join(content[start : start + SNIPPET].split())
    return f"{'…' if start else ''}{line}{'…' if start + SNIPPET < len(content) else ''}"
