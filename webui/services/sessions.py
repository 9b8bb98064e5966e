"""Sessions: a token is good only as long as its session's row is there."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.models import UserSession, utcnow

MAX_USER_AGENT = 255  # characters


def open_session(db: Session, *, user_id: str, lifetime: timedelta | None, user_agent: str | None) -> UserSession:
    """Store a new session, and forget the user's expired ones."""
    now = utcnow()
    db.execute(sa.delete(UserSession).where(UserSession.user_id == user_id, UserSession.expires_at <= now))
    session = UserSession(
        id=str(uuid4()),
        user_id=user_id,
        user_agent=(user_agent or "")[:MAX_USER_AGENT] or None,
        created_at=now,
        expires_at=now + lifetime if lifetime else None,
    )
    db.add(session)
    db.flush()
    return session


def close_session(db: Session, session_id: str) -> None:
    """End one session, at once and in every process."""
    db.execute(sa.delete(UserSession).where(UserSession.id == session_id))


def close_other_sessions(db: Session, *, user_id: str, session_id: str) -> None:
    """End all of a user's sessions but one."""
    db.execute(sa.delete(UserSession).where(UserSession.user_id == user_id, UserSession.id != session_id))
