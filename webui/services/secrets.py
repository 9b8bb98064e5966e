"""The secrets among the settings: sealed where they are stored, masked where administrators read.

A mask such as ``••••1f0c22ab`` stands for one secret text. What comes back with a mask in it means the secret that the
mask was made of, so a page may reorder or shorten a list of keys that it has never seen. A mask stands for its secret
only where a secret of that kind may be: a key in the place of a password within an address would be shown there in
part, since it may have a ``/``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.models import SettingChange, StoredSetting
from webui.models.locks import Lock, hold
from webui.security.keys import Keyring
from webui.security.vault import MASK, UnreadableSecret, Vault, is_sealed
from webui.settings import SETTINGS, Setting
from webui.settings.parsers import HIDDEN

HOLDING = {setting.name: setting for setting in SETTINGS if setting.holds_secrets}
# In objects, texts under keys that end so are secret, and with them all that is below such a key.
SECRET_KEYS = ("key", "keys", "token", "tokens", "password", "secret", "authorization", "credentials", "headers")
USERINFO = re.compile(r"(?<=//)[^/?#\s]+(?=@)")  # of an address (RFC 3986 section 3.2.1)


class Secret(NamedTuple):
    """A secret text, or the mask of one; ``in_address`` if it is the user information of an address."""

    text: str
    in_address: bool


@dataclass
class Unreadable:
    """Settings whose secrets are sealed under a key that is not here, by the fingerprint of the key."""

    names: dict[str, list[str]] = field(default_factory=dict)

    def add(self, key: str, name: str) -> None:
        if name not in (names := self.names.setdefault(key, [])):
            names.append(name)

    def __bool__(self) -> bool:
        return bool(self.names)

    def __str__(self) -> str:
        """What is missing, and what to do."""
        lines = [f"{', '.join(sorted(names))} (secret key {key})" for key, names in self.names.items()]
        return (
            f"Stored secrets cannot be read and are not used: {'; '.join(lines)}. They are encrypted under a secret key"
            " that is not here. Set WEBUI_SECRET_KEY_PREVIOUS to that key, or restore its key file; or enter the"
            " secrets again."
        )


def wrong_key(known: Mapping[str, datetime], keyring: Keyring) -> str | None:
    """What to say when this database was used with other secret keys (by fingerprint) than any that is here."""
    if not known or any(name in known for name in keyring.fingerprints):
        return None
    was = ", ".join(f"{name} (first used {since:%Y-%m-%d})" for name, since in known.items())
    return (
        f"This database was used with the secret key {was}; the one here is {keyring.fingerprints[0]}. Everybody has to"
        " sign in again, and secrets stored under the old key cannot be read. Set WEBUI_SECRET_KEY, or"
        " WEBUI_SECRET_KEY_PREVIOUS, to the old key, or restore its key file. If it is lost, go on with a new one:"
        " webui keys rotate"
    )


def masked(vault: Vault, setting: Setting, value: Any) -> Any:
    """A value of the setting with a mask in the place of each secret text; empty texts stay empty."""
    return _exchanged(setting, value, lambda secret: vault.mask(secret.text))


def masks(vault: Vault, setting: Setting, value: Any) -> dict[Secret, str]:
    """The secret texts of a value, by their masks."""
    return {secret._replace(text=vault.mask(secret.text)): secret.text for secret in _secrets(setting, value)}


def unmasked(setting: Setting, value: Any, known: Mapping[Secret, str]) -> Any:
    """A value with the secrets in the place of their masks; ``ValueError`` for a mask that is not ``known``."""

    def original(secret: Secret) -> str:
        if not MASK.fullmatch(secret.text):
            return secret.text
        if secret not in known:
            raise ValueError("has a mask in the place of a secret that is not stored there; enter the secret again")
        return known[secret]

    return _exchanged(setting, value, original)


def secret_texts(setting: Setting, value: Any) -> list[str]:
    """The secret texts in a value of the setting."""
    return [secret.text for secret in _secrets(setting, value)]


def sealed(vault: Vault, setting: Setting, value: Any) -> Any:
    """A JSON value as it is stored: encrypted if there is a secret in it."""
    if value is None or not setting.holds_secrets:
        return value
    try:
        harmless = not secret_texts(setting, setting.type.parse(value))
    except ValueError:
        harmless = False  # nobody knows what is in it
    # What only looks sealed would be taken for it.
    return value if harmless and not is_sealed(value) else vault.seal(value)


def opened(vault: Vault, stored: Mapping[str, Any]) -> tuple[dict[str, Any], Unreadable]:
    """Stored values by name, without those that cannot be read, and which these are."""
    values, unreadable = {}, Unreadable()
    for name, value in stored.items():
        try:
            # Others are never opened: whoever has a copy of the database could read secrets through them.
            values[name] = vault.open(value) if name in HOLDING else value
        except UnreadableSecret as error:
            unreadable.add(error.key, name)
    return values, unreadable


def shown_stored(vault: Vault, name: str, stored: Any) -> Any:
    """A stored value for administrators to read, of a setting that may be gone since."""
    setting = HOLDING.get(name)
    if stored is None or (setting is None and not is_sealed(stored)):
        return stored
    try:
        return HIDDEN if setting is None else masked(vault, setting, setting.type.parse(vault.open(stored)))
    except (UnreadableSecret, ValueError):
        return HIDDEN


def protect(db: Session, vault: Vault) -> tuple[int, Unreadable]:
    """Encrypt every stored secret, those of the history too, under the current key.

    Returns how many were not yet, and those that cannot be.
    """
    hold(db, Lock.SETTINGS)
    count, unreadable = 0, Unreadable()
    for row, column in secret_cells(db):
        before = getattr(row, column)
        try:
            value = before if vault.is_current(before) else _renewed(vault, vault.open(before))
            after = before if value is before else sealed(vault, HOLDING[row.name], value)
        except UnreadableSecret as error:
            unreadable.add(error.key, row.name)
            continue
        if after != before:
            setattr(row, column, after)
            count += 1
    db.flush()
    return count, unreadable


def secret_cells(db: Session) -> list[tuple[StoredSetting | SettingChange, str]]:
    """Where values of settings that hold secrets are stored: rows, and names of their columns."""
    stored = db.scalars(sa.select(StoredSetting).where(StoredSetting.name.in_(HOLDING))).all()
    changes = db.scalars(sa.select(SettingChange).where(SettingChange.name.in_(HOLDING))).all()
    return [*((row, "value") for row in stored), *((row, column) for row in changes for column in ("old", "new"))]


def _renewed(vault: Vault, value: Any) -> Any:
    """The value with what clients were given sealed, and is in it now, under the current key as well."""
    if isinstance(value, str):
        return vault.renew_text(value) if value.startswith("{") else value
    if isinstance(value, list):
        return [_renewed(vault, item) for item in value]
    if isinstance(value, dict):
        return {name: _renewed(vault, item) for name, item in value.items()}
    return value


def _secrets(setting: Setting, value: Any) -> list[Secret]:
    found: list[Secret] = []

    def note(secret: Secret) -> str:
        found.append(secret)
        return secret.text

    _exchanged(setting, value, note)
    return found


def _exchanged(setting: Setting, value: Any, swap: Callable[[Secret], str]) -> Any:
    """The value with ``swap(secret)`` for each secret text in it."""
    if not setting.holds_secrets:
        return value
    if isinstance(value, list):
        return [_exchanged(setting, item, swap) for item in value]
    return _walk(value, setting.secret and isinstance(value, str), swap)


def _walk(value: Any, secret: bool, swap: Callable[[Secret], str]) -> Any:
    if isinstance(value, str):
        if secret:
            return swap(Secret(value, in_address=False)) if value else value
        return USERINFO.sub(lambda found: swap(Secret(found[0], in_address=True)), value)
    if isinstance(value, list):
        return [_walk(item, secret, swap) for item in value]
    if isinstance(value, dict):
        return {
            name: _walk(item, secret or str(name).lower().endswith(SECRET_KEYS), swap) for name, item in value.items()
        }
    return value
