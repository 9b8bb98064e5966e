"""A connection: a server of models, how an administrator wants it used, and how it is doing."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from webui.errors import ApiError, Problem
from webui.providers.base import ModelInfo, Provider
from webui.providers.config import ConnectionConfig
from webui.providers.health import Health
from webui.providers.openai import model_item
from webui.streaming import Reply

if TYPE_CHECKING:
    import aiohttp

Kind = Literal["openai", "ollama", "local"]
T = TypeVar("T")


@dataclass(frozen=True)
class Spec:
    """What the settings say of a connection; ``index`` is its place among those of its kind."""

    kind: Kind
    index: int = 0
    url: str = ""
    key: str = ""
    config: ConnectionConfig = field(default_factory=ConnectionConfig)


@dataclass(eq=False)
class Connection:
    """A provider whose requests tell how healthy it is. Its methods take the server's own names of models."""

    spec: Spec
    provider: Provider
    enabled: bool = True
    health: Health = field(default_factory=Health)
    offered: list[ModelInfo] = field(default_factory=list)  # the last good list
    error: str | None = None  # why there is no newer one
    listed_at: float | None = None  # seconds since 1970
    latency: float | None = None  # seconds that the last list took

    @property
    def name(self) -> str:
        return self.provider.name

    @property
    def index(self) -> int:
        return self.spec.index

    def inside(self, model_id: str) -> str:
        """The server's own name for a model that is offered as ``model_id``."""
        return self.spec.config.inside(model_id)

    def outside(self, name: str) -> str:
        """The id under which a model of the server is offered."""
        return self.spec.config.outside(name)

    async def models(self) -> list[ModelInfo]:
        """Ask what there is, and keep it as ``offered``."""
        began = time.perf_counter()
        try:
            items = await self._listed()
        except ApiError as error:
            self.error = str(error.detail)
            raise
        self.error = None
        self.listed_at, self.latency = time.time(), time.perf_counter() - began
        self.offered = [self._offer(item) for item in items]
        return self.offered

    async def chat(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        return await self.watched(self.provider.chat(payload, user_id=user_id))

    async def embed(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        return await self.watched(self.provider.embed(payload, user_id=user_id))

    async def request(self, method: str, path: str, **options: Any) -> aiohttp.ClientResponse:
        return await self.watched(self.provider.request(method, path, **options))

    async def _listed(self) -> list[ModelInfo]:
        """The allowed models. An OpenAI-compatible server is not asked for them: it need not be able to list any."""
        allowed = self.spec.config.model_ids
        if allowed and self.spec.kind == "openai":
            return [model_item({"id": name}, self.spec.index) for name in allowed]
        items = await self.watched(self.provider.models())
        return [item for item in items if item["id"] in allowed] if allowed else items

    def _offer(self, item: ModelInfo) -> ModelInfo:
        config = self.spec.config
        offer = item | {"id": self.outside(item["id"])}
        if config.connection_type:
            offer["connection_type"] = config.connection_type
        if config.tags:
            offer["tags"] = [{"name": tag.name} for tag in config.tags]
        return offer

    async def watched(self, answer: Awaitable[T]) -> T:
        """The answer, once it is known whether it speaks for the server or against it."""
        try:
            result = await answer
        except ApiError as error:
            if error.problem in (Problem.UPSTREAM_FAILED, Problem.UPSTREAM_TIMEOUT):
                self._note(error.status, str(error.detail))
            raise
        status = getattr(result, "status", 200)
        self._note(status, f"{self.name} answered with status {status}.")
        return result

    def _note(self, status: int, text: str) -> None:
        if status >= 500:
            self.health.failed(text)
        else:
            self.health.succeeded()
