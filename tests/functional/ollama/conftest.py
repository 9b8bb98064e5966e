"""People in front of two Ollama servers whose every byte the test decides."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import Client
from tests.support_upstream import Upstream, scripted_upstream


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """Has the models ``o`` and ``shared``."""
    with scripted_upstream() as running:
        yield running.offer("o", "shared")


@pytest.fixture
def second() -> Iterator[Upstream]:
    """Has the models ``p`` and ``shared``."""
    with scripted_upstream() as running:
        yield running.offer("p", "shared")


@pytest.fixture
def person(make_client, upstream: Upstream, second: Upstream) -> Client:
    """An administrator; others may sign up and are verified at once."""
    environ = {
        "ENABLE_OLLAMA_API": "true",
        "ENABLE_SIGNUP": "true",
        "DEFAULT_USER_ROLE": "user",
        "MODELS_CACHE_TTL": "1h",
        "OLLAMA_BASE_URLS": f"{upstream.url};{second.url}",
    }
    return make_client(**environ).sign_up()


@pytest.fixture
def user(person: Client) -> Client:
    """Somebody to whom no model is open."""
    return person.sign_up()
