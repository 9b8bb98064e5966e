"""The connections that the settings name."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from webui.providers.base import Provider
from webui.providers.catalog import Catalog
from webui.providers.http import HttpClient
from webui.providers.local.provider import LocalProvider
from webui.providers.ollama import OllamaProvider
from webui.providers.openai import OpenAIProvider

if TYPE_CHECKING:
    from webui.background import BackgroundLoop
    from webui.services.runtime import RuntimeSettings
    from webui.settings import Settings

log = logging.getLogger(__name__)

OPENAI_HOST = "api.openai.com"  # the default address, of no use without a key
RUNTIME_SETTINGS = ("ollama.enable", "ollama.base_urls", "openai.enable", "openai.api_base_urls", "openai.api_keys")


class Connections:
    """The catalog of the present settings; made anew when an administrator changes them."""

    def __init__(self, runtime: RuntimeSettings, background: BackgroundLoop) -> None:
        settings = runtime.settings_at_start
        self._runtime = runtime
        self._background = background
        self._http = HttpClient(verify_tls=settings["models.verify_tls"], timeout=settings["models.timeout"])
        self._local = _local_provider(settings, self._http) if settings["local.enable"] else None
        if self._local is not None and self._local.reason is not None:
            log.info("%s", self._local.reason)
        self._made_of: tuple[Any, ...] | None = None
        self._catalog: Catalog | None = None

    @property
    def catalog(self) -> Catalog:
        """The models of all connections."""
        settings = self._runtime.settings
        made_of = tuple(settings[name] for name in RUNTIME_SETTINGS)
        if self._catalog is None or made_of != self._made_of:
            ttl = settings["models.cache_ttl"].total_seconds()
            self._catalog = Catalog(self._providers(settings), self._background, ttl=ttl)
            self._made_of = made_of
        return self._catalog

    def _providers(self, settings: Settings) -> list[Provider]:
        seconds = settings["models.list_timeout"].total_seconds()
        providers: list[Provider] = []
        if settings["openai.enable"]:
            keys = settings["openai.api_keys"]
            for index, url in enumerate(settings["openai.api_base_urls"]):
                key = keys[index] if index < len(keys) else ""
                if key or urlsplit(url).hostname != OPENAI_HOST:
                    providers.append(
                        OpenAIProvider(
                            name=_name(url), base_url=url, key=key, http=self._http, list_seconds=seconds, index=index
                        )
                    )
        if settings["ollama.enable"]:
            for index, url in enumerate(settings["ollama.base_urls"]):
                name = f"Ollama at {_name(url)}"
                providers.append(
                    OllamaProvider(name=name, base_url=url, http=self._http, list_seconds=seconds, index=index)
                )
        if self._local is not None:
            providers.append(self._local)
        return providers


def _name(url: str) -> str:
    """Host and port: what may stand in errors that everybody sees, without a password or a key."""
    return urlsplit(url).netloc.rpartition("@")[2]


def _local_provider(settings: Settings, http: HttpClient) -> LocalProvider:
    return LocalProvider(
        model_path=settings["local.model_path"],
        name=settings["local.model_name"],
        threads=settings["local.threads"],
        slots=settings["local.slots"],
        context=settings["local.context"],
        idle_timeout=settings["local.idle_timeout"].total_seconds() if settings["local.idle_timeout"] else 0,
        queue_limit=settings["local.queue_limit"],
        data_dir=settings["data_dir"],
        http=http,
    )
