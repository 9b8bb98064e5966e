"""All models of all connections, from the last lists that were read."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from webui.background import BackgroundLoop
from webui.errors import ApiError, Problem
from webui.providers.base import ModelInfo, Route
from webui.providers.connection import Connection, Kind
from webui.streaming import Reply

log = logging.getLogger(__name__)

WAIT_SECONDS = 3.0  # how long a caller waits for the slowest connection
GRACE_SECONDS = 1.0  # and the first callers, once another has told its models
TICK_SECONDS = 0.05
FORCED_SECONDS = 5.0  # how often callers may make us ask again before it is time

# Answers that speak of the server rather than of the request: its key, its list, its limits, its health.
TRY_ANOTHER = frozenset({401, 403, 404, 429, 500, 502, 503, 504})

Ask = Callable[[Connection, dict[str, Any]], Coroutine[Any, Any, Reply]]


@dataclass
class ModelRoute:
    """A model and the connections that offer it, in their order."""

    model: ModelInfo
    connections: Sequence[Connection]
    answered_by: str = ""

    async def chat(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        return await self.ask(payload, lambda connection, own: connection.chat(own, user_id=user_id))

    async def embed(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        return await self.ask(payload, lambda connection, own: connection.embed(own, user_id=user_id))

    async def ask(self, payload: dict[str, Any], ask: Ask) -> Reply:
        """The first answer that is the model's own, else the last refusal."""
        refusal: Reply | ApiError = ApiError(Problem.MODEL_NOT_FOUND)
        for connection in self._in_turn():
            if self.answered_by:
                reason = refusal.detail if isinstance(refusal, ApiError) else f"status {refusal.status}"
                log.warning("%s failed, asking %s instead: %s", self.answered_by, connection.name, reason)
            self.answered_by = connection.name
            try:
                reply = await ask(connection, payload | {"model": connection.inside(self.model["id"])})
            except ApiError as error:
                # Who took the request and stayed silent is not followed: the model may be at work on it.
                if error.status not in TRY_ANOTHER or error.problem is Problem.UPSTREAM_TIMEOUT:
                    raise
                refusal = error
            else:
                if reply.status not in TRY_ANOTHER:
                    return reply
                refusal = reply
        if isinstance(refusal, ApiError):
            raise refusal
        return refusal

    def _in_turn(self) -> Iterator[Connection]:
        """Those whose circuit lets a request through; the others after them, as a last resort."""
        later = []
        for connection in self.connections:
            if connection.health.admits():
                yield connection
            else:
                later.append(connection)
        yield from later


class Catalog:
    """Answers at once from the last lists, and renews them in the background when they are older than ``ttl``."""

    def __init__(self, connections: Sequence[Connection], background: BackgroundLoop, *, ttl: float) -> None:
        """``connections`` are those that are switched on, the preferred ones first."""
        self._connections = connections
        self._background = background
        self._ttl = ttl
        self._lock = threading.Lock()
        self._asked_at = float("-inf")
        self._forced_at = float("-inf")
        self._waited = False
        self._reading: Future[None] = Future()
        self._reading.set_result(None)
        self._routes = _routes(connections)

    def models(self, *, refresh: bool = False) -> list[ModelInfo]:
        """Every model once, by name. The first call waits for the connections, though not for a slow one.

        ``refresh`` is a person's wish: it also asks those whose circuit is open.
        """
        self._renew(force=refresh, all_of_them=refresh)
        return [model for model, _ in self._routes.values()]

    def find(self, model_id: str) -> Route | None:
        """The way to a model. One that is not known may be new, so then the connections are asked."""
        self._renew(force=model_id not in self._routes)
        found = self._routes.get(model_id)
        return ModelRoute(*found) if found else None

    def knows(self, model_id: str) -> bool:
        """Whether a connection offers this model, as far as the last lists tell; nobody is asked."""
        return model_id in self._routes

    def all(self, kind: Kind) -> list[Connection]:
        """The connections of a kind that are switched on, in order."""
        return [connection for connection in self._connections if connection.spec.kind == kind]

    def connection(self, kind: Kind, index: int) -> Connection:
        """The connection of this number; ``CONNECTION_NOT_FOUND`` when there is none or it is switched off."""
        for connection in self.all(kind):
            if connection.spec.index == index:
                return connection
        text = f"There is no connection {index} of this kind, or it is switched off."
        raise ApiError(Problem.CONNECTION_NOT_FOUND, text)

    def having(self, kind: Kind, model_id: str) -> list[Connection]:
        """The connections of a kind that offer a model, the one to ask first at the front; as ``find`` does."""
        self._renew(force=model_id not in self._routes)
        _, offering = self._routes.get(model_id, ({}, ()))
        found = [connection for connection in offering if connection.spec.kind == kind]
        return sorted(found, key=lambda connection: connection.health.waits > 0)

    def _renew(self, *, force: bool = False, all_of_them: bool = False) -> None:
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
                self._reading = self._background.submit(self._read_all(all_of_them))
            reading = self._reading
        if starts and forced:
            self._wait(reading, WAIT_SECONDS)
        elif not self._waited:
            self._wait(reading, GRACE_SECONDS)

    def _wait(self, reading: Future[None], grace: float) -> None:
        """Wait until all have told their models, or ``grace`` seconds once one has."""
        deadline = time.monotonic() + WAIT_SECONDS
        while not reading.done() and time.monotonic() < deadline:
            if self._routes:
                deadline = min(deadline, time.monotonic() + grace)
            with suppress(TimeoutError):
                reading.result(min(grace, TICK_SECONDS))
        if not reading.done():
            log.info("Some connections are slow to list their models; answering without them.")
        self._waited = True

    async def _read_all(self, all_of_them: bool) -> None:
        asked = [item for item in self._connections if all_of_them or item.health.admits()]
        await asyncio.gather(*(self._read(connection) for connection in asked))

    async def _read(self, connection: Connection) -> None:
        known = connection.error is not None
        try:
            await connection.models()
        except ApiError as error:
            if not known:  # once, not every time
                log.warning("Models are missing: %s", error.detail)
        else:
            self._routes = _routes(self._connections)


def _routes(connections: Sequence[Connection]) -> dict[str, tuple[ModelInfo, list[Connection]]]:
    """Each model by its id, as the first connection describes it, with all that offer it; sorted by name."""
    found: dict[str, tuple[ModelInfo, list[Connection]]] = {}
    for connection in connections:
        for item in connection.offered:
            model, offering = found.setdefault(item["id"], (item, []))
            if connection in offering:
                continue
            offering.append(connection)
            if "ollama" in model and "ollama" in item:
                indices = [each.spec.index for each in offering if each.spec.kind == "ollama"]
                found[item["id"]] = (model | {"ollama": model["ollama"] | {"urls": indices}}, offering)
    return dict(sorted(found.items(), key=lambda entry: str(entry[1][0]["name"]).casefold()))
