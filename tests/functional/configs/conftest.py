from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from webtest import TestApp

from tests.support import Client, make_application
from webui.models import Base, StoredSetting
from webui.security import passwords

Start = Callable[..., Client]
LOCKED = {"CHUNK_SIZE": "500", "AUDIO_TTS_VOICE": "nova", "USER_PERMISSIONS_CHAT_EDIT": "false"}


@pytest.fixture(scope="module")
def start(database_url: sa.URL, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts the server on one database and folder: once for all tests of a module, again for what a restart shows."""
    folder: Path = tmp_path_factory.mktemp("data")
    registries = []

    def make(environ: Mapping[str, str] = LOCKED) -> Client:
        app = make_application(database_url, folder, {"ENABLE_SIGNUP": "true", "DEFAULT_USER_ROLE": "user", **environ})
        registries.append(app.registry)
        return Client(TestApp(app))

    yield make
    with registries[0].database.begin() as db:
        for table in reversed(Base.metadata.sorted_tables):
            db.execute(table.delete())
    for registry in registries:
        registry.background.stop()
        registry.database.dispose()


@pytest.fixture(scope="module")
def administrator(start: Start) -> Iterator[Client]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passwords, "MEMORY_KIB", 8)
        patch.setattr(passwords, "PASSES", 1)
        patch.setattr(passwords, "_PARAMETERS", "m=8,t=1,p=1")
        passwords._hash_of_nobody.cache_clear()
        yield start().sign_up(name="Ada", email="ada@example.com")
    passwords._hash_of_nobody.cache_clear()


@pytest.fixture
def admin(administrator: Client) -> Client:
    """The administrator of a server where nothing is stored, and three settings are locked."""
    with administrator.registry.database.begin() as db:
        for row in db.scalars(sa.select(StoredSetting)):
            row.value, row.version = None, row.version + 1000
    administrator.registry.runtime.refresh()
    return administrator


def stored(person: Client) -> dict[str, Any]:
    """What is stored, by the names of the settings."""
    with person.registry.database.reader() as connection:
        rows = connection.execute(sa.select(StoredSetting.name, StoredSetting.value)).all()
    return {row.name: row.value for row in rows if row.value is not None}
