"""Connections to model servers, as administrators see and set them; the names are those of the settings."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import StrictBool, StringConstraints

from webui.schemas.common import Form, Out

Url = Annotated[str, StringConstraints(max_length=2048)]
GivenUrl = Annotated[str, StringConstraints(min_length=1, max_length=2048, strip_whitespace=True)]
Key = Annotated[str, StringConstraints(max_length=8192)]


class ConnectionsQuery(Form):
    """Whether every connection in use that is new or changed is asked before anything is stored."""

    verify: bool = False


class OpenAIConfigForm(Form):
    """Addresses, their keys in the same order, and by an address's place in the list how it is used."""

    ENABLE_OPENAI_API: StrictBool | None = None
    OPENAI_API_BASE_URLS: list[Url]
    OPENAI_API_KEYS: list[Key]
    OPENAI_API_CONFIGS: dict[str, Any]


class OpenAIConfig(Out):
    ENABLE_OPENAI_API: bool
    OPENAI_API_BASE_URLS: list[str]
    OPENAI_API_KEYS: list[str]
    OPENAI_API_CONFIGS: dict[str, Any]


class OllamaConfigForm(Form):
    """Addresses, and by an address's place in the list how it is used."""

    ENABLE_OLLAMA_API: StrictBool | None = None
    OLLAMA_BASE_URLS: list[GivenUrl]
    OLLAMA_API_CONFIGS: dict[str, Any]


class OllamaConfig(Out):
    ENABLE_OLLAMA_API: bool
    OLLAMA_BASE_URLS: list[str]
    OLLAMA_API_CONFIGS: dict[str, Any]


class OpenAIVerifyForm(Form):
    url: GivenUrl
    key: Key
    config: dict[str, Any] | None = None


class OllamaVerifyForm(Form):
    url: GivenUrl
    key: Key | None = None


class ConnectionOut(Out):
    """How a connection is doing. Moments are seconds since 1970; `latency_ms` is what the last list took."""

    kind: Literal["openai", "ollama", "local"]
    index: int
    name: str
    url: str
    enabled: bool
    state: Literal["unknown", "closed", "open", "half_open"]
    error: str | None
    failures: int
    retry_at: int | None
    models: int
    listed_at: int | None
    latency_ms: float | None
