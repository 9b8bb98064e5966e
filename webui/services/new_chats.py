"""Storing chats that are new: those of clients, of files, and copies.

``prepare`` does what takes time before the transaction, and ``store`` what needs one. Most of that is writing the
search index, and on SQLite nobody else writes meanwhile. So ``build`` stores large chats before, in transactions that
are short, where nobody sees them: what is left of one whose server died is erased as the trash is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.models import Chat, ChatTag, Database, Folder, Message, Tag, utcnow
from webui.services import messages
from webui.services.chats import DEFAULT_TITLE, parse_chat, read_chat
from webui.services.folders import hold_folder
from webui.services.imports.incoming import Incoming, moment
from webui.services.locks import hold_folders, large_write, lock_user
from webui.services.tags import UNTAGGED, tag_id

MAX_TAG = 255  # characters
MAX_TAGS = 100  # on one chat
AT_ONCE = 100  # chats: databases limit the values of one statement
BEING_BUILT = "being built"  # the import of a chat that ``store`` has not shown yet
BUILDING_TIME = timedelta(days=1)  # no chat takes as long

Row = dict[str, Any]


@dataclass(frozen=True)
class Prepared:
    """The rows of a chat that is to be stored, but for whose it is; ``is_built`` if they are there already, unseen."""

    chat: Row
    messages: list[Row]
    is_built: bool = False


def create_chat(
    database: Database, user_id: str, chat: dict[str, Any], folder_id: str | None, *, chat_id: str | None = None
) -> dict[str, Any]:
    """Store a new chat; answers it as the client will see it. ``IntegrityError`` if ``chat_id`` is taken."""
    incoming = Incoming(chat, folder_id=folder_id)
    prepared = build(database, user_id, [prepare(incoming, strict=True, chat_id=chat_id)])
    with database.begin() as db:
        if folder_id is not None:
            hold_folder(db, user_id, folder_id)
        store(db, user_id, prepared)
        return read_chat(db, user_id, prepared[0].chat["id"])


def import_chats(database: Database, user_id: str, chats: Sequence[Incoming]) -> list[dict[str, Any]]:
    """Store chats, all or none; answers them. ``ApiError`` for a faulty one. Folders of others are left out."""
    prepared = build(database, user_id, [prepare(chat) for chat in chats])
    with database.begin() as db:
        for start in range(0, len(prepared), AT_ONCE):
            store(db, user_id, prepared[start : start + AT_ONCE])
        return [read_chat(db, user_id, chat.chat["id"]) for chat in prepared]


def prepare(incoming: Incoming, *, strict: bool = False, chat_id: str | None = None) -> Prepared:
    """The rows of a chat, under a new id if none is given. Raises ``ApiError`` when its messages are not a tree, or,
    if that is ``strict``, when its history is no object; else it is kept as it is.
    """
    now, chat_id = utcnow(), chat_id or str(uuid4())
    created_at = incoming.created_at or incoming.updated_at or now
    chat = incoming.chat
    is_object = isinstance(chat.get("history"), dict)
    sent = parse_chat(chat if strict or is_object else chat | {"history": None})
    tree = sent.messages or {}
    return Prepared(
        {
            "id": chat_id,
            "title": sent.title or DEFAULT_TITLE,
            "folder_id": incoming.folder_id,
            "share_id": None,
            "archived": incoming.archived,
            "pinned": incoming.pinned,
            "current_id": sent.current_id,
            "meta": {**incoming.meta, "tags": _tags(incoming.meta)} if "tags" in incoming.meta else incoming.meta,
            "data": sent.data,
            "created_at": created_at,
            "updated_at": incoming.updated_at or created_at,
            "deleted_at": None,
        },
        [
            {
                **{"chat_id": chat_id, "id": key, "position": position, **_times(columns, created_at), **columns},
                "parent_id": columns["parent_id"] if columns["parent_id"] in tree else None,
            }
            for position, (key, columns) in enumerate(tree.items())
        ],
    )


def build(database: Database, user_id: str, chats: Sequence[Prepared]) -> list[Prepared]:
    """The chats as ``store`` takes them: where there is much to write, it is written now."""
    if not is_large(chats):
        return list(chats)
    with large_write():
        for step in building(user_id, chats):
            with database.begin() as db:
                step(db)
    return built(chats)


def is_large(chats: Sequence[Prepared]) -> bool:
    """Whether storing these chats would keep others waiting."""
    return messages.length(_messages(chats)) > messages.PART


def building(user_id: str, chats: Sequence[Prepared]) -> Iterator[Callable[[Session], object]]:
    """What writes the chats unseen, each to be done in a transaction of its own."""
    unseen = {"user_id": user_id, "import_id": BEING_BUILT, "deleted_at": utcnow() + BUILDING_TIME, "folder_id": None}
    for start in range(0, len(chats), AT_ONCE):
        rows = [chat.chat | unseen for chat in chats[start : start + AT_ONCE]]
        yield partial(Session.execute, statement=sa.insert(Chat), params=rows)
    for part in messages.parts(_messages(chats)):
        yield partial(Session.execute, statement=sa.insert(Message), params=part)


def built(chats: Sequence[Prepared]) -> list[Prepared]:
    """The same chats, after ``building``."""
    return [replace(chat, messages=[], is_built=True) for chat in chats]


def _messages(chats: Iterable[Prepared]) -> Iterator[Row]:
    return (message for chat in chats for message in chat.messages)


def store(db: Session, user_id: str, chats: Sequence[Prepared], import_id: str | None = None) -> None:
    """Insert chats. Folders of others are left out.

    With ``import_id`` the chats stay unseen, and their folders what the file says, until they are shown.
    """
    given = {chat.chat["folder_id"] for chat in chats} - {None}
    folders = given if import_id else hold_folders(db, user_id, given)
    rows = []
    for chat in chats:
        folder_id = chat.chat["folder_id"] if chat.chat["folder_id"] in folders else None
        rows.append({**chat.chat, "user_id": user_id, "folder_id": folder_id, "import_id": import_id})
    built = {chat.chat["id"] for chat in chats if chat.is_built}
    if new := [row for row in rows if row["id"] not in built]:
        db.execute(sa.insert(Chat), new)
    if built:
        shown = ("id", "folder_id", "import_id", "deleted_at")
        db.execute(sa.update(Chat), [{name: row[name] for name in shown} for row in rows if row["id"] in built])
    if said := list(_messages(chats)):
        db.execute(sa.insert(Message), said)
    _store_tags(db, user_id, rows)


def show(db: Session, user_id: str, import_id: str, places: Mapping[str, str]) -> None:
    """Show an import's chats: in the folders that ``places`` has for those of the file, else in their own ones.

    Nobody else changes the user's folders meanwhile: see ``services.folders``.
    """
    own = set(db.scalars(sa.select(Folder.id).where(Folder.user_id == user_id)))
    unseen = Chat.import_id == import_id
    for given in db.scalars(sa.select(Chat.folder_id).where(unseen).distinct()).all():
        if given is not None and (folder_id := places.get(given, given)) in own:
            # A chat that is shown is not looked at again: another folder of the file may be called as its new one is.
            shown = sa.update(Chat).where(unseen, Chat.folder_id == given)
            db.execute(shown.values(folder_id=folder_id, import_id=None))
    db.execute(sa.update(Chat).where(unseen).values(folder_id=None, import_id=None))


def _times(columns: Row, otherwise: datetime) -> Row:
    at = moment(columns["data"].get("timestamp")) or otherwise
    return {"created_at": at, "updated_at": at, "deleted_at": None, "run_id": None}


def _tags(meta: dict[str, Any]) -> list[str]:
    found = meta["tags"] if isinstance(meta["tags"], list) else []
    ids = [tag_id(name) for name in found if isinstance(name, str) and 0 < len(name) <= MAX_TAG]
    return [one for one in dict.fromkeys(ids) if one != UNTAGGED][:MAX_TAGS]


def _store_tags(db: Session, user_id: str, rows: list[Row]) -> None:
    pairs = [(row["id"], tag) for row in rows for tag in row["meta"].get("tags", ())]
    if not pairs:
        return
    lock_user(db, user_id)
    wanted = {tag for _, tag in pairs}
    known = set(db.scalars(sa.select(Tag.id).where(Tag.user_id == user_id, Tag.id.in_(wanted))))
    new = [{"user_id": user_id, "id": tag, "name": tag, "meta": None} for tag in sorted(wanted - known)]
    if new:
        db.execute(sa.insert(Tag), new)
    db.execute(sa.insert(ChatTag), [{"chat_id": chat, "tag_id": tag, "user_id": user_id} for chat, tag in pairs])
