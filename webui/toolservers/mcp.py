"""The tools of an MCP server over Streamable HTTP (modelcontextprotocol.io, specification 2025-11-25)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from webui import __version__
from webui.errors import ApiError, Problem
from webui.providers.eventstream import EventReader
from webui.providers.http import (
    parse_json,
    read_error,
    refused,
    secrets_of,
    translated_errors,
    without_secrets,
)
from webui.toolservers.http import MAX_DESCRIPTION, ToolHttp, ToolServer, check_key, in_short

if TYPE_CHECKING:
    import aiohttp

VERSION = "2025-11-25"  # that is asked for; a server may answer with an older one
EVENTS = "text/event-stream"
MAX_PAGES = 100  # of the list of tools

Spec = dict[str, Any]  # {name, description, parameters}; the last is JSON Schema of the arguments


async def describe(http: ToolHttp, server: ToolServer) -> list[Spec]:
    """The server's tools."""
    session = Session(http, server)
    await session.open()
    try:
        return [_spec(tool) async for tool in session.tools()]
    finally:
        await session.close()


class Session:
    """A conversation with one server: requests of JSON-RPC 2.0, one after another. What fails is an ``ApiError``."""

    def __init__(self, http: ToolHttp, server: ToolServer) -> None:
        self._http = http
        self._server = server
        self._headers = {"Accept": "application/json, text/event-stream"}
        self._last_id = 0
        self._left = MAX_DESCRIPTION

    async def open(self) -> None:
        """Agree on a version of the protocol."""
        client = {"name": "webui", "version": __version__}
        params = {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": client}
        result = await self._call("initialize", params)
        version = result.get("protocolVersion")
        if not isinstance(version, str) or not (version.isascii() and version.isprintable()):
            raise self._no_mcp("it names no version of the protocol")
        self._headers["MCP-Protocol-Version"] = version
        (await self._post({"method": "notifications/initialized"})).close()

    async def tools(self) -> AsyncIterator[dict[str, Any]]:
        """Every tool as the server lists it, page by page."""
        cursor = None
        for _ in range(MAX_PAGES):
            result = await self._call("tools/list", {} if cursor is None else {"cursor": cursor})
            tools = result.get("tools")
            if not isinstance(tools, list):
                raise self._no_mcp("it lists no tools")
            for tool in tools:
                if isinstance(tool, dict) and isinstance(tool.get("name"), str):
                    yield tool
            cursor = result.get("nextCursor")
            if not isinstance(cursor, str):
                return
        raise ApiError(Problem.UPSTREAM_FAILED, f"{self._server.name} lists its tools on more than {MAX_PAGES} pages.")

    async def close(self) -> None:
        """Let the server forget the conversation; it may decline, and forgets it later by itself."""
        if "Mcp-Session-Id" in self._headers:
            try:
                response = await self._http.ask(self._server, "DELETE", headers=self._headers)
            except ApiError:
                return
            response.close()

    async def _call(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        self._last_id += 1
        response = await self._post({"id": self._last_id, "method": method, "params": params})
        if session := response.headers.get("Mcp-Session-Id"):
            self._headers["Mcp-Session-Id"] = session
        answer = await self._answer(response)
        if error := answer.get("error"):
            said = error.get("message") if isinstance(error, dict) else error
            raise ApiError(Problem.UPSTREAM_FAILED, f"{self._server.name} refused {method}: {in_short(said)}")
        result = answer.get("result")
        if not isinstance(result, dict):
            raise self._no_mcp(f"its answer to {method} has no result")
        return result

    async def _post(self, message: dict[str, Any]) -> aiohttp.ClientResponse:
        message = {"jsonrpc": "2.0", **message}
        response = await self._http.ask(self._server, "POST", headers=self._headers, payload=message)
        check_key(response, self._server)
        if response.status in (404, 405):
            response.close()
            raise self._no_mcp(f"it answered with status {response.status}")
        if response.status >= 400:
            said = (await read_error(response, connection=self._server.name) or {}).get("error")
            reason = said.get("message") if isinstance(said, dict) else None
            text = f"{self._server.name} answered with status {response.status}: {in_short(reason)}"
            raise refused(response, connection=self._server.name, text=text if reason else None)
        return response

    async def _answer(self, response: aiohttp.ClientResponse) -> dict[str, Any]:
        """What answers the last request; a server may send other messages before."""
        secrets = secrets_of(response)
        async with response, aclosing(self._messages(response)) as messages:
            async for message in messages:
                if not isinstance(message, dict):
                    raise self._no_mcp("its answer is no JSON object")
                if response.content_type != EVENTS or message.get("id") == self._last_id:
                    return without_secrets(message, secrets)  # type: ignore[no-any-return]
        raise self._no_mcp("its answer ended early")

    async def _messages(self, response: aiohttp.ClientResponse) -> AsyncGenerator[Any, None]:
        """Those of a stream of events, or the one that is the whole body."""
        reader, body = EventReader(), bytearray()
        with translated_errors(self._server.name):
            async for piece in response.content.iter_any():
                self._left -= len(piece)
                if self._left < 0:
                    text = f"{self._server.name} says more than {MAX_DESCRIPTION // 1024**2} MB of its tools."
                    raise ApiError(Problem.UPSTREAM_FAILED, text)
                if response.content_type != EVENTS:
                    body += piece
                    continue
                for data in reader.feed(piece):
                    yield parse_json(data, connection=self._server.name)
        if response.content_type != EVENTS:
            yield parse_json(bytes(body), connection=self._server.name)

    def _no_mcp(self, reason: str) -> ApiError:
        hint = " The addresses of most end in /mcp."
        text = f"{self._server.name} is there, but is no MCP server at this address: {reason}.{hint}"
        return ApiError(Problem.UPSTREAM_FAILED, text)


def _spec(tool: dict[str, Any]) -> Spec:
    schema = tool.get("inputSchema")
    return {
        "name": tool["name"],
        "description": str(tool.get("description") or ""),
        "parameters": schema if isinstance(schema, dict) else {"type": "object", "properties": {}},
    }
