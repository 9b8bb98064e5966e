"""Writing chats that come from elsewhere, many at a time.

``prepare`` does what takes time, before the transaction; ``store`` does what needs one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.models import Chat, ChatTag, Folder, Message, Tag, utcnow
from webui.services.chats import DEFAULT_TITLE, parse_chat
from webui.services.imports.incoming import Incoming, moment
from webui.services.locks import hold_folders, lock_user
from webui.services.tags import UNTAGGED, tag_id

MAX_TAG = 255  # characters
MAX_TAGS = 100  # on one chat
AT_ONCE = 100  # chats: databases limit the values of one statement

Row = dict[str, Any]


@dataclass(frozen=True)
class Prepared:
    """The rows of a chat that is to be stored, but for whose it is."""

    chat: Row
    messages: list[Row]


def import_all(db: Session, user_id: str, chats: Sequence[Incoming]) -> list[str]:
    """Store chats in the caller's transaction; their ids. ``ApiError`` for a faulty one."""
    prepared = [prepare(chat) for chat in chats]
    for start in range(0, len(prepared), AT_ONCE):
        store(db, user_id, prepared[start : start + AT_ONCE])
    return [chat.chat["id"] for chat in prepared]


def prepare(incoming: Incoming) -> Prepared:
    """The rows of a chat under a new id. Raises ``ApiError`` when its messages are not a tree."""
    now, chat_id = utcnow(), str(uuid4())
    created_at = incoming.created_at or incoming.updated_at or now
    chat = incoming.chat
    sent = parse_chat(chat if isinstance(chat.get("history"), dict) else chat | {"history": None})
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
            {"chat_id": chat_id, "id": key, "position": position, **_times(columns, created_at), **columns}
            for position, (key, columns) in enumerate((sent.messages or {}).items())
        ],
    )


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
    if rows:
        db.execute(sa.insert(Chat), rows)
    if said := [message for chat in chats for message in chat.messages]:
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
