"""The one interface to models, whoever serves them."""

from __future__ import annotations

from typing import Any, Protocol

from webui.streaming import Reply

ModelInfo = dict[str, Any]  # the contract's item: id, name, object, created, owned_by, connection_type, ...


class Provider(Protocol):
    """A connection to a server of models. Its methods run on the background loop and raise ``ApiError``.

    ``payload["model"]`` is the model's name as the server knows it, without the connection's prefix.
    """

    name: str  # how the connection is called in errors and logs

    async def models(self) -> list[ModelInfo]:
        """The models that it serves."""

    async def chat(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        """Answer an OpenAI chat completion request: server-sent events when it asks for a stream, else JSON.

        Failures before the first byte are raised, or are replies with the server's status and body.
        """

    async def embed(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        """Answer an OpenAI embeddings request."""


class Route(Protocol):
    """The way to one model over the connections that have it; ``webui.providers.catalog`` finds it.

    A connection that refuses before the first byte is followed by the next one.
    """

    model: ModelInfo

    async def chat(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        """As ``Provider.chat``; whatever ``payload["model"]`` says, it is this model that answers."""

    async def embed(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        """As ``Provider.embed``."""
