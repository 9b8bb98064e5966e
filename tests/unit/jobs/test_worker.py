from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from webui.background import BackgroundLoop
from webui.errors import ApiError, Problem
from webui.jobs import queue, worker
from webui.jobs.worker import Handler, Jobs
from webui.models import Database, Job, utcnow
from webui.models.database import create_engine

WAIT = 20.0  # seconds; the bound of every wait
Make = Callable[..., Jobs]


@pytest.fixture
def database(clean_database_url: sa.URL) -> Iterator[Database]:
    found = Database(create_engine(clean_database_url, wal=True))
    yield found
    found.dispose()


@pytest.fixture
def make(clean_database_url: sa.URL) -> Iterator[Make]:
    """The jobs as another process has them."""
    registries: list[Any] = []

    def make(**handlers: Handler) -> Jobs:
        database = Database(create_engine(clean_database_url, wal=True))
        registries.append(SimpleNamespace(background=BackgroundLoop(), database=database))
        return Jobs(registries[-1], handlers)

    yield make
    for registry in registries:
        registry.background.stop()
        registry.database.dispose()


class Handled:
    """A handler that notes what it was called with, and waits for the test if it is told to."""

    def __init__(self, *, waits: bool = False, raises: Exception | None = None) -> None:
        self.calls: list[tuple[dict[str, Any], str | None]] = []
        self.cancelled = False
        self._begun = threading.Semaphore(0)
        self._raises = raises
        self._may_end = asyncio.Event()
        if not waits:
            self._may_end.set()

    async def __call__(self, _registry: Any, payload: dict[str, Any], user_id: str | None) -> None:
        self._loop = asyncio.get_running_loop()
        self.calls.append((payload, user_id))
        self._begun.release()
        try:
            await self._may_end.wait()
        except asyncio.CancelledError:
            self.cancelled = True
            raise
        if self._raises is not None:
            raise self._raises

    def await_begin(self, count: int = 1) -> None:
        for _ in range(count):
            assert self._begun.acquire(timeout=WAIT)

    def go_on(self) -> None:
        self._loop.call_soon_threadsafe(self._may_end.set)


def add(jobs: Jobs, kind: str = "greet", *, delay: float = 0) -> str:
    with jobs._registry.database.begin() as db:
        job_id = jobs.add(db, kind, {"to": "Ada"}, user_id=None, delay=delay)
    jobs.wake()
    return job_id


def await_row(database: Database, job_id: str, fits: Callable[[Job | None], bool]) -> Job | None:
    """The job once it is as wanted."""
    pause = threading.Event()
    for _ in range(int(WAIT / 0.02)):
        with database.begin(write=False) as db:
            row = db.get(Job, job_id)
        if fits(row):
            return row
        pause.wait(0.02)
    raise AssertionError(f"the job is not as wanted: {row and vars(row)}")


def is_gone(row: Job | None) -> bool:
    return row is None


def make_due(database: Database) -> None:
    with database.begin() as db:
        db.execute(sa.update(Job).values(due_at=utcnow() - timedelta(seconds=1)))


def test_nothing_runs_before_the_first_use(make: Make) -> None:
    jobs = make()
    assert jobs._registry.background._thread is None


def test_a_job_is_handled_and_then_gone(make: Make, database: Database) -> None:
    handled = Handled()
    job_id = add(make(greet=handled))
    handled.await_begin()
    await_row(database, job_id, is_gone)
    assert handled.calls == [({"to": "Ada"}, None)]


def test_waking_finds_a_job_at_once(make: Make, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "POLL_SECONDS", 3600)
    handled = Handled()
    jobs = make(greet=handled)
    for _ in range(3):
        await_row(database, add(jobs), is_gone)


def test_jobs_of_other_processes_are_found(make: Make, database: Database) -> None:
    handled = Handled()
    make(greet=handled).start()
    with database.begin() as db:
        job_id = queue.add(db, "greet", {}, user_id=None)
    handled.await_begin()
    await_row(database, job_id, is_gone)


def test_one_job_is_never_handled_by_two_at_the_same_time(make: Make, database: Database) -> None:
    handled = Handled(waits=True)
    processes = [make(greet=handled) for _ in range(3)]
    job_id = add(processes[0])
    for jobs in processes:
        jobs.wake()
    handled.await_begin()
    handled.go_on()
    await_row(database, job_id, is_gone)
    assert len(handled.calls) == 1


def test_a_slow_job_delays_no_other(make: Make, database: Database) -> None:
    slow, quick = Handled(waits=True), Handled()
    jobs = make(slow=slow, quick=quick)
    slow_id = add(jobs, "slow")
    slow.await_begin()
    await_row(database, add(jobs, "quick"), is_gone)
    slow.go_on()
    await_row(database, slow_id, is_gone)


def test_no_more_than_a_few_run_at_once(make: Make, database: Database) -> None:
    handled = Handled(waits=True)
    jobs = make(greet=handled)
    ids = [add(jobs) for _ in range(worker.AT_ONCE + 2)]
    handled.await_begin(worker.AT_ONCE)
    with database.begin(write=False) as db:
        assert db.scalar(sa.select(sa.func.count()).where(Job.attempts == 0)) == 2
    handled.go_on()
    for job_id in ids:
        await_row(database, job_id, is_gone)


def test_stopping_gives_a_job_back_to_another_process(make: Make, database: Database) -> None:
    first, second = Handled(waits=True), Handled()
    stopped = make(greet=first)
    job_id = add(stopped)
    first.await_begin()
    stopped._registry.background.stop()
    assert first.cancelled
    make(greet=second).start()
    second.await_begin()
    await_row(database, job_id, is_gone)


def test_the_lease_is_renewed_while_a_job_runs(make: Make, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "RENEW_SECONDS", 0.02)
    handled = Handled(waits=True)
    jobs = make(greet=handled)
    job_id = add(jobs)
    handled.await_begin()
    with database.begin() as db:
        db.execute(sa.update(Job).values(due_at=utcnow() + timedelta(seconds=60)))
    soon = utcnow() + timedelta(seconds=90)
    await_row(database, job_id, lambda row: row is not None and row.due_at > soon)
    handled.go_on()
    await_row(database, job_id, is_gone)


def test_work_whose_lease_was_lost_is_ended(make: Make, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "RENEW_SECONDS", 0.02)
    handled = Handled(waits=True)
    job_id = add(make(greet=handled))
    handled.await_begin()
    with database.begin() as db:
        db.execute(sa.update(Job).values(attempts=2))  # as when another process has taken it
    wait = threading.Event()
    while not handled.cancelled:
        assert not wait.wait(0.01)
    row = await_row(database, job_id, lambda row: row is not None)
    assert row is not None
    assert row.attempts == 2


def test_a_failure_is_tried_again_and_given_up_in_the_end(
    make: Make, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    handled = Handled(raises=ValueError("what Ada wrote"))
    jobs = make(greet=handled)
    job_id = add(jobs)
    for attempt, pause in enumerate(queue.PAUSES, 1):

        def is_put_off(row: Job | None, attempt: int = attempt, pause: timedelta = pause) -> bool:
            # Not by its error, which is that of the attempt before while the job is at work, and due much later.
            return row is not None and row.attempts == attempt and row.due_at <= utcnow() + pause

        await_row(database, job_id, is_put_off)
        make_due(database)
        jobs.wake()
    row = await_row(database, job_id, lambda row: row is not None and row.failed_at is not None)
    assert row is not None
    assert row.error == "ValueError"
    assert len(handled.calls) == queue.MAX_ATTEMPTS
    jobs._registry.background.stop()
    [record] = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert "given up: ValueError" in record.message
    assert "what Ada wrote" not in caplog.text


def test_why_an_expected_failure_happened_is_told_by_its_code(make: Make, database: Database) -> None:
    handled = Handled(raises=ApiError(Problem.UPSTREAM_TIMEOUT, "what Ada wrote"))
    row = await_row(database, add(make(greet=handled)), lambda row: row is not None and bool(row.error))
    assert row is not None
    assert row.error == "ApiError 504 upstream_timeout"


def test_a_job_of_an_unknown_kind_waits_for_a_process_that_knows_it(make: Make, database: Database) -> None:
    old, new = make(), Handled()
    job_id = add(old)
    await_row(database, job_id, lambda row: row is not None and row.error == "KeyError")
    old._registry.background.stop()
    make_due(database)
    make(greet=new).start()
    await_row(database, job_id, is_gone)


def test_an_outage_of_the_database_costs_one_warning_and_no_job(
    make: Make, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "POLL_SECONDS", 0.02)
    tried = threading.Semaphore(0)
    take = queue.take

    def noted(database: Database) -> queue.Taken | None:
        tried.release()
        return take(database)

    monkeypatch.setattr(queue, "take", noted)
    handled = Handled()
    jobs = make(greet=handled)
    rename(database, "jobs", "away")
    try:
        jobs.start()
        for _ in range(3):
            assert tried.acquire(timeout=WAIT)
    finally:
        rename(database, "away", "jobs")
    await_row(database, add(jobs), is_gone)
    warnings = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert [text.partition(":")[0] for text in warnings] == ["Jobs cannot be read, trying again"]


def rename(database: Database, old: str, new: str) -> None:
    with database.begin() as db:
        db.execute(sa.text(f"ALTER TABLE {old} RENAME TO {new}"))
