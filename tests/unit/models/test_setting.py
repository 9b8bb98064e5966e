from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa

from webui.models import Database, setting
from webui.models.setting import SettingChange, known_keys, remember_key, store_values, stored_values, stored_version


def store(database: Database, name: str, value: object) -> None:
    with database.begin() as db:
        store_values(db, {name: value}, updated_by=None)


def test_nothing_is_stored_at_first(database: Database) -> None:
    with database.reader() as connection:
        assert stored_values(connection) == (0, {})
        assert stored_version(connection) == 0


def test_each_change_has_a_higher_version_also_that_of_unsetting(database: Database) -> None:
    store(database, "a", False)
    store(database, "b", ["x"])
    store(database, "a", None)
    with database.reader() as connection:
        assert stored_values(connection) == (3, {"b": ["x"]})
        assert stored_version(connection) == 3


def test_changes_at_once_never_share_a_version(database: Database) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: store(database, f"name{number % 4}", number), range(24)))
    with database.reader() as connection:
        assert stored_version(connection) == 24


def test_all_values_of_one_change_are_one_version(database: Database) -> None:
    store(database, "a", 1)
    with database.begin() as db:
        assert store_values(db, {"a": 2, "b": None, "c": "x"}, updated_by=None) == 2
    with database.reader() as connection:
        assert stored_values(connection) == (2, {"a": 2, "c": "x"})


def test_each_change_is_in_the_history_with_what_was_before(database: Database) -> None:
    store(database, "a", 1)
    store(database, "a", None)
    store(database, "a", [2])
    with database.begin(write=False) as db:
        rows = db.scalars(sa.select(SettingChange).order_by(SettingChange.version)).all()
        assert [(row.version, row.name, row.old, row.new) for row in rows] == [
            (1, "a", None, 1),
            (2, "a", 1, None),
            (3, "a", None, [2]),
        ]


def test_the_history_keeps_the_latest_versions(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setting, "KEPT_VERSIONS", 2)
    for value in range(4):
        store(database, "a", value)
    with database.begin(write=False) as db:
        assert db.scalars(sa.select(SettingChange.version).order_by(SettingChange.version)).all() == [3, 4]


def test_a_secret_key_is_remembered_from_its_first_use(database: Database) -> None:
    seen = []
    for _ in range(2):
        with database.begin() as db:
            remember_key(db, "0a1b2c3d")
            seen.append(known_keys(db.connection())["0a1b2c3d"])
    assert seen[0] == seen[1]
