"""Changing settings while the server runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models.setting import store_value

if TYPE_CHECKING:
    from webui.settings import Settings


def change_settings(db: Session, settings: Settings, values: Mapping[str, Any], *, user_id: str) -> None:
    """Store these values (name to JSON value), all or none; what is in force already is left alone.

    409 for a setting that is pinned outside the database, or where stored ones are not used; 422 for a value that its
    parser refuses.
    """
    for name, value in values.items():
        known = settings.resolved(name)
        try:
            wanted = known.setting.type.parse(value)
        except ValueError as error:
            where = ["body", known.setting.env]
            raise ApiError(
                Problem.INVALID, [{"type": "setting", "loc": where, "msg": f"{known.setting.env} {error}."}]
            ) from None
        if wanted == known.value:
            continue
        if known.locked:
            text = f"{known.setting.env} is set by {known.source}; change it there, and start the server again."
            raise ApiError(Problem.CONFLICT, text)
        if not settings["settings.persistent"]:
            text = "Stored settings are not used here (ENABLE_PERSISTENT_CONFIG); change the server's environment."
            raise ApiError(Problem.CONFLICT, text)
        store_value(db, name, value, updated_by=user_id)
