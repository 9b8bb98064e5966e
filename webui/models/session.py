from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from webui.models.meta import Base, Moment, TextKey, UserId


class UserSession(Base):
    """One sign-in. A token is good only as long as its row is here: deleting the row ends the session at once."""

    __tablename__ = "sessions"

    id: Mapped[TextKey]
    user_id: Mapped[UserId] = mapped_column(index=True)
    user_agent: Mapped[str | None]
    created_at: Mapped[Moment]
    expires_at: Mapped[datetime | None]


class SigninAttempt(Base):
    """How often a sign-in was tried for a key within a bucket of time; shared by all processes."""

    __tablename__ = "signin_attempts"

    key: Mapped[TextKey]
    bucket: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, index=True)
    count: Mapped[int]
