"""Ollama's own API, spoken in OpenAI's form: NDJSON becomes server-sent events."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pydantic_core import to_json

from webui.bodies import Converted
from webui.errors import ApiError, Problem
from webui.providers.base import ModelInfo
from webui.providers.http import MAX_LINE_BYTES, error_event, parse_json, read_error, read_whole, refused
from webui.providers.ollama_embeddings import embed_request, embeddings
from webui.providers.ollama_wire import Conversion, chat_request
from webui.providers.remote import RemoteProvider
from webui.streaming import Reply

if TYPE_CHECKING:
    import aiohttp

EVENTS = (("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache"))
JSON = (("Content-Type", "application/json"),)
MAX_WHOLE_REPLY = 64 * 1024 * 1024


class OllamaProvider(RemoteProvider):
    """One Ollama server; ``base_url`` is without ``/api``."""

    probe_path = "/api/version"
    list_path = "/api/tags"

    async def models(self) -> list[ModelInfo]:
        """The models that are pulled, each item kept under ``ollama``."""
        answer = await self.get_json("/api/tags")
        items = answer.get("models") if isinstance(answer, dict) else None
        if not isinstance(items, list):
            raise ApiError(Problem.UPSTREAM_FAILED, f"{self.name} does not answer like Ollama.")
        return [self._model(item) for item in items if isinstance(item, dict) and isinstance(item.get("model"), str)]

    def _model(self, item: dict[str, Any]) -> ModelInfo:
        name = item.get("name")
        return {
            "id": item["model"],
            "name": name if isinstance(name, str) and name else item["model"],
            "object": "model",
            "created": 0,
            "owned_by": "ollama",
            "connection_type": "local",
            "tags": [],
            "ollama": {**item, "urls": [self.index]},
        }

    async def chat(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        """Translate the request, and the answer back."""
        response = await self._post("/api/chat", chat_request(payload))
        conversion = Conversion(
            id=f"chatcmpl-{uuid4().hex}",
            model=payload["model"],
            created=int(time.time()),
            include_usage=bool((payload.get("stream_options") or {}).get("include_usage")),
        )
        if payload.get("stream"):
            return Reply(200, EVENTS, Converted(reply_events(response, conversion, connection=self.name), response))
        async with response:
            body = await read_whole(response, connection=self.name, limit=MAX_WHOLE_REPLY)
        try:
            completion = conversion.completion(body)
        except ValueError as error:
            raise ApiError(Problem.UPSTREAM_FAILED, f"{self.name} does not answer like Ollama.") from error
        return Reply(200, JSON, to_json(completion))

    async def embed(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        """Translate the request, and the answer back."""
        response = await self._post("/api/embed", embed_request(payload))
        async with response:
            body = await read_whole(response, connection=self.name, limit=MAX_WHOLE_REPLY)
        try:
            answer = embeddings(parse_json(body, connection=self.name), payload)
        except ValueError as error:
            raise ApiError(Problem.UPSTREAM_FAILED, f"{self.name} does not answer like Ollama.") from error
        return Reply(200, JSON, to_json(answer))

    async def _post(self, path: str, payload: dict[str, Any]) -> aiohttp.ClientResponse:
        """An answer with status 200; an error keeps its status and its text."""
        response = await self.request("POST", path, payload=payload)
        if response.status != 200:
            said = (await read_error(response, connection=self.name) or {}).get("error")
            raise refused(response, connection=self.name, text=str(said) if said else None)
        return response


async def reply_events(
    response: aiohttp.ClientResponse, conversion: Conversion, *, connection: str
) -> AsyncGenerator[bytes, None]:
    """The events of a streamed reply."""
    import aiohttp  # loaded by now

    broken = ApiError(Problem.UPSTREAM_FAILED, f"{connection} broke off in the middle of a reply.")
    rest = b""
    try:
        async for data in response.content.iter_any():
            *lines, rest = (rest + data).split(b"\n")
            for line in lines:  # each on its own, so that a bad one does not take those before it along
                yield conversion.events(line)
            if len(rest) > MAX_LINE_BYTES:
                raise ValueError("a line without an end")
        yield conversion.events(rest)
    except (aiohttp.ClientError, TimeoutError, ConnectionError, ValueError):
        yield error_event(broken)
    else:
        yield b"data: [DONE]\n\n" if conversion.done else error_event(broken)
