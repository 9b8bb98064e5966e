"""Changing settings while the server runs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json
from sqlalchemy import event
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models.locks import Lock, hold
from webui.models.setting import store_values, stored_values
from webui.services.secrets import masked, masks, opened, sealed, secret_texts, unmasked
from webui.settings.facts import facts
from webui.settings.sources import Origin

if TYPE_CHECKING:
    from webui.security.vault import Vault
    from webui.settings import Resolved, Settings

log = logging.getLogger(__name__)

MAX_VALUE = 1024 * 1024  # bytes of JSON; every process holds all values, and the history two for each change
MAX_SECRETS = 1000  # in a value; each has its own mask, which is made whenever somebody reads it


def change_settings(
    db: Session, settings: Settings, vault: Vault, values: Mapping[str, Any], *, user_id: str
) -> Settings:
    """Store these values (name to JSON value, ``None`` to unset), all or none, and return the settings with them.

    What is in force already is left alone. So is a stored secret that cannot be read where the value is empty: pages
    show it as empty, and send that back when something else is changed. 409 for a setting that is pinned outside the
    database, or where stored ones are not used; 422 for one that is not there, for a value that its parser refuses, and
    for one that is too large.
    """
    settings = at_this_moment(db, settings, vault)
    changes, pinned = {}, []
    for name, value in values.items():
        if name not in settings:
            raise _invalid(name, _unknown(settings, name))
        known = settings.resolved(name)
        try:
            wanted = understood(vault, known, value)
        except ValueError as error:
            raise _invalid(known.setting.env, f"{known.setting.env} {error}.") from None
        if _differs(settings, known, wanted):
            changes[name] = wanted
            if reason := why_pinned(settings, known):
                pinned.append(reason)
    if pinned:
        raise ApiError(Problem.CONFLICT, " ".join(pinned))
    return store_changes(db, settings, vault, changes, user_id=user_id)


def store_changes(
    db: Session, settings: Settings, vault: Vault, changes: Mapping[str, Any], *, user_id: str
) -> Settings:
    """Store values that are known to be good, as one version, and return the settings with them."""
    if not changes:
        return settings
    stored = {name: sealed(vault, settings.resolved(name).setting, value) for name, value in changes.items()}
    store_values(db, stored, updated_by=user_id)

    def tell(_: Session) -> None:
        log.info("Settings changed: %s", ", ".join(sorted(changes)), extra={"user_id": user_id})

    event.listen(db, "after_commit", tell, once=True)  # what is rolled back is no change
    return settings.with_database({**settings.stored, **changes}, settings.unreadable - changes.keys())


def listed(settings: Settings, vault: Vault) -> list[dict[str, Any]]:
    """Everything about every setting; a secret that can be changed is shown by its mask."""

    def shown(resolved: Resolved) -> str:
        setting, value = resolved.setting, resolved.value
        if value is None or not (setting.runtime and setting.holds_secrets):
            return resolved.shown
        return setting.type.format(masked(vault, setting, value))

    return facts(settings, shown)


def at_this_moment(db: Session, settings: Settings, vault: Vault) -> Settings:
    """The settings as they are stored now; they stay so until the transaction ends.

    What this process knows may be a second old.
    """
    hold(db, Lock.SETTINGS)
    stored = stored_values(db.connection())[1]
    values, _ = opened(vault, stored)
    return settings.with_database(values, stored.keys() - values.keys())


def understood(vault: Vault, known: Resolved, value: Any) -> Any:
    """The JSON value to store, with the secrets that masks in it stand for; ``ValueError`` says what is wrong."""
    if value is None:
        return None
    setting = known.setting
    parsed = setting.type.parse(value)
    if len(to_json(value)) > MAX_VALUE:
        raise ValueError(f"must have at most {MAX_VALUE} bytes")
    if len(secret_texts(setting, parsed)) > MAX_SECRETS:
        raise ValueError(f"must have at most {MAX_SECRETS} secrets")
    full = unmasked(setting, parsed, masks(vault, setting, known.value))
    return value if full == parsed else full


def _differs(settings: Settings, known: Resolved, value: Any) -> bool:
    name = known.setting.name
    if value is None and known.origin >= Origin.DATABASE:
        return name in settings.stored or name in settings.unreadable
    parsed = None if value is None else known.setting.type.parse(value)
    if name in settings.unreadable and not any(parsed or ()):
        return False
    return bool(parsed != known.value)


def why_pinned(settings: Settings, known: Resolved) -> str | None:
    """The reason why it cannot be changed, if there is one."""
    setting = known.setting
    if known.locked:
        return f"{setting.env} is set by {known.source}; change it there, and start the server again."
    if not setting.runtime:
        return f"{setting.env} is read when the server starts; set it in the environment, and start the server again."
    if not settings["settings.persistent"]:
        return "Stored settings are not used here (ENABLE_PERSISTENT_CONFIG); change the server's environment."
    return None


def _unknown(settings: Settings, name: str) -> str:
    by_variable = {variable: item for item in settings for variable in settings.resolved(item).setting.variables}
    near = [by_variable[name]] if name in by_variable else get_close_matches(name, settings, n=1)
    return "There is no such setting" + (f"; did you mean {near[0]}?" if near else ".")


def _invalid(place: str, text: str) -> ApiError:
    return ApiError(Problem.INVALID, [{"type": "setting", "loc": ["body", place], "msg": text}])
