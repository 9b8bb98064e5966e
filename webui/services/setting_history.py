"""What the stored settings were: who changed what, and the way back."""

from __future__ import annotations

from itertools import groupby
from operator import itemgetter
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from pydantic_core import to_json
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import SettingChange, User
from webui.models.setting import stored_values
from webui.services.secrets import opened, shown_stored
from webui.services.settings import at_this_moment, store_changes, understood, why_pinned

if TYPE_CHECKING:
    from webui.security.vault import Vault
    from webui.settings import Settings

PAGE_SIZE = 50  # versions
SHOWN = 1000  # characters of the JSON of a value
AT_ONCE = 4  # changes in memory, whose values may have megabytes
SIGNUP = "ui.enable_signup"


def history(db: Session, settings: Settings, vault: Vault, page: int) -> list[dict[str, Any]]:
    """A page of versions with their changes, the newest first, secrets masked, and long values shortened."""
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
        .execution_options(yield_per=AT_ONCE)
    )
    changes = (
        (
            {
                "version": change.version,
                "changed_at": change.changed_at,
                "changed_by": change.changed_by,
                "changed_by_name": name,
            },
            _shown(settings, vault, change),
        )
        for change, name in rows
    )
    return [
        version | {"changes": [change for _, change in group]} for version, group in groupby(changes, key=itemgetter(0))
    ]


def restore(
    db: Session, settings: Settings, vault: Vault, version: int, *, user_id: str
) -> tuple[Settings, list[str], dict[str, str]]:
    """Make the stored settings what they were right after ``version``.

    Returns the settings then, the names of those that were changed by it, and the names of those that are left as they
    are, with the reasons. 404 for a version of which nothing is known.
    """
    settings = at_this_moment(db, settings, vault)
    oldest, newest = db.execute(sa.select(sa.func.min(SettingChange.version), sa.func.max(SettingChange.version))).one()
    if newest is None or not oldest - 1 <= version <= newest:
        raise ApiError(Problem.NOT_FOUND, "The history has no such version.")
    later = sa.select(SettingChange).where(SettingChange.version > version).order_by(SettingChange.version.desc())
    # The oldest of the later changes, which comes last, knows what was before.
    then = {change.name: change.old for change in db.scalars(later) if change.name in settings}
    values, _ = opened(vault, then)
    now = stored_values(db.connection())[1]
    now |= opened(vault, now)[0]  # what cannot be read stays sealed, and so is like nothing that was before
    left_out = dict.fromkeys(then.keys() - values.keys(), "It is encrypted under a secret key that is not here.")
    changes = {}
    for name, value in values.items():
        if value == now.get(name):
            continue
        if reason := _obstacle(settings, vault, name, value):
            left_out[name] = reason
        else:
            changes[name] = value
    return store_changes(db, settings, vault, changes, user_id=user_id), list(changes), left_out


def _obstacle(settings: Settings, vault: Vault, name: str, value: Any) -> str | None:
    """Why an old value is not restored."""
    known = settings.resolved(name)
    if reason := why_pinned(settings, known):
        return reason
    if name == SIGNUP and value is None and not settings[name]:
        return "The first account has closed the sign-up; open it by a change if it shall be open."
    try:
        understood(vault, known, value)
    except ValueError as error:  # of an older version, which allowed more
        return f"{known.setting.env} {error}."
    return None


def _shown(settings: Settings, vault: Vault, change: SettingChange) -> dict[str, Any]:
    old, new = (shown_stored(vault, change.name, value) for value in (change.old, change.new))
    return {
        "name": change.name,
        "environment": settings.resolved(change.name).setting.env if change.name in settings else None,
        "old": _shortened(old),
        "new": _shortened(new),
    }


def _shortened(value: Any) -> Any:
    """The value, or the beginning of its JSON if that is long."""
    text = to_json(value).decode()
    return value if len(text) <= SHOWN else f"{text[:SHOWN]}…"
