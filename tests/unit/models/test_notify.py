from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import pytest
import sqlalchemy as sa

from webui.models import Database
from webui.models.notify import Listener, notify

WAIT = 20.0  # seconds; the bound of every wait
LISTENING = "FROM pg_stat_activity WHERE datname = current_database() AND query = 'LISTEN a'"


@pytest.fixture
def listens(database: Database) -> bool:
    return database.engine.dialect.name == "postgresql"


def tell(database: Database, channel: str) -> None:
    with database.begin() as db:
        notify(db, channel)


def heard(database: Database, meanwhile: Callable[[Listener], Awaitable[object]]) -> float:
    """How long a wait of WAIT seconds took, during which this happened."""

    async def run() -> float:
        listener = Listener(database, "a")
        await listener.wait(0)
        try:
            began = time.monotonic()
            await asyncio.gather(listener.wait(WAIT), meanwhile(listener))
            return time.monotonic() - began
        finally:
            listener.close()
            listener.close()

    return asyncio.run(run())


def test_without_news_a_wait_ends_in_time(database: Database) -> None:
    async def run() -> None:
        listener = Listener(database, "a")
        await listener.wait(0.01)
        tell(database, "b")
        await listener.wait(0.01)
        listener.close()

    asyncio.run(run())


def test_a_commit_ends_the_wait(database: Database, listens: bool) -> None:
    if not listens:
        pytest.skip("SQLite tells nobody")
    assert heard(database, lambda _: asyncio.to_thread(tell, database, "a")) < WAIT


def test_a_lost_connection_ends_the_wait_and_is_made_again(database: Database, listens: bool) -> None:
    if not listens:
        pytest.skip("SQLite tells nobody")

    def cut() -> None:
        with database.reader() as connection:
            connection.execute(sa.text(f"SELECT pg_terminate_backend(pid) {LISTENING}"))

    async def cut_and_wait(listener: Listener) -> None:
        await asyncio.to_thread(cut)
        while listener._connection is not None:
            await asyncio.sleep(0.01)
        await listener.wait(0)
        await asyncio.gather(listener.wait(WAIT), asyncio.to_thread(tell, database, "a"))

    assert heard(database, cut_and_wait) < WAIT


def test_a_database_that_cannot_be_reached_is_no_error(database: Database, listens: bool) -> None:
    if not listens:
        pytest.skip("SQLite tells nobody")

    async def run() -> None:
        nowhere = sa.create_engine("postgresql+psycopg2://127.0.0.1:1/x")
        listener = Listener(Database(nowhere), "a")
        await listener.wait(0.01)
        assert listener._connection is None
        listener.close()

    asyncio.run(run())
