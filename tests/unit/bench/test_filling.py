from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from scripts.bench import filling
from webui.models import Chat, Message, Role, User, utcnow


@pytest.fixture
def engine(clean_database_url: sa.URL) -> Iterator[sa.Engine]:
    engine = sa.create_engine(clean_database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def user_id(engine: sa.Engine) -> str:
    names = {"email": "a@example.com", "name": "A", "role": Role.USER, "profile_image_url": ""}
    with engine.begin() as connection:
        connection.execute(sa.insert(User), [{"id": "a", **names, "created_at": utcnow(), "updated_at": utcnow()}])
    return "a"


def test_as_many_chats_and_messages_are_written_as_were_wanted(engine: sa.Engine, user_id: str) -> None:
    ids = filling.fill(engine, user_id, filling.BATCH + 1, messages=2)
    with engine.connect() as connection:
        assert connection.scalar(sa.select(sa.func.count()).select_from(Message)) == 2 * len(ids)
        newest = sa.select(Chat.id).order_by(Chat.updated_at.desc()).limit(1)
        assert connection.scalar(newest) == ids[-1]


def test_the_same_numbers_make_the_same_texts() -> None:
    first, again, other = (filling.Writer(seed).words(9) for seed in ("a", "a", "b"))
    assert first == again != other
