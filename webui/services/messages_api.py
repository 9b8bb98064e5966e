"""Requests of Anthropic's Messages API that go to Anthropic's models as they come.

Translated to OpenAI's form and back they would lose what that has no place for: the signatures of thoughts, marks for
the cache, documents, tools of Anthropic's own servers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from webui.providers.anthropic import AnthropicProvider
from webui.providers.catalog import Catalog, ModelRoute
from webui.providers.connection import Connection
from webui.security.identity import Identity
from webui.services import prompt_variables
from webui.services.completions import Resolved
from webui.streaming import Reply

SAMPLING = ("temperature", "top_p", "top_k")


@dataclass(frozen=True)
class Passage:
    """A request that may be sent to Anthropic's models as it is."""

    route: ModelRoute
    payload: dict[str, Any]
    beta: str  # the header anthropic-beta

    async def start(self, path: str = "/messages") -> Reply:
        """Ask on the background loop, one connection after the other."""

        async def ask(connection: Connection, own: dict[str, Any]) -> Reply:
            provider = cast(AnthropicProvider, connection.provider)  # ``passage`` has seen to it
            return await connection.watched(provider.messages(path, own, beta=self.beta))

        return await self.route.ask(self.payload, ask)


def passage(catalog: Catalog, found: Resolved, user: Identity, form: dict[str, Any], *, beta: str) -> Passage | None:
    """The way for ``form`` to a model that only connections to Anthropic's API offer; None for any other."""
    model_id = found.route.model["id"]
    connections = catalog.having("openai", model_id)
    if not connections or not all(isinstance(item.provider, AnthropicProvider) for item in connections):
        return None
    return Passage(ModelRoute({"id": model_id}, connections), _payload(form, found, user), beta)


def _payload(form: dict[str, Any], found: Resolved, user: Identity) -> dict[str, Any]:
    """The request with what is stored about the model. Who asks is not told."""
    payload = {**_stored_params(form, found.params), **form}
    payload.pop("metadata", None)
    payload["messages"] = [_signed(message) for message in form["messages"]]
    if found.system:
        text = prompt_variables.fill(found.system, partial(prompt_variables.values, user, None))
        own = form.get("system") or []
        blocks = [{"type": "text", "text": own}] if isinstance(own, str) else own
        payload["system"] = [{"type": "text", "text": text}, *blocks]
    return payload


def _stored_params(form: dict[str, Any], params: dict[str, Any]) -> dict[str, Any]:
    """What of OpenAI's parameters the API knows; it refuses those of sampling while a model thinks."""
    thinks = (form.get("thinking") or {}).get("type") not in (None, "disabled")
    stored = {} if thinks else {name: params[name] for name in SAMPLING if name in params}
    if stop := params.get("stop"):
        stored["stop_sequences"] = [stop] if isinstance(stop, str) else stop
    return stored


def _signed(message: dict[str, Any]) -> dict[str, Any]:
    """The message without thoughts that have no signature: another model had them, and the API would refuse them."""
    if isinstance(message["content"], str):
        return message
    kept = [block for block in message["content"] if block.get("type") != "thinking" or block.get("signature")]
    return {**message, "content": kept}
