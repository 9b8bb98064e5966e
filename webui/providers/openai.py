"""OpenAI-compatible servers: requests and replies are passed on as they are."""

from __future__ import annotations

from typing import Any

from pydantic_core import to_json

from webui.errors import ApiError, Problem
from webui.providers.base import ModelInfo
from webui.providers.http import HttpClient, Relay, passed_headers, read_error, read_whole, refused
from webui.streaming import Reply

MAX_WHOLE_REPLY = 10 * 1024 * 1024  # larger answers are passed on piece by piece


class OpenAIProvider:
    """One server. ``base_url`` ends in the API's version, as in ``https://api.openai.com/v1``."""

    def __init__(
        self, *, name: str, base_url: str, key: str, http: HttpClient, list_seconds: float = 10, index: int = 0
    ) -> None:
        self.name = name
        self._base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = http
        self._list_seconds = list_seconds
        self._index = index

    async def models(self) -> list[ModelInfo]:
        """The server's list, each item kept under ``openai``."""
        url = f"{self._base_url}/models"
        answer = await self._http.get_json(url, connection=self.name, headers=self._headers, seconds=self._list_seconds)
        items = answer.get("data") if isinstance(answer, dict) else answer
        if not isinstance(items, list):
            raise ApiError(Problem.UPSTREAM_FAILED, f"{self.name} does not answer like a model API.")
        return [self._model(item) for item in items if isinstance(item, dict) and isinstance(item.get("id"), str)]

    def _model(self, item: dict[str, Any]) -> ModelInfo:
        return {
            **item,
            "name": item.get("name") or item["id"],
            "object": "model",
            "created": item.get("created") or 0,
            "owned_by": "openai",
            "connection_type": "external",
            "tags": [],
            "openai": item,
            "urlIdx": self._index,
        }

    async def chat(self, payload: dict[str, Any], *, user_id: str) -> Reply:
        """Pass the request on; an answer with an error status keeps its status and body."""
        response = await self._http.request(
            "POST", f"{self._base_url}/chat/completions", connection=self.name, headers=self._headers, payload=payload
        )
        headers = passed_headers(response)
        if response.status >= 400:
            said = await read_error(response, connection=self.name)
            if said is None:
                raise refused(response, connection=self.name)
            return Reply(response.status, headers, to_json(said))
        if not payload.get("stream") and (response.content_length or MAX_WHOLE_REPLY + 1) <= MAX_WHOLE_REPLY:
            async with response:
                body = await read_whole(response, connection=self.name, limit=MAX_WHOLE_REPLY)
                return Reply(response.status, headers, body)
        return Reply(response.status, headers, Relay(response, connection=self.name))
