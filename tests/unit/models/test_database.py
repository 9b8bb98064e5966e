from __future__ import annotations

import gc
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest
import sqlalchemy as sa
import transaction
from pyramid_retry import IRetryableError
from sqlalchemy.exc import DBAPIError, OperationalError

from tests.conftest import new_database_url
from webui.models import Base, Database, SigninAttempt
from webui.models import database as module
from webui.models.database import create_engine
from webui.models.locks import Lock, hold

READ_ONLY = r"readonly|read-only"  # as SQLite and as PostgreSQL say it
WAIT = 20.0  # seconds; the bound of every wait


@pytest.fixture
def file(tmp_path: Path) -> sa.URL:
    return sa.make_url(f"sqlite:///{tmp_path}/webui.db")


@pytest.fixture
def impatient(file: sa.URL, monkeypatch: pytest.MonkeyPatch) -> Iterator[Database]:
    """An SQLite database that gives up waiting for a lock soon."""
    monkeypatch.setattr(module, "BUSY_TIMEOUT_SECONDS", 0.1)
    found = Database(create_engine(file, wal=True))
    Base.metadata.create_all(found.engine)
    yield found
    found.dispose()


@pytest.fixture
def postgresql(tmp_path: Path) -> Iterator[sa.URL]:
    yield from new_database_url("postgresql", tmp_path)


def attempt(key: str = "k", count: int = 0) -> SigninAttempt:
    return SigninAttempt(key=key, bucket=1, count=count)


def counted(database: Database, key: str = "k") -> int | None:
    with database.reader() as connection:
        return connection.scalar(sa.select(SigninAttempt.count).where(SigninAttempt.key == key))


def pragma(engine: sa.Engine, name: str) -> object:
    with engine.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


@pytest.mark.parametrize(
    ("name", "value"), [("journal_mode", "wal"), ("foreign_keys", 1), ("synchronous", 1), ("busy_timeout", 10_000)]
)
def test_sqlite_is_set_up_for_many_threads(file: sa.URL, name: str, value: object) -> None:
    engine = create_engine(file, wal=True, poolclass=sa.NullPool)
    assert pragma(engine, name) == value


def test_the_journal_stays_as_it_is_unless_asked(file: sa.URL) -> None:
    modes = [pragma(create_engine(file, wal=wal, poolclass=sa.NullPool), "journal_mode") for wal in (True, None, False)]
    assert modes == ["wal", "wal", "delete"]


def test_a_session_for_reading_cannot_write(database: Database) -> None:
    with pytest.raises(DBAPIError, match=READ_ONLY), database.begin(write=False) as db:
        db.add(attempt())
    with database.begin(write=False) as db:
        assert db.scalar(sa.select(SigninAttempt)) is None


def test_a_connection_changes_between_reading_and_writing(clean_database_url: sa.URL) -> None:
    database = Database(create_engine(clean_database_url, poolclass=sa.QueuePool, pool_size=1, max_overflow=0))
    for key in ("a", "b"):
        with database.begin() as db:
            db.add(attempt(key))
        with pytest.raises(DBAPIError, match=READ_ONLY), database.begin(write=False) as db:
            db.execute(sa.delete(SigninAttempt))
        assert counted(database, key) == 0
    database.dispose()


def test_threads_that_read_and_write_lose_no_update(database: Database) -> None:
    with database.begin() as db:
        db.add(attempt())

    def increment(_: int) -> None:
        with database.begin() as db:
            hold(db, Lock.SETTINGS)
            row = db.get_one(SigninAttempt, ("k", 1))
            row.count += 1

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(increment, range(16 * 8)))
    assert counted(database) == 16 * 8


def test_sqlite_needs_no_lock_of_ours_to_lose_no_update(impatient: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BUSY_TIMEOUT_SECONDS", WAIT)
    with impatient.begin() as db:
        db.add(attempt())

    def increment(_: int) -> None:
        with impatient.begin() as db:
            db.get_one(SigninAttempt, ("k", 1)).count += 1

    with ThreadPoolExecutor(16) as pool:
        list(pool.map(increment, range(16 * 8)))
    assert counted(impatient) == 16 * 8


def commits(database: Database) -> None:
    with database.begin() as db:
        db.add(attempt())


def rolls_back(database: Database) -> None:
    with database.begin() as db:
        db.add(attempt())
        db.rollback()


def raises(database: Database) -> None:
    with suppress(ZeroDivisionError), database.begin() as db:
        db.add(attempt())
        db.flush()
        raise ZeroDivisionError


def fails_in_sql(database: Database) -> None:
    with pytest.raises(OperationalError, match="no such table"), database.begin() as db:
        db.execute(sa.text("SELECT * FROM nowhere"))


def loses_its_connection(database: Database) -> None:
    with database.begin() as db:
        db.connection().invalidate()
        db.rollback()


def forgets_to_close(database: Database) -> None:
    connection = database.engine.connect()
    connection.begin()
    del connection
    gc.collect()


@pytest.mark.parametrize("use", [commits, rolls_back, raises, fails_in_sql, loses_its_connection, forgets_to_close])
@pytest.mark.filterwarnings("ignore:The garbage collector is trying to clean up:sqlalchemy.exc.SAWarning")
def test_the_write_lock_is_given_back_when_a_session(impatient: Database, use: Callable[[Database], None]) -> None:
    use(impatient)
    with impatient.begin() as db:
        db.merge(attempt(count=7))
    assert counted(impatient) == 7


def test_a_lock_of_another_process_is_an_error_that_may_be_tried_again(impatient: Database, file: sa.URL) -> None:
    other = sqlite3.connect(str(file.database), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked") as caught:
        commits(impatient)
    assert IRetryableError.providedBy(caught.value)
    other.execute("ROLLBACK")
    other.close()
    commits(impatient)
    assert counted(impatient) == 0


def test_a_lock_of_another_thread_is_an_error_that_may_be_tried_again(impatient: Database) -> None:
    with impatient.begin() as db:
        db.add(attempt())
        db.flush()
        with ThreadPoolExecutor(1) as pool:
            error = pool.submit(commits, impatient).exception(WAIT)
    assert isinstance(error, OperationalError)
    assert IRetryableError.providedBy(error)
    assert counted(impatient) == 0


def test_readers_do_not_wait_for_a_writer(impatient: Database) -> None:
    with impatient.begin() as db:
        db.add(attempt())
        db.flush()
        with impatient.begin(write=False) as reading:
            assert reading.scalar(sa.select(SigninAttempt)) is None


def test_a_session_of_a_transaction_is_committed_with_it(database: Database) -> None:
    tm = transaction.TransactionManager(explicit=True)
    for key, statement in {
        "added": None,
        "inserted": sa.insert(SigninAttempt).values(key="inserted", bucket=1, count=0),
        "raw": sa.text("INSERT INTO signin_attempts (key, bucket, count) VALUES ('raw', 1, 0)"),
    }.items():
        with tm:
            session = database.session(tm, write=True)
            session.add(attempt(key)) if statement is None else session.execute(statement)
        assert counted(database, key) == 0


def test_a_session_of_a_transaction_is_rolled_back_with_it(database: Database) -> None:
    tm = transaction.TransactionManager(explicit=True)
    with suppress(ZeroDivisionError), tm:
        session = database.session(tm, write=True)
        session.add(attempt())
        session.flush()
        raise ZeroDivisionError
    assert counted(database) is None


def test_a_session_of_a_transaction_is_not_committed_by_itself(database: Database) -> None:
    tm = transaction.TransactionManager(explicit=True)
    tm.begin()
    session = database.session(tm, write=True)
    session.add(attempt())
    with pytest.raises(AssertionError, match="transaction manager"):
        session.commit()
    tm.abort()
    assert counted(database) is None


def test_sessions_of_transactions_do_not_mix(database: Database) -> None:
    aborted, committed = (transaction.TransactionManager(explicit=True) for _ in range(2))
    committed.begin(), aborted.begin()
    database.session(aborted, write=True).add(attempt("a"))
    database.session(committed, write=True).add(attempt("b"))
    aborted.abort(), committed.commit()
    assert (counted(database, "a"), counted(database, "b")) == (None, 0)


def test_postgresql_statements_have_limits(postgresql: sa.URL) -> None:
    engine = create_engine(postgresql, poolclass=sa.NullPool)
    with engine.connect() as connection:
        shown = [
            connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in ("statement_timeout", "lock_timeout", "timezone", "application_name")
        ]
    assert shown == ["1min", "10s", "UTC", "webui"]


def test_what_the_address_says_wins_over_our_own_options(postgresql: sa.URL) -> None:
    query = {"options": "-c search_path=chat -c lock_timeout=3s", "application_name": "other"}
    engine = create_engine(postgresql.update_query_dict(query), poolclass=sa.NullPool)
    with engine.connect() as connection:
        shown = [
            connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in ("search_path", "lock_timeout", "statement_timeout", "application_name")
        ]
    assert shown == ["chat", "3s", "1min", "other"]


def test_a_conflict_on_postgresql_may_be_tried_again(postgresql: sa.URL) -> None:
    database = Database(create_engine(postgresql))
    Base.metadata.create_all(database.engine)
    commits(database)
    increment = sa.update(SigninAttempt).values(count=SigninAttempt.count + 1)
    with database.begin() as db:
        db.connection(execution_options={"isolation_level": "REPEATABLE READ"})
        db.scalar(sa.select(SigninAttempt))
        with database.begin() as other:
            other.execute(increment)
        with pytest.raises(OperationalError, match="concurrent update") as caught:
            db.execute(increment)
        db.rollback()
    database.dispose()
    assert IRetryableError.providedBy(caught.value)


def test_a_connection_that_the_server_closed_is_replaced(postgresql: sa.URL) -> None:
    database = Database(create_engine(postgresql, poolclass=sa.QueuePool, pool_size=1))
    with database.reader() as connection:
        pid = connection.scalar(sa.select(sa.func.pg_backend_pid()))
    admin = create_engine(postgresql, poolclass=sa.NullPool)
    with admin.connect() as connection:
        connection.scalar(sa.select(sa.func.pg_terminate_backend(pid, 5000)))
    with database.reader() as connection:
        assert connection.scalar(sa.select(1)) == 1
    database.dispose()


def test_two_engines_do_not_share_a_write_lock(impatient: Database, tmp_path: Path) -> None:
    other = create_engine(sa.make_url(f"sqlite:///{tmp_path}/other.db"))
    with impatient.begin() as db, other.begin():
        db.add(attempt())
    other.dispose()
    assert counted(impatient) == 0
