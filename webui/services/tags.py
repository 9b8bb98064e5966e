"""Tags of chats. ``Chat.meta["tags"]`` has a chat's in the order of tagging, ``chat_tags`` the same for finding chats.

Tags of archived chats stay, with their names, for the day when the chat comes back; they are only not listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import IS_LISTED, Chat, ChatTag, Tag
from webui.services.chats import find_chat
from webui.services.locks import lock_user

PAGE_SIZE = 50
UNTAGGED = "none"  # the search for ``tag:none`` finds chats without any, so no tag is called that

_TAG = (Tag.id, Tag.name, Tag.user_id, Tag.meta)
_OF_CHAT = sa.and_(ChatTag.user_id == Tag.user_id, ChatTag.tag_id == Tag.id)
_IN_USE = sa.exists().where(_OF_CHAT, Chat.id == ChatTag.chat_id, Chat.archived.is_(False), IS_LISTED)
_ALL = sa.select(*_TAG).where(Tag.user_id == sa.bindparam("user_id"), _IN_USE)
_ON_ONE = (
    sa.select(Chat.meta.label("chat_meta"), *_TAG)
    .outerjoin(ChatTag, ChatTag.chat_id == Chat.id)
    .outerjoin(Tag, _OF_CHAT)
    .where(Chat.id == sa.bindparam("chat_id"), Chat.user_id == sa.bindparam("user_id"), IS_LISTED)
)
_TAGGED = (
    sa.select(Chat.id, Chat.title, Chat.updated_at, Chat.created_at)
    .join(ChatTag, ChatTag.chat_id == Chat.id)
    .where(ChatTag.user_id == sa.bindparam("user_id"), ChatTag.tag_id == sa.bindparam("tag_id"), IS_LISTED)
    .order_by(Chat.updated_at.desc(), Chat.id)
    .limit(sa.bindparam("limit"))
    .offset(sa.bindparam("skip"))
)


def tag_id(name: str) -> str:
    """The id of the tag with this name: the contract's normal form."""
    return name.replace(" ", "_").lower()


def list_tags(db: Session, user_id: str) -> list[sa.RowMapping]:
    """The tags on a user's chats that are not archived, by id."""
    found = db.execute(_ALL, {"user_id": user_id}).mappings()
    return sorted(found, key=lambda tag: tag["id"])  # here, since databases differ in how they compare texts


def tags_of(db: Session, user_id: str, chat_id: str) -> list[sa.RowMapping]:
    """The tags on one chat, in the order in which it got them."""
    rows = db.execute(_ON_ONE, {"chat_id": chat_id, "user_id": user_id}).mappings().all()
    if not rows:
        raise ApiError(Problem.CHAT_NOT_FOUND)
    place = {tag: number for number, tag in enumerate(_ids(rows[0]["chat_meta"]))}
    return sorted((row for row in rows if row["id"] is not None), key=lambda row: place.get(row["id"], len(place)))


def list_tagged(db: Session, user_id: str, name: str, *, skip: int | None, limit: int | None) -> list[sa.RowMapping]:
    """Lines of the list for the chats with this tag, archived ones included, newest first."""
    wanted = {"tag_id": tag_id(name), "skip": skip or 0, "limit": PAGE_SIZE if limit is None else limit}
    return list(db.execute(_TAGGED, {"user_id": user_id, **wanted}).mappings())


def add_tags(db: Session, user_id: str, chat_id: str, names: Iterable[str]) -> list[str]:
    """Put tags on a chat, new ones by these names; the ids of all that it has now."""
    wanted = {tag_id(name): name for name in names}
    if UNTAGGED in wanted:
        raise ApiError(Problem.BAD_TAG)
    chat = find_chat(db, user_id, chat_id)
    on_it = _ids(chat.meta)
    new = [one for one in wanted if one not in on_it]
    if new:
        lock_user(db, user_id)
        known = db.scalars(sa.select(Tag.id).where(Tag.user_id == user_id, Tag.id.in_(new))).all()
        db.add_all(Tag(user_id=user_id, id=one, name=wanted[one]) for one in new if one not in known)
        db.flush()
        db.add_all(ChatTag(chat_id=chat_id, tag_id=one, user_id=user_id) for one in new)
        chat.meta = {**chat.meta, "tags": [*on_it, *new]}
        db.flush()
    return [*on_it, *new]


def remove_tag(db: Session, user_id: str, chat_id: str, name: str) -> None:
    """Take a tag off a chat, if it is on it."""
    _remove(db, find_chat(db, user_id, chat_id), {tag_id(name)})


def remove_tags(db: Session, user_id: str, chat_id: str) -> None:
    """Take all tags off a chat."""
    chat = find_chat(db, user_id, chat_id)
    _remove(db, chat, set(_ids(chat.meta)))


def _remove(db: Session, chat: Chat, gone: set[str]) -> None:
    on_it = _ids(chat.meta)
    if gone.isdisjoint(on_it):
        return
    lock_user(db, chat.user_id)  # a tag that leaves its last chat may be put on another one
    chat.meta = {**chat.meta, "tags": [tag for tag in on_it if tag not in gone]}
    db.execute(sa.delete(ChatTag).where(ChatTag.chat_id == chat.id, ChatTag.tag_id.in_(gone)))
    on_no_chat = ~sa.exists().where(_OF_CHAT)
    db.execute(sa.delete(Tag).where(Tag.user_id == chat.user_id, Tag.id.in_(gone), on_no_chat))


def _ids(meta: Mapping[str, Any]) -> list[str]:
    known = meta.get("tags")
    return known if isinstance(known, list) else []
