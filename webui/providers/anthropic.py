"""Anthropic's own API, spoken in OpenAI's form."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import uuid4

from pydantic_core import to_json

from webui.bodies import Converted
from webui.errors import ApiError, Problem
from webui.providers.anthropic_request import messages_request
from webui.providers.anthropic_wire import Conversion, error_text, failure_event
from webui.providers.base import ModelInfo
from webui.providers.eventstream import EventReader
from webui.providers.http import HttpClient, error_event, passed_headers, read_error, read_whole, refused
from webui.providers.relay import Relay
from webui.providers.remote import RemoteProvider
from webui.streaming import Reply

if TYPE_CHECKING:
    import aiohttp

VERSION = "2023-06-01"  # of the API, which every request has to name
EVENTS = (("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache"))
JSON = (("Content-Type", "application/json"),)
MAX_WHOLE_REPLY = 64 * 1024 * 1024  # bytes
PAGE = 1000  # models
MAX_PAGES = 10


class AnthropicProvider(RemoteProvider):
    """One server. ``base_url`` is given with or without the API's ``/v1``; ``headers`` carry ``x-api-key``."""

    def __init__(
        self,
        *,
        name: str,
        base_url: str,
        headers: Mapping[str, str],
        http: HttpClient,
        list_seconds: float = 10,
        index: int = 0,
    ) -> None:
        super().__init__(
            name=name,
            base_url=base_url.rstrip("/").removesuffix("/v1") + "/v1",
            headers={"anthropic-version": VERSION, **headers},
            http=http,
            list_seconds=list_seconds,
            index=index,
        )

    async def models(self) -> list[ModelInfo]:
        """The server's list, which comes in pages, each item kept under ``openai``."""
        path = f"/models?limit={PAGE}"
        found: list[ModelInfo] = []
        for _ in range(MAX_PAGES):
            match answer := await self.get_json(path):
                case {"data": list(items)}:
                    found += [self._model(item) for item in items if isinstance(item, dict) and _has_id(item)]
                case _:
                    raise ApiError(Problem.UPSTREAM_FAILED, f"{self.name} does not answer like Anthropic.")
            match answer:
                case {"has_more": True, "last_id": str(last)}:
                    path = f"/models?limit={PAGE}&after_id={quote(last, safe='')}"
                case _:
                    break
        return found

    def _model(self, item: dict[str, Any]) -> ModelInfo:
        return {
            "id": item["id"],
            "name": item.get("display_name") or item["id"],
            "object": "model",
            "created": _seconds(item.get("created_at")),
            "owned_by": "openai",  # the contract's name for every API that is not Ollama's
            "connection_type": "external",
            "tags": [],
            "openai": item,
            "urlIdx": self.index,
        }

    async def chat(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        """Translate the request, and the answer back."""
        response = await self.request("POST", "/messages", payload=messages_request(payload))
        if response.status != 200:
            raise await self._refusal(response)
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
            raise ApiError(Problem.UPSTREAM_FAILED, f"{self.name} does not answer like Anthropic.") from error
        return Reply(200, JSON, to_json(completion))

    async def messages(self, path: str, request: dict[str, Any], *, beta: str) -> Reply:
        """Pass a request of this API on as it is; ``beta`` names features that are no fixed part of it yet."""
        headers = self.headers | ({"anthropic-beta": beta} if beta else {})
        response = await self._http.request(
            "POST", self.base_url + path, connection=self.name, headers=headers, payload=request
        )
        if response.status != 200:
            raise await self._refusal(response)
        return Reply(200, passed_headers(response), MessagesRelay(response, connection=self.name))

    async def _refusal(self, response: aiohttp.ClientResponse) -> ApiError:
        said = await read_error(response, connection=self.name)
        return refused(response, connection=self.name, text=error_text(said))

    async def embed(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        """Anthropic has no embeddings."""
        raise ApiError(Problem.MALFORMED_REQUEST, f"{self.name} has no embeddings. Choose a model of another server.")


def _has_id(item: dict[str, Any]) -> bool:
    return isinstance(item.get("id"), str)


def _seconds(moment: Any) -> int:
    """Seconds since 1970 of a text in RFC 3339; 0 for none."""
    try:
        return int(datetime.fromisoformat(moment).timestamp())
    except (TypeError, ValueError):
        return 0


class MessagesRelay(Relay):
    """An answer passed on as it arrives; when it breaks off, its clients want another event than OpenAI's."""

    def _break_off(self, reason: str) -> bytes:
        super()._break_off(reason)
        return b"\n\n" + failure_event(f"{self._connection} broke off in the middle of a reply.")


async def reply_events(
    response: aiohttp.ClientResponse, conversion: Conversion, *, connection: str
) -> AsyncGenerator[bytes, None]:
    """The events of a streamed reply."""
    import aiohttp  # loaded by now

    broken = error_event(ApiError(Problem.UPSTREAM_FAILED, f"{connection} broke off in the middle of a reply."))
    reader = EventReader()
    try:
        async for piece in response.content.iter_any():
            for data in reader.feed(piece):  # each on its own, so that a bad one does not take those before along
                yield conversion.events(data)
        for data in reader.feed(b"\n\n"):  # the last may have come without the empty line after it
            yield conversion.events(data)
    except (aiohttp.ClientError, TimeoutError, ConnectionError, ValueError):
        yield broken
    else:
        yield b"data: [DONE]\n\n" if conversion.done else broken
