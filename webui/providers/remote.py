"""What the providers share that talk to a server elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import TYPE_CHECKING, Any

from webui.providers.base import Provider
from webui.providers.http import HttpClient, read_json

if TYPE_CHECKING:
    import aiohttp


class RemoteProvider(Provider):
    """One server: where it is, and how it is asked. ``headers`` go with every request, keys among them."""

    probe_path = "/models"  # what a model API answers to everybody who has a key
    list_path: str | None = None  # of the models, where the probe does not tell them

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
        """``index`` is the connection's place among those of its kind; ``list_seconds`` bounds ``models``."""
        self.name = name
        self.base_url = base_url.rstrip("/")
        self.headers = dict(headers)
        self.index = index
        self._http = http
        self._list_seconds = list_seconds

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
        return await self._http.request(
            method,
            self.base_url + path,
            connection=self.name,
            headers=self.headers | ({"Content-Type": content_type} if content_type else {}),
            payload=payload,
            data=data,
            seconds=seconds,
        )

    async def get_json(self, path: str) -> Any:
        """The JSON of an answer with status 200 within the time for lists."""
        response = await self.request("GET", path, seconds=self._list_seconds)
        return await read_json(response, connection=self.name)
