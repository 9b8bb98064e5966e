"""Signing up, in and out. The shapes are those of Open WebUI 0.6.43."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import ApiError, Problem
from webui.models import Role, User
from webui.schemas.auths import PasswordForm, SessionUser, SessionUserInfo, SignedOut, SigninForm, SignupForm
from webui.schemas.users import AddedUser, AddUserForm, Profile, ProfileForm
from webui.security.origins import is_rebindable
from webui.security.passwords import hash_password
from webui.security.permissions import Permission
from webui.security.tokens import COOKIE, presented_token
from webui.services import accounts, sessions, users
from webui.services.ratelimits import count_attempt
from webui.settings import default_permissions

if TYPE_CHECKING:
    from webui.request import Request

# How many addresses may use up their tries of an email before it is locked: strangers at one do not lock out its owner.
EVERYWHERE = 10
MAX_SIGNUP = 3 * 1024 * 1024  # bytes; a picture may stand in it


@api_view(route="auths.session", method="GET", permission=Permission.SESSION, returns=SessionUserInfo)
def session_user(request: Request) -> dict[str, Any]:
    """Who is signed in; sets the cookie again, for a page that came with a token only."""
    user = request.user
    token = presented_token(request)
    _set_cookie(request, token, user.session_expires_at)
    profile = {name: getattr(user, name) for name in SessionUserInfo.model_fields if hasattr(user, name)}
    return {**profile, **_token_fields(request, token, user.session_expires_at)}


@api_view(
    route="auths.signup",
    method="POST",
    permission=Permission.PUBLIC,
    body=SignupForm,
    max_body=MAX_SIGNUP,
    returns=SessionUser,
    errors=(Problem.BAD_EMAIL, Problem.BAD_PASSWORD, Problem.EMAIL_TAKEN, Problem.FORBIDDEN, Problem.RATE_LIMITED),
)
def sign_up(request: Request) -> dict[str, Any]:
    """Make an account and sign in. The first account is the administrator's."""
    form: SignupForm = request.payload
    with request.database.reader() as connection:
        accounts.require_open_signup(connection, request.config)  # once more below, but before the costly hashing
    _count_attempt(request, _address_limit(request))
    user = accounts.sign_up(
        request.db,
        request.config,
        name=form.name,
        email=form.email,
        password=form.password,
        image=form.profile_image_url,
    )
    # The first account changes a setting; the other processes learn of it within a second.
    request.tm.get().addAfterCommitHook(lambda committed: request.registry.runtime.refresh())
    return _open_session(request, user)


@api_view(
    route="auths.signin",
    method="POST",
    permission=Permission.PUBLIC,
    body=SigninForm,
    returns=SessionUser,
    errors=(Problem.BAD_CREDENTIALS, Problem.FORBIDDEN, Problem.RATE_LIMITED),
)
def sign_in(request: Request) -> dict[str, Any]:
    """Sign in with email and password; with WEBUI_AUTH=false, as the one user there is."""
    form: SigninForm = request.payload
    settings = request.config
    if not settings["auth.enable"]:
        if is_rebindable(request):
            text = "Without sign-in, this server is used by its address, by localhost, or by the name in WEBUI_URL."
            raise ApiError(Problem.FORBIDDEN, text)
        return _open_session(request, accounts.user_without_auth(request.db))
    if not settings["auth.enable_password"]:
        raise ApiError(Problem.FORBIDDEN, "Signing in with a password is switched off on this server.")
    email = form.email.strip().lower()
    limit = settings["auth.signin_rate.limit"]
    limits = {f"email {email} from {request.remote_addr}": limit, f"email {email}": limit * EVERYWHERE}
    _count_attempt(request, _address_limit(request) | limits)
    checked = accounts.check_password(request.database, form.password, User.email == email)
    user = accounts.user_of(request.db, checked) if checked else None
    if user is None:
        raise ApiError(Problem.BAD_CREDENTIALS)
    return _open_session(request, user)


@api_view(
    route="auths.signout", method="GET", permission=Permission.PUBLIC, returns=SignedOut, errors=(Problem.FORBIDDEN,)
)
def sign_out(request: Request) -> dict[str, Any]:
    """End the session at once, in every process, and clear the cookie."""
    # The contract has this as a GET, which links and pictures are as well; browsers tell them apart (Fetch Metadata).
    if request.headers.get("Sec-Fetch-Dest", "empty") != "empty" and request.headers.get("Sec-Fetch-Site") != "none":
        raise ApiError(Problem.FORBIDDEN, "Sign out on the page; a link or a picture cannot do it.")
    identity = request.identity
    if identity is not None:
        with request.database.begin() as db:  # the session of a GET cannot write
            sessions.close_session(db, identity.session_id)
    request.response.delete_cookie(COOKIE, path="/")
    return {"status": True}


@api_view(
    route="auths.password",
    method="POST",
    permission=Permission.SESSION,
    body=PasswordForm,
    returns=bool,
    errors=(Problem.WRONG_PASSWORD, Problem.BAD_PASSWORD, Problem.RATE_LIMITED),
)
def change_password(request: Request) -> bool:
    """Change the password; every other session of the user ends."""
    form: PasswordForm = request.payload
    user = request.user
    accounts.check_password_rules(form.new_password, request.config)
    _count_attempt(request, {f"password of {user.id}": request.config["auth.signin_rate.limit"]})
    if accounts.check_password(request.database, form.password, User.id == user.id) is None:
        raise ApiError(Problem.WRONG_PASSWORD)
    accounts.store_password(request.db, user.id, hash_password(form.new_password))
    sessions.close_other_sessions(request.db, user_id=user.id, session_id=user.session_id)
    return True


@api_view(
    route="auths.profile",
    method="POST",
    permission=Permission.VERIFIED,
    body=ProfileForm,
    max_body=MAX_SIGNUP,
    returns=Profile,
)
def update_profile(request: Request) -> User:
    """Change what one says of oneself; what is left out is cleared."""
    return users.update_own(request.db, request.user.id, request.payload.model_dump())


@api_view(
    route="auths.add",
    method="POST",
    permission=Permission.ADMIN,
    body=AddUserForm,
    max_body=MAX_SIGNUP,
    returns=AddedUser,
    errors=(Problem.BAD_EMAIL, Problem.BAD_PASSWORD, Problem.EMAIL_TAKEN),
)
def add_user(request: Request) -> dict[str, Any]:
    """Make an account for somebody; the token is theirs."""
    form: AddUserForm = request.payload
    user = accounts.create_account(
        request.db,
        request.config,
        name=form.name,
        email=form.email,
        password=form.password,
        role=Role(form.role),
        image=form.profile_image_url,
    )
    return _profile(user) | {"token": _new_session(request, user)[0]}


def _address_limit(request: Request) -> dict[str, int]:
    """What may come from the client's address, for all accounts together."""
    limit = request.config["auth.signin_rate.address_limit"]
    return {f"address {request.remote_addr}": limit} if limit else {}


def _count_attempt(request: Request, limits: dict[str, int]) -> None:
    count_attempt(request.database, limits, window=request.config["auth.signin_rate.window"])


def _open_session(request: Request, user: User) -> dict[str, Any]:
    token, expires_at = _new_session(request, user)
    _set_cookie(request, token, expires_at)
    return {**_profile(user), **_token_fields(request, token, expires_at)}


def _new_session(request: Request, user: User) -> tuple[str, datetime | None]:
    """The token of a session, and when it ends."""
    lifetime = request.config["auth.jwt_expiry"]
    session = sessions.open_session(
        request.db, user_id=user.id, lifetime=lifetime, user_agent=request.headers.get("User-Agent")
    )
    return request.registry.tokens.create(user.id, session.id, lifetime), session.expires_at


def _profile(user: User) -> dict[str, Any]:
    return {name: getattr(user, name) for name in ("id", "email", "name", "role", "profile_image_url")}


def _token_fields(request: Request, token: str, expires_at: datetime | None) -> dict[str, Any]:
    return {"token": token, "expires_at": expires_at, "permissions": default_permissions(request.config)}


def _set_cookie(request: Request, token: str, expires_at: datetime | None) -> None:
    settings = request.config
    request.response.set_cookie(
        COOKIE,
        token,
        max_age=expires_at - datetime.now(UTC) if expires_at else None,
        path="/",
        httponly=True,
        secure=settings["auth.cookie.secure"],
        samesite=settings["auth.cookie.same_site"],
    )
