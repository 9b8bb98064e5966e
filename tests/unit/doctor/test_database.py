from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from webui.doctor import database, soundness
from webui.doctor.checks import examine
from webui.doctor.context import UPGRADE, Context
from webui.doctor.finding import Finding, Status
from webui.models import Base, migrate
from webui.models.database import create_engine
from webui.settings import program

Look = Callable[..., Finding]


def change(path: Path, *statements: str) -> None:
    """Write to an SQLite file without checking its foreign keys."""
    connection = sqlite3.connect(path, isolation_level=None)
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_a_healthy_sqlite_database(look: Look, place: Path) -> None:
    (place / "backups").mkdir()
    (place / "backups" / "webui.db").touch()
    names = ("reachable", "schema", "journal", "wal_size", "integrity", "orphans", "latency", "backup")
    found = {name: look(f"database.{name}") for name in names}
    assert {name: finding.message for name, finding in found.items() if finding.status is not Status.OK} == {}
    assert f"SQLite, file {place}/webui.db" in found["reachable"].message
    assert migrate.head() in found["schema"].message


def test_a_healthy_postgresql_database(look: Look, database_url: sa.URL) -> None:
    url = database_url.render_as_string(hide_password=False)
    for name in ("reachable", "schema", "orphans", "latency"):
        finding = look(f"database.{name}", DATABASE_URL=url)
        assert finding.status is Status.OK, finding


def test_a_database_that_was_not_made(look: Look, place: Path) -> None:
    (place / "webui.db").unlink()
    found = look("database.reachable", ini=place / "missing.ini")
    assert found.status is Status.SKIPPED  # the settings come first
    (place / "x.ini").write_text("[app:main]\n", encoding="utf-8")
    found = look("database.reachable", ini=place / "x.ini")
    assert (found.status, found.remedy) == (Status.PROBLEM, program("initialize_db", "x.ini"))
    assert not (place / "webui.db").exists()


def test_what_nobody_can_mend_before_there_is_a_database_is_not_advised(look: Look, place: Path) -> None:
    for prepare in (lambda path: path.write_bytes(b"something else, and long enough" * 100), Path.unlink):
        prepare(place / "webui.db")
        for name in ("journal", "wal_size", "integrity", "orphans", "latency", "backup"):
            assert look(f"database.{name}").status is Status.SKIPPED


def test_in_another_folder_than_the_server_s_that_is_said_first(look: Look, place: Path) -> None:
    for name in ("database.reachable", "files.data_dir"):
        found = look(name, DATA_DIR="data")
        assert found.status is Status.PROBLEM
        assert found.remedy.startswith(f"Relative paths start from the working directory, {place}: run webui doctor in")


def test_a_server_that_is_not_there(look: Look) -> None:
    found = look("database.reachable", DATABASE_URL="postgresql://ada:s3cret-word@127.0.0.1:1/chats")
    assert found.status is Status.PROBLEM
    assert "nothing listens there" in found.message
    assert "host 127.0.0.1, port 1" in found.message
    assert "s3cret-word" not in str(found)
    assert found.remedy


def test_a_password_among_the_parameters_is_not_shown(look: Look) -> None:
    url = "postgresql://ada@/chats?host=127.0.0.1&port=1&password=s3cret-word"
    assert "s3cret-word" not in str(look("database.reachable", DATABASE_URL=url))


def test_a_file_that_is_no_database(look: Look, place: Path) -> None:
    (place / "webui.db").write_bytes(b"something else, and long enough to be looked at" * 100)
    found = look("database.reachable")
    assert found.status is Status.PROBLEM
    assert "not an SQLite database" in found.message or "something else" in found.message


def test_a_file_that_is_not_for_this_user(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", refuse)  # root may see everything
    found = look("database.reachable")
    assert found.status is Status.PROBLEM
    assert "sudo -u" in found.remedy


@pytest.mark.parametrize("folder", [True, False])
def test_a_file_that_cannot_be_opened(look: Look, place: Path, *, folder: bool) -> None:
    (place / "webui.db").unlink()
    (place / "webui.db").mkdir() if folder else (place / "webui.db").symlink_to("/dev/null/nothing")
    assert look("database.reachable").status is Status.PROBLEM


@pytest.mark.parametrize(
    ("statement", "remedy"),
    [
        ("UPDATE alembic_version SET version_num = '0001'", "/initialize_db production.ini"),
        ("UPDATE alembic_version SET version_num = '9999'", UPGRADE),
        ("DROP TABLE alembic_version", "/initialize_db production.ini"),
    ],
)
def test_a_schema_of_another_version(look: Look, place: Path, statement: str, remedy: str) -> None:
    change(place / "webui.db", statement)
    found = look("database.schema")
    assert found.status is Status.PROBLEM
    assert found.remedy.endswith(remedy)


def test_an_empty_database(look: Look, empty_database_url: sa.URL) -> None:
    if empty_database_url.get_backend_name() == "sqlite":
        Path(str(empty_database_url.database)).unlink()
        Path(str(empty_database_url.database)).touch()
    url = empty_database_url.render_as_string(hide_password=False)
    assert look("database.schema", DATABASE_URL=url).status is Status.PROBLEM
    assert look("settings.stored", DATABASE_URL=url).status is Status.SKIPPED


def test_another_journal(look: Look, place: Path) -> None:
    assert look("database.journal", DATABASE_ENABLE_SQLITE_WAL="false").status is Status.WARNING
    change(place / "webui.db", "PRAGMA journal_mode=DELETE")
    found = look("database.journal")
    assert found.status is Status.WARNING
    assert "PRAGMA journal_mode=wal" in found.remedy


def test_a_journal_that_was_never_written_back(look: Look, place: Path) -> None:
    with (place / "webui.db-wal").open("wb") as file:
        file.truncate(database.LARGE_WAL + 1)  # takes no room on the disk
    found = look("database.wal_size")
    assert found.status is Status.WARNING
    assert "wal_checkpoint(TRUNCATE)" in found.remedy


def overwrite(path: Path, *, table: str) -> None:
    """Damage the first pages of a table and its indexes in an SQLite file."""
    connection = sqlite3.connect(path)
    pages = connection.execute("SELECT rootpage FROM sqlite_master WHERE tbl_name = ?", (table,)).fetchall()
    (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with path.open("r+b") as file:
        for (page,) in pages:
            file.seek((page - 1) * size)
            file.write(b"\xff" * size)


def test_a_damaged_file(look: Look, place: Path) -> None:
    overwrite(place / "webui.db", table="settings")
    found = look("database.integrity")
    assert found.status is Status.PROBLEM
    assert "backup" in found.remedy


def test_what_sqlite_says_of_a_damaged_file_is_one_line(look: Look, place: Path) -> None:
    with sqlite3.connect(place / "webui.db") as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    connection.close()
    with (place / "webui.db").open("r+b") as file:
        file.seek(28)  # the number of pages (https://www.sqlite.org/fileformat.html 1.3)
        file.write((pages + 2).to_bytes(4, "big"))
        file.truncate((pages + 2) * size)
    found = look("database.integrity")
    assert found.message == (
        f"{place}/webui.db is damaged: Page {pages + 1} is never used; Page {pages + 2} is never used"
    )


def test_tables_of_a_damaged_file_are_not_judged(make_context: Callable[..., Context], place: Path) -> None:
    change(place / "webui.db", "DELETE FROM alembic_version")
    overwrite(place / "webui.db", table="settings")
    found = {check.name: finding for check, finding in examine(make_context(HOST="0.0.0.0", WEBUI_SECRET_KEY="k" * 32))}
    for name in (
        "settings.stored settings.overridden database.schema database.orphans security.known_key"
        " security.stored_secrets security.sign_up"
    ).split():
        told = (found[name].status, found[name].message)
        assert told == (Status.SKIPPED, "The database file is damaged (database.integrity)."), name
    assert [name for name, finding in found.items() if finding.status is Status.PROBLEM] == ["database.integrity"]


def test_damage_that_a_check_meets_by_itself(look: Look, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundness, "QUICK_SECONDS", -1.0)  # so there is no time to find it first
    monkeypatch.setattr(soundness, "STEPS", 1)
    overwrite(place / "webui.db", table="credentials")
    found = look("database.orphans")
    assert (found.status, found.message) == (
        Status.SKIPPED,
        "The database file is damaged (database.integrity).",
    )
    overwrite(place / "webui.db", table="users")
    assert look("security.secret_key").status is Status.SKIPPED  # whether one was lost is not known


def test_a_file_that_is_too_large_to_be_checked_in_time(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(soundness, "QUICK_SECONDS", -1.0)
    monkeypatch.setattr(soundness, "STEPS", 1)
    found = look("database.integrity")
    assert (found.status, found.remedy) == (Status.SKIPPED, "webui doctor --slow")
    assert look("database.integrity", slow=True).status is Status.OK


def test_orphaned_rows(look: Look, place: Path) -> None:
    row = "INSERT INTO credentials (user_id, password_hash, updated_at) VALUES ('nobody', 'x', '2026-11-23')"
    change(place / "webui.db", row)
    found = look("database.orphans")
    assert found.status is Status.PROBLEM
    assert "credentials (users)" in found.message


def test_foreign_keys_that_were_never_checked(look: Look, empty_database_url: sa.URL) -> None:
    if empty_database_url.get_backend_name() == "sqlite":
        pytest.skip("SQLite has no such state")
    with create_engine(empty_database_url, poolclass=sa.NullPool).begin() as connection:
        Base.metadata.tables["users"].create(connection)
        connection.exec_driver_sql("CREATE TABLE notes_of_old (user_id text)")
        connection.exec_driver_sql(
            "ALTER TABLE notes_of_old ADD CONSTRAINT hers FOREIGN KEY (user_id) REFERENCES users (id) NOT VALID"
        )
    found = look("database.orphans", DATABASE_URL=empty_database_url.render_as_string(hide_password=False))
    assert found.status is Status.PROBLEM
    assert "notes_of_old (hers)" in found.message


def test_more_connections_than_the_server_lets_in(look: Look, database_url: sa.URL) -> None:
    url = database_url.render_as_string(hide_password=False)
    few = {"DATABASE_POOL_SIZE": "1", "DATABASE_POOL_MAX_OVERFLOW": "0"}
    if database_url.get_backend_name() == "sqlite":
        assert look("database.connections", DATABASE_URL=url).status is Status.SKIPPED
        return
    assert look("database.connections", DATABASE_URL=url, **few).status is Status.OK
    found = look("database.connections", DATABASE_URL=url, DATABASE_POOL_SIZE="1000", UVICORN_WORKERS="8")
    assert found.status is Status.WARNING
    assert "8088 connections" in found.message  # 8 * (1000 in the pool, 10 beyond it, 1 that listens)
    assert "max_connections" in found.remedy
    found = look("database.connections", DATABASE_URL=url, DATABASE_POOL_SIZE="1000")
    assert found.message.startswith("1 worker may open 1011 connections;")


def test_a_database_that_is_slow(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "SLOW", 0.0)
    assert look("database.latency").status is Status.WARNING


def test_no_backup_or_an_old_one(look: Look, place: Path) -> None:
    found = look("database.backup")
    assert found.status is Status.WARNING
    assert f"sqlite3 {place}/webui.db" in found.remedy
    (place / "backups").mkdir()
    (place / "backups" / "old.db").touch()
    week = database.OLDEST_BACKUP.total_seconds() + 60
    os.utime(place / "backups" / "old.db", (time.time() - week,) * 2)
    assert look("database.backup").status is Status.WARNING


def test_what_postgresql_lacks_is_not_judged(look: Look) -> None:
    for name in ("journal", "wal_size", "integrity", "backup"):
        found = look(f"database.{name}", DATABASE_URL="postgresql://ada@127.0.0.1:1/chats")
        assert found.status is Status.SKIPPED, name


def test_nothing_can_be_written(make_context: Callable[..., object], database_url: sa.URL) -> None:
    context = make_context(DATABASE_URL=database_url.render_as_string(hide_password=False))
    with context.connection() as connection, pytest.raises(sa.exc.DBAPIError, match=r"readonly|read-only"):
        connection.exec_driver_sql("DELETE FROM users")
