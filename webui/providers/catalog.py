"""All models of all connections, from the last lists that were read."""

from __future__ import annotations

import asyncio
import logging
import threading
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
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._waited = False
        self._waited_at = float("-inf")
        self._refresh: Future[None] | None = None

    def models(self, *, refresh: bool = False) -> list[ModelInfo]:
        """Every model once, by name. The first call waits for the connections, though not for a slow one."""
        self._renew(wait=refresh)
        return sorted(self._by_id().values(), key=lambda model: str(model["name"]).casefold())

    def find(self, model_id: str) -> tuple[Provider, ModelInfo] | None:
        """The connection that serves a model. One that is not known may be new, so then the connections are asked."""
        self._renew()
        found = self._known(model_id)
        if found is None and time.monotonic() - self._waited_at > UNKNOWN_MODEL_SECONDS:
            self._renew(wait=True)
            found = self._known(model_id)
        return found

    def _known(self, model_id: str) -> tuple[Provider, ModelInfo] | None:
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

    def _renew(self, *, wait: bool = False) -> None:
        """Ask the connections when it is time; wait for them when told to, the first time, and when nothing is kept."""
        wait = wait or not self._ttl
        with self._lock:
            running = self._refresh
            if running is None or (running.done() and (wait or time.monotonic() - self._asked_at > self._ttl)):
                self._asked_at = time.monotonic()
                running = self._refresh = self._background.submit(self._read_all())
        if wait or not self._waited:
            self._wait(running)

    def _wait(self, running: Future[None]) -> None:
        self._waited_at = time.monotonic()
        try:
            running.result(FIRST_WAIT_SECONDS)
        except TimeoutError:
            log.info("Some connections are slow to list their models; answering without them.")
        self._waited = True

    async def _read_all(self) -> None:
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
