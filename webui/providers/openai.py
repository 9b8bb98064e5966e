"""OpenAI-compatible servers: requests and replies are passed on as they are."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json

from webui.errors import ApiError, Problem
from webui.providers.base import ModelInfo
from webui.providers.http import parse_json, passed_headers, read_error, read_some, refused
from webui.providers.relay import Relay
from webui.providers.remote import RemoteProvider
from webui.streaming import Reply

MAX_WHOLE_REPLY = 10 * 1024 * 1024  # larger answers are passed on piece by piece
WHOLE = frozenset({"application/json", "text/html"})  # what no stream of events is said to be


class OpenAIProvider(RemoteProvider):
    """One server. ``base_url`` ends in the API's version, as in ``https://api.openai.com/v1``."""

    async def models(self) -> list[ModelInfo]:
        """The server's list, each item kept under ``openai``; without the filters of a server of pipelines."""
        answer = await self.get_json("/models")
        items = answer.get("data") if isinstance(answer, dict) else answer
        if not isinstance(items, list):
            raise ApiError(Problem.UPSTREAM_FAILED, f"{self.name} does not answer like a model API.")
        return [model_item(item, self.index) for item in items if _is_model(item)]

    async def chat(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        """Pass the request on; an answer with an error status keeps its status and body."""
        return await self._pass_on("/chat/completions", payload)

    async def embed(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        """Pass the request on, as ``chat``."""
        return await self._pass_on("/embeddings", payload)

    def path(self, operation: str, model: str) -> str:
        """Where a model does something; ``operation`` is a path such as ``/chat/completions``."""
        return operation

    async def _pass_on(self, operation: str, payload: dict[str, Any]) -> Reply:
        response = await self.request("POST", self.path(operation, payload.get("model", "")), payload=payload)
        headers = passed_headers(response)
        if response.status >= 400:
            said = await read_error(response, connection=self.name)
            if said is None:
                raise refused(response, connection=self.name)
            text = f"{self.name} answered with status {response.status}."
            return Reply(response.status, headers, to_json({"detail": _text(said) or text, **said}))
        if payload.get("stream") and response.content_type not in WHOLE and response.content_length != 0:
            return Reply(response.status, headers, Relay(response, connection=self.name))
        body, complete = await read_some(response, connection=self.name, limit=MAX_WHOLE_REPLY)
        if not complete:
            return Reply(response.status, headers, Relay(response, connection=self.name, begun=body))
        parse_json(body, connection=self.name)
        return Reply(response.status, headers, body)


def _is_model(item: Any) -> bool:
    match item:
        case {"id": str(), "pipeline": {"type": "filter"}}:
            return False  # it answers nobody
        case {"id": str()}:
            return True
    return False


def _text(said: dict[str, Any]) -> str:
    """What an error says in words, for clients that read ``detail``; the forms are OpenAI's, Ollama's and vLLM's."""
    match said:
        case {"error": {"message": str(text)}} | {"error": str(text)} | {"message": str(text)}:
            return text
    return ""


def model_item(item: dict[str, Any], index: int) -> ModelInfo:
    """The contract's form of an item of OpenAI's list, at the connection of this index; servers send anything."""
    name, created, info = item.get("name"), item.get("created"), item.get("info")
    return {
        **item,
        "name": name if isinstance(name, str) and name else item["id"],
        "object": "model",
        "created": created if isinstance(created, int) else 0,
        **({"info": info if isinstance(info, dict) else {}} if "info" in item else {}),
        "owned_by": "openai",
        "connection_type": "external",
        "tags": [],
        "openai": item,
        "urlIdx": index,
    }
