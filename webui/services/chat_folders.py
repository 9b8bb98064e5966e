"""The chats in a folder."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import IS_LISTED, Chat, Folder, utcnow
from webui.services import folders, trash
from webui.services.chats import find_chat, read_chat

PAGE_SIZE = 10

_OWN = (Chat.user_id == sa.bindparam("user_id"), IS_LISTED)
# Pinned and archived chats have lists of their own.
_SHOWN = (*_OWN, Chat.archived.is_(False), Chat.pinned.is_(False))
_ORDER = (Chat.updated_at.desc(), Chat.id)
_EVERY = (
    sa.select(Chat.title, Chat.id, Chat.updated_at)
    .where(Chat.folder_id == sa.bindparam("folder_id"), *_OWN)
    .order_by(*_ORDER)
    .limit(PAGE_SIZE)
    .offset(sa.bindparam("offset"))
)
_PAGE = _EVERY.where(*_SHOWN)
_WITHIN = (
    sa.select(Folder.id)
    .where(Folder.id == sa.bindparam("folder_id"), Folder.user_id == sa.bindparam("user_id"))
    .cte("within", recursive=True)
)
_WITHIN = _WITHIN.union(sa.select(Folder.id).join(_WITHIN, Folder.parent_id == _WITHIN.c.id))
_ALL = sa.select(Chat.id).where(Chat.folder_id.in_(sa.select(_WITHIN.c.id)), *_SHOWN).order_by(*_ORDER)


def list_chats(db: Session, user_id: str, folder_id: str, *, page: int, include_hidden: bool) -> list[sa.RowMapping]:
    """Lines of a page of a folder's own chats, newest first; ``include_hidden``: pinned and archived ones too."""
    values = {"user_id": user_id, "folder_id": folder_id, "offset": (page - 1) * PAGE_SIZE}
    return list(db.execute(_EVERY if include_hidden else _PAGE, values).mappings())


def list_ids_within(db: Session, user_id: str, folder_id: str) -> list[str]:
    """The ids of the chats in a folder and in all folders in it, newest first."""
    return list(db.scalars(_ALL, {"user_id": user_id, "folder_id": folder_id}))


def move_chat(db: Session, user_id: str, chat_id: str, folder_id: str | None) -> dict[str, Any]:
    """Put a chat into a folder, or take it out of all; it is no longer pinned. Answers it as ``read_chat`` does."""
    if folder_id is not None:
        folders.hold_folder(db, user_id, folder_id)
    chat = find_chat(db, user_id, chat_id)
    chat.folder_id, chat.pinned, chat.updated_at = folder_id, False, utcnow()
    db.flush()
    return read_chat(db, user_id, chat_id)


def delete_folder(db: Session, user_id: str, folder_id: str, *, keep_chats: bool, trash_days: int | None) -> None:
    """Delete a folder with the folders in it; their chats go into the trash, or are kept in no folder.

    Without ``trash_days`` the user may not delete chats. Folders come before chats, the order in which ``move_chat``
    locks them.
    """
    folder_ids = folders.delete_folder(db, user_id, folder_id)
    inside = Chat.folder_id.in_(folder_ids)
    if keep_chats:
        db.connection().execute(sa.update(Chat).where(Chat.user_id == user_id, inside).values(folder_id=None))
    elif trash_days is not None:
        trash.put_chats(db, user_id, [inside], trash_days=trash_days)
    elif db.scalar(sa.select(sa.exists().where(Chat.user_id == user_id, inside, Chat.deleted_at.is_(None)))):
        text = "There are chats in this folder, and you may not delete chats. Move them elsewhere first."
        raise ApiError(Problem.FORBIDDEN, text)
