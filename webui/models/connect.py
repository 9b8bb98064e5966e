"""Why a database cannot be used, and what to check: one text for the server, ``initialize_db`` and ``webui``."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError


@dataclass(frozen=True)
class Cause:
    """What a driver says, what it means, and what to do."""

    sign: str  # a regular expression; most drivers give connection errors no code
    meaning: str
    advice: str
    may_pass: bool = False  # whether waiting can help


QUOTING = "in DATABASE_URL, characters such as @ : / % must be percent-encoded; DATABASE_PASSWORD needs no encoding"
ADDRESS = "Is the server running, is {host}, port {port} its address, and does a firewall let you through?"
CAUSES = (  # the first that fits is taken
    Cause(
        "password authentication failed",
        "the password or the user is wrong",
        f"Check DATABASE_USER and DATABASE_PASSWORD ({QUOTING}).",
    ),
    Cause("no password supplied", "the server wants a password", "Set DATABASE_PASSWORD, or put it in DATABASE_URL."),
    Cause('role ".*" does not exist', "there is no such user", "Create it: createuser --pwprompt {user}"),
    Cause('database ".*" does not exist', "there is no such database", "Create it: createdb -O {user} {database}"),
    Cause(
        "permission denied for schema",
        "the user may not create tables",
        "Grant it, in this database: GRANT USAGE, CREATE ON SCHEMA public TO {role}",
    ),
    Cause("permission denied", "the user lacks a permission", "Make {role} the owner of the database and its tables."),
    Cause("no pg_hba.conf entry", "the server lets no such client in", "Check pg_hba.conf of the server, and sslmode."),
    Cause(
        "could not translate host name",
        "the host's name cannot be resolved",
        "Check the name {host} in DATABASE_HOST or DATABASE_URL.",
        may_pass=True,
    ),
    Cause("connection refused", "nothing listens there", ADDRESS, may_pass=True),
    Cause("no such file", "no server listens on this socket", "Is the server running, and is {host} right?", True),
    Cause("lock timeout|locked", "another process holds it", "Is a migration or a backup running?", may_pass=True),
    Cause("timeout expired|timed out|unreachable|no route", "no answer came", ADDRESS, may_pass=True),
    Cause("too many (clients|connections)|remaining connection slots", "it is full", "Raise max_connections.", True),
    Cause(
        "starting up|shutting down|not yet accepting|closed the connection",
        "the server is not ready",
        "Try again in a moment; the server's log tells more.",
        may_pass=True,
    ),
    Cause("unable to open", "the file cannot be opened", "Does the folder exist, and may this user write to it?"),
    Cause("readonly database", "the file cannot be written", "Check the owner and mode of the file and its folder."),
    Cause("not a database", "the file is something else than an SQLite database", "Check DATABASE_URL."),
    Cause("malformed", "the file is damaged", "Put back a backup of it."),
)
UNKNOWN = Cause("", "it refused", "The driver's words above; the server's log tells more.")


def explain(error: DBAPIError, url: sa.URL) -> str:
    """What was tried, the cause, what to do. Never the password."""
    cause = _cause(error)
    advice = cause.advice.format(
        host=_place(url).get("host", "the local socket"),
        port=_place(url).get("port", 5432),
        user=shlex.quote(str(url.username)),
        database=shlex.quote(str(url.database)),
        role='"{}"'.format(str(url.username).replace('"', '""')),
    )
    return "\n".join(
        (
            f"The database cannot be used: {cause.meaning}.",
            f"  tried: {target(url)}",
            f"  said:  {' '.join(str(error.orig).split())}",
            f"  check: {advice}",
        )
    )


def may_pass(error: DBAPIError) -> bool:
    """Whether waiting can help: a server that is starting, not a wrong password."""
    return _cause(error).may_pass


def target(url: sa.URL) -> str:
    """The database in words: ``PostgreSQL, host db, port 5432, database webui, user webui``."""
    if url.get_backend_name() == "sqlite":
        return f"SQLite, file {url.database}"
    host, port = (_place(url).get(key, default) for key, default in (("host", "local socket"), ("port", 5432)))
    return f"PostgreSQL, host {host}, port {port}, database {url.database}, user {url.username}"


def _cause(error: DBAPIError) -> Cause:
    said = str(error.orig)
    return next((cause for cause in CAUSES if re.search(cause.sign, said, re.IGNORECASE)), UNKNOWN)


def _place(url: sa.URL) -> dict[str, Any]:
    """The arguments for the driver; host and port may stand in the query too, as for a socket's folder."""
    return dict(url.get_dialect()().create_connect_args(url)[1])
