"""The engine, and the three ways to talk to it; ``webui.models.lookup`` is a shorter one for single rows.

- ``session(tm, write=...)``: a session that joins a request's transaction (``request.db``),
- ``begin(write=...)``: a short session of one's own, for work outside a request's transaction,
- ``reader()``: a connection in autocommit, for one read that needs no transaction.

SQLite (measured with 16 threads: no lost update and no 'locked' error, where the driver's defaults lost updates):
WAL, our own BEGIN instead of the driver's, BEGIN IMMEDIATE for transactions that will write, and one write lock a
process so that writers queue here and not in SQLite's busy loop.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from pydantic_core import from_json, to_json
from pyramid_retry import mark_error_retryable
from sqlalchemy import event
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker
from zope.sqlalchemy.datamanager import STATUS_ACTIVE, STATUS_CHANGED, ZopeTransactionEvents

if TYPE_CHECKING:
    from sqlalchemy.engine import ExceptionContext
    from sqlalchemy.pool import ConnectionPoolEntry
    from transaction import TransactionManager

    from webui.settings import Settings

BUSY_TIMEOUT_SECONDS = 10
POSTGRESQL_LIMITS = {  # milliseconds: no statement, lock or forgotten transaction holds others up for ever
    "statement_timeout": 60_000,
    "lock_timeout": 10_000,
    "idle_in_transaction_session_timeout": 120_000,
    "timezone": "utc",
}
BACKGROUND_CONNECTIONS = 4
POSTGRESQL_CONFLICTS = ("40001", "40P01")  # serialization failure, deadlock
READER, READ, WRITE = "reader", "read", "write"


class Database:
    """One engine and its sessions; lives in the registry as ``registry.database``."""

    def __init__(self, engine: sa.Engine) -> None:
        self.engine = engine
        self._binds = {
            True: engine.execution_options(mode=WRITE),
            False: engine.execution_options(mode=READ, postgresql_readonly=True),
        }
        # SQLite's driver is in autocommit already, see _sqlite_engine; the option would put it out of it afterwards.
        sqlite = engine.dialect.name == "sqlite"
        self._reader = engine.execution_options(mode=READER, **({} if sqlite else {"isolation_level": "AUTOCOMMIT"}))
        self._sessions = sessionmaker(expire_on_commit=False)
        self._joined_sessions = sessionmaker(class_=JoinedSession, expire_on_commit=False)

    def session(self, tm: TransactionManager, *, write: bool) -> Session:
        """A session that commits and aborts with ``tm``."""
        # "Changed" from the start: a session that may write is committed, whatever way of SQL it was written with.
        events = ZopeTransactionEvents(STATUS_CHANGED if write else STATUS_ACTIVE, transaction_manager=tm)
        return self._joined_sessions(bind=self._binds[write], info={"events": events})

    @contextmanager
    def begin(self, *, write: bool = True) -> Iterator[Session]:
        """A session of one's own: committed at the end of the block, rolled back when it raises."""
        with self._sessions(bind=self._binds[write]) as session, session.begin():
            yield session

    @contextmanager
    def reader(self) -> Iterator[sa.Connection]:
        """A connection for a single read, without a transaction around it."""
        with self._reader.connect() as connection:
            yield connection

    def dispose(self, *, close: bool = True) -> None:
        """Give up pooled connections; ``close=False`` in a forked child, whose parent still owns the sockets."""
        self.engine.dispose(close=close)


class JoinedSession(Session):
    """A session that takes part in the transaction of the manager in its ``info``.

    ``zope.sqlalchemy.register`` adds seven listeners to each session, which costs more than the queries of a typical
    request (measured: 1.5 times the requests without it), so its listeners stand on this class, once; those that look
    for changes are not needed, see :meth:`Database.session`.
    """


def _forward(name: str) -> None:
    def forward(session: Session, *args: Any) -> None:
        getattr(session.info["events"], name)(session, *args)

    event.listen(JoinedSession, name, forward)


for _name in ("after_begin", "after_attach", "before_commit"):
    _forward(_name)


def create_database(settings: Settings) -> Database:
    """The database of the settings; connects to nothing yet."""
    url = settings["database.url"]
    return Database(create_engine(url, wal=settings["database.sqlite_wal"], **pool_options(settings)))


def create_engine(url: sa.URL, *, wal: bool | None = None, **options: Any) -> sa.Engine:
    """An engine with our recipe for its kind of database. Without ``wal``, SQLite's journal stays as it is."""
    options |= {
        "json_serializer": lambda value: to_json(value, inf_nan_mode="null").decode(),  # 1e999 is JSON, Infinity not
        "json_deserializer": from_json,
        "hide_parameters": True,  # what people wrote has no place in logs
    }
    sqlite = url.get_backend_name() == "sqlite"
    engine = _sqlite_engine(url, wal, options) if sqlite else _postgresql_engine(url, options)
    event.listen(engine, "handle_error", _mark_retryable)
    return engine


def _mark_retryable(context: ExceptionContext) -> None:
    """Let pyramid_retry try again when another transaction was in the way; a transaction is atomic, so it can."""
    original, error = context.original_exception, context.sqlalchemy_exception
    locked = isinstance(original, sqlite3.OperationalError) and "locked" in str(original)
    if error is not None and (locked or getattr(original, "pgcode", None) in POSTGRESQL_CONFLICTS):
        mark_error_retryable(error)


def pool_options(settings: Settings) -> dict[str, Any]:
    """The arguments for an engine that say how many connections a process keeps."""
    size = settings["database.pool_size"]
    if size == 0:
        return {"poolclass": sa.NullPool}
    return {
        "poolclass": sa.QueuePool,
        # Two connections a worker thread: the request's, and a short one of its own; and some for the background.
        "pool_size": size or 2 * settings["server.threads"] + BACKGROUND_CONNECTIONS,
        "max_overflow": settings["database.pool_max_overflow"],
        "pool_timeout": settings["database.pool_timeout"],
        "pool_recycle": settings["database.pool_recycle"],
    }


def _postgresql_engine(url: sa.URL, options: dict[str, Any]) -> sa.Engine:
    limits = [f"-c {name}={value}" for name, value in POSTGRESQL_LIMITS.items()]
    ours = {"connect_timeout": 5, "application_name": "webui"}
    # What the address says itself (?options=-csearch_path=chat) wins; connect_args alone would replace it.
    connect_args = {
        **{name: value for name, value in ours.items() if name not in url.query},
        "options": " ".join([*limits, str(url.query.get("options", ""))]),
    }
    return sa.create_engine(url, connect_args=connect_args, pool_pre_ping=True, **options)


def _sqlite_engine(url: sa.URL, wal: bool | None, options: dict[str, Any]) -> sa.Engine:
    connect_args = {"isolation_level": None, "check_same_thread": False, "timeout": BUSY_TIMEOUT_SECONDS}
    engine = sa.create_engine(url, connect_args=connect_args, **options)
    write_lock = threading.Lock()

    @event.listens_for(engine, "connect")
    def set_pragmas(connection: sqlite3.Connection, _record: ConnectionPoolEntry) -> None:
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=ON")
        if wal is not None:
            connection.execute(f"PRAGMA journal_mode={'WAL' if wal else 'DELETE'}")

    @event.listens_for(engine, "begin")
    def begin(connection: sa.Connection) -> None:
        mode = connection.get_execution_options().get("mode", WRITE)
        if mode == READER:
            return
        if connection.info.get("mode") != mode:  # a write in a GET fails here as it does on PostgreSQL
            connection.exec_driver_sql(f"PRAGMA query_only={mode == READ:d}")
            connection.info["mode"] = mode
        if mode == WRITE:
            if not write_lock.acquire(timeout=BUSY_TIMEOUT_SECONDS):
                error = OperationalError("BEGIN IMMEDIATE", None, sqlite3.OperationalError("database is locked"))
                mark_error_retryable(error)
                raise error
            connection.info["write_lock"] = write_lock
        connection.exec_driver_sql("BEGIN IMMEDIATE" if mode == WRITE else "BEGIN")

    @event.listens_for(engine, "checkin")  # the events "commit" and "rollback" come before the deed
    def release_write_lock(_connection: sqlite3.Connection | None, record: ConnectionPoolEntry) -> None:
        if lock := record.info.pop("write_lock", None):
            lock.release()

    return engine
