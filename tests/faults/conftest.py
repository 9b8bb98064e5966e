from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from tests.conftest import new_database_url
from tests.faults.relay import Relay


@pytest.fixture
def postgresql(tmp_path: Path) -> Iterator[sa.URL]:
    yield from new_database_url("postgresql", tmp_path)


@pytest.fixture
def relay(postgresql: sa.URL) -> Iterator[Relay]:
    found = Relay(postgresql)
    yield found
    found.stop()
