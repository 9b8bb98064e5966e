"""Model servers whose every byte the test decides, and one that is not there."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support import Client
from tests.support_upstream import Upstream, scripted_upstream

Connect = Callable[..., Client]


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    with scripted_upstream() as running:
        yield running


@pytest.fixture
def other() -> Iterator[Upstream]:
    with scripted_upstream() as running:
        yield running


@pytest.fixture
def dead() -> Iterator[str]:
    """The address of a port that is taken and refuses connections."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


@pytest.fixture
def connect(make_client) -> Connect:
    """An administrator of a server with these OpenAI-compatible APIs, or Ollama servers, and configurations."""

    def connect(
        *urls: str, ollama: tuple[str, ...] = (), configs: Any = None, ollama_configs: Any = None, **environ: str
    ) -> Client:
        given = {
            "OPENAI_API_BASE_URLS": ";".join(urls),
            "OLLAMA_BASE_URLS": ";".join(ollama),
            "ENABLE_OPENAI_API": str(bool(urls)).lower(),
            "ENABLE_OLLAMA_API": str(bool(ollama)).lower(),
            "OPENAI_API_CONFIGS": json.dumps(configs or {}),
            "OLLAMA_API_CONFIGS": json.dumps(ollama_configs or {}),
            "MODELS_CACHE_TTL": "1h",
        }
        return make_client(**{name: value for name, value in (given | environ).items() if value}).sign_up()

    return connect


@pytest.fixture
def plain(make_client) -> Client:
    """An administrator of a server whose connections are not pinned by the environment."""
    return make_client(ENABLE_OLLAMA_API="", MODELS_CACHE_TTL="1h").sign_up()
