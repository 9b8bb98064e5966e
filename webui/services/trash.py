"""The trash: what was deleted stays restorable for some days, and is then erased a little at a time.

A chat is in the trash from the moment of ``deleted_at``. ``ERASED`` in its place says that nobody can have it back;
what is left of it goes in transactions of ``erase_some``, none of which is long, however much there is.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import IS_LISTED, Chat, Database, Message, Run, RunState, utcnow
from webui.runs import journal
from webui.services.chat_lists import PAGE_SIZE, change_all
from webui.services.chats import find_chat, read_chat
from webui.services.locks import hold_folders
from webui.services.messages import nearest_ancestors

ERASED = datetime.fromtimestamp(0, UTC)
IN_TRASH = sa.and_(Chat.deleted_at > ERASED, Chat.import_id.is_(None))
# What one transaction erases at most. On SQLite nobody else writes meanwhile, and taking a message of a thousand
# characters out of the search index takes milliseconds.
CHATS, MESSAGES = 100, 10
PAUSE_SECONDS = 0.02  # between two of these transactions, in which others get to write

_LIST = (
    sa.select(Chat.id, Chat.title, Chat.updated_at, Chat.created_at, Chat.deleted_at)
    .where(Chat.user_id == sa.bindparam("user_id"), IN_TRASH)
    .order_by(Chat.deleted_at.desc(), Chat.id)
    .limit(PAGE_SIZE)
    .offset(sa.bindparam("offset"))
)
_STOP = (
    sa.update(Run)
    .where(Run.user_id == sa.bindparam("of"), Run.state == RunState.RUNNING)
    .where(sa.exists().where(Chat.id == Run.chat_id, Chat.deleted_at.is_not(None)))
    .values(stop_requested=True)
)


def delete_chat(db: Session, user_id: str, chat_id: str, *, trash_days: int) -> None:
    """Put a chat into the trash, and ask for the end of the replies that are being generated in it."""
    find_chat(db, user_id, chat_id).deleted_at = _deleted_at(trash_days)
    db.flush()
    db.connection().execute(_STOP, {"of": user_id})
    _tell(db, user_id, chat_id)


def delete_all(database: Database, user_id: str, *, trash_days: int) -> None:
    """Put all chats of a user into the trash."""
    change_all(database, (Chat.user_id == user_id, IS_LISTED), {"deleted_at": _deleted_at(trash_days)})
    with database.begin() as db:
        db.connection().execute(_STOP, {"of": user_id})
        _tell(db, user_id)


def put_chats(db: Session, user_id: str, which: Collection[sa.ColumnElement[bool]], *, trash_days: int) -> None:
    """Put these chats of a user into the trash, outside of folders; those already in it leave their folder."""
    values = {Chat.folder_id: None, Chat.deleted_at: sa.func.coalesce(Chat.deleted_at, _deleted_at(trash_days))}
    db.connection().execute(sa.update(Chat).where(Chat.user_id == user_id, *which).values(values))
    db.connection().execute(_STOP, {"of": user_id})
    _tell(db, user_id)


def _tell(db: Session, user_id: str, chat_id: str | None = None) -> None:
    """Let the user's other pages know that this chat is gone, or that many are."""
    event = {"type": "chats:deleted", "data": {"id": chat_id}}
    journal.announce(db, user_id=user_id, chat_id=None, message_id="", event=event)


def _deleted_at(trash_days: int) -> datetime:
    return utcnow() if trash_days else ERASED


def list_trash(db: Session, user_id: str, page: int) -> list[sa.RowMapping]:
    """Lines of a page of the trash, what was deleted last first."""
    return list(db.execute(_LIST, {"user_id": user_id, "offset": (page - 1) * PAGE_SIZE}).mappings())


def empty(database: Database, user_id: str) -> None:
    """Give up all that is in a user's trash."""
    change_all(database, (Chat.user_id == user_id, IN_TRASH), {"deleted_at": ERASED})


def erase_chat(db: Session, user_id: str, chat_id: str) -> None:
    """Give up one chat of the trash."""
    _find(db, user_id, chat_id).deleted_at = ERASED


def restore_chat(db: Session, user_id: str, chat_id: str, folder_id: str | None = None) -> dict[str, Any]:
    """Put a chat back where it was, or into a folder that took the place of its own; outside of folders if that is
    gone. Answers it as ``read_chat`` does.
    """
    chat = _find(db, user_id, chat_id)
    wanted = folder_id or chat.folder_id
    chat.folder_id = wanted if wanted is not None and hold_folders(db, user_id, [wanted]) else None
    chat.deleted_at = None
    db.flush()
    return read_chat(db, user_id, chat_id)


def _find(db: Session, user_id: str, chat_id: str) -> Chat:
    own = sa.select(Chat).where(Chat.id == chat_id, Chat.user_id == user_id, IN_TRASH)
    chat = db.scalar(own.with_for_update())
    if chat is None:
        raise ApiError(Problem.CHAT_NOT_FOUND, "This chat is not in your trash.")
    return chat


def list_messages(db: Session, user_id: str, chat_id: str) -> list[sa.RowMapping]:
    """The messages of a chat that are in the trash, in the order in which they were written."""
    gone = sa.and_(Message.chat_id == Chat.id, Message.deleted_at.is_not(None))
    find = (
        sa.select(Message.id, Message.parent_id, Message.role, Message.content, Message.deleted_at)
        .select_from(Chat)
        .outerjoin(Message, gone)
        .where(Chat.id == chat_id, Chat.user_id == user_id, IS_LISTED)
        .order_by(Message.position)
    )
    rows = list(db.execute(find).mappings())
    if not rows:
        raise ApiError(Problem.CHAT_NOT_FOUND)
    return [row for row in rows if row["id"] is not None]


def restore_messages(db: Session, user_id: str, chat_id: str, ids: Collection[str]) -> dict[str, Any]:
    """Put messages of a chat back, each under its nearest ancestor that is there. Answers the chat."""
    chat = find_chat(db, user_id, chat_id)
    stored = sa.select(Message.id, Message.parent_id, Message.deleted_at).where(Message.chat_id == chat_id)
    rows = {row.id: row for row in db.execute(stored)}
    if missing := [message_id for message_id in ids if message_id not in rows]:
        raise ApiError(Problem.NOT_FOUND, f"This chat has no message {missing[0]}, not even in the trash.")
    back = {message_id for message_id in ids if rows[message_id].deleted_at is not None}
    there = back | {row.id for row in rows.values() if row.deleted_at is None}
    parents = _parents({row.id: row.parent_id for row in rows.values()}, there, back)
    if back:
        own = {"chat_id": chat_id, "deleted_at": None, "updated_at": utcnow()}
        db.execute(sa.update(Message), [{**own, "id": each, "parent_id": parents[each]} for each in back])
        chat.updated_at = utcnow()
        db.flush()
    return read_chat(db, user_id, chat_id)


def _parents(
    stored: Mapping[str, str | None], there: AbstractSet[str], back: AbstractSet[str]
) -> dict[str, str | None]:
    """The parent of each message that is ``there``: for those that come ``back`` the nearest ancestor that is there,
    or none if they would become their own ancestors.
    """
    parents = {key: stored[key] for key in there} | nearest_ancestors(stored, back, there)
    reaches_root: set[str] = set()
    for start in parents:
        branch: dict[str, None] = {}  # a set in order
        step: str | None = start
        while step is not None and step in parents and step not in reaches_root:
            if step in branch:  # what was there already is a tree, so something that comes back is in the circle
                circle = list(branch)[list(branch).index(step) :]
                parents[next(key for key in circle if key in back)] = None
                break
            branch[step] = None
            step = parents[step]
        reaches_root.update(branch)
    return parents


def erase_some(db: Session, *, trash_days: int) -> bool:
    """Erase a little of what has been in the trash for too long; False if there was nothing."""
    past = utcnow() - timedelta(days=trash_days)
    return erase_chats(db, Chat.deleted_at < past) or _erase_messages(db, Message.deleted_at < past) > 0


def erase_chats(db: Session, which: sa.ColumnElement[bool]) -> bool:
    """Erase a little of these chats of the trash, those first that were deleted first; False if there are none."""
    due = sa.select(Chat.id).where(which).order_by(Chat.deleted_at).limit(CHATS)
    chats = list(db.scalars(due.with_for_update(skip_locked=True)))  # another process may be at it as well
    if not chats:
        return False
    if _erase_messages(db, Message.chat_id.in_(chats)) < MESSAGES:
        db.execute(sa.delete(Chat).where(Chat.id.in_(chats)))
    else:  # nobody gets half of a chat back
        db.execute(sa.update(Chat).where(Chat.id.in_(chats), Chat.deleted_at != ERASED).values(deleted_at=ERASED))
    return True


def _erase_messages(db: Session, which: sa.ColumnElement[bool]) -> int:
    some = sa.select(Message.chat_id, Message.id).where(which).limit(MESSAGES)
    erase = sa.delete(Message).where(sa.tuple_(Message.chat_id, Message.id).in_(some))
    return db.connection().execute(erase).rowcount
