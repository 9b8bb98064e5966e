"""SQLite's own check of its file, and how it says that one is damaged."""

from __future__ import annotations

import sqlite3
import time

import sqlalchemy as sa

QUICK_SECONDS = 5.0  # that the check of a file may take
STEPS = 10_000  # of SQLite's machine between two looks at the clock
HEADING = "*** in database "  # above what it says of each database; there is only one


def find_faults(connection: sa.Connection, *, quick: bool) -> list[str] | None:
    """What SQLite finds wrong, a line each; ``None`` when it was to be quick and there was not the time."""
    driver: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    deadline = time.monotonic() + QUICK_SECONDS
    if quick:
        driver.set_progress_handler(lambda: time.monotonic() > deadline, STEPS)
    try:
        said = [line for (text,) in driver.execute("PRAGMA quick_check(5)") for line in text.splitlines()]
    except driver.OperationalError:
        return None
    except driver.DatabaseError as error:
        said = [str(error)]
    finally:
        driver.set_progress_handler(None, 0)
    return [line for line in said if line != "ok" and not line.startswith(HEADING)]


def is_damage(error: sa.exc.DatabaseError) -> bool:
    """Whether a question met what is damaged, by the low byte of SQLite's code (https://www.sqlite.org/rescode.html)."""
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT
