"""Which provider speaks to the server of a connection, and with which headers."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit

from webui.providers.anthropic import AnthropicProvider
from webui.providers.azure import HOSTS as AZURE_HOSTS
from webui.providers.azure import VERSIONED, AzureProvider
from webui.providers.connection import Spec
from webui.providers.http import HttpClient
from webui.providers.ollama import OllamaProvider
from webui.providers.openai import OpenAIProvider
from webui.providers.remote import RemoteProvider

ANTHROPIC_HOST = "api.anthropic.com"


def make_remote(spec: Spec, http: HttpClient, *, list_seconds: float) -> RemoteProvider:
    """The provider for a server elsewhere; nothing is connected to yet."""
    make, key_headers = _dialect(spec)
    return make(
        name=f"Ollama at {place(spec.url)}" if spec.kind == "ollama" else place(spec.url),
        base_url=spec.url,
        headers=_headers(spec, key_headers),
        http=http,
        list_seconds=list_seconds,
        index=spec.index,
    )


def place(url: str) -> str:
    """Host and port: what may stand in errors that everybody sees, without a password or a key."""
    return urlsplit(url).netloc.rpartition("@")[2]


def credentials_clash(spec: Spec) -> bool:
    """Whether the address has a password although a key goes where that goes: a request has one ``Authorization``."""
    _, key_headers = _dialect(spec)
    sent = {name.lower() for name in _headers(spec, key_headers)}
    return "@" in urlsplit(spec.url).netloc and "authorization" in sent


def _dialect(spec: Spec) -> tuple[Callable[..., RemoteProvider], dict[str, str]]:
    """The class that speaks the server's language, and how that carries a key."""
    config, host = spec.config, urlsplit(spec.url).hostname or ""
    bearer = {"Authorization": f"Bearer {spec.key}"}
    if spec.kind == "ollama":
        return OllamaProvider, bearer
    if config.provider == "anthropic" or host == ANTHROPIC_HOST:
        return AnthropicProvider, {"x-api-key": spec.key}
    if config.azure or config.provider == "azure" or host.endswith(AZURE_HOSTS):
        azure = partial(AzureProvider, api_version=config.api_version)
        return OpenAIProvider if spec.url.endswith(VERSIONED) else azure, {"api-key": spec.key}
    return OpenAIProvider, bearer


def _headers(spec: Spec, key_headers: dict[str, str]) -> dict[str, str]:
    """What goes with every request; an administrator's own headers replace those that a key makes."""
    given = spec.config.headers
    own = {name.lower() for name in given}
    keyed = key_headers if spec.key and spec.config.auth_type != "none" else {}
    return {**{name: value for name, value in keyed.items() if name.lower() not in own}, **given}
