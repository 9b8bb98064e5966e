from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from tests.support import counted_statements
from webui.models import Base, Database, Model, Role, User, UserSession
from webui.models.database import create_engine
from webui.models.lookup import Lookup

SINCE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
FIND = Lookup(
    sa.select(User.name, User.role, User.created_at, Model.params, Model.is_active.label("on"))
    .join(Model, Model.user_id == User.id)
    .where(User.id == sa.bindparam("user_id"), Model.id == sa.bindparam("model_id"))
)


@pytest.fixture
def database(empty_database_url: sa.URL) -> Iterator[Database]:
    found = Database(create_engine(empty_database_url, wal=True))
    Base.metadata.create_all(found.engine)
    with found.begin() as db:
        db.add(User(id="u", email="a@example.org", name="Ada", role=Role.ADMIN, profile_image_url="", created_at=SINCE))
        db.flush()
        db.add(Model(id="m", user_id="u", name="M", params={"seed": 1}, meta={}, is_active=False))
    yield found
    found.dispose()


def test_values_come_as_the_statement_gives_them(database: Database) -> None:
    row = FIND.find(database, user_id="u", model_id="m")
    assert row._asdict() == {"name": "Ada", "role": Role.ADMIN, "created_at": SINCE, "params": {"seed": 1}, "on": False}
    assert [type(value) for value in row] == [str, str, datetime, dict, bool]


def test_what_is_not_there_is_none(database: Database) -> None:
    assert FIND.find(database, user_id="u", model_id="' OR ''='") is None


def test_it_is_one_statement_without_a_transaction(database: Database) -> None:
    with counted_statements(database.engine) as statements:
        FIND.find(database, user_id="u", model_id="m")
    assert len(statements) == 1
    with database.begin() as db:  # as before on the connection that was used
        db.execute(sa.update(User).values(name="Bea"))
        db.rollback()
    assert FIND.find(database, user_id="u", model_id="m").name == "Ada"


def test_a_connection_that_broke_is_replaced(database: Database) -> None:
    with database.reader() as connection:
        pooled = connection.connection.dbapi_connection
    pooled.close()
    assert FIND.find(database, user_id="u", model_id="m").name == "Ada"
    assert FIND.find(database, user_id="u", model_id="m").name == "Ada"


def test_a_database_that_cannot_be_asked_is_told_as_everywhere(database: Database) -> None:
    Base.metadata.drop_all(database.engine)
    with pytest.raises(DBAPIError):
        FIND.find(database, user_id="u", model_id="m")


def test_nothing_of_it_stays_on_the_connection(database: Database) -> None:
    for _ in range(3):
        FIND.find(database, user_id="u", model_id="m")
    with database.begin() as db:
        db.add(UserSession(id="s", user_id="u", expires_at=SINCE))
    with database.begin(write=False) as db:
        assert db.scalar(sa.select(sa.func.count()).select_from(UserSession)) == 1
