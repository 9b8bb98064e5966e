from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import sqlalchemy as sa

from webui.errors import ApiError, Problem
from webui.models import Database, SigninAttempt
from webui.models.database import create_engine
from webui.services.ratelimits import BUCKET_SECONDS, count_attempt

WINDOW = timedelta(minutes=3)


@pytest.fixture
def databases(clean_database_url: sa.URL) -> Iterator[list[Database]]:
    """The same database as two processes see it."""
    found = [Database(create_engine(clean_database_url, wal=True)) for _ in range(2)]
    yield found
    for database in found:
        database.dispose()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1_800_000_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


def tried(database: Database, **limits: int) -> bool:
    try:
        count_attempt(database, limits or {"a": 3}, window=WINDOW)
    except ApiError:
        return False
    return True


def test_beyond_the_limit_one_is_told_when_to_come_back(databases: list[Database]) -> None:
    with pytest.raises(ApiError) as caught:
        count_attempt(databases[0], {"a": 0}, window=WINDOW)
    assert (caught.value.problem, caught.value.headers) == (Problem.RATE_LIMITED, {"Retry-After": "60"})


def test_processes_count_together(databases: list[Database]) -> None:
    one, other = databases
    assert [tried(one), tried(other), tried(one), tried(other), tried(one)] == [True, True, True, False, False]


def test_tries_at_once_are_all_counted(databases: list[Database]) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda number: tried(databases[number % 2], a=10, b=20), range(24)))
    assert results.count(True) == 10


def test_keys_count_apart(databases: list[Database]) -> None:
    one = databases[0]
    assert [tried(one, a=1), tried(one, a=1), tried(one, b=1)] == [True, False, True]


def test_any_key_of_a_try_may_refuse_it(databases: list[Database]) -> None:
    one = databases[0]
    assert [tried(one, a=2, b=9), tried(one, c=2, b=1), tried(one, a=2), tried(one, a=2)] == [True, False, True, False]


def test_whoever_is_refused_uses_up_nothing_of_the_keys_after(databases: list[Database]) -> None:
    one = databases[0]
    assert [tried(one, mine=2, shared=3) for _ in range(9)] == [True] * 2 + [False] * 7
    assert [tried(one, another=2, shared=3) for _ in range(2)] == [True, False]


def test_without_keys_everything_is_allowed(databases: list[Database]) -> None:
    count_attempt(databases[0], {}, window=WINDOW)


def test_the_window_slides(databases: list[Database], clock: list[float]) -> None:
    one = databases[0]
    assert [tried(one) for _ in range(2)] == [True, True]
    clock[0] += BUCKET_SECONDS
    assert [tried(one), tried(one)] == [True, False]
    clock[0] += 3 * BUCKET_SECONDS  # the two of the first minute are forgotten, those of the second are not
    assert [tried(one), tried(one)] == [True, False]
    clock[0] += 10 * BUCKET_SECONDS
    assert tried(one)


def test_old_counts_are_deleted_and_addresses_are_not_stored(databases: list[Database], clock: list[float]) -> None:
    for email in ("a@example.com", "b@example.com"):
        tried(databases[0], **{email: 3})
    clock[0] += 4 * BUCKET_SECONDS
    tried(databases[0], **{"c@example.com": 3})
    with databases[1].reader() as connection:
        keys = list(connection.scalars(sa.select(SigninAttempt.key)))
    assert len(keys) == 1
    assert "example" not in keys[0]
