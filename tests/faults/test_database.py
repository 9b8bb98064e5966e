"""The server while its database is busy, gone, or says no."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from webtest import TestApp

from tests.faults.relay import Relay
from tests.support import PASSWORD, Client, make_application
from tests.support_server import running_server
from webui.errors import ApiError, Problem
from webui.models import Database, User, UserSession, migrate
from webui.models import database as module
from webui.models.database import create_engine
from webui.request import Request
from webui.views import auths


def unreachable(url: sa.URL) -> Database:
    """A database of the same kind at an address where there is none."""
    sqlite = url.get_backend_name() == "sqlite"
    away = url.set(database="/nowhere/webui.db") if sqlite else url.set(host="127.0.0.1", port=1, query={})
    return Database(create_engine(away, poolclass=sa.NullPool))


def emails(client: Client) -> list[str]:
    with client.registry.database.reader() as connection:
        return list(connection.scalars(sa.select(User.email).order_by(User.email)))


class Writer:
    """Another process that writes to the same SQLite file."""

    def __init__(self, path: str) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)

    def lock(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def release(self) -> None:
        self._connection.execute("ROLLBACK")

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def locked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Client, Writer]]:
    """A server that waits for locks only shortly, and another process that can hold one."""
    monkeypatch.setattr(module, "BUSY_TIMEOUT_SECONDS", 0.1)
    url = sa.make_url(f"sqlite:///{tmp_path}/webui.db")
    migrate.upgrade(url)
    app = make_application(url, tmp_path, {"ENABLE_SIGNUP": "true"})
    client = Client(TestApp(app)).sign_up()
    writer = Writer(str(url.database))
    yield client, writer
    writer.close()
    app.registry.background.stop()
    app.registry.database.dispose()


def sign_up(client: Client) -> Any:
    return client.post("/api/v1/auths/signup", {"name": "B", "email": "b@example.com", "password": PASSWORD})


def test_a_request_that_found_the_database_locked_is_tried_again(locked: tuple[Client, Writer]) -> None:
    client, writer = locked
    attempts = []

    def release_after_the_first_failure(context: sa.engine.ExceptionContext) -> None:
        attempts.append(str(context.original_exception))
        writer.release()

    sa.event.listen(client.registry.database.engine, "handle_error", release_after_the_first_failure)
    writer.lock()
    assert sign_up(client).status_int == 200
    assert attempts == ["database is locked"]
    assert emails(client) == sorted([client.user["email"], "b@example.com"])


def test_a_database_that_stays_locked_is_told_after_three_attempts(locked: tuple[Client, Writer]) -> None:
    client, writer = locked
    attempts: list[object] = []
    sa.event.listen(client.registry.database.engine, "handle_error", attempts.append)
    writer.lock()
    response = sign_up(client)
    assert (response.status_int, response.headers["Retry-After"]) == (503, "2")
    assert len(attempts) == 3
    writer.release()
    assert sign_up(client).status_int == 200


def test_reading_goes_on_while_another_process_writes(locked: tuple[Client, Writer]) -> None:
    client, writer = locked
    writer.lock()
    assert client.get("/api/v1/auths/").status_int == 200
    writer.release()


@pytest.mark.parametrize("path", ["/api/config", "/api/v1/auths/", "/api/v1/chats/", "/health/db", "/ready"])
def test_without_a_database_nobody_is_taken_for_anonymous(admin: Client, path: str) -> None:
    admin.get("/api/config")
    registry = admin.registry
    known = registry.database
    registry.database = unreachable(known.engine.url)
    try:
        response = admin.get(path)
        assert admin.get("/health").status_int == 200
    finally:
        registry.database = known
    assert (response.status_int, response.headers["Retry-After"]) == (503, "2")
    assert set(response.json) == {"detail"}
    assert admin.get(path).status_int == 200


def test_without_the_stored_settings_the_sign_up_stays_closed(
    admin: Client, make_client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that starts while the database is away must not serve with the defaults."""
    other = make_client()
    runtime = other.registry.runtime
    known = runtime._database
    monkeypatch.setattr(runtime, "_database", unreachable(known.engine.url))
    assert [sign_up(other).status_int for _ in range(2)] == [503, 503]
    monkeypatch.setattr(runtime, "_database", known)
    assert sign_up(other).status_int == 403


def test_the_server_goes_on_when_postgresql_is_back(relay: Relay, tmp_path: Path) -> None:
    relay.open()
    migrate.upgrade(relay.url)
    app = make_application(relay.url, tmp_path, {})
    client = Client(TestApp(app)).sign_up()
    relay.close()
    assert client.get("/api/v1/auths/").status_int == 503
    relay.open()
    assert client.get("/api/v1/auths/").status_int == 200
    app.registry.background.stop()
    app.registry.database.dispose()


def sign_in(client: Client) -> Any:
    return client.post("/api/v1/auths/signin", {"email": client.user["email"], "password": PASSWORD})


def names_and_sessions(client: Client) -> tuple[str | None, int | None]:
    with client.registry.database.reader() as connection:
        sessions = connection.scalar(sa.select(sa.func.count()).select_from(UserSession))
        return connection.scalar(sa.select(User.name)), sessions


def then(monkeypatch: pytest.MonkeyPatch, act: Callable[[Request], None]) -> None:
    """Let signing in do something more after it has opened the session."""
    open_session = auths._open_session

    def open_and_act(request: Request, user: User) -> dict[str, Any]:
        answer = open_session(request, user)
        request.db.get_one(User, user.id).name = "Changed"
        act(request)
        return answer

    monkeypatch.setattr(auths, "_open_session", open_and_act)


def test_what_a_request_wrote_is_committed_without_a_flush(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    then(monkeypatch, lambda request: None)
    assert sign_in(admin).status_int == 200
    assert names_and_sessions(admin) == ("Changed", 2)


@pytest.mark.parametrize("status", [400, 404, 500, 503])
def test_what_a_request_wrote_is_undone_when_its_answer_is(
    admin: Client, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    then(monkeypatch, lambda request: setattr(request.response, "status_int", status))
    assert sign_in(admin).status_int == status
    assert names_and_sessions(admin) == ("Ada", 1)


@pytest.mark.parametrize("error", [ApiError(Problem.CONFLICT), ValueError("on purpose")])
def test_what_a_request_wrote_is_undone_when_it_raises(
    admin: Client, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(request: Request) -> None:
        raise error

    then(monkeypatch, fail)
    assert sign_in(admin).status_int in {409, 500}
    assert names_and_sessions(admin) == ("Ada", 1)


def test_an_error_at_the_commit_is_an_answer_too(admin: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    then(monkeypatch, lambda request: request.db.add(UserSession(id="s", user_id="nobody")))
    assert sign_in(admin).status_int == 409
    assert names_and_sessions(admin) == ("Ada", 1)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_server_that_has_stopped_leaves_everything_in_one_file(tmp_path: Path, workers: str) -> None:
    with running_server(tmp_path, {"UVICORN_WORKERS": workers}) as server:
        token = server.sign_up()
        for _ in range(20):
            with server.call("POST", "/api/v1/chats/new", {"chat": {"title": "x"}}, token=token) as answer:
                assert answer.status == 200
        assert server.kill(signal.SIGTERM) == 0
        wal = tmp_path / "webui.db-wal"
        assert not wal.exists() or wal.stat().st_size == 0
    with closing(sqlite3.connect(tmp_path / "webui.db")) as connection:
        assert connection.execute("SELECT count(*) FROM chats").fetchone() == (20,)
