"""Lists of chats, which read an index and the few columns that they show; and chats by the thousand."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.models import BY_CODE_POINT, IS_LISTED, Chat, Database, User
from webui.services.chats import read_chats

PAGE_SIZE = 60
BATCH = 500  # chats that one transaction changes
PAUSE_SECONDS = 0.005  # between transactions, so that others get to write

_LINE = (Chat.id, Chat.title, Chat.updated_at, Chat.created_at)
_OWN = Chat.user_id == sa.bindparam("user_id")
_NEWEST_FIRST = (Chat.updated_at.desc(), Chat.id)
_PINNED = sa.select(*_LINE).where(_OWN, Chat.pinned.is_(True), Chat.archived.is_(False), IS_LISTED)
_PINNED = _PINNED.order_by(*_NEWEST_FIRST)


@dataclass(frozen=True)
class Wanted:
    """Which chats, by a part of the title, and in what order; ``page`` counts from 1. An unknown order is none."""

    query: str | None = None
    order_by: str | None = None
    direction: str | None = None
    page: int = 1
    page_size: int = PAGE_SIZE

    @property
    def offset(self) -> int:
        """How many come before the page."""
        return (self.page - 1) * self.page_size


@cache
def _list_statement(include_pinned: bool, include_folders: bool, paged: bool) -> sa.Select[*tuple[Any, ...]]:
    find = sa.select(*_LINE).where(_OWN, Chat.archived.is_(False), IS_LISTED).order_by(*_NEWEST_FIRST)
    if not include_pinned:
        find = find.where(Chat.pinned.is_(False))
    if not include_folders:
        find = find.where(Chat.folder_id.is_(None))
    return find.limit(PAGE_SIZE).offset(sa.bindparam("offset")) if paged else find


def list_chats(
    db: Session, user_id: str, *, page: int | None, include_pinned: bool, include_folders: bool
) -> list[sa.RowMapping]:
    """Lines of the list, newest first; ``page`` counts from 1, without it all are returned."""
    find = _list_statement(include_pinned, include_folders, page is not None)
    found = db.execute(find, {"user_id": user_id, "offset": ((page or 1) - 1) * PAGE_SIZE})
    return list(found.mappings())


def list_pinned(db: Session, user_id: str) -> list[sa.RowMapping]:
    """Lines of all pinned chats, newest first."""
    return list(db.execute(_PINNED, {"user_id": user_id}).mappings())


def list_archived(db: Session, user_id: str, wanted: Wanted) -> list[sa.RowMapping]:
    """Lines of a page of the archived chats."""
    find = _find(_LINE, user_id, wanted).where(Chat.archived.is_(True))
    return list(db.execute(find.limit(wanted.page_size).offset(wanted.offset)).mappings())


def list_all(db: Session, user_id: str, wanted: Wanted) -> list[sa.RowMapping]:
    """Lines of a page of all chats, also the archived ones."""
    return list(db.execute(page_of_all(_LINE, user_id, wanted)).mappings())


def page_of_all(columns: Sequence[Any], user_id: str, wanted: Wanted) -> sa.Select[*tuple[Any, ...]]:
    """The statement for a page of all chats; ``columns`` must have the id, the title and the moments.

    An index has the archived chats in order, and the others: of each kind no more is read than the page may need.
    """
    find = _find(columns, user_id, wanted).limit(wanted.offset + wanted.page_size)
    kinds = (sa.select(find.where(Chat.archived.is_(flag)).subquery()) for flag in (False, True))
    chats = sa.union_all(*kinds).subquery().c
    return sa.select(*chats).order_by(*_order(wanted, chats)).limit(wanted.page_size).offset(wanted.offset)


def _find(columns: Sequence[Any], user_id: str, wanted: Wanted) -> sa.Select[*tuple[Any, ...]]:
    find = sa.select(*columns).where(Chat.user_id == user_id, IS_LISTED).order_by(*_order(wanted, Chat))
    return find.where(Chat.title.icontains(wanted.query, autoescape=True)) if wanted.query else find


def _order(wanted: Wanted, chats: Any) -> tuple[sa.ColumnElement[Any], ...]:
    key = {
        "title": sa.cast(chats.title, BY_CODE_POINT),
        "created_at": chats.created_at,
    }.get(wanted.order_by or "", chats.updated_at)
    is_upward = (wanted.direction or "").lower() == "asc"
    return key.asc() if is_upward else key.desc(), chats.id


def read_all(database: Database, user_id: str, *, only_archived: bool = False) -> Iterator[dict[str, Any]]:
    """All chats of a user with their conversations, newest first.

    Which they are is settled at the beginning, so that a chat that changes meanwhile is neither left out nor repeated.
    """
    find = sa.select(Chat.id).where(Chat.user_id == user_id, IS_LISTED).order_by(*_NEWEST_FIRST)
    if only_archived:
        find = find.where(Chat.archived.is_(True))
    with database.reader() as connection:
        ids = list(connection.scalars(find))
    yield from read_chats(database, user_id, ids)


def read_everybodys(database: Database) -> Iterator[dict[str, Any]]:
    """All chats of the server, one user's after another's."""
    with database.reader() as connection:
        owners = list(connection.scalars(sa.select(User.id).order_by(User.created_at, User.id)))
    for user_id in owners:
        yield from read_all(database, user_id)


def archive_all(database: Database, user_id: str, archived: bool) -> None:
    """Archive all chats, or bring all archived ones back."""
    change_all(database, (Chat.user_id == user_id, Chat.archived.is_(not archived), IS_LISTED), {"archived": archived})


def change_all(database: Database, which: Collection[sa.ColumnElement[bool]], values: dict[str, Any]) -> None:
    """Change all these chats in short transactions. A chat that has been changed must no longer be one of them."""
    some = sa.select(Chat.id).where(*which).limit(BATCH)
    change = sa.update(Chat).where(Chat.id.in_(some), *which).values(**values)
    while True:
        with database.begin() as db:
            changed = db.connection().execute(change).rowcount
        if not changed:
            return
        time.sleep(PAUSE_SECONDS)
