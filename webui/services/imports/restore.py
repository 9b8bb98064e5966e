"""Storing what an archive holds beside chats, in the transaction that shows the chats.

What the user may not create, or has already, is left out and told. Nobody else gets access to anything by it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from webui.models import Base, Feedback, Memory, Note, Prompt, Tag
from webui.security.identity import Identity
from webui.security.permissions import RULES, Permission
from webui.services.folders import merge_folders
from webui.services.imports.extras import FEEDBACKS, FOLDERS, MEMORIES, NOTES, PROMPTS, TAGS, Extras, told
from webui.services.imports.incoming import new_id
from webui.services.new_chats import AT_ONCE, Row, show
from webui.services.tags import tag_id
from webui.settings import Settings

# What a user may be denied: the permission for it, and the setting that switches it on for all, if there is one.
GATES = {
    FOLDERS: (Permission.FOLDERS, "folders.enable"),
    PROMPTS: (Permission.PROMPT_CREATE, None),
    NOTES: (Permission.NOTES, "notes.enable"),
}


@dataclass(frozen=True)
class Kind:
    """A table whose rows are one's own. Those that agree in the columns of ``same`` are taken for one."""

    table: type[Base]
    same: tuple[InstrumentedAttribute[Any], ...]
    fresh: Callable[[], Row]  # the columns that an archive has no say in


KINDS = {
    NOTES: Kind(Note, (Note.title, Note.data), lambda: {"id": new_id(), "access_control": {}}),
    MEMORIES: Kind(Memory, (Memory.content,), lambda: {"id": new_id()}),
    FEEDBACKS: Kind(Feedback, (Feedback.type, Feedback.data, Feedback.meta), lambda: {"id": new_id(), "version": 0}),
}


def restore(db: Session, user: Identity, settings: Settings, import_id: str, extras: Extras) -> list[str]:
    """Store the extras and show the import's chats in their folders. Answers what is left out, in words."""
    left_out, rows = extras.left_out.copy(), {**extras.rows}
    for name, (permission, switch) in GATES.items():
        if not RULES[permission](user, settings) or (switch and not settings[switch]):
            left_out[name, "that you may not create"] += len(rows.pop(name, ()))
    folders = rows.get(FOLDERS, [])
    places = merge_folders(db, user.id, folders)
    left_out[FOLDERS, "too many, too deep or in themselves"] += len({row["id"] for row in folders} - set(places))
    show(db, user.id, import_id, places)
    _name_tags(db, user.id, rows.get(TAGS, ()))
    left_out[PROMPTS, "whose command is taken"] += _add_prompts(db, user.id, rows.get(PROMPTS, []))
    for name, kind in KINDS.items():
        left_out[name, "that you have already"] += _add(db, user.id, kind, rows.get(name, []))
    return told(left_out)


def _name_tags(db: Session, user_id: str, rows: Iterable[Row]) -> None:
    """Give the tags that have no name but their ids those of the archive."""
    names = {row["id"]: row["name"] for row in rows if tag_id(row["name"]) == row["id"]}
    tags = sa.select(Tag).where(Tag.user_id == user_id, Tag.name == Tag.id).with_for_update()
    for tag in db.scalars(tags) if names else ():
        tag.name = names.get(tag.id, tag.name)


def _add_prompts(db: Session, user_id: str, rows: list[Row]) -> int:
    """Store prompts; how many are left out. Commands are the server's: no two users have the same."""
    new = {row["command"]: {**row, "user_id": user_id, "access_control": {}} for row in rows}
    commands = list(new)
    for start in range(0, len(commands), AT_ONCE):
        taken = sa.select(Prompt.command).where(Prompt.command.in_(commands[start : start + AT_ONCE]))
        for command in db.scalars(taken):
            del new[command]
    if new:
        db.execute(sa.insert(Prompt), list(new.values()))
    return len(rows) - len(new)


def _add(db: Session, user_id: str, kind: Kind, rows: list[Row]) -> int:
    """Store rows that the user does not have yet; how many are left out."""
    if not rows:
        return 0
    names = [column.key for column in kind.same]
    mine = sa.select(*kind.same).where(kind.table.__table__.c.user_id == user_id)
    known = set(_digests(db.execute(mine, execution_options={"yield_per": AT_ONCE})))
    new = {}
    for row, digest in zip(rows, _digests([row[name] for name in names] for row in rows), strict=True):
        if digest not in known:
            new[digest] = {**row, **kind.fresh(), "user_id": user_id}
    if new:
        db.execute(sa.insert(kind.table), list(new.values()))
    return len(rows) - len(new)


def _digests(rows: Iterable[Iterable[Any]]) -> Iterator[bytes]:
    """A digest of each, so that what a user has need not be in memory to be compared."""
    for row in rows:
        yield hashlib.sha256(json.dumps(list(row), sort_keys=True).encode()).digest()
