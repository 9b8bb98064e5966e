from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import sqlalchemy as sa

from webui.models import Database, Role, User


def test_moments_come_back_aware_and_in_utc(database: Database) -> None:
    moment = datetime(2026, 3, 1, 12, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    with database.begin() as db:
        db.add(User(id="u", email="u@e.x", name="U", role=Role.USER, profile_image_url="", created_at=moment))
    with database.reader() as connection:
        found = connection.scalar(sa.select(User.created_at))
        assert connection.scalar(sa.select(User.id).where(User.created_at == moment)) == "u"
    assert found == moment
    assert found.utcoffset() == timedelta(0)
    assert found.astimezone(UTC).hour == 6


def test_json_comes_back_as_it_was_sent(database: Database) -> None:
    info = {"b": 1, "a": [None, 1.5, "ü\u2028"], "": {}}
    with database.begin() as db:
        db.add(User(id="u", email="u@e.x", name="U", role=Role.USER, profile_image_url="", info=info))
    with database.reader() as connection:
        found = connection.scalar(sa.select(User.info))
    assert list(found.items()) == list(info.items())
