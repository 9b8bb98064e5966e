"""Notes: their owners', and whom they share them with.

Administrators read and change every note that they have the id of, but lists show them only what is theirs or shared.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from pydantic_core import to_json
from sqlalchemy.orm import Session, aliased, load_only

from webui.errors import ApiError, Problem
from webui.models import MAY_BE_SHARED, Note, User, utcnow
from webui.security.identity import Identity
from webui.services.access import Kind, check_sharing, granted, may
from webui.settings import Settings

PAGE_SIZE = 60
MAX_NOTE = 2 * 1024 * 1024  # bytes, of data and meta as JSON

_COLUMNS = [column.key for column in Note.__table__.columns]
_OWNER = aliased(User, name="user")
_NOTES = (
    sa.select(*Note.__table__.columns, _OWNER)
    .join(_OWNER, _OWNER.id == Note.user_id)
    .options(load_only(_OWNER.id, _OWNER.name, _OWNER.role, _OWNER.email))
)
_NEWEST = (Note.updated_at.desc(), Note.id)
_USER: sa.BindParameter[str] = sa.bindparam("user_id")
_TEXT = Note.data[("content", "md")].as_string()


@dataclass(frozen=True)
class Wanted:
    """Which notes, and in what order; ``page`` counts from 1."""

    query: str | None = None
    view_option: str | None = None
    permission: str | None = None
    order_by: str | None = None
    direction: str | None = None
    page: int = 1


@dataclass(frozen=True)
class Listing:
    """A page of notes, each with its owner, and how many there are on all pages."""

    items: list[sa.RowMapping]
    total: int


class NoteStore:
    """The notes, as one user may see and change them."""

    def __init__(self, db: Session, settings: Settings, user: Identity) -> None:
        self._db = db
        self._settings = settings
        self._user = user

    def list_readable(self, page: int | None) -> list[sa.RowMapping]:
        """What the user may read, the last changed first; without ``page``, from 1, all of it. One statement."""
        where = {"user_id": self._user.id, "offset": ((page or 1) - 1) * PAGE_SIZE}
        return list(self._db.execute(_list(page is not None), where).mappings())

    def search(self, wanted: Wanted) -> Listing:
        """A page of what the user may read, or change, by words in title and text. Two statements.

        No two databases fold or sort letters alike, so that is done here, on titles and texts alone.
        """
        kind: Kind = "write" if wanted.permission == "write" else "read"
        view = wanted.view_option if wanted.view_option in ("created", "shared") else None
        text = (wanted.query or "").strip().casefold()
        rows = self._db.execute(_candidates(kind, view, bool(text)), {"user_id": self._user.id})
        found = [row for row in rows if text in row.title.casefold() or text in str(row.text).casefold()]
        found.sort(key=lambda row: _sort_key(row, wanted.order_by), reverse=wanted.direction != "asc")
        start = (wanted.page - 1) * PAGE_SIZE
        ids = [row.id for row in found[start : start + PAGE_SIZE]]
        notes = {note["id"]: note for note in self._db.execute(_NOTES.where(Note.id.in_(ids))).mappings()}
        return Listing([notes[note_id] for note_id in ids], len(found))

    def read(self, note_id: str) -> dict[str, Any]:
        """A note, and whether the user may change it."""
        row = self._find(note_id, "read")
        note = {name: getattr(row, name) for name in _COLUMNS}
        return note | {"write_access": may(self._user, self._settings, row, "write")}

    def create(self, fields: dict[str, Any]) -> Note:
        """Store a note; ``fields`` by the names of the columns. It is its owner's alone unless they share it."""
        fields = {"access_control": {}} | fields
        check_sharing(self._user, self._settings, "notes", fields["access_control"])
        row = Note(id=str(uuid4()), user_id=self._user.id, **fields)
        return self._stored(row)

    def update(self, note_id: str, fields: dict[str, Any]) -> Note:
        """Change a note: keys of ``data`` and ``meta`` replace those there are, and what is not sent stays."""
        row = self._find(note_id, "write")
        if fields.get("access_control", row.access_control) != row.access_control:
            check_sharing(self._user, self._settings, "notes", fields["access_control"])
            row.access_control = fields["access_control"]
        row.title = fields["title"]
        row.data = _merged(row.data, fields.get("data"))
        row.meta = _merged(row.meta, fields.get("meta"))
        row.updated_at = utcnow()
        return self._stored(row)

    def delete(self, note_id: str) -> None:
        """Delete a note."""
        self._db.delete(self._find(note_id, "write"))

    def _find(self, note_id: str, kind: Kind) -> Note:
        """A note that the user may read; or change, and then locked, so that two tabs change it one by one."""
        row = self._db.get(Note, note_id, with_for_update=kind == "write")
        if row is None or not may(self._user, self._settings, row, "read"):
            raise ApiError(Problem.NOTE_NOT_FOUND)
        if kind == "write" and not may(self._user, self._settings, row, "write"):
            raise ApiError(Problem.FORBIDDEN, "This note is not yours to change.")
        return row

    def _stored(self, row: Note) -> Note:
        if len(to_json((row.data, row.meta))) > MAX_NOTE:
            text = f"A note has at most {MAX_NOTE} bytes, with all that is kept in data and meta. Make two of it."
            raise ApiError(Problem.INVALID, [{"type": "too_long", "loc": ["body", "data"], "msg": text}])
        self._db.add(row)
        self._db.flush()
        return row


def _visible(kind: Kind, view: str | None) -> sa.CompoundSelect[Any]:
    """The ids of one's own notes, of those shared with one, or of both."""
    own = sa.select(Note.id).where(Note.user_id == _USER)
    shared = sa.select(Note.id).where(MAY_BE_SHARED, Note.user_id != _USER, granted(Note.access_control, kind))
    return sa.union_all(*(ids for name, ids in (("created", own), ("shared", shared)) if view in (None, name)))


@cache
def _list(paged: bool) -> sa.Select[Any]:
    newest = sa.select(Note.id).where(Note.id.in_(_visible("read", None))).order_by(*_NEWEST)
    ids = newest.limit(PAGE_SIZE).offset(sa.bindparam("offset")) if paged else newest
    return _NOTES.where(Note.id.in_(ids)).order_by(*_NEWEST)


@cache
def _candidates(kind: Kind, view: str | None, with_text: bool) -> sa.Select[Any]:
    """What notes are chosen and sorted by; texts, which are long, only if needed."""
    text = _TEXT if with_text else sa.literal("")
    columns = (Note.id, Note.title, Note.created_at, Note.updated_at, text.label("text"))
    return sa.select(*columns).where(Note.id.in_(_visible(kind, view))).order_by(*_NEWEST)


def _sort_key(row: sa.Row[Any], order_by: str | None) -> Any:
    return {"title": row.title.casefold(), "created_at": row.created_at}.get(order_by or "", row.updated_at)


def _merged(stored: dict[str, Any] | None, sent: dict[str, Any] | None) -> dict[str, Any] | None:
    return stored if sent is None else {**(stored or {}), **sent}
