"""A place to examine: a folder with a migrated SQLite database, where a test plants a fault."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.support import QUIET
from webui.doctor.checks import chosen, examine
from webui.doctor.context import Context
from webui.doctor.finding import Finding
from webui.models import migrate
from webui.models.database import create_engine

Look = Callable[..., Finding]


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file as the server leaves it."""
    path = tmp_path_factory.mktemp("migrated") / "webui.db"
    url = sa.make_url(f"sqlite:///{path}")
    migrate.upgrade(url)
    with create_engine(url, wal=True, poolclass=sa.NullPool).connect():
        pass
    return path


@pytest.fixture
def place(tmp_path: Path, migrated: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of data, which is the working directory, with a good database in it."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(migrated, tmp_path / "webui.db")
    (tmp_path / "webui.db").chmod(0o600)
    return tmp_path


@pytest.fixture
def make_context(place: Path) -> Iterator[Callable[..., Context]]:
    """Builds the context of an examination; keywords in capitals are its environment."""
    made: list[Context] = []

    def make(ini: Path | None = None, *, slow: bool = False, mounts: Path | None = None, **environ: str) -> Context:
        environ = {**QUIET, "ENABLE_OPENAI_API": "false", "DATA_DIR": str(place), "HOST": "127.0.0.1", **environ}
        context = Context(ini, environ=environ, slow=slow, mounts=mounts or Path("/proc/mounts"))
        made.append(context)
        return context

    yield make
    for context in made:
        context.close()


@pytest.fixture
def look(make_context: Callable[..., Context]) -> Look:
    """Carries out one check: ``look("files.space", DATA_DIR="/x")``."""

    def examined(name: str, **options: object) -> Finding:
        ((_, finding),) = examine(make_context(**options), chosen([name]))
        return finding

    return examined
