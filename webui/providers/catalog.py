"""All models of all connections, from the last lists that were read."""

from __future__ import annotations

import asyncio
import logging
import time
from concurrent.futures import Future
from dataclasses import dataclass, field

from webui.background import BackgroundLoop
from webui.errors import ApiError
from webui.providers.base import ModelInfo, Provider

log = logging.getLogger(__name__)

FIRST_WAIT_SECONDS = 3.0  # how long the first caller waits for the slowest connection
UNKNOWN_MODEL_SECONDS = 5.0  # how often an unknown model makes us ask again


@dataclass
class Listing:
    """What a connection told of its models."""

    provider: Provider
    models: list[ModelInfo] = field(default_factory=list)
    error: str | None = None


class Catalog:
    """Answers at once from the last lists, and renews them in the background when they are older than ``ttl``."""

    def __init__(self, providers: list[Provider], background: BackgroundLoop, *, ttl: float) -> None:
        self._listings = [Listing(provider) for provider in providers]
        self._background = background
        self._ttl = ttl
        self._read_at = float("-inf")
        self._waited = False
        self._refresh: Future[None] | None = None

    def models(self, *, refresh: bool = False) -> list[ModelInfo]:
        """Every model once, by name. The first call waits for the connections, though not for a slow one."""
        if refresh or not self._waited or time.monotonic() - self._read_at > self._ttl:
            running = self._start_refresh()
            if refresh or not self._waited:
                self._wait(running)
        return sorted(self._by_id().values(), key=lambda model: str(model["name"]).casefold())

    def find(self, model_id: str) -> tuple[Provider, ModelInfo] | None:
        """The connection that serves a model. One that is not known may be new, so then the connections are asked."""
        for renew in (False, True):
            self.models(refresh=renew and time.monotonic() - self._read_at > UNKNOWN_MODEL_SECONDS)
            for listing in self._listings:
                for model in listing.models:
                    if model["id"] == model_id:
                        return listing.provider, model
        return None

    def _by_id(self) -> dict[str, ModelInfo]:
        found: dict[str, ModelInfo] = {}
        for listing in self._listings:
            for model in listing.models:
                found.setdefault(model["id"], model)
        return found

    def _start_refresh(self) -> Future[None]:
        if self._refresh is None or self._refresh.done():
            self._refresh = self._background.submit(self._read_all())
        return self._refresh

    def _wait(self, running: Future[None]) -> None:
        try:
            running.result(FIRST_WAIT_SECONDS)
        except TimeoutError:
            log.info("Some connections are slow to list their models; answering without them.")
        self._waited = True

    async def _read_all(self) -> None:
        self._read_at = time.monotonic()
        await asyncio.gather(*(self._read(listing) for listing in self._listings))

    async def _read(self, listing: Listing) -> None:
        try:
            listing.models = await listing.provider.models()
        except ApiError as error:
            if listing.error is None:  # once, not every time
                log.warning("No models from %s", error.detail)
            listing.error = str(error.detail)
        else:
            listing.error = None
