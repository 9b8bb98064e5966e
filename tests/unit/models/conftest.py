from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from webui.models import Database
from webui.models.database import create_engine


@pytest.fixture
def database(clean_database_url: sa.URL) -> Iterator[Database]:
    """The migrated database, with room for many threads."""
    found = Database(create_engine(clean_database_url, wal=True, poolclass=sa.QueuePool, pool_size=20))
    yield found
    found.dispose()
