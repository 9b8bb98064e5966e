from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from webui.background import BackgroundLoop
from webui.models import Database
from webui.models.database import create_engine
from webui.models.setting import remember_key, store_values
from webui.security.keys import Keyring, fingerprint
from webui.security.vault import Vault
from webui.services import runtime as module
from webui.services.runtime import RuntimeSettings
from webui.settings import load

WAIT = 20.0  # seconds; the bound of every wait
NAME = "ui.enable_signup"
KEY = "k" * 32
Make = Callable[..., RuntimeSettings]


def vault(*keys: str) -> Vault:
    return Vault(lambda: Keyring(keys))


@pytest.fixture
def database(clean_database_url: sa.URL) -> Iterator[Database]:
    found = Database(create_engine(clean_database_url, wal=True))
    yield found
    found.dispose()


@pytest.fixture
def make(clean_database_url: sa.URL) -> Iterator[Make]:
    """The settings as another process has them."""
    parts: list[tuple[BackgroundLoop, Database]] = []

    def make(**environ: str) -> RuntimeSettings:
        background = BackgroundLoop()
        database = Database(create_engine(clean_database_url, wal=True))
        parts.append((background, database))
        return RuntimeSettings(load({}, {"ENABLE_SIGNUP": "", **environ}), database, background, vault(KEY))

    yield make
    for background, found in parts:
        background.stop()
        found.dispose()


def store(database: Database, value: object, name: str = NAME) -> None:
    with database.begin() as db:
        store_values(db, {name: value}, updated_by=None)


class Polls:
    """Lets a test await the next polls."""

    def __init__(self, runtime: RuntimeSettings, monkeypatch: pytest.MonkeyPatch) -> None:
        self._polled = threading.Semaphore(0)
        self._refresh = runtime.refresh
        monkeypatch.setattr(runtime, "refresh", self._refresh_and_tell)

    def _refresh_and_tell(self) -> None:
        try:
            self._refresh()
        finally:
            self._polled.release()

    def await_next(self, count: int = 2) -> None:
        """Of two polls that end from now on, the second began after now."""
        while self._polled.acquire(blocking=False):
            pass
        for _ in range(count):
            assert self._polled.acquire(timeout=WAIT)


def test_nothing_is_read_before_the_first_use(make: Make) -> None:
    runtime = make()
    assert runtime._background._thread is None


def test_what_is_stored_counts_from_the_first_use(make: Make, database: Database) -> None:
    store(database, False)
    assert make().settings[NAME] is False


def test_a_change_by_another_process_is_seen(make: Make, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    runtime = make()
    polls = Polls(runtime, monkeypatch)
    before = runtime.settings[NAME]
    store(database, not before)
    polls.await_next()
    assert runtime.settings[NAME] is not before
    store(database, None)
    polls.await_next()
    assert runtime.settings[NAME] is before


def test_reading_a_setting_costs_no_sql(make: Make) -> None:
    runtime = make()
    first = runtime.settings
    runtime._database.dispose()
    assert runtime.settings is first


def test_polling_survives_an_outage_with_one_warning(
    make: Make, database: Database, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.02)
    runtime = make()
    polls = Polls(runtime, monkeypatch)
    before = runtime.settings[NAME]
    rename(database, "settings", "away")
    try:
        polls.await_next(4)
        assert runtime.settings[NAME] is before
    finally:
        rename(database, "away", "settings")
    store(database, not before)
    polls.await_next()
    assert runtime.settings[NAME] is not before
    warnings = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.message.partition(":")[0] for record in warnings] == [
        "The stored settings cannot be read, the last known ones stay"
    ]


def rename(database: Database, old: str, new: str) -> None:
    with database.begin() as db:
        db.execute(sa.text(f"ALTER TABLE {old} RENAME TO {new}"))


def test_a_first_use_that_fails_is_an_error_and_is_made_up_for(make: Make, database: Database) -> None:
    store(database, False)
    runtime = make()
    rename(database, "settings", "away")
    try:
        for _ in range(2):
            with pytest.raises(DBAPIError):
                runtime.settings  # noqa: B018
    finally:
        rename(database, "away", "settings")
    assert runtime.settings[NAME] is False


def test_of_many_first_uses_all_see_what_is_stored(make: Make, database: Database) -> None:
    store(database, False)
    runtime = make()
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: runtime.settings[NAME], range(8))) == [False] * 8


def test_an_older_state_never_replaces_a_newer_one(
    make: Make, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "POLL_SECONDS", 3600)
    runtime = make()
    before = runtime.settings[NAME]
    store(database, before)
    read, go_on = threading.Event(), threading.Event()
    stored_values = module.stored_values

    def slow(connection: sa.Connection) -> tuple[int, dict[str, object]]:
        found = stored_values(connection)
        if not read.is_set():
            read.set()
            assert go_on.wait(WAIT)
        return found

    monkeypatch.setattr(module, "stored_values", slow)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(runtime.refresh)
        assert read.wait(WAIT)
        store(database, not before)
        second = pool.submit(runtime.refresh)
        go_on.set()
        first.result(WAIT), second.result(WAIT)
    assert runtime.settings[NAME] is not before


def test_stored_values_can_be_switched_off(make: Make, database: Database) -> None:
    store(database, False)
    runtime = make(ENABLE_PERSISTENT_CONFIG="false")
    assert runtime.settings[NAME] is load({}, {})[NAME]
    assert runtime._background._thread is None


def test_what_the_environment_pins_stays(make: Make, database: Database) -> None:
    store(database, False)
    assert make(ENABLE_SIGNUP="true").settings[NAME] is True


def test_a_stored_value_that_makes_no_sense_is_passed_over_with_a_warning(
    make: Make, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    store(database, {"no": "boolean"})
    store(database, "x", "no.such.setting")
    runtime = make()
    assert runtime.settings[NAME] is load({}, {})[NAME]
    store(database, "7", "chats.trash_days")
    runtime.refresh()
    said = [record.message.split(":")[0] for record in caplog.records]
    assert sorted(said) == ["database no.such.setting is ignored", f"database {NAME} is ignored"]


def test_a_secret_is_read_with_the_key_that_it_was_stored_under(make: Make, database: Database) -> None:
    store(database, vault(KEY).seal(["sk-1"]), "openai.api_keys")
    assert make().settings["openai.api_keys"] == ["sk-1"]


def test_a_secret_under_a_missing_key_is_left_out_and_told_once(
    make: Make, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    lost = "lost" * 8
    store(database, vault(lost).seal(["sk-1"]), "openai.api_keys")
    store(database, vault(lost).seal({"0": {"key": "sk-2"}}), "ollama.api_configs")
    runtime = make()
    assert runtime.settings["openai.api_keys"] == []
    assert runtime.settings["ollama.api_configs"] == {}
    store(database, False)
    runtime.refresh()
    assert runtime.settings[NAME] is False
    (told,) = (record.message for record in caplog.records)
    for part in ("ollama.api_configs, openai.api_keys", fingerprint(lost), "WEBUI_SECRET_KEY_PREVIOUS", "enter the"):
        assert part in told
    assert "sk-" not in told


@pytest.mark.parametrize(("known", "warns"), [((), False), (("other",), True), (("other", KEY), False)])
def test_a_database_of_another_secret_key_is_told(
    make: Make, database: Database, caplog: pytest.LogCaptureFixture, known: tuple[str, ...], warns: bool
) -> None:
    with database.begin() as db:
        for key in known:
            remember_key(db, fingerprint(key))
    assert make().settings[NAME] is True
    assert [fingerprint("other") in record.message for record in caplog.records] == [True] * warns
