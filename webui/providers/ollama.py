"""Ollama's own API, spoken in OpenAI's form: NDJSON becomes server-sent events."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from pydantic_core import to_json

from webui.errors import ApiError, Problem
from webui.providers.base import ModelInfo
from webui.providers.http import HttpClient, error_event, read_error, read_whole, refused
from webui.providers.ollama_wire import Conversion, chat_request
from webui.streaming import Reply

if TYPE_CHECKING:
    import aiohttp

EVENTS = (("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache"))
JSON = (("Content-Type", "application/json"),)
MAX_LINE_BYTES = 16 * 1024 * 1024  # a tool call is one line; what is longer is no reply of a model
MAX_WHOLE_REPLY = 64 * 1024 * 1024


class OllamaProvider:
    """One Ollama server; ``base_url`` is without ``/api``."""

    def __init__(self, *, name: str, base_url: str, http: HttpClient, list_seconds: float = 10, index: int = 0) -> None:
        self.name = name
        self._base_url = base_url.rstrip("/")
        self._http = http
        self._list_seconds = list_seconds
        self._index = index

    async def models(self) -> list[ModelInfo]:
        """The models that are pulled, each item kept under ``ollama``."""
        answer = await self._http.get_json(
            f"{self._base_url}/api/tags", connection=self.name, headers={}, seconds=self._list_seconds
        )
        items = answer.get("models") if isinstance(answer, dict) else None
        if not isinstance(items, list):
            raise ApiError(Problem.UPSTREAM_FAILED, f"{self.name} does not answer like Ollama.")
        return [self._model(item) for item in items if isinstance(item, dict) and isinstance(item.get("model"), str)]

    def _model(self, item: dict[str, Any]) -> ModelInfo:
        return {
            "id": item["model"],
            "name": item.get("name") or item["model"],
            "object": "model",
            "created": 0,
            "owned_by": "ollama",
            "connection_type": "local",
            "tags": [],
            "ollama": {**item, "urls": [self._index]},
        }

    async def chat(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        """Translate the request, and the answer back."""
        response = await self._http.request(
            "POST", f"{self._base_url}/api/chat", connection=self.name, payload=chat_request(payload)
        )
        if response.status != 200:
            said = (await read_error(response, connection=self.name) or {}).get("error")
            raise refused(response, connection=self.name, text=str(said) if said else None)
        conversion = Conversion(
            id=f"chatcmpl-{uuid4().hex}",
            model=payload["model"],
            created=int(time.time()),
            include_usage=bool((payload.get("stream_options") or {}).get("include_usage")),
        )
        if payload.get("stream"):
            return Reply(200, EVENTS, OllamaEvents(response, conversion, connection=self.name))
        async with response:
            body = await read_whole(response, connection=self.name, limit=MAX_WHOLE_REPLY)
        try:
            completion = conversion.completion(body)
        except ValueError as error:
            raise ApiError(Problem.UPSTREAM_FAILED, f"{self.name} does not answer like Ollama.") from error
        return Reply(200, JSON, to_json(completion))


class OllamaEvents:
    """The events of a streamed reply. A class rather than a generator, so that closing it always closes the answer."""

    def __init__(self, response: aiohttp.ClientResponse, conversion: Conversion, *, connection: str) -> None:
        self._response = response
        self._events = self._convert(conversion, connection)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        return await anext(self._events)

    async def aclose(self) -> None:
        self._response.close()
        await self._events.aclose()

    async def _convert(self, conversion: Conversion, connection: str) -> AsyncGenerator[bytes, None]:
        import aiohttp  # loaded by now

        broken = ApiError(Problem.UPSTREAM_FAILED, f"{connection} broke off in the middle of a reply.")
        rest = b""
        try:
            async for data in self._response.content.iter_any():
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
