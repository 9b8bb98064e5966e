from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy import JSON, ForeignKey
from sqlalchemy.orm import Mapped, Session, mapped_column

from webui.models.locks import Lock, hold
from webui.models.meta import Base, Moment, TextKey, utcnow


class StoredSetting(Base):
    """A setting that was changed at run time. Rows stay when a value is unset, so ``max(version)`` always grows."""

    __tablename__ = "settings"

    name: Mapped[TextKey]
    value: Mapped[Any] = mapped_column(JSON(none_as_null=True), nullable=True)
    version: Mapped[int] = mapped_column(index=True)
    updated_at: Mapped[Moment]
    updated_by: Mapped[str | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))


def stored_values(connection: sa.Connection) -> tuple[int, dict[str, Any]]:
    """The version of the stored settings, and name to value of those that are set."""
    rows = connection.execute(sa.select(StoredSetting.name, StoredSetting.value, StoredSetting.version)).all()
    version = max((row.version for row in rows), default=0)
    return version, {row.name: row.value for row in rows if row.value is not None}


def stored_version(connection: sa.Connection) -> int:
    """A number that grows with each change of a stored setting."""
    return connection.scalar(sa.select(sa.func.max(StoredSetting.version))) or 0


def store_value(db: Session, name: str, value: Any, *, updated_by: str | None) -> None:
    """Set a setting for all processes; ``None`` unsets it."""
    hold(db, Lock.SETTINGS)  # so that two writers never give out the same version
    version = stored_version(db.connection()) + 1
    db.merge(StoredSetting(name=name, value=value, version=version, updated_at=utcnow(), updated_by=updated_by))
    db.flush()
