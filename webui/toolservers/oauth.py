"""How people sign in at a tool server: who its authorization server is, and making this server known there.

RFC 9728 leads from the tool server to the authorization server, RFC 8414 (or OpenID Connect's discovery) tells what
that can do, and RFC 7591 registers a client, as the MCP specification of 2025-11-25 has it ("Authorization").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from pydantic_core import from_json

from webui.errors import ApiError, Problem
from webui.providers.factory import place
from webui.providers.http import parse_json, read_error, read_whole
from webui.toolservers.http import ToolHttp, ToolServer, check_address, in_short

RESOURCE_METADATA = re.compile(r'\bresource_metadata="([^"]+)"')
MAX_METADATA = 1024 * 1024  # bytes; also of what a registration is answered with
METHODS = ("client_secret_basic", "client_secret_post", "none")  # of a client to say who it is; the first is RFC's own

Metadata = dict[str, Any]


async def discover(http: ToolHttp, server: ToolServer) -> Metadata:
    """What the tool server's authorization server says of itself (RFC 8414); ``ApiError`` if there is none."""
    failures: list[str] = []
    resource = await _resource(http, server, failures)
    named = resource.get("authorization_servers")
    issuer = named[0] if isinstance(named, list) and named and isinstance(named[0], str) else _origin(server.url)
    check_address(issuer, server)
    for url in _metadata_addresses(issuer):
        found = await _json_at(http, url, server, failures)
        if found is not None and all(isinstance(found.get(key), str) for key in ("issuer", "authorization_endpoint")):
            scopes = resource.get("scopes_supported")
            return found | ({"scopes_supported": scopes} if isinstance(scopes, list) else {})
    text = f"{server.name} does not tell where people sign in for it: there is no OAuth metadata (RFC 8414, RFC 9728)."
    raise ApiError(Problem.UPSTREAM_FAILED, " ".join((text, *failures[-1:])))


async def register(
    http: ToolHttp, server: ToolServer, metadata: Metadata, *, name: str, redirect_uri: str
) -> dict[str, Any]:
    """The client that the authorization server made for this server: ``client_id`` and, if it has one, its secret."""
    endpoint = metadata.get("registration_endpoint")
    if not isinstance(endpoint, str):
        text = f"The authorization server of {server.name} does not register clients by itself (RFC 7591)."
        raise ApiError(Problem.UPSTREAM_FAILED, f"{text} Its operator has to.")
    supported = metadata.get("token_endpoint_auth_methods_supported")
    offered = supported if isinstance(supported, list) else METHODS[:1]
    scopes = [scope for scope in metadata.get("scopes_supported") or () if isinstance(scope, str)]
    wanted = {
        "client_name": name,
        "redirect_uris": [redirect_uri],
        "grant_types": ["authorization_code", "refresh_token"],
        "response_types": ["code"],
        "token_endpoint_auth_method": next((method for method in METHODS if method in offered), METHODS[0]),
    } | ({"scope": " ".join(scopes)} if scopes else {})
    response = await http.ask_named(endpoint, server, "POST", payload=wanted)
    where = place(endpoint)
    if response.status not in (200, 201):
        said = await read_error(response, connection=where) or {}
        reason = in_short(said.get("error_description") or said.get("error") or "")
        text = f"{where} did not register this server: it answered with status {response.status} ({reason})."
        raise ApiError(Problem.UPSTREAM_FAILED, text)
    async with response:
        body = await read_whole(response, connection=where, limit=MAX_METADATA)
    client = parse_json(body, connection=where)
    if not isinstance(client, dict) or not isinstance(client.get("client_id"), str):
        raise ApiError(Problem.UPSTREAM_FAILED, f"{where} registered this server, but gave it no client_id.")
    return wanted | client


async def _resource(http: ToolHttp, server: ToolServer, failures: list[str]) -> Metadata:
    """What the tool server says of itself (RFC 9728); empty if it does not."""
    response = await http.ask(server, headers={"Accept": "application/json, text/event-stream"})
    response.close()
    found = RESOURCE_METADATA.search(response.headers.get("WWW-Authenticate", ""))
    parts = urlsplit(server.url)
    path = "/.well-known/oauth-protected-resource"
    told = [found[1]] if found else []
    for url in (*told, *(_origin(server.url) + path + end for end in _ends(parts.path))):
        if (metadata := await _json_at(http, url, server, failures)) is not None:
            return metadata
    return {}


def _metadata_addresses(issuer: str) -> Iterator[str]:
    """Where an authorization server may describe itself: RFC 8414 section 3.1 and 5, and OpenID Connect Discovery."""
    origin, path = _origin(issuer), urlsplit(issuer).path.rstrip("/")
    for name in ("oauth-authorization-server", "openid-configuration"):
        yield f"{origin}/.well-known/{name}{path}"
    if path:
        yield f"{origin}{path}/.well-known/openid-configuration"


async def _json_at(http: ToolHttp, url: str, server: ToolServer, failures: list[str]) -> Metadata | None:
    """The JSON object there, None if there is no such thing; why it could not be asked for is added to ``failures``."""
    try:
        response = await http.ask_named(url, server)
        async with response:
            if response.status != 200:
                return None
            body = await read_whole(response, connection=place(url), limit=MAX_METADATA)
    except ApiError as error:
        failures.append(str(error.detail))
        return None
    try:
        found = from_json(body)
    except ValueError:
        return None  # a page for people
    return found if isinstance(found, dict) else None


def _ends(path: str) -> list[str]:
    """Of the addresses at which a server with this path may describe itself (RFC 9728 section 3.1)."""
    return [path, ""] if path.strip("/") else [""]


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{place(url)}"
