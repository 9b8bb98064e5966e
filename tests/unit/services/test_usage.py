from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from tests.support import counted_statements
from webui.background import BackgroundLoop
from webui.errors import ApiError, Problem
from webui.models import Database, Usage, User
from webui.models.database import create_engine
from webui.services import usage as module
from webui.services.completions import Completion
from webui.services.usage import UsageLog, UsageRecord, measured
from webui.streaming import Reply

WAIT = 20.0  # seconds; the bound of every wait


@pytest.fixture
def database(clean_database_url: sa.URL) -> Iterator[Database]:
    found = Database(create_engine(clean_database_url, wal=True))
    yield found
    found.dispose()


@pytest.fixture
def background() -> Iterator[BackgroundLoop]:
    loop = BackgroundLoop()
    yield loop
    loop.stop()


@pytest.fixture
def usage(database: Database, background: BackgroundLoop) -> UsageLog:
    return UsageLog(database, background)


@pytest.fixture
def user_id(database: Database) -> str:
    with database.begin() as db:
        db.add(User(id="ada", name="Ada", email="ada@example.com", role="user", profile_image_url=""))
    return "ada"


class Flushed:
    """Lets a test await the writing."""

    def __init__(self, usage: UsageLog, monkeypatch: pytest.MonkeyPatch) -> None:
        self._done = threading.Semaphore(0)
        self._flush = usage.flush
        monkeypatch.setattr(module, "PAUSE_SECONDS", 0.01)
        monkeypatch.setattr(usage, "flush", self._flush_and_tell)

    def _flush_and_tell(self) -> None:
        self._flush()
        self._done.release()

    def wait(self) -> None:
        assert self._done.acquire(timeout=WAIT)


@pytest.fixture
def flushed(usage: UsageLog, monkeypatch: pytest.MonkeyPatch) -> Flushed:
    return Flushed(usage, monkeypatch)


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is written by itself."""
    monkeypatch.setattr(module, "PAUSE_SECONDS", 10 * WAIT)


@pytest.fixture
def room_for_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_WAITING", 3)


Away = Callable[[], AbstractContextManager[None]]


@pytest.fixture
def away(database: Database, monkeypatch: pytest.MonkeyPatch, patient: None) -> Away:
    """A time in which the database does not answer."""

    @contextmanager
    def away() -> Iterator[None]:
        def refuse() -> None:
            raise OperationalError("BEGIN", {}, ConnectionError("refused"))

        with monkeypatch.context() as patch:
            patch.setattr(database, "begin", refuse)
            yield

    return away


def record(user_id: str, **fields: Any) -> UsageRecord:
    numbers = {"status": 200, "prompt_tokens": 1, "completion_tokens": 2, "first_token_ms": 3, "duration_ms": 4}
    names = {"user_id": user_id, "api": "chat", "model": "m", "connection": "c"}
    return UsageRecord(**{**names, **numbers, "estimated": False, **fields})


def stored(database: Database) -> list[Usage]:
    with database.begin(write=False) as db:
        return list(db.scalars(sa.select(Usage).order_by(Usage.duration_ms)))


def test_a_record_is_written_soon(usage: UsageLog, database: Database, user_id: str, flushed: Flushed) -> None:
    usage.add(record(user_id, chat_id="c1", message_id="m1"))
    flushed.wait()
    [row] = stored(database)
    names = "user_id api model connection chat_id message_id status prompt_tokens completion_tokens duration_ms".split()
    assert [getattr(row, name) for name in names] == ["ada", "chat", "m", "c", "c1", "m1", 200, 1, 2, 4]


def test_writing_goes_on_after_a_pause(usage: UsageLog, database: Database, user_id: str, flushed: Flushed) -> None:
    for number in range(3):
        usage.add(record(user_id, duration_ms=number))
        flushed.wait()
    assert len(stored(database)) == 3


@pytest.mark.usefixtures("patient")
def test_records_of_many_threads_are_written_together(usage: UsageLog, database: Database, user_id: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: usage.add(record(user_id, duration_ms=number)), range(200)))
    with counted_statements(database.engine) as statements:
        usage.flush()
    assert [row.duration_ms for row in stored(database)] == list(range(200))
    assert len([text for text in statements if text.startswith("INSERT")]) == 1


@pytest.mark.usefixtures("patient")
def test_what_waits_is_written_when_the_process_stops(
    usage: UsageLog, background: BackgroundLoop, database: Database, user_id: str
) -> None:
    async def reply() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            usage.add(record(user_id, duration_ms=2))  # as a reply that is cancelled

    usage.add(record(user_id, duration_ms=1))
    background.submit(reply())
    background.stop()
    assert [row.duration_ms for row in stored(database)] == [1, 2]


def test_records_wait_for_a_database_that_is_away(
    usage: UsageLog, away: Away, database: Database, user_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    with away():
        for number in range(3):
            usage.add(record(user_id, duration_ms=number))
            usage.flush()
        assert len(caplog.records) == 1
    usage.flush()
    assert [row.duration_ms for row in stored(database)] == [0, 1, 2]


@pytest.mark.usefixtures("room_for_three")
def test_too_many_waiting_records_lose_the_oldest(
    usage: UsageLog, away: Away, database: Database, user_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    with away():
        for number in range(5):
            usage.add(record(user_id, duration_ms=number))
            usage.flush()
    usage.flush()
    assert [row.duration_ms for row in stored(database)] == [2, 3, 4]
    assert caplog.messages[-1] == "The usage of 2 replies was lost while the database was away."


@pytest.mark.usefixtures("patient")
def test_one_record_that_is_refused_does_not_keep_others(
    usage: UsageLog, database: Database, user_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    for each in (record(user_id), replace(record(user_id), api=None), record(user_id)):  # type: ignore[arg-type]
        usage.add(each)
    usage.flush()
    assert len(stored(database)) == 2
    assert len(caplog.records) == 1


def test_usage_of_somebody_who_was_removed_meanwhile_is_kept_without_the_name(
    usage: UsageLog, database: Database, user_id: str, caplog: pytest.LogCaptureFixture
) -> None:
    for name in (user_id, "deleted"):
        usage.add(record(name))
    usage.flush()
    with database.reader() as connection:
        assert set(connection.scalars(sa.select(Usage.user_id))) == {user_id, None}
    assert caplog.records == []


# What a completion takes


@dataclass
class Scripted:
    """A route that gives this answer."""

    answer: Reply | BaseException
    answered_by: str = ""

    async def chat(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        self.answered_by = "http://models.example"
        if isinstance(self.answer, BaseException):
            raise self.answer
        return self.answer


def ask(usage: UsageLog, answer: Reply | BaseException) -> None:
    """Take a whole reply."""
    messages = [{"role": "user", "content": "x" * 40}]
    completion = Completion({"id": "m"}, Scripted(answer), {"messages": messages}, "ada")  # type: ignore[arg-type]

    async def take() -> None:
        reply = await measured(usage, completion, api="run", chat_id="c1", message_id="m1")
        if not isinstance(reply.body, bytes):
            async for _ in reply.body:
                pass

    asyncio.run(take())


async def chunks(*texts: bytes) -> AsyncIterator[bytes]:
    for text in texts:
        yield text


@pytest.mark.usefixtures("user_id", "patient")
def test_a_reply_is_written_down_with_what_the_server_told(usage: UsageLog, database: Database) -> None:
    body = b'{"usage": {"prompt_tokens": 7, "completion_tokens": 5}, "choices": []}'
    ask(usage, Reply(200, (), body))
    usage.flush()
    [row] = stored(database)
    assert (row.api, row.model, row.connection, row.chat_id) == ("run", "m", "http://models.example", "c1")
    assert (row.status, row.prompt_tokens, row.completion_tokens, row.estimated) == (200, 7, 5, False)
    assert row.first_token_ms is not None


@pytest.mark.usefixtures("user_id", "patient")
def test_a_reply_whose_tokens_nobody_told_is_estimated(usage: UsageLog, database: Database) -> None:
    ask(usage, Reply(200, (("Content-Type", "text/event-stream"),), chunks(b"data: {}\n\n", b"data: {}\n\n")))
    usage.flush()
    [row] = stored(database)
    assert (row.prompt_tokens, row.completion_tokens, row.estimated) == (10, 2, True)


@pytest.mark.usefixtures("user_id", "patient")
@pytest.mark.parametrize(
    ("error", "status"),
    [(ApiError(Problem.UPSTREAM_TIMEOUT), 504), (asyncio.CancelledError(), 499), (ValueError(), 500)],
)
def test_a_request_without_a_reply_is_written_down(
    usage: UsageLog, database: Database, error: BaseException, status: int
) -> None:
    with pytest.raises(type(error)):
        ask(usage, error)
    usage.flush()
    [row] = stored(database)
    assert (row.status, row.prompt_tokens, row.estimated, row.first_token_ms) == (status, 0, False, None)


@pytest.mark.usefixtures("user_id", "patient")
def test_an_answer_that_is_an_error_took_no_tokens(usage: UsageLog, database: Database) -> None:
    ask(usage, Reply(429, (("Content-Type", "application/json"),), b'{"error": {"message": "slow down"}}'))
    usage.flush()
    [row] = stored(database)
    assert (row.status, row.prompt_tokens, row.completion_tokens, row.estimated) == (429, 0, 0, False)
