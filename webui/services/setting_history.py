"""What the stored settings were: who changed what, and the way back."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import SettingChange, User
from webui.models.locks import Lock, hold
from webui.services.secrets import opened, shown_stored
from webui.services.settings import change_settings

if TYPE_CHECKING:
    from webui.security.vault import Vault
    from webui.settings import Settings

PAGE_SIZE = 50  # versions


def history(db: Session, settings: Settings, vault: Vault, page: int) -> list[dict[str, Any]]:
    """A page of versions with their changes, the newest first, secrets masked."""
    versions = (
        sa.select(SettingChange.version)
        .distinct()
        .order_by(SettingChange.version.desc())
        .limit(PAGE_SIZE)
        .offset((page - 1) * PAGE_SIZE)
    )
    rows = db.execute(
        sa.select(SettingChange, User.name)
        .outerjoin(User, User.id == SettingChange.changed_by)
        .where(SettingChange.version.in_(versions))
        .order_by(SettingChange.version.desc(), SettingChange.name)
    )
    found = []
    for version, group in groupby(rows, key=lambda row: row[0].version):
        changes = list(group)
        first, name = changes[0]
        found.append(
            {
                "version": version,
                "changed_at": first.changed_at,
                "changed_by": first.changed_by,
                "changed_by_name": name,
                "changes": [_shown(settings, vault, change) for change, _ in changes],
            }
        )
    return found


def restore(db: Session, settings: Settings, vault: Vault, version: int, *, user_id: str) -> tuple[Settings, list[str]]:
    """Make the stored settings what they were right after ``version``: the settings then, and the names of these.

    404 for a version of which nothing is known; 409 where a secret of it cannot be read any more, and as
    ``change_settings`` has it.
    """
    hold(db, Lock.SETTINGS)
    oldest, newest = db.execute(sa.select(sa.func.min(SettingChange.version), sa.func.max(SettingChange.version))).one()
    if newest is None or not oldest - 1 <= version <= newest:
        raise ApiError(Problem.NOT_FOUND, "The history has no such version.")
    later = sa.select(SettingChange).where(SettingChange.version > version).order_by(SettingChange.version.desc())
    # The oldest of the later changes, which comes last, knows what was before.
    stored = {change.name: change.old for change in db.scalars(later) if change.name in settings}
    values, unreadable = opened(vault, stored)
    if unreadable:
        raise ApiError(Problem.CONFLICT, f"This version cannot be restored. {unreadable}")
    return change_settings(db, settings, vault, values, user_id=user_id), list(values)


def _shown(settings: Settings, vault: Vault, change: SettingChange) -> dict[str, Any]:
    return {
        "name": change.name,
        "environment": settings.resolved(change.name).setting.env if change.name in settings else None,
        "old": shown_stored(vault, change.name, change.old),
        "new": shown_stored(vault, change.name, change.new),
    }
