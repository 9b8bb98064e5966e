"""A person with a chat, in front of a model server whose every byte the test decides."""

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
def make_person(make_client, upstream: Upstream):  # type: ignore[no-untyped-def]
    """Builds servers on one database, as several processes are: ``make_person()``; the first signs the person up."""
    made: list[Client] = []

    def make() -> Client:
        client = make_client(
            OPENAI_API_BASE_URLS=f"{upstream.url}/v1",
            MODELS_CACHE_TTL="1h",
            BYPASS_MODEL_ACCESS_CONTROL="true",
            ENABLE_SIGNUP="true",
            DEFAULT_USER_ROLE="user",
        )
        made.append(client.sign_up() if not made else Client(client.app, made[0].token, made[0].user))
        return made[-1]

    return make


@pytest.fixture
def person(make_person) -> Client:  # type: ignore[no-untyped-def]
    return make_person()
