"""Prompts that ``/command`` stands for: their owners', and whom they share them with."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, load_only

from webui.errors import ApiError, Problem
from webui.models import Prompt, User, utcnow
from webui.security.identity import Identity
from webui.services.access import Kind, check_sharing, granted, may, sees_everything
from webui.settings import Settings

_OWNER = aliased(User, name="user")
_ALL = (
    sa.select(*Prompt.__table__.columns, _OWNER)
    .outerjoin(_OWNER, _OWNER.id == Prompt.user_id)
    .options(load_only(_OWNER.id, _OWNER.name, _OWNER.role, _OWNER.email))
    .order_by(Prompt.updated_at.desc(), Prompt.command)
)
_IS_OWN = Prompt.user_id == sa.bindparam("user_id")
_READABLE = _ALL.where(_IS_OWN | granted(Prompt.access_control, "read"))
_WRITABLE = _ALL.where(_IS_OWN | granted(Prompt.access_control, "write"))


class PromptStore:
    """The prompts, as one user may see and change them."""

    def __init__(self, db: Session, settings: Settings, user: Identity) -> None:
        self._db = db
        self._settings = settings
        self._user = user

    def list_all(self, kind: Kind) -> list[sa.RowMapping]:
        """All that the user may read, or change, with their owners; the last changed first. One statement."""
        if sees_everything(self._user, self._settings):
            return list(self._db.execute(_ALL).mappings())
        find = _READABLE if kind == "read" else _WRITABLE
        return list(self._db.execute(find, {"user_id": self._user.id}).mappings())

    def find(self, command: str, kind: Kind = "read") -> Prompt:
        """The prompt of a command without its slash, if the user may read it; or change it, and then locked."""
        row = self._db.get(Prompt, f"/{command}", with_for_update=kind == "write")
        if row is None or not may(self._user, self._settings, row, "read"):
            raise ApiError(Problem.PROMPT_NOT_FOUND)
        if kind == "write" and not may(self._user, self._settings, row, "write"):
            raise ApiError(Problem.NO_PERMISSION, "This prompt is not yours to change.")
        return row

    def create(self, fields: dict[str, Any]) -> Prompt:
        """Store a prompt; ``fields`` by the names of the columns. Everybody may read it unless they say otherwise."""
        self._check_command(fields["command"])
        check_sharing(self._user, self._settings, "prompts", fields.get("access_control"))
        row = Prompt(user_id=self._user.id, **fields)
        self._db.add(row)
        self._db.flush()
        return row

    def update(self, command: str, fields: dict[str, Any]) -> Prompt:
        """Change a prompt, its command too; what is not among the fields stays."""
        row = self.find(command, "write")
        if fields["command"] != row.command:
            self._check_command(fields["command"])
        if fields.get("access_control", row.access_control) != row.access_control:
            check_sharing(self._user, self._settings, "prompts", fields["access_control"])
        for name, value in fields.items():
            setattr(row, name, value)
        row.updated_at = utcnow()
        self._db.flush()
        return row

    def delete(self, command: str) -> None:
        """Delete a prompt."""
        self._db.delete(self.find(command, "write"))

    def _check_command(self, command: str) -> None:
        if self._db.get(Prompt, command) is not None:
            raise ApiError(Problem.COMMAND_TAKEN)
