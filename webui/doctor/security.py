"""Who may come in."""

from __future__ import annotations

import shlex
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa

from webui.doctor.context import AS_SERVER, Context, Missing
from webui.doctor.finding import Finding, ok, problem, skipped, warning
from webui.models import Role, SecretKey, User
from webui.models.setting import known_keys
from webui.security.keys import SecretKeyError, key_file
from webui.services.secrets import wrong_key
from webui.settings import Settings

GOOD_LENGTH = 32  # bytes: RFC 7518 section 3.2 wants a key of HS256 to be as long as its hash
FEW_CHARACTERS = 8
NEW_KEY = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'


def secret_key(context: Context) -> Finding:
    """The key that signs tokens, given or generated."""
    settings, path = context.settings, key_file(context.settings)
    if given := settings["secret_key"]:
        source = settings.resolved("secret_key").source
        if len(given.encode()) < GOOD_LENGTH or len(set(given)) < FEW_CHARACTERS:
            return warning(
                f"The secret key ({source}) is short or simple.",
                "Who guesses it can sign in as anybody; tokens can be tried against it without asking the server.",
                f"Set WEBUI_SECRET_KEY to what this prints: {NEW_KEY}",
            )
        return ok(f"The secret key is given ({source}).")
    if path.exists():
        return _key_file(context, path)
    if _is_in_use(context):
        return problem(
            f"There is no secret key: WEBUI_SECRET_KEY is not set, and {path} does not exist.",
            "The server will make another one: everybody has to sign in again, and stored secrets cannot be read.",
            f"Restore {path} from a backup, or set WEBUI_SECRET_KEY to the key that was used before.",
        )
    return ok(f"The first start will make a secret key in {path}.")


def known_key(context: Context) -> Finding:
    """The secret key against those that the database was used with."""
    context.require_sound_file()
    if not context.keyring.keys:
        return skipped("There is no secret key (security.secret_key).")
    with context.connection() as connection:
        if not sa.inspect(connection).has_table(SecretKey.__tablename__):
            return skipped("The schema is of another version (database.schema).")
        text = wrong_key(known_keys(connection), context.keyring)
    if text is not None:
        message, _, rest = text.partition(". ")
        return problem(f"{message}.", "The database was moved without its key, or the key was changed.", rest)
    return ok(f"The database is used with the secret key {context.keyring.fingerprints[0]}.")


def stored_secrets(context: Context) -> Finding:
    """Whether stored secrets can be read."""
    if lost := context.unreadable.names:
        told = "; ".join(f"{', '.join(sorted(names))} (secret key {key})" for key, names in lost.items())
        return problem(
            f"Stored secrets cannot be read: {told}.",
            "They are encrypted under a secret key that is not here.",
            "Set WEBUI_SECRET_KEY_PREVIOUS to that key, or restore its key file; or store the secrets again.",
        )
    return ok("Every stored secret can be read.")


def origins(context: Context) -> Finding:
    """The origins that CORS allows, against the server's own."""
    allowed, public = context.settings["cors.allow_origin"], context.settings["webui.url"]
    if "*" in allowed:
        return warning(
            "CORS_ALLOW_ORIGIN allows every page to call the API.",
            "Any page that somebody visits can try the API from that browser.",
            "Set CORS_ALLOW_ORIGIN to the origins that need it; the server's own page needs none.",
        )
    plain = [origin for origin in allowed if origin.startswith("http://") and not _is_local(origin)]
    if plain and public and public.startswith("https:"):
        return warning(
            f"CORS_ALLOW_ORIGIN allows pages without https: {', '.join(plain)}.",
            f"Whoever can change such a page on its way can act for its visitors on {public}.",
            "Write https:// in CORS_ALLOW_ORIGIN.",
        )
    return ok(f"Other origins that may call the API: {', '.join(allowed) or 'none'}.")


def sign_up(context: Context) -> Finding:
    """Who may make an account, where strangers can reach the server."""
    settings = context.settings
    if not _is_public(settings):
        return ok("Only this machine reaches the server.")
    if not settings["auth.enable"]:
        return problem(
            "Nobody has to sign in, and other machines reach the server.",
            "Whoever reaches it has every right.",
            "Remove WEBUI_AUTH=false, or set HOST=127.0.0.1.",
        )
    context.require_sound_file()
    if not _has_users(context, Role.ADMIN):
        return warning(
            "There is no administrator yet, and other machines reach the server.",
            "The first who signs up becomes the administrator.",
            "Sign up now, or set WEBUI_ADMIN_EMAIL and WEBUI_ADMIN_PASSWORD and run: " + context.initialize,
        )
    if settings["ui.enable_signup"] and settings["ui.default_user_role"] != Role.PENDING:
        return warning(
            f"Whoever reaches the server can make an account and use it ({settings['ui.default_user_role']}).",
            "Sign-up is open, and new accounts do not wait for an administrator.",
            "Set ENABLE_SIGNUP=false, or DEFAULT_USER_ROLE=pending.",
        )
    return ok("Nobody gets in without an administrator.")


def default_role(context: Context) -> Finding:
    """The role of new accounts."""
    role, source = context.settings["ui.default_user_role"], context.settings.resolved("ui.default_user_role").source
    if role == Role.ADMIN:
        return problem(
            f"Every new account is an administrator's ({source}).",
            "Administrators may read and change everything.",
            "Set DEFAULT_USER_ROLE=pending or user.",
        )
    return ok(f"New accounts have the role {role}.")


def cookies(context: Context) -> Finding:
    """The flags of the sign-in cookie, against the public address."""
    settings = context.settings
    secure, same_site, public = settings["auth.cookie.secure"], settings["auth.cookie.same_site"], settings["webui.url"]
    if same_site == "none" and not secure:
        return problem(
            "The sign-in cookie has SameSite=None and is not Secure.",
            "Browsers do not keep such a cookie; nobody stays signed in.",
            "Set WEBUI_AUTH_COOKIE_SECURE=true, or WEBUI_AUTH_COOKIE_SAME_SITE=lax.",
        )
    if public is None:
        return skipped("WEBUI_URL is not set, so it is not known whether people come over https.")
    if public.startswith("https:") and not secure:
        return warning(
            "The sign-in cookie is sent over http too, and the public address has https.",
            "Somebody on the way can read it from a single request without https.",
            "Set WEBUI_SESSION_COOKIE_SECURE=true.",
        )
    if public.startswith("http:") and secure and not _is_local(public):
        return problem(
            "The sign-in cookie is for https alone, and the public address has none.",
            "Browsers do not keep it; nobody stays signed in.",
            "Remove WEBUI_SESSION_COOKIE_SECURE, or serve over https and correct WEBUI_URL.",
        )
    return ok(f"The sign-in cookie fits {public}.")


def _key_file(context: Context, path: Path) -> Finding:
    """The generated key, which is in this file."""
    error = context.found_keys
    if not isinstance(error, SecretKeyError):
        return ok(f"The secret key is in {path}.")
    if isinstance(error.__cause__, PermissionError):
        return problem(
            f"{path} exists, but this user cannot read it.",
            "It is another user's. A server that runs as this user does not start without its key.",
            f'{AS_SERVER}. If the server runs as this user: sudo chown "$(id -un)" {shlex.quote(str(path))}',
        )
    return problem(str(error), "The server does not start without its key.", f"Restore {path} from a backup.")


def _is_in_use(context: Context) -> bool:
    """Whether there is a database with accounts; ``Missing`` when it is too damaged to tell."""
    try:
        context.require_database()
    except Missing:
        return False
    return _has_users(context)


def _has_users(context: Context, role: Role | None = None) -> bool:
    """Whether there are accounts, of this role."""
    condition = sa.true() if role is None else User.role == role
    with context.connection() as connection:
        if not sa.inspect(connection).has_table(User.__tablename__):
            return False
        return connection.scalar(sa.select(User.id).where(condition).limit(1)) is not None


def _is_public(settings: Settings) -> bool:
    """Whether other machines reach the server, as far as its settings tell."""
    public = settings["webui.url"]
    return not _is_local(f"http://{settings['server.host']}") or (public is not None and not _is_local(public))


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
