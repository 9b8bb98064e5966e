"""Accounts: signing up, checking a password, changing it. The rules are those of Open WebUI 0.6.43."""

from __future__ import annotations

import re
from typing import NamedTuple
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.orm import Session

from webui.errors import ApiError, Problem
from webui.models import Credential, Database, Role, User, utcnow
from webui.models.locks import Lock, hold
from webui.models.setting import store_values, stored_values
from webui.security.passwords import hash_password, verify_password
from webui.settings import Settings

EMAIL = re.compile(r"[^@\s]+@([^@\s]+\.[^@\s]+|localhost)")
MAX_PASSWORD_BYTES = 72  # the contract's limit, bcrypt's own; longer ones are refused, never cut
NO_AUTH_EMAIL, NO_AUTH_NAME = "admin@localhost", "User"
DEFAULT_IMAGE = "/user.png"


class Checked(NamedTuple):
    """Whose password was right, and its hash at that time."""

    user_id: str
    password_hash: str


def clean_email(email: str) -> str:
    """The address in the form in which it is stored."""
    email = email.strip().lower()
    if not EMAIL.fullmatch(email) or not email.isprintable():
        raise ApiError(Problem.BAD_EMAIL)
    return email


def check_password_rules(password: str, settings: Settings) -> None:
    """Refuse a new password that is too long, or that the administrator's pattern does not match."""
    if len(password.encode()) > MAX_PASSWORD_BYTES:
        raise ApiError(Problem.BAD_PASSWORD, f"A password may have at most {MAX_PASSWORD_BYTES} bytes.")
    if not password:
        raise ApiError(Problem.BAD_PASSWORD, "A password may not be empty.")
    if settings["auth.password_validation"] and not settings["auth.password_pattern"].match(password):
        raise ApiError(Problem.BAD_PASSWORD, "This password does not meet the rules of this server.")


def has_users(db: Session | sa.Connection) -> bool:
    """Whether anybody can sign in. The one user of a server without sign-in cannot, and so does not count."""
    return bool(db.scalar(sa.select(sa.exists().where(Credential.user_id.is_not(None)))))


def count_users(connection: sa.Connection) -> int:
    """How many accounts there are."""
    return connection.scalar(sa.select(sa.func.count()).select_from(User)) or 0


def require_open_signup(db: Session | sa.Connection, settings: Settings) -> None:
    """Refuse when nobody may make an account for themselves now."""
    if not settings["auth.enable"]:
        is_open = not has_users(db)
    elif settings["ui.enable_signup"] and settings["ui.ENABLE_LOGIN_FORM"]:
        is_open = True
    else:
        is_open = settings["auth.enable_initial_admin_signup"] and not has_users(db)
    if not is_open:
        raise ApiError(Problem.FORBIDDEN, "Signing up is closed on this server. Ask its administrator for an account.")


def sign_up(db: Session, settings: Settings, *, name: str, email: str, password: str, image: str) -> User:
    """Make an account. The first one is the administrator's, and closes the sign-up behind it."""
    email = clean_email(email)
    check_password_rules(password, settings)
    password_hash = hash_password(password)  # before the lock, since it takes its time
    hold(db, Lock.ACCOUNTS)
    # Somebody else may have been first in this very moment, and have closed the sign-up.
    settings = settings.with_database(stored_values(db.connection())[1])
    require_open_signup(db, settings)
    first = not has_users(db)
    if not first and db.scalar(sa.select(sa.exists().where(User.email == email))):
        raise ApiError(Problem.EMAIL_TAKEN)
    role = Role.ADMIN if first else Role(settings["ui.default_user_role"])
    user = add_user(db, name=name, email=email, password_hash=password_hash, role=role, image=image)
    if first:
        _close_signup(db, user)
    return user


def create_initial_admin(database: Database, settings: Settings) -> str | None:
    """Make the administrator that the environment names, unless there are accounts; returns the email if made."""
    email, password = settings["auth.initial_admin.email"], settings["auth.initial_admin.password"]
    if email is None and password is None:
        return None
    with database.begin() as db:
        hold(db, Lock.ACCOUNTS)
        if has_users(db):
            return None
        if email is None or password is None:
            raise ApiError(Problem.BAD_CREDENTIALS, "The administrator needs both an email and a password.")
        email = clean_email(email)
        check_password_rules(password, settings)
        name = settings["auth.initial_admin.name"]
        user = add_user(db, name=name, email=email, password_hash=hash_password(password), role=Role.ADMIN)
        _close_signup(db, user)
        return email


def _close_signup(db: Session, admin: User) -> None:
    """For when no setting outside the database says otherwise, now or later."""
    store_values(db, {"ui.enable_signup": False}, updated_by=admin.id)


def add_user(
    db: Session, *, name: str, email: str, password_hash: str | None, role: Role, image: str = DEFAULT_IMAGE
) -> User:
    """Store a user; without a password hash nobody can sign in as this user by password."""
    user = User(id=str(uuid4()), email=email, name=name, role=role, profile_image_url=image)
    db.add(user)
    db.flush()
    if password_hash is not None:
        db.add(Credential(user_id=user.id, password_hash=password_hash))
        db.flush()
    return user


def check_password(database: Database, password: str, *where: sa.ColumnElement[bool]) -> Checked | None:
    """Whose password fits, if anybody's; as slow when there is no such user.

    Hashing takes its time, so no connection is held meanwhile.
    """
    find = sa.select(User.id, Credential.password_hash).join(Credential, Credential.user_id == User.id).where(*where)
    with database.reader() as connection:
        row = connection.execute(find).one_or_none()
    return Checked(*row) if verify_password(password, row.password_hash if row else None) and row else None


def user_of(db: Session, checked: Checked) -> User | None:
    """The user, unless the password was changed since it was checked: who does that ends the sessions that there are.

    The row is locked against such a change until the transaction ends.
    """
    find = sa.select(Credential.password_hash).where(Credential.user_id == checked.user_id)
    if db.scalar(find.with_for_update(read=True)) != checked.password_hash:
        return None
    return db.get(User, checked.user_id)


def store_password(db: Session, user_id: str, password_hash: str) -> None:
    """Store the hash of a new password."""
    db.merge(Credential(user_id=user_id, password_hash=password_hash, updated_at=utcnow()))
    db.flush()


def user_without_auth(db: Session) -> User:
    """The one user of a server that asks nobody to sign in; refused once there are accounts."""
    hold(db, Lock.ACCOUNTS)
    user = db.scalar(sa.select(User).where(User.email == NO_AUTH_EMAIL))
    if has_users(db):
        raise ApiError(
            Problem.FORBIDDEN,
            "Signing in cannot be switched off: this server has accounts already. Set WEBUI_AUTH=true.",
            status=400,
        )
    return user or add_user(db, name=NO_AUTH_NAME, email=NO_AUTH_EMAIL, password_hash=None, role=Role.ADMIN)


def first_admin_id(db: Session) -> str | None:
    """Whose server this is: the administrator whose account is the oldest."""
    find = sa.select(User.id).where(User.role == Role.ADMIN)
    return db.scalar(find.order_by(User.created_at, User.id).limit(1))


def create_account(
    db: Session, settings: Settings, *, name: str, email: str, password: str, role: Role, image: str
) -> User:
    """Make an account for somebody else, whoever may sign up for themselves."""
    email = clean_email(email)
    check_password_rules(password, settings)
    password_hash = hash_password(password)  # before the lock, since it takes its time
    hold(db, Lock.ACCOUNTS)
    if db.scalar(sa.select(sa.exists().where(User.email == email))):
        raise ApiError(Problem.EMAIL_TAKEN)
    return add_user(db, name=name, email=email, password_hash=password_hash, role=role, image=image)


def whom_to_ask(db: Session, email: str | None) -> dict[str, str | None]:
    """Name and address of the administrator: of the account with this address, or else the first one."""
    first = sa.select(User.name, User.email).order_by(User.created_at, User.id).limit(1)
    where = User.role == Role.ADMIN if email is None else User.email == email.strip().lower()
    found = db.execute(first.where(where)).first()
    return {"name": found.name if found else None, "email": found.email if found else email}
