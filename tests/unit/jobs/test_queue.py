from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa

from tests.support import counted_statements
from webui.jobs import queue
from webui.jobs.queue import Taken
from webui.models import Database, Job, utcnow
from webui.models.database import create_engine


@pytest.fixture
def database(clean_database_url: sa.URL) -> Iterator[Database]:
    found = Database(create_engine(clean_database_url, wal=True, poolclass=sa.QueuePool, pool_size=20))
    yield found
    found.dispose()


def add(database: Database, kind: str = "greet", **more: float) -> str:
    with database.begin() as db:
        return queue.add(db, kind, {"to": "Ada"}, user_id=None, **more)


def take(database: Database) -> Taken:
    job = queue.take(database)
    assert job is not None
    return job


def stored(database: Database, job_id: str) -> Job | None:
    with database.begin(write=False) as db:
        return db.get(Job, job_id)


def make_due(database: Database) -> None:
    """Let all leases and pauses be over."""
    with database.begin() as db:
        db.execute(sa.update(Job).values(due_at=utcnow() - timedelta(seconds=1)))


def is_about(moment: datetime, ahead: timedelta) -> bool:
    return abs(moment - utcnow() - ahead) < timedelta(seconds=20)


def test_a_job_is_taken_once_while_its_lease_lasts(database: Database) -> None:
    job_id = add(database)
    job = take(database)
    assert (job.id, job.kind, job.payload, job.user_id, job.attempt) == (job_id, "greet", {"to": "Ada"}, None, 1)
    assert queue.take(database) is None
    row = stored(database, job_id)
    assert row is not None
    assert is_about(row.due_at, queue.LEASE)


def test_of_many_workers_each_job_has_one(database: Database) -> None:
    ids = {add(database) for _ in range(30)}

    def take_all(_: int) -> list[str]:
        found = []
        while job := queue.take(database):
            found.append(job.id)
        return found

    with ThreadPoolExecutor(8) as pool:
        taken = [job_id for found in pool.map(take_all, range(8)) for job_id in found]
    assert len(taken) == len(ids)
    assert set(taken) == ids


def test_a_job_of_a_process_that_died_is_taken_again(database: Database) -> None:
    add(database)
    first = take(database)
    make_due(database)
    second = take(database)
    assert (second.id, second.attempt) == (first.id, 2)


def test_whoever_lost_the_lease_can_change_nothing(database: Database) -> None:
    job_id = add(database)
    late = take(database)
    make_due(database)
    present = take(database)
    assert queue.renew(database, late) is False
    queue.finish(database, late)
    queue.give_back(database, late)
    queue.fail(database, late, "Broken")
    assert queue.take(database) is None
    assert queue.renew(database, present) is True
    queue.finish(database, present)
    assert stored(database, job_id) is None


def test_a_failed_attempt_is_followed_by_a_longer_and_longer_pause(database: Database) -> None:
    job_id = add(database)
    for attempt, pause in enumerate(queue.PAUSES, 1):
        job = take(database)
        assert job.attempt == attempt
        assert queue.fail(database, job, "Broken") is False
        row = stored(database, job_id)
        assert row is not None
        assert is_about(row.due_at, pause)
        assert (row.error, row.failed_at) == ("Broken", None)
        make_due(database)
    assert queue.fail(database, take(database), "Broken for good") is True
    make_due(database)
    row = stored(database, job_id)
    assert row is not None
    assert row.error == "Broken for good"
    assert row.failed_at is not None
    assert queue.take(database) is None


def test_a_job_that_ends_its_process_each_time_is_given_up(database: Database) -> None:
    fatal = add(database)
    for _ in range(queue.MAX_ATTEMPTS):
        take(database)
        make_due(database)
    other = add(database)
    assert take(database).id == other
    row = stored(database, fatal)
    assert row is not None
    assert row.failed_at is not None
    assert row.error == queue.ABANDONED


def test_a_job_that_is_given_back_can_be_taken_at_once_and_has_lost_no_attempt(database: Database) -> None:
    add(database)
    for _ in range(queue.MAX_ATTEMPTS + 1):
        queue.give_back(database, take(database))
    assert take(database).attempt == 1


def test_a_job_waits_for_its_time(database: Database) -> None:
    add(database, delay=60)
    assert queue.take(database) is None
    make_due(database)
    take(database)


def test_a_rolled_back_transaction_adds_nothing(database: Database) -> None:
    with database.begin() as db:
        queue.add(db, "greet", {}, user_id=None)
        db.rollback()
    assert queue.take(database) is None


def test_looking_in_vain_is_one_read(database: Database) -> None:
    add(database, delay=60)
    with counted_statements(database.engine) as statements:
        assert queue.take(database) is None
    [statement] = [text for text in statements if not text.startswith("PRAGMA")]
    assert statement.startswith("SELECT")


def test_failed_jobs_are_kept_for_a_week(database: Database) -> None:
    old, young = add(database), add(database)
    with database.begin() as db:
        db.execute(sa.update(Job).where(Job.id == old).values(failed_at=utcnow() - queue.FAILED_KEPT * 1.1))
        db.execute(sa.update(Job).where(Job.id == young).values(attempts=queue.MAX_ATTEMPTS - 1))
    queue.fail(database, take(database), "Broken")
    assert stored(database, old) is None
    assert stored(database, young) is not None
