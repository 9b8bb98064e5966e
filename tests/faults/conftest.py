from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import new_database_url
from tests.faults.relay import Relay


@pytest.fixture
def ini(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An INI file in a folder of its own, and no settings from elsewhere."""
    monkeypatch.chdir(tmp_path)
    for name in ("DATABASE_URL", "DATA_DIR", "WEBUI_INI"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("WEBUI_DATABASE_CONNECT_TIMEOUT", "0s")
    path = tmp_path / "test.ini"
    path.write_text("[app:main]\nuse = egg:webui\n")
    return path


@pytest.fixture
def postgresql(tmp_path: Path) -> Iterator[sa.URL]:
    yield from new_database_url("postgresql", tmp_path)


@pytest.fixture
def relay(postgresql: sa.URL) -> Iterator[Relay]:
    found = Relay(postgresql)
    yield found
    found.stop()
