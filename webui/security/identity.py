"""Who asks. Values only: an identity outlives the database session that it was read in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

import sqlalchemy as sa

from webui.models import Database, Role, User, UserSession
from webui.models.lookup import Lookup


@dataclass(frozen=True, slots=True)
class Identity:
    """A signed-in user and the session that proves it."""

    id: str
    email: str
    name: str
    role: Role
    profile_image_url: str
    bio: str | None
    gender: str | None
    date_of_birth: date | None
    status_emoji: str | None
    status_message: str | None
    status_expires_at: int | None
    session_id: str
    session_expires_at: datetime | None

    @property
    def is_admin(self) -> bool:
        return self.role is Role.ADMIN


_USER_COLUMNS = (
    *(User.id, User.email, User.name, User.role, User.profile_image_url, User.bio, User.gender, User.date_of_birth),
    *(User.status_emoji, User.status_message, User.status_expires_at),
)
_IDENTITY = Lookup(
    sa.select(
        *_USER_COLUMNS,
        UserSession.id.label("session_id"),
        UserSession.expires_at.label("session_expires_at"),
    )
    .join(UserSession, UserSession.user_id == User.id)
    .where(UserSession.id == sa.bindparam("session_id"), User.id == sa.bindparam("user_id"))
)


def find_identity(database: Database, *, user_id: str, session_id: str) -> Identity | None:
    """The user whose session this is, or None when the session has ended. One statement."""
    row = _IDENTITY.find(database, user_id=user_id, session_id=session_id)
    if row is None or (row.session_expires_at is not None and row.session_expires_at <= datetime.now(UTC)):
        return None
    return Identity(**{**row._asdict(), "role": Role(row.role)})


def find_user(connection: sa.Connection, user_id: str) -> Identity | None:
    """A user for whom the server works while nobody asks, so without a session. One statement."""
    row = connection.execute(sa.select(*_USER_COLUMNS).where(User.id == user_id)).one_or_none()
    if row is None:
        return None
    return Identity(**{**row._mapping, "role": Role(row.role)}, session_id="", session_expires_at=None)
