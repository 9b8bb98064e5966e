"""Migrations: where they are, running them under a lock, and whether the schema fits this program.

The server itself reads one row and never imports Alembic; ``initialize_db`` and ``alembic`` do the work.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

import webui
from webui.models.database import create_engine
from webui.models.filelock import file_lock
from webui.models.locks import Lock, hold

LOCK_WAIT_SECONDS = 60


class SchemaError(Exception):
    """The schema does not fit this program; the text says what to do."""


def script_location() -> Path:
    """The folder of migrations: ``webui/migrations`` in a wheel, ``alembic/`` beside the package in a checkout.

    An editable install maps the first name as well, but Python cannot resolve it there, hence the search by path.
    """
    spec = importlib.util.find_spec("webui.migrations")
    installed = [Path(place) for place in (spec.submodule_search_locations or [])] if spec else []
    beside = Path(webui.__file__).parents[1] / "alembic"
    for place in (*installed, beside):
        if (place / "env.py").is_file():
            return place
    raise SchemaError(
        f"The migrations are missing: neither webui/migrations nor {beside} is there. Install webui again."
    )


def revisions() -> list[str]:
    """Revision ids in order. File names begin with the id, and ids are numbered: ``0001_accounts_and_chats.py``."""
    return sorted(path.name.split("_", 1)[0] for path in (script_location() / "versions").glob("[0-9]*_*.py"))


def head() -> str:
    """The newest revision that this program knows."""
    return revisions()[-1]


def current(connection: sa.Connection) -> str | None:
    """The revision of the database, or None when it has never been migrated."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    return connection.scalar(sa.text("SELECT version_num FROM alembic_version"))


def check(url: sa.URL) -> str:
    """Return the revision when the database is at head, else raise ``SchemaError`` with what to do."""
    engine = create_engine(url, poolclass=sa.NullPool)
    with engine.connect() as connection:
        revision = current(connection)
    if revision == head():
        return revision
    if revision is None:
        raise SchemaError(f"The database {url!r} is empty. Run: initialize_db <your .ini file>")
    if revision in revisions():
        raise SchemaError(
            f"The database {url!r} is at revision {revision}, behind this program ({head()}). "
            "Run: initialize_db <your .ini file>"
        )
    raise SchemaError(
        f"The database {url!r} is at revision {revision}, which is newer than this program ({head()}). "
        f"Install the version of webui that the database was last used with (this is {webui.__version__})."
    )


def upgrade(url: sa.URL) -> tuple[str | None, str]:
    """Bring the database to head; returns the revisions before and after. Safe to run many times at once."""
    from alembic import command  # heavy, and of no use to a running server
    from alembic.config import Config

    with locked_connection(url) as connection:
        before = current(connection)
        if before is not None and before not in revisions():
            raise SchemaError(
                f"The database {url!r} is at revision {before}, which is newer than this program ({head()}). "
                "Nothing was changed."
            )
        config = Config()
        config.set_main_option("script_location", str(script_location()).replace("%", "%%"))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        return before, head()


@contextmanager
def locked_connection(url: sa.URL) -> Iterator[sa.Connection]:
    """A connection in a transaction, alone among all processes that migrate this database."""
    engine = create_engine(url, poolclass=sa.NullPool)
    if engine.dialect.name == "sqlite":
        with file_lock(Path(f"{url.database}.migration.lock"), LOCK_WAIT_SECONDS), engine.begin() as connection:
            yield connection
        return
    with engine.begin() as connection:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_WAIT_SECONDS}s'")
        hold(connection, Lock.MIGRATION)
        connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
        connection.exec_driver_sql("SET LOCAL statement_timeout = '15min'")
        yield connection


def wait_for(url: sa.URL, seconds: float) -> float:
    """Try to connect until it works; returns the seconds it took, raises the last error when ``seconds`` are over."""
    engine = create_engine(url, poolclass=sa.NullPool)
    started = time.monotonic()
    while True:
        try:
            with engine.connect():
                return time.monotonic() - started
        except sa.exc.OperationalError as error:
            if not _may_pass(error) or time.monotonic() - started > seconds:
                raise
            time.sleep(0.5)


def _may_pass(error: sa.exc.OperationalError) -> bool:
    """Whether waiting can help: a server that is starting, not a wrong password."""
    text = str(error.orig).lower()
    return any(
        cause in text
        for cause in ("connection refused", "starting up", "timeout", "could not translate", "no such file")
    )
