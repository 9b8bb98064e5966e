"""The connections that the settings name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic_core import to_json

from webui.errors import ApiError, Problem
from webui.providers.catalog import Catalog
from webui.providers.config import ConnectionConfig, raw_config, read_config
from webui.providers.connection import Connection, Spec
from webui.providers.factory import make_remote, place
from webui.providers.http import HttpClient
from webui.providers.local.provider import LocalProvider
from webui.providers.verify import verify
from webui.streaming import Reply

if TYPE_CHECKING:
    from webui.background import BackgroundLoop
    from webui.services.runtime import RuntimeSettings
    from webui.settings import Settings

OPENAI_HOST = "api.openai.com"  # the default address, of no use without a key
VERIFY_SECONDS = 5.0  # that a server may take to answer before it is stored, since a worker thread waits for it
RUNTIME_SETTINGS = (
    "ollama.enable",
    "ollama.base_urls",
    "ollama.api_configs",
    "openai.enable",
    "openai.api_base_urls",
    "openai.api_keys",
    "openai.api_configs",
)


class Connections:
    """The connections and the catalog of the present settings; made anew when an administrator changes them.

    A connection that stays as it was keeps its list and what is known of its health.
    """

    def __init__(self, runtime: RuntimeSettings, background: BackgroundLoop) -> None:
        settings = runtime.settings_at_start
        self._runtime = runtime
        self._background = background
        self.http = HttpClient(verify_tls=settings["models.verify_tls"], timeout=settings["models.timeout"])
        self._list_seconds = settings["models.list_timeout"].total_seconds()
        self._local = local_connection(settings, self.http)
        self._verifying = False
        self._made_of: tuple[Any, ...] | None = None
        self._made: tuple[list[Connection], Catalog] = ([], Catalog([], background, ttl=0))

    @property
    def catalog(self) -> Catalog:
        """The models of all connections."""
        return self._present()[1]

    def all(self) -> list[Connection]:
        """Every connection, also those that are switched off."""
        return self._present()[0]

    async def verify(self, spec: Spec) -> Reply:
        """What the server says of itself, for a connection that need not be stored; see ``webui.providers.verify``."""
        answer = await verify(make_remote(spec, self.http, list_seconds=self._list_seconds))
        return Reply(200, (("Content-Type", "application/json"),), to_json(answer))

    async def verify_all(self, specs: Sequence[Spec]) -> None:
        """Ask all these at once; raises an ``ApiError`` that tells what is wrong with each that fails.

        A worker thread waits for it, so one of these runs at a time: 409 for another.
        """
        if self._verifying:
            raise ApiError(Problem.CONFLICT, "Another check of connections is running. Try again in a moment.")
        self._verifying = True
        try:
            seconds = min(self._list_seconds, VERIFY_SECONDS)
            providers = [make_remote(spec, self.http, list_seconds=seconds) for spec in specs]
            answers = await asyncio.gather(*map(verify, providers), return_exceptions=True)
        finally:
            self._verifying = False
        failures = [answer for answer in answers if isinstance(answer, BaseException)]
        if unforeseen := next((failure for failure in failures if not isinstance(failure, ApiError)), None):
            raise unforeseen
        errors = [failure for failure in failures if isinstance(failure, ApiError)]
        if errors:
            text = " ".join(str(error.detail) for error in errors)
            raise ApiError(errors[0].problem, f"Nothing was stored. {text}", status=errors[0].status)

    def _present(self) -> tuple[list[Connection], Catalog]:
        settings = self._runtime.settings
        made_of = tuple(settings[name] for name in RUNTIME_SETTINGS)
        if made_of != self._made_of:
            known = self._made[0]
            found = [self._connection(known, spec, enabled) for spec, enabled in specs(settings)]
            connections = [*found, *self._local]
            ttl = settings["models.cache_ttl"].total_seconds()
            usable = [connection for connection in connections if connection.enabled]
            self._made = connections, Catalog(usable, self._background, ttl=ttl)
            self._made_of = made_of
        return self._made

    def _connection(self, known: list[Connection], spec: Spec, enabled: bool) -> Connection:
        for connection in known:
            if connection.spec == spec:
                connection.enabled = enabled
                return connection
        return Connection(spec, make_remote(spec, self.http, list_seconds=self._list_seconds), enabled)


def specs(settings: Mapping[str, Any]) -> Iterator[tuple[Spec, bool]]:
    """What each connection is, in the order of preference, and whether it is switched on."""
    keys, configs = settings["openai.api_keys"], settings["openai.api_configs"]
    for index, url in enumerate(settings["openai.api_base_urls"]):
        config = read_config(raw_config(configs, index, url), name=place(url))
        spec = Spec("openai", index, url, keys[index] if index < len(keys) else "", config)
        useful = spec.key or config.headers or urlsplit(url).hostname != OPENAI_HOST
        yield spec, bool(settings["openai.enable"] and config.enable and useful)
    for index, url in enumerate(settings["ollama.base_urls"]):
        config = read_config(raw_config(settings["ollama.api_configs"], index, url), name=place(url))
        yield Spec("ollama", index, url, config.key, config), settings["ollama.enable"] and config.enable


def local_connection(settings: Settings, http: HttpClient) -> list[Connection]:
    """The model inside, unless it is switched off."""
    if not settings["local.enable"]:
        return []
    provider = LocalProvider(
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
    return [Connection(Spec("local", config=ConnectionConfig()), provider)]
