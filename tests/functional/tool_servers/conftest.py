from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import Client
from tests.support_upstream import Upstream, scripted_upstream


@pytest.fixture
def server() -> Iterator[Upstream]:
    """A tool server whose every byte the test decides."""
    with scripted_upstream() as running:
        yield running


@pytest.fixture
def person(make_client) -> Client:
    """An administrator."""
    return make_client(ENABLE_SIGNUP="true", DEFAULT_USER_ROLE="user", WEBUI_URL="https://chat.example.org").sign_up()
