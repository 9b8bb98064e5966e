"""All models of all connections, from the last lists that were read."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from webui.background import BackgroundLoop
from webui.errors import ApiError
from webui.providers.base import ModelInfo, Provider, Route
from webui.streaming import Reply

log = logging.getLogger(__name__)

WAIT_SECONDS = 3.0  # how long a caller waits for the slowest connection
FORCED_SECONDS = 5.0  # how often callers may make us ask again before it is time


@dataclass
class Listing:
    """What a connection told of its models."""

    provider: Provider
    models: list[ModelInfo] = field(default_factory=list)
    error: str | None = None


@dataclass(frozen=True)
class SingleRoute:
    """A model and the connection that serves it."""

    model: ModelInfo
    provider: Provider

    async def chat(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        return await self.provider.chat(payload | {"model": self.model["id"]}, user_id=user_id)

    async def embed(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        return await self.provider.embed(payload | {"model": self.model["id"]}, user_id=user_id)


class Catalog:
    """Answers at once from the last lists, and renews them in the background when they are older than ``ttl``."""

    def __init__(self, providers: list[Provider], background: BackgroundLoop, *, ttl: float) -> None:
        self._listings = [Listing(provider) for provider in providers]
        self._background = background
        self._ttl = ttl
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._forced_at = float("-inf")
        self._waited = False
        self._reading: Future[None] = Future()
        self._reading.set_result(None)

    def models(self, *, refresh: bool = False) -> list[ModelInfo]:
        """Every model once, by name. The first call waits for the connections, though not for a slow one."""
        self._renew(force=refresh)
        return sorted(self._by_id().values(), key=lambda model: str(model["name"]).casefold())

    def find(self, model_id: str) -> Route | None:
        """The way to a model. One that is not known may be new, so then the connections are asked."""
        self._renew(force=self._known(model_id) is None)
        return self._known(model_id)

    def _known(self, model_id: str) -> Route | None:
        for listing in self._listings:
            for model in listing.models:
                if model["id"] == model_id:
                    return SingleRoute(model, listing.provider)
        return None

    def _by_id(self) -> dict[str, ModelInfo]:
        found: dict[str, ModelInfo] = {}
        for listing in self._listings:
            for model in listing.models:
                found.setdefault(model["id"], model)
        return found

    def _renew(self, *, force: bool = False) -> None:
        """Ask the connections when it is time or when forced to.

        The first callers wait for the answers, later whoever forced the question. Others go on with the last lists: a
        connection that hangs must not take all threads.
        """
        now = time.monotonic()
        with self._lock:
            forced = not self._ttl or (force and now - self._forced_at > FORCED_SECONDS)
            starts = self._reading.done() and (forced or now - self._asked_at > self._ttl)
            if starts:
                self._asked_at = now
                self._forced_at = now if forced else self._forced_at
                self._reading = self._background.submit(self._read_all())
            reading = self._reading
        if not self._waited or (starts and forced):
            self._wait(reading)

    def _wait(self, reading: Future[None]) -> None:
        try:
            reading.result(WAIT_SECONDS)
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
                log.warning("Models are missing: %s", error.detail)
            listing.error = str(error.detail)
        else:
            listing.error = None
