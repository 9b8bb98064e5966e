"""People in front of two OpenAI-compatible APIs whose every byte the test decides."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import Client
from tests.support_upstream import Upstream, scripted_upstream


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """Has the model ``m``."""
    with scripted_upstream() as running:
        yield running.offer("m")


@pytest.fixture
def second() -> Iterator[Upstream]:
    """Has the model ``n``, which is offered as ``two.n``."""
    with scripted_upstream() as running:
        yield running.offer("n")


@pytest.fixture
def person(make_client, upstream: Upstream, second: Upstream) -> Client:
    """An administrator; others may sign up and are verified at once."""
    environ = {
        "ENABLE_SIGNUP": "true",
        "DEFAULT_USER_ROLE": "user",
        "MODELS_CACHE_TTL": "1h",
        "OPENAI_API_BASE_URLS": f"{upstream.url}/v1;{second.url}/v1",
        "OPENAI_API_KEYS": "sk-one;sk-two",
        "OPENAI_API_CONFIGS": '{"1": {"prefix_id": "two"}}',
    }
    return make_client(**environ).sign_up()


@pytest.fixture
def user(person: Client) -> Client:
    """Somebody to whom the model ``two.n`` is open, and nothing else."""
    person.post("/api/v1/models/create", {"id": "two.n", "name": "N", "meta": {}, "params": {}}, status=200)
    return person.sign_up()
