"""What people think of replies: everybody sees and changes their own, administrators all.

A snapshot is a whole conversation, so it is read only where one feedback is asked for, and in the export.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import BY_CODE_POINT, Database, Feedback, User, utcnow
from webui.security.identity import Identity

PAGE_SIZE = 30
EXPORT_BATCH = 20  # rows in memory at once, each with a whole conversation

_ID = (Feedback.id, Feedback.user_id, Feedback.created_at, Feedback.updated_at)
_LINE = (*_ID, Feedback.version, Feedback.type, Feedback.data, Feedback.meta)
_AUTHOR = ("name", "email", "role", "created_at", "updated_at")
_NEWEST_FIRST = (Feedback.updated_at.desc(), Feedback.id)
_ALL = sa.select(*_LINE).order_by(*_NEWEST_FIRST)
_IDS = sa.select(*_ID).order_by(*_NEWEST_FIRST)
_OWN = _ALL.where(Feedback.user_id == sa.bindparam("user_id"))
_EXPORT = sa.select(Feedback.__table__).order_by(*_NEWEST_FIRST).limit(EXPORT_BATCH)


def _text(value: sa.SQLColumnExpression[Any]) -> sa.ColumnElement[str]:
    return sa.cast(sa.func.coalesce(value, ""), BY_CODE_POINT)


_ORDERS: dict[str, sa.SQLColumnExpression[Any]] = {
    "username": sa.func.lower(_text(User.name)),
    "model_id": _text(Feedback.data["model_id"].as_string()),
    "rating": _text(sa.cast(Feedback.data["rating"].as_string(), sa.Text)),
    "updated_at": Feedback.updated_at,
}


@dataclass(frozen=True)
class Page:
    """Lines of feedback, each with its author, and how many there are on all pages."""

    items: list[dict[str, Any]]
    total: int


def create(db: Session, user_id: str, fields: dict[str, Any]) -> Feedback:
    """Store a feedback; ``fields`` are ``type``, ``data``, ``meta`` and ``snapshot``, as far as they were given."""
    row = Feedback(id=str(uuid4()), user_id=user_id, version=0, updated_at=utcnow(), **fields)
    db.add(row)
    db.flush()
    return row


def find(db: Session, user: Identity, feedback_id: str) -> Feedback:
    """One's own feedback, or anybody's for an administrator."""
    found = sa.select(Feedback).where(Feedback.id == feedback_id)
    if not user.is_admin:
        found = found.where(Feedback.user_id == user.id)
    row = db.scalar(found)
    if row is None:
        raise ApiError(Problem.NOT_FOUND, "This feedback does not exist, or it is not yours.")
    return row


def update(db: Session, user: Identity, feedback_id: str, fields: dict[str, Any]) -> Feedback:
    """Replace what is given; the rest stays."""
    row = find(db, user, feedback_id)
    for name, value in fields.items():
        setattr(row, name, value)
    row.updated_at = utcnow()
    db.flush()
    return row


def delete(db: Session, user: Identity, feedback_id: str) -> None:
    """Delete one's own feedback, or anybody's as an administrator."""
    db.delete(find(db, user, feedback_id))


def delete_all(db: Session, user_id: str | None = None) -> None:
    """Delete all feedback of a user, or of everybody."""
    theirs = sa.delete(Feedback)
    db.execute(theirs if user_id is None else theirs.where(Feedback.user_id == user_id))


def list_own(db: Session, user_id: str) -> list[sa.RowMapping]:
    """A user's feedback without the snapshots, the last changed first."""
    return list(db.execute(_OWN, {"user_id": user_id}).mappings())


def list_all(db: Session) -> list[sa.RowMapping]:
    """Everybody's feedback without the snapshots, the last changed first."""
    return list(db.execute(_ALL).mappings())


def list_ids(db: Session) -> list[sa.RowMapping]:
    """Whose feedback there is, and since when."""
    return list(db.execute(_IDS).mappings())


def list_page(db: Session, *, order_by: str | None, direction: str | None, page: int) -> Page:
    """Everybody's feedback with the authors; ``page`` counts from 1. One statement."""
    find = _page_statement(order_by if order_by in _ORDERS else "updated_at", direction == "asc")
    rows = db.execute(find, {"offset": (page - 1) * PAGE_SIZE}).mappings().all()
    return Page([_authored(row) for row in rows if row["id"] is not None], rows[0]["total"])


@cache
def _page_statement(order_by: str, ascending: bool) -> sa.Select[Any]:
    """The number of all stands on each row of the page, and alone when the page is empty."""
    key: sa.Label[Any] = _ORDERS[order_by].label("key")
    author = (getattr(User, name).label(f"author_{name}") for name in _AUTHOR)
    page = (
        sa.select(*_LINE, *author, key)
        .join(User, User.id == Feedback.user_id)
        .order_by(*_ordered(key, Feedback.id, ascending))
        .limit(PAGE_SIZE)
        .offset(sa.bindparam("offset"))
        .subquery()
    )
    total = sa.select(sa.func.count().label("total")).select_from(Feedback).subquery()
    whole = sa.select(total.c.total, page).select_from(total.outerjoin(page, sa.true()))
    return whole.order_by(*_ordered(page.c.key, page.c.id, ascending))  # a join keeps no order


def _ordered(key: Any, feedback_id: Any, ascending: bool) -> tuple[Any, Any]:
    return (key.asc(), feedback_id.desc()) if ascending else (key.desc(), feedback_id.asc())


def _authored(row: sa.RowMapping) -> dict[str, Any]:
    author = {name: row[f"author_{name}"] for name in _AUTHOR}
    return {**row, "user": {"id": row["user_id"], "last_active_at": author["updated_at"], **author}}


def export(database: Database) -> Iterator[sa.RowMapping]:
    """Everybody's feedback with the snapshots, the last changed first.

    In batches, each on a connection of its own: neither the memory nor the database waits for whoever downloads.
    """
    find = _EXPORT
    while True:
        with database.reader() as connection:
            rows = connection.execute(find).mappings().all()
        yield from rows
        if len(rows) < EXPORT_BATCH:
            return
        last = rows[-1]
        follows = sa.and_(Feedback.updated_at == last["updated_at"], Feedback.id > last["id"])
        find = _EXPORT.where(sa.or_(Feedback.updated_at < last["updated_at"], follows))
