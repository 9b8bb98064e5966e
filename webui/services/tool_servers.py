"""Tool servers as administrators try them: what they offer, and this server as a client of theirs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

from pydantic_core import from_json

from webui.errors import ApiError, Problem
from webui.providers.config import sendable_key
from webui.security.vault import Vault
from webui.services.connections import Server, server_at
from webui.services.secrets import Secret, masks, unmasked
from webui.settings import Settings
from webui.settings.parsers import url as url_parser
from webui.toolservers import mcp, oauth, openapi
from webui.toolservers.http import ToolHttp, ToolServer

SETTING = "tool_server.connections"


async def verify(http: ToolHttp, form: Mapping[str, Any], server: ToolServer) -> dict[str, Any]:
    """What the server offers, in the contract's form for its type; an ``ApiError`` with status 400 says what failed."""
    async with _in_time(http, server):
        if form["type"] != "mcp":
            if form.get("spec_type") == "json":
                return await asyncio.to_thread(_given, form, server)
            return await openapi.describe(http, server)
        if form["auth_type"] == "oauth_2.1":
            return {"status": True, "oauth_server_metadata": await oauth.discover(http, server)}
        return {"status": True, "specs": await mcp.describe(http, server)}


async def register(
    http: ToolHttp, vault: Vault, server: ToolServer, *, client_id: str, name: str, base_url: str
) -> dict[str, Any]:
    """Make this server a client of the tool server's authorization server.

    ``oauth_client_info`` is what came of it, sealed: it goes back into the connection as it is. 400 says what failed.
    """
    redirect_uri = f"{base_url}/oauth/clients/{quote(client_id, safe=':')}/callback"
    async with _in_time(http, server):
        metadata = await oauth.discover(http, server)
        client = await oauth.register(http, server, metadata, name=name, redirect_uri=redirect_uri)
    info = client | {"issuer": metadata["issuer"], "server_metadata": metadata}
    return {"status": True, "oauth_client_info": vault.seal_text(info)}


@asynccontextmanager
async def _in_time(http: ToolHttp, server: ToolServer) -> AsyncIterator[None]:
    """Bounds everything that is asked together; what fails gets the contract's status."""
    try:
        async with asyncio.timeout(http.seconds):
            yield
    except TimeoutError:
        text = f"{server.name} took longer than {http.seconds:g} s (AIOHTTP_CLIENT_TIMEOUT_TOOL_SERVER_DATA)."
        raise ApiError(Problem.UPSTREAM_TIMEOUT, text, status=400) from None
    except ApiError as error:
        raise ApiError(error.problem, error.detail, status=400) from error


def tool_server(settings: Settings, vault: Vault, form: Mapping[str, Any], token: str | None) -> ToolServer:
    """The server of a filled-in form, with the secrets that masks in it stand for.

    These are good for the server that they are stored for: scheme, host and port. ``token`` is that of the person who
    asks; it is sent to servers that are to know people by it (``session``). 422 for what cannot be a server.
    """
    address = _address(_place_of(form))
    known = _known(settings, vault, server_at(address))
    setting = settings.resolved(SETTING).setting
    try:
        full = unmasked(setting, [{"key": form.get("key"), "headers": _headers(form.get("headers"))}], known)[0]
        headers = _authorization(form.get("auth_type"), full["key"], token) | full["headers"]
        for name, value in headers.items():
            sendable_key(name + value)
    except ValueError as error:
        raise _invalid("key", f"The connection cannot be used: {error}.") from None
    return ToolServer(address, headers)


def _place_of(connection: Mapping[str, Any]) -> str:
    """Where the server is asked: an MCP server at its address, an API at that of its description."""
    url, path = str(connection["url"]), str(connection.get("path") or "")
    if connection.get("type") == "mcp" or not path:
        return url
    return path if "://" in path else f"{url.rstrip('/')}/{path.lstrip('/')}"


def _address(url: str) -> str:
    try:
        found = url_parser().parse(url)
    except ValueError as error:
        raise _invalid("url", f"The address {error}.") from None
    if found is None:
        raise _invalid("url", "The address is empty.")
    return found


def _known(settings: Settings, vault: Vault, server: Server) -> dict[Secret, str]:
    setting = settings.resolved(SETTING).setting
    known: dict[Secret, str] = {}
    for connection in settings[SETTING]:
        try:
            if server_at(_address(_place_of(connection))) == server:
                known |= masks(vault, setting, [connection])
        except ApiError:
            continue  # its address is none
    return known


def _headers(given: Any) -> dict[str, str]:
    """Of an object, or of its JSON; ``ValueError`` for something else."""
    if isinstance(given, str):
        given = from_json(given) if given.strip() else {}
    if given is None:
        return {}
    if not isinstance(given, dict):
        raise ValueError("the headers are no object")
    return {str(name): str(value) for name, value in given.items()}


def _authorization(kind: str | None, key: str | None, token: str | None) -> dict[str, str]:
    match kind:
        case "bearer" if key:
            return {"Authorization": f"Bearer {key}"}
        case "session" if token:
            return {"Authorization": f"Bearer {token}"}
        case "system_oauth":
            text = "The connection cannot be tried: nobody has signed in here with an account of another provider."
            raise _invalid("auth_type", text)
    return {}


def _given(form: Mapping[str, Any], server: ToolServer) -> dict[str, Any]:
    """A description that an administrator has entered instead of having it fetched."""
    try:
        document = from_json(form.get("spec") or "")
    except ValueError:
        raise ApiError(Problem.MALFORMED_REQUEST, "The description of the API is not JSON.") from None
    return openapi.described(document, server.name)


def _invalid(field: str, text: str) -> ApiError:
    return ApiError(Problem.INVALID, [{"type": "setting", "loc": ["body", field], "msg": text}])
