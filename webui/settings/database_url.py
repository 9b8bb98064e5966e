"""The database's address: one URL, or parts that we put together and quote ourselves."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from sqlalchemy.engine.url import URL, make_url
from sqlalchemy.exc import ArgumentError

from webui.settings.parsers import Parser
from webui.settings.raw import word_of

# SQLAlchemy 2.1 reads postgresql:// as psycopg 3; the driver that we ship is psycopg2.
DRIVERS = {
    "sqlite": "sqlite",
    "sqlite+pysqlite": "sqlite",
    "postgres": "postgresql+psycopg2",
    "postgresql": "postgresql+psycopg2",
    "postgresql+psycopg2": "postgresql+psycopg2",
}
SUPPORTED = "sqlite:///path/to/file.db or postgresql://user:password@host:5432/name"
UNREADABLE = (
    "cannot be read as a database address; characters such as @ : / # % in a user name or password must be"
    " percent-encoded (or use DATABASE_TYPE, DATABASE_USER, DATABASE_PASSWORD, DATABASE_HOST and DATABASE_NAME,"
    " which need no encoding)"
)
# Of libpq (PostgreSQL 18, section 32.1.2); a passfile is a name of a file, and no secret.
SECRET_PARAMETERS = ("password", "sslpassword", "oauth_client_secret")
SECRET_IN_QUERY = re.compile(f"([?&](?:{'|'.join(SECRET_PARAMETERS)})=)[^&]*")
PARTS = ("type", "user", "password", "host", "port", "name")
NEEDED = {"sqlite": ("name",), "postgresql": ("host", "name", "user")}


def database_url() -> Parser[URL]:
    """The address of an SQLite or PostgreSQL database, with the driver that we ship."""
    return Parser(
        "database URL",
        _parse,
        lambda url: url.render_as_string(hide_password=False),
        lambda url: SECRET_IN_QUERY.sub(r"\1***", url.render_as_string(hide_password=True)),
    )


def secrets_of(url: URL) -> list[str]:
    """The passwords that the address holds, wherever they stand in it."""
    found = [str(url.password or "")]
    for name, value in url.query.items():
        if name in SECRET_PARAMETERS:
            found += [value] if isinstance(value, str) else value
    return found


def from_parts(parts: dict[str, Any]) -> URL:
    """Build the URL of ``type, user, password, host, port, name``; raises ``ValueError`` naming what is missing."""
    needed = NEEDED.get("sqlite" if parts.get("type") == "sqlite" else "postgresql", ())
    missing = [f"DATABASE_{part.upper()}" for part in ("type", *needed) if parts.get(part) is None]
    if missing:
        raise ValueError(f"incomplete: {', '.join(missing)} missing. Give the missing parts, or remove the others")
    if parts["type"] == "sqlite":
        return URL.create("sqlite", database=parts["name"])
    return URL.create(
        DRIVERS[parts["type"]],
        username=parts["user"],
        password=parts.get("password"),
        host=parts["host"],
        port=parts.get("port") or 5432,
        database=parts["name"],
    )


def default_url(data_dir: Path) -> URL:
    """The file that is used when nothing is configured."""
    return URL.create("sqlite", database=str(data_dir / "webui.db"))


def _parse(raw: object) -> URL:
    address = word_of(raw)
    if "%00" in address:
        raise ValueError("cannot hold NUL characters")
    try:
        url = make_url(address)
    except (ArgumentError, ValueError):
        raise ValueError(UNREADABLE) from None
    if url.drivername.lower() not in DRIVERS:
        raise ValueError(f"names a kind of database that is not supported; use {SUPPORTED}")
    url = url.set(drivername=DRIVERS[url.drivername.lower()])
    if url.drivername == "sqlite":
        if url.database in (None, "", ":memory:"):
            raise ValueError("names no file, and nothing would last; use sqlite:///path/to/file.db")
        if url.host:
            raise ValueError("needs three slashes, sqlite:///path/to/file.db, and four before an absolute path")
    elif "@" in f"{url.host}{url.database}":
        raise ValueError(UNREADABLE)  # an @ in the password ended it too early
    return url
