"""A person in front of two connections whose every byte the test decides."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support import Client
from tests.support_upstream import Answer, Upstream, scripted_upstream


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    """Has the model ``m`` as an OpenAI-compatible API, and ``o`` as Ollama."""
    with scripted_upstream() as running:
        running.offer("m").answers["/api/tags"] = Answer.json({"models": [{"model": "o"}]})
        yield running


@pytest.fixture
def person(make_client, upstream: Upstream) -> Client:
    """An administrator with both connections."""
    urls = {"OPENAI_API_BASE_URLS": f"{upstream.url}/v1", "OLLAMA_BASE_URLS": upstream.url}
    return make_client(ENABLE_OLLAMA_API="true", MODELS_CACHE_TTL="1h", **urls).sign_up()
