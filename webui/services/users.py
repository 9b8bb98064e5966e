"""People with accounts: who there are, what administrators change, and what each keeps for themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import IS_LISTED, Chat, Role, User, UserSession, utcnow
from webui.models.locks import Lock, hold
from webui.security.identity import Identity
from webui.security.passwords import hash_password
from webui.services.accounts import check_password_rules, clean_email, first_admin_id, store_password
from webui.services.sessions import close_other_sessions
from webui.settings import Settings

PAGE_SIZE = 30
ACTIVE = timedelta(minutes=3)
IS_THERE = User.email != User.id  # an account that is being removed has no address any more

_signed_in = sa.select(sa.func.max(UserSession.created_at)).where(UserSession.user_id == User.id)
_wrote = sa.select(Chat.updated_at).where(Chat.user_id == User.id, IS_LISTED, Chat.archived.is_(False))
_since = sa.func.coalesce(_signed_in.scalar_subquery(), User.created_at)
_last = sa.func.coalesce(_wrote.order_by(Chat.updated_at.desc()).limit(1).scalar_subquery(), User.created_at)
# When somebody signed in or wrote in a chat last; nothing is written down for it.
_LAST_ACTIVE_AT = sa.case((_last > _since, _last), else_=_since).label("last_active_at")


@dataclass(frozen=True)
class Page:
    """Some of the people who fit, and how many do in all."""

    users: list[sa.RowMapping]
    total: int


def list_users(
    db: Session,
    *,
    query: str | None = None,
    order_by: str | None = None,
    direction: str | None = None,
    page: int | None,
) -> Page:
    """People whose name or address holds ``query``, by pages of thirty; all of them if ``page`` is None."""
    fitting = [IS_THERE]
    if query:
        fitting.append(User.name.icontains(query, autoescape=True) | User.email.icontains(query, autoescape=True))
    key: Any = _LAST_ACTIVE_AT if order_by == "last_active_at" else getattr(User, order_by or "created_at")
    upwards = direction == "asc" if direction else order_by in ("name", "email", "role")
    find = sa.select(*User.__table__.columns, _LAST_ACTIVE_AT).where(*fitting)
    find = find.order_by(key.asc() if upwards else key.desc(), User.id)
    if page is not None:
        find = find.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)
    total = db.scalar(sa.select(sa.func.count()).select_from(User).where(*fitting)) or 0
    return Page(list(db.execute(find).mappings()), total)


def find_user(db: Session, user_id: str) -> sa.RowMapping:
    """Somebody with everything that is stored; ``USER_NOT_FOUND`` if there is no such account."""
    find = sa.select(*User.__table__.columns, _LAST_ACTIVE_AT)
    found = db.execute(find.where(User.id == user_id, IS_THERE)).mappings().one_or_none()
    if found is None:
        raise ApiError(Problem.USER_NOT_FOUND)
    return found


def is_active(last_active_at: datetime) -> bool:
    """Whether somebody was here in these minutes."""
    return last_active_at > utcnow() - ACTIVE


def update_user(
    db: Session,
    settings: Settings,
    user_id: str,
    *,
    by: Identity,
    role: str,
    email: str,
    password: str | None,
    **fields: str,
) -> sa.RowMapping:
    """Change somebody's account. A new password ends their sessions.

    The first administrator's account is changed by nobody else, and stays an administrator's: otherwise one
    administrator could lock out all others, or everybody.
    """
    email = clean_email(email)
    password_hash = None
    if password:
        check_password_rules(password, settings)
        password_hash = hash_password(password)  # before the lock, since it takes its time
    hold(db, Lock.ACCOUNTS)
    user = _stored(db, user_id)
    if user_id == first_admin_id(db) and (user_id != by.id or role != Role.ADMIN):
        text = "The account of the first administrator is changed by nobody else, and stays an administrator's."
        raise ApiError(Problem.FORBIDDEN, text)
    if db.scalar(sa.select(sa.exists().where(User.email == email, User.id != user_id))):
        raise ApiError(Problem.EMAIL_TAKEN)
    _set(user, {"role": role, "email": email, **fields})
    db.flush()
    if password_hash is not None:
        store_password(db, user_id, password_hash)
        close_other_sessions(db, user_id=user_id, session_id=by.session_id)
    return find_user(db, user_id)


def update_own(db: Session, user_id: str, fields: Mapping[str, Any]) -> User:
    """Change what one says of oneself: columns of the account, by name."""
    user = _stored(db, user_id)
    _set(user, fields)
    db.flush()
    return user


def update_settings(db: Session, user_id: str, wanted: dict[str, Any], *, tool_servers: bool) -> dict[str, Any]:
    """Replace what the page keeps for somebody; without ``tool_servers``, servers of tools are left out."""
    if not tool_servers and isinstance(ui := wanted.get("ui"), dict):
        wanted = wanted | {"ui": {name: value for name, value in ui.items() if name != "toolServers"}}
    update_own(db, user_id, {"settings": wanted})
    return wanted


def update_info(db: Session, user_id: str, wanted: dict[str, Any]) -> dict[str, Any]:
    """Set these keys of what clients keep for somebody; the others stay."""
    hold(db, Lock.ACCOUNTS)  # two devices may send different keys at once
    info = (_stored(db, user_id).info or {}) | wanted
    update_own(db, user_id, {"info": info})
    return info


def _stored(db: Session, user_id: str) -> User:
    user = db.scalar(sa.select(User).where(User.id == user_id, IS_THERE))
    if user is None:
        raise ApiError(Problem.USER_NOT_FOUND)
    return user


def _set(user: User, fields: Mapping[str, Any]) -> None:
    for name, value in fields.items():
        setattr(user, name, value)
    user.updated_at = utcnow()
