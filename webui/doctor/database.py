"""The database: whether it answers, fits this program, and is sound."""

from __future__ import annotations

import shlex
import statistics
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from webui.doctor.context import AS_SERVER, UPGRADE, Context, Missing, has_wal
from webui.doctor.finding import Finding, ok, problem, reason, skipped, warning
from webui.doctor.soundness import QUICK_SECONDS
from webui.log import counted
from webui.models import migrate
from webui.models.connect import explain, target
from webui.models.database import BACKGROUND_CONNECTIONS, pool_options

LARGE_WAL = 256 << 20  # bytes
SLOW = 0.020  # seconds of one question; a request asks two or more
OLDEST_BACKUP = timedelta(days=7)
LISTENING = 1  # connection of each process that waits for changes of settings, beside its pool
NEVER_CHECKED = sa.text("SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE NOT convalidated")


def reachable(context: Context) -> Finding:
    """Where the database is, and whether it answers."""
    where = target(context.database_url)
    try:
        error = context.refusal
    except Missing:
        remedy = context.when_here(context.initialize)
        return problem(f"There is no database yet ({where}).", "The server does not make it.", remedy)
    if isinstance(error, sa.exc.DBAPIError):
        meaning, _, said, advice = explain(error, context.database_url).splitlines()
        cause, remedy = (line.partition(":")[2].strip() for line in (said, advice))
        return problem(f"{meaning.removesuffix('.')} ({where}).", cause, remedy)
    if error is not None:
        return problem(
            f"The database cannot be used: {reason(error)} ({where}).", "It is not for this user.", AS_SERVER
        )
    with context.connection() as connection:
        version = ".".join(map(str, connection.dialect.server_version_info or ()))
    return ok(f"{where}; version {version}")


def schema(context: Context) -> Finding:
    """Whether the tables are those that this program needs."""
    context.require_sound_file()
    with context.connection() as connection:
        revision = migrate.current(connection)
    try:
        migrate.check_revision(revision, context.database_url, context.initialize)
    except migrate.SchemaError as error:
        newer = revision is not None and revision not in migrate.revisions()
        remedy = UPGRADE if newer else context.initialize
        return problem(str(error), "The server does not start on a schema that is not its own.", remedy)
    return ok(f"The schema is at revision {revision}, which this program needs.")


def journal(context: Context) -> Finding:
    """SQLite's write-ahead journal."""
    file = context.database_file
    if not context.settings["database.sqlite_wal"]:
        source = context.settings.resolved("database.sqlite_wal").source
        return warning(
            f"The write-ahead journal is switched off ({source}).",
            "Without it, readers and the writer wait for each other.",
            "Remove DATABASE_ENABLE_SQLITE_WAL, unless the file system cannot do it.",
        )
    context.require_database()
    if not has_wal(file):
        cause = "The server has not opened the file yet, or the file system cannot do it."
        return warning(
            "The journal is not written ahead.", cause, f"sqlite3 {_file(context)} 'PRAGMA journal_mode=wal'"
        )
    return ok("The journal is written ahead (WAL).")


def integrity(context: Context) -> Finding:
    """SQLite's own check of its file, for as long as there is time."""
    file = context.database_file
    if context.faults is None:
        return skipped(f"{file} is too large to be checked in {QUICK_SECONDS:.0f} s.", "webui doctor --slow")
    if context.faults:
        return problem(
            f"{file} is damaged: {'; '.join(context.faults)[:300]}",
            "A disk that lies, a copy made while the server ran, or a network file system.",
            f"Put back a backup, or save what can be read: sqlite3 {_file(context)} .recover | sqlite3 recovered.db",
        )
    return ok("SQLite finds its file sound.")


def orphans(context: Context) -> Finding:
    """Rows that refer to others that are not there."""
    context.require_sound_file()
    with context.connection() as connection:
        if context.is_sqlite:
            rows = connection.exec_driver_sql('SELECT DISTINCT "table", parent FROM pragma_foreign_key_check').all()
            command = f"sqlite3 {_file(context)} 'PRAGMA foreign_key_check'"
        else:
            rows = connection.execute(NEVER_CHECKED).all()
            command = "In psql, for each of them: ALTER TABLE ... VALIDATE CONSTRAINT ..."
    if rows:
        told = ", ".join(f"{row[0]} ({row[1]})" for row in rows)
        return problem(
            f"Rows refer to what is missing, or were never checked: {told}.",
            "Something wrote to the database without checking its foreign keys.",
            f"Look at these rows, and delete them: {command}",
        )
    return ok("Every row refers to rows that exist.")


def wal_size(context: Context) -> Finding:
    """SQLite's journal grows while somebody reads, and is written back when nobody does."""
    path = context.database_file
    context.require_database()
    wal = path.with_name(path.name + "-wal")
    size = wal.stat().st_size if wal.exists() else 0
    if size > LARGE_WAL:
        return warning(
            f"{wal} has {size >> 20} MB.",
            "A reader that does not end keeps it from being written back; reading gets slower with its size.",
            f"End what reads the file, then: sqlite3 {_file(context)} 'PRAGMA wal_checkpoint(TRUNCATE)'",
        )
    return ok(f"The journal has {size >> 10} KB.")


def connections(context: Context) -> Finding:
    """What the pools of all workers may open, against what PostgreSQL lets in."""
    if context.is_sqlite:
        return skipped("SQLite has no limit of connections.")
    settings = context.settings
    pool = pool_options(settings)
    unpooled = settings["server.threads"] + BACKGROUND_CONNECTIONS
    each = pool.get("pool_size", unpooled) + pool.get("max_overflow", 0) + LISTENING
    wanted = settings["server.workers"] * each
    with context.connection() as connection:
        most, reserved = (
            int(connection.exec_driver_sql(f"SHOW {name}").scalar_one())
            for name in ("max_connections", "superuser_reserved_connections")
        )
    workers = counted(settings["server.workers"], "worker")
    message = f"{workers} may open {wanted} connections; PostgreSQL lets {most - reserved} in."
    if wanted > most - reserved:
        return warning(
            message,
            "When all are taken, requests fail.",
            f"Lower DATABASE_POOL_SIZE or UVICORN_WORKERS, or: ALTER SYSTEM SET max_connections = {wanted + 20}",
        )
    return ok(message)


def latency(context: Context) -> Finding:
    """How long one question takes."""
    times = []
    with context.connection() as connection:
        for _ in range(5):
            began = time.perf_counter()
            connection.execute(sa.select(1))
            times.append(time.perf_counter() - began)
    median = statistics.median(times)
    message = f"The database answers in {median * 1000:.1f} ms."
    if median > SLOW:
        cause = "Every request asks two questions or more, one after the other."
        return warning(message, cause, "Run the server near its database, or look at the load there.")
    return ok(message)


def backup(context: Context) -> Finding:
    """The age of the newest file in the folder ``backups`` of DATA_DIR, with SQLite."""
    if not context.is_sqlite:
        return skipped("Backups of PostgreSQL are made by its own tools; this cannot see them.", "pg_dump")
    context.require_database()
    folder: Path = context.settings["data_dir"] / "backups"
    times = [file.stat().st_mtime for file in folder.rglob("*") if file.is_file()]
    newest = datetime.fromtimestamp(max(times), UTC) if times else None
    if newest is not None and datetime.now(UTC) - newest < OLDEST_BACKUP:
        return ok(f"The newest backup is of {newest:%Y-%m-%d %H:%M} UTC.")
    copy = f"sqlite3 {_file(context)} \".backup '{folder}/webui-{datetime.now(UTC):%Y-%m-%d}.db'\""
    return warning(
        f"There is no backup in {folder}." if newest is None else f"The newest backup is of {newest:%Y-%m-%d}.",
        "A disk or a mistake can take every chat. Copying the file alone can miss what stands in its journal.",
        f"umask 077 && mkdir -p {shlex.quote(str(folder))} && {copy}",
    )


def _file(context: Context) -> str:
    return shlex.quote(str(context.database_file))
