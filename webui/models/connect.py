"""Why a database cannot be reached, and what to check: one text for the server, ``initialize_db`` and ``webui``."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

# What the drivers say, what it means, and what to do. The first that fits is taken.
CAUSES = (
    (
        "password authentication failed",
        "the password or the user is wrong",
        "Check DATABASE_USER and DATABASE_PASSWORD{quoting}.",
    ),
    ("no password supplied", "the server wants a password", "Set DATABASE_PASSWORD, or put one into DATABASE_URL."),
    ("role", "there is no such user", "Create it: createuser --pwprompt {user}"),
    ("does not exist", "there is no such database", "Create it: createdb -O {user} {database}"),
    ("permission denied", "the user may not do this", "Grant it: GRANT CREATE, USAGE ON SCHEMA public TO {user}"),
    ("could not translate host name", "the host's name cannot be resolved", "Check DATABASE_HOST."),
    ("connection refused", "nothing listens there", "Is the server running, and is {host}:{port} its address?"),
    ("no such file", "there is no server at this socket", "Is the server running, and is {host} its socket's folder?"),
    ("timeout", "no answer came", "Check the address and the firewalls between here and {host}:{port}."),
    ("starting up", "the server is still starting", "Try again in a moment."),
    (
        "unable to open database file",
        "the file cannot be opened",
        "Does the folder exist, and may this user write to it?",
    ),
    ("readonly database", "the file cannot be written", "Check the owner and the mode of the file and of its folder."),
    ("file is not a database", "the file is something else than an SQLite database", "Check DATABASE_URL."),
    ("locked", "another process holds the database", "Is a migration or a backup running?"),
)
QUOTING = " (in DATABASE_URL, special characters such as @ : / % must be percent-encoded; the parts need no quoting)"


def explain(error: OperationalError | sa.exc.DatabaseError, url: sa.URL) -> str:
    """What was tried, the cause, what to do. Never the password."""
    said = str(error.orig).strip()
    lowered = said.lower()
    values = {"host": url.host or "the local socket", "port": url.port or 5432, "user": url.username or "?",
              "database": url.database, "quoting": QUOTING}  # fmt: skip
    cause, advice = next(
        ((cause, advice) for sign, cause, advice in CAUSES if sign in lowered), ("the driver refused", "")
    )
    last_line = said.splitlines()[-1] if said else type(error.orig).__name__
    return f"The database cannot be reached: {cause}.\n  tried: {target(url)}\n  said:  {last_line}" + (
        f"\n  check: {advice.format(**values)}" if advice else ""
    )


def target(url: sa.URL) -> str:
    """The database in words: ``PostgreSQL, host db, port 5432, database webui, user webui``."""
    if url.get_backend_name() == "sqlite":
        return f"SQLite, file {url.database}"
    host, port = url.host or "local socket", url.port or 5432
    return f"PostgreSQL, host {host}, port {port}, database {url.database}, user {url.username}"
