from __future__ import annotations

from datetime import date
from enum import StrEnum
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from webui.models.meta import Base, Moment, TextKey


class Role(StrEnum):
    """What a user may do at all; a pending user waits for an administrator."""

    PENDING = "pending"
    USER = "user"
    ADMIN = "admin"


class User(Base):
    """A person with an account. ``email`` is stored in lower case."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint("role IN ('pending', 'user', 'admin')", name="role"),)

    id: Mapped[TextKey]
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    role: Mapped[str]
    profile_image_url: Mapped[str]
    bio: Mapped[str | None]
    gender: Mapped[str | None]
    date_of_birth: Mapped[date | None]
    status_emoji: Mapped[str | None]
    status_message: Mapped[str | None]
    status_expires_at: Mapped[int | None] = mapped_column(BigInteger)
    info: Mapped[dict[str, Any] | None]
    settings: Mapped[dict[str, Any] | None]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


class Credential(Base):
    """The password of a user, hashed. Apart from ``users`` so that reading a user never reads a hash."""

    __tablename__ = "credentials"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    password_hash: Mapped[str]
    updated_at: Mapped[Moment]
