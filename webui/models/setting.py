from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, Session, mapped_column

from webui.models.locks import Lock, hold
from webui.models.meta import Base, Moment, TextKey, utcnow
from webui.models.notify import notify

CHANNEL = "webui_settings"
KEPT_VERSIONS = 1000  # of the history; a value may have megabytes


class StoredSetting(Base):
    """A setting that was changed at run time. Rows stay when a value is unset, so ``max(version)`` always grows."""

    __tablename__ = "settings"

    name: Mapped[TextKey]
    value: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    version: Mapped[int] = mapped_column(index=True)
    updated_at: Mapped[Moment]
    updated_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))


class SettingChange(Base):
    """What a setting was before a version of the stored settings, and what it is in it; ``None`` is unset."""

    __tablename__ = "setting_changes"

    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    name: Mapped[TextKey]
    old: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    new: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    changed_at: Mapped[Moment]
    changed_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))


class SecretKey(Base):
    """A secret key that this database was used with, by its fingerprint."""

    __tablename__ = "secret_keys"

    fingerprint: Mapped[TextKey]
    first_used_at: Mapped[Moment]


def stored_values(connection: sa.Connection) -> tuple[int, dict[str, Any]]:
    """The version of the stored settings, and name to value of those that are set; secrets are sealed."""
    rows = connection.execute(sa.select(StoredSetting.name, StoredSetting.value, StoredSetting.version)).all()
    version = max((row.version for row in rows), default=0)
    return version, {row.name: row.value for row in rows if row.value is not None}


def stored_version(connection: sa.Connection) -> int:
    """A number that grows with each change of a stored setting."""
    return connection.scalar(sa.select(sa.func.max(StoredSetting.version))) or 0


def store_values(db: Session, values: Mapping[str, Any], *, updated_by: str | None) -> int:
    """Set settings for all processes, as one version, which is returned; ``None`` unsets one. Secrets come sealed."""
    hold(db, Lock.SETTINGS)  # so that two writers never give out the same version
    rows = {row.name: row for row in db.scalars(sa.select(StoredSetting).execution_options(populate_existing=True))}
    version, now = max((row.version for row in rows.values()), default=0) + 1, utcnow()
    for name, value in values.items():
        old = rows[name].value if name in rows else None
        db.add(SettingChange(version=version, name=name, old=old, new=value, changed_at=now, changed_by=updated_by))
        db.merge(StoredSetting(name=name, value=value, version=version, updated_at=now, updated_by=updated_by))
    db.flush()
    db.execute(sa.delete(SettingChange).where(SettingChange.version <= version - KEPT_VERSIONS))
    notify(db, CHANNEL)
    return version


def known_keys(connection: sa.Connection) -> dict[str, datetime]:
    """The fingerprints of the secret keys that this database was used with, and since when."""
    rows = connection.execute(sa.select(SecretKey.fingerprint, SecretKey.first_used_at)).all()
    return {row.fingerprint: row.first_used_at for row in rows}


def remember_key(db: Session, fingerprint: str) -> None:
    """Write down that this database is used with this secret key."""
    if db.get(SecretKey, fingerprint) is None:
        db.add(SecretKey(fingerprint=fingerprint))
        db.flush()
