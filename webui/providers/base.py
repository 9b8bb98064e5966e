"""The one interface to models, whoever serves them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Protocol

from webui.streaming import Reply

if TYPE_CHECKING:
    import aiohttp

ModelInfo = dict[str, Any]  # the contract's item: id, name, object, created, owned_by, connection_type, ...


class Provider(Protocol):
    """A server of models. Its methods run on the background loop and raise ``ApiError``.

    ``payload["model"]`` is the model's name as the server knows it, without the connection's prefix.
    """

    name: str  # how the connection is called in errors and logs

    async def models(self) -> list[ModelInfo]:
        """The models that it serves."""

    async def chat(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        """Answer an OpenAI chat completion request: server-sent events when it asks for a stream, else JSON.

        Failures before the first byte are raised, or are replies with the server's status and its whole body.
        """

    async def embed(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        """Answer an OpenAI embeddings request."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        payload: dict[str, Any] | None = None,
        data: bytes | AsyncIterator[bytes] | None = None,
        content_type: str | None = None,
        seconds: float | None = None,
    ) -> aiohttp.ClientResponse:
        """The head of the answer to any request; ``path`` begins with a slash and follows the server's address.

        The body is ``payload`` as JSON, or ``data`` of ``content_type``.
        """


class Route(Protocol):
    """The way to one model over the connections that have it; ``webui.providers.catalog`` finds it.

    A connection that refuses before the first byte is followed by the next one. A route is for one request.
    """

    model: ModelInfo
    answered_by: str  # the name of the connection that was asked last; empty before

    async def chat(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        """As ``Provider.chat``; whatever ``payload["model"]`` says, it is this model that answers."""

    async def embed(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        """As ``Provider.embed``."""
