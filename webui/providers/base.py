"""The one interface to models, whoever serves them."""

from __future__ import annotations

from typing import Any, Protocol

from webui.streaming import Reply

ModelInfo = dict[str, Any]  # the contract's item: id, name, object, created, owned_by, connection_type, ...


class Provider(Protocol):
    """A connection to a server of models. Both methods run on the background loop."""

    name: str  # how the connection is called in errors and logs

    async def models(self) -> list[ModelInfo]:
        """The models that it serves; raises ``ApiError`` when it cannot tell."""

    async def chat(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        """Answer an OpenAI chat completion request, streaming or not; raises ``ApiError`` before the first byte."""
