from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from webui.models import Database
from webui.models.setting import store_value, stored_values, stored_version


def store(database: Database, name: str, value: object) -> None:
    with database.begin() as db:
        store_value(db, name, value, updated_by=None)


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
