"""Requests and answers in the server's own form, passed on as they come.

``path`` is relative to the connection's address.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pydantic_core import to_json

from webui.providers.connection import Connection
from webui.providers.content import Content
from webui.providers.http import passed_headers, read_error, refused
from webui.providers.openai import OpenAIProvider
from webui.providers.relay import Relay
from webui.streaming import Reply

if TYPE_CHECKING:
    import aiohttp

JSON = (("Content-Type", "application/json"),)


async def forward(server: Connection, method: str, path: str, payload: Mapping[str, Any]) -> Reply:
    """An Ollama server's answer, lines of JSON or one value, as it arrives. Its errors are raised."""
    response = await _ask(server, method, path, payload)
    return Reply(200, passed_headers(response), Relay(response, connection=server.name))


async def command(server: Connection, method: str, path: str, payload: Mapping[str, Any]) -> None:
    """Return once an Ollama server has said that it is done; its errors are raised."""
    (await _ask(server, method, path, payload)).close()


def json_reply(value: Any) -> Reply:
    return Reply(200, JSON, to_json(value, inf_nan_mode="null"))


async def proxied(server: Connection, method: str, path: str, content: Content, *, model: str | None = None) -> Reply:
    """An OpenAI-compatible server's answer whatever its status; an error without JSON is told by its status alone.

    ``model`` is the one that a request names, as the server calls it.
    """
    if model is not None and isinstance(server.provider, OpenAIProvider):
        path = server.provider.path(path, model)
    response = await server.request(method, path, **await content.body(model))
    headers = passed_headers(response)
    if response.status < 400:
        body = b"" if response.content_length == 0 else Relay(response, connection=server.name)
        return Reply(response.status, headers, body)
    said = await read_error(response, connection=server.name)
    if said is None:
        raise refused(response, connection=server.name)
    return Reply(response.status, headers, to_json(said))


async def _ask(server: Connection, method: str, path: str, payload: Mapping[str, Any]) -> aiohttp.ClientResponse:
    """An answer of Ollama with status 200. An error keeps its status, and its text becomes the detail.

    A name in another case is not sent: ``Messages`` would be read as ``messages``, past the prompt of a custom model.
    """
    known = {name: value for name, value in payload.items() if name == name.casefold()}  # as all of Ollama's names are
    response = await server.request(method, path, payload=known)
    if response.status != 200:
        said = (await read_error(response, connection=server.name) or {}).get("error")
        raise refused(response, connection=server.name, text=said if isinstance(said, str) else None)
    return response
