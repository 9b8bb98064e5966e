from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support_upstream import Answer, Upstream, scripted_upstream


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """Has the models ``m`` and ``n``."""
    with scripted_upstream() as running:
        yield running.offer("m", "n").chat(Answer.json({"choices": []}))
