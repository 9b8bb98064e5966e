"""Migrations: where they are, running them under a lock, and whether the schema fits this program.

The server itself reads one row and never imports Alembic; ``initialize_db`` and ``alembic`` do the work.
"""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, OperationalError

import webui
from webui.models.connect import explain, may_pass, target
from webui.models.database import create_engine
from webui.models.filelock import file_lock
from webui.models.locks import Lock, hold

LOCK_WAIT_SECONDS = 60
RETRY_SECONDS = 0.5
INITIALIZE = "initialize_db production.ini"


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
    revision: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
    return revision


def check(url: sa.URL, initialize: str = INITIALIZE) -> str:
    """Return the revision when the database is at head, else raise ``SchemaError`` with what to do.

    ``initialize`` is the command that makes or migrates it.
    """
    if is_missing(url):  # connecting would make the file
        raise SchemaError(f"There is no database yet ({target(url)}). Run: {initialize}")
    with create_engine(url, poolclass=sa.NullPool).connect() as connection:
        return check_revision(current(connection), url, initialize)


def is_missing(url: sa.URL) -> bool:
    """Whether it is an SQLite file that is not there; ``SchemaError`` when this user may not know."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return False
    try:
        return not Path(url.database).exists()
    except PermissionError as error:
        raise SchemaError(
            f"This user may not look at {url.database}: {error.strerror}. Run it as the user that the file belongs to."
        ) from None


def check_revision(revision: str | None, url: sa.URL, initialize: str = INITIALIZE) -> str:
    """Return the revision of this database when it is head, else raise ``SchemaError`` with what to do."""
    if revision is None:
        raise SchemaError(f"The database is empty ({target(url)}). Run: {initialize}")
    _refuse_newer(revision, url)
    if revision != head():
        raise SchemaError(
            f"The database is at revision {revision}, behind this program, which needs {head()} ({target(url)}). "
            f"Run: {initialize}"
        )
    return revision


def _refuse_newer(revision: str, url: sa.URL) -> None:
    if revision not in revisions():
        raise SchemaError(
            f"The database is at revision {revision}, which is newer than this program, webui {webui.__version__} "
            f"({target(url)}). Install the version of webui that it was last used with, or a later one."
        )


def upgrade(url: sa.URL) -> tuple[str | None, str]:
    """Bring the database to head; returns the revisions before and after. Safe to run many times at once.

    All steps are one transaction, so a step that fails leaves the database as it was; ``SchemaError`` names it.
    """
    from alembic import command  # heavy, and of no use to a running server
    from alembic.config import Config

    with locked_connection(url) as connection:
        before = current(connection)
        if before is not None:
            _refuse_newer(before, url)
        config = Config()
        config.set_main_option("script_location", str(script_location()).replace("%", "%%"))
        config.attributes["connection"] = connection
        for revision in revisions()[revisions().index(before) + 1 if before else 0 :]:
            try:
                command.upgrade(config, revision)
            except Exception as error:  # a migration may raise anything
                said = explain(error, url) if isinstance(error, DBAPIError) else f"{type(error).__name__}: {error}"
                raise SchemaError(f"Migration {revision} failed; the database is as it was before.\n{said}") from error
        return before, head()


def make_file(url: sa.URL) -> None:
    """Make SQLite's file for its owner alone; SQLite gives its side files the same mode."""
    with suppress(OSError):  # SQLite itself tells better what is wrong with the place
        Path(str(url.database)).touch(mode=0o600, exist_ok=True)


@contextmanager
def locked_connection(url: sa.URL) -> Iterator[sa.Connection]:
    """A connection in a transaction, alone among all processes that migrate this database."""
    engine = create_engine(url, poolclass=sa.NullPool)
    if engine.dialect.name == "sqlite":
        make_file(url)
        lock = file_lock(Path(f"{url.database}.migration.lock"), LOCK_WAIT_SECONDS)
        with lock, _sqlite_transaction(engine) as connection:
            yield connection
        return
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL statement_timeout = '15min'")
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_WAIT_SECONDS}s'")
        hold(connection, Lock.MIGRATION)
        connection.exec_driver_sql("SET LOCAL lock_timeout = '10s'")
        yield connection


@contextmanager
def _sqlite_transaction(engine: sa.Engine) -> Iterator[sa.Connection]:
    """SQLite changes a table by making it anew; with foreign keys on, dropping the old one would delete all rows that
    refer to it (https://www.sqlite.org/lang_altertable.html, section 7). They are checked at the end instead.
    """
    with engine.connect() as connection:
        driver = connection.connection  # used directly, since the switch does nothing within a transaction
        driver.execute("PRAGMA foreign_keys=OFF")
        with connection.begin():
            yield connection
            broken = driver.execute("PRAGMA foreign_key_check").fetchone() if driver.total_changes else None
            if broken:
                raise SchemaError(
                    f"Rows of the table {broken[0]} would refer to missing rows of {broken[2]}; nothing was changed."
                )


def wait_for(engine: sa.Engine, seconds: float, tell: Callable[[OperationalError], None]) -> None:
    """Try to connect until it works. ``tell`` hears of the first failure; the last one is raised after ``seconds``,
    and at once one that waiting cannot mend.
    """
    deadline = time.monotonic() + seconds
    for attempt in count():
        try:
            with engine.connect():
                return
        except OperationalError as error:
            if not may_pass(error) or time.monotonic() > deadline:
                raise
            if attempt == 0:
                tell(error)
            time.sleep(RETRY_SECONDS)
