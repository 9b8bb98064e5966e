from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import Problem
from webui.providers.passthrough import json_reply
from webui.schemas.tool_servers import OAuthClientForm, OAuthClientOut, OAuthClientQuery, ToolServerForm
from webui.security.permissions import Permission
from webui.security.tokens import presented_token
from webui.services.tool_servers import register, tool_server, verify
from webui.streaming import Detached, Reply
from webui.views.replies import relayed

if TYPE_CHECKING:
    from webui.request import Request

MAX_FORM = 4 * 1024 * 1024  # bytes; the description of an API may be in it
FAILURES = (Problem.KEY_REFUSED,)


@api_view(
    route="configs.tool_servers_verify",
    method="POST",
    permission=Permission.ADMIN,
    body=ToolServerForm,
    returns=dict[str, Any],
    max_body=MAX_FORM,
    errors=FAILURES,
)
def verify_tool_server(request: Request) -> Detached:
    """What a tool server offers, whether or not it is connected; 400 says what failed.

    An API's tools come with its description (`{openapi, info, specs}`), an MCP server's alone (`{status, specs}`), and
    of an MCP server at which people sign in by OAuth 2.1 its authorization server (`{status, oauth_server_metadata}`).
    """
    form = request.payload.model_dump()
    server = tool_server(request.config, request.registry.vault, form, presented_token(request))
    http = request.registry.tool_http

    async def start() -> Reply:
        return json_reply(await verify(http, form, server))

    return relayed(request, start)


@api_view(
    route="configs.oauth_client",
    method="POST",
    permission=Permission.ADMIN,
    body=OAuthClientForm,
    query=OAuthClientQuery,
    returns=OAuthClientOut,
    errors=FAILURES,
)
def register_oauth_client(request: Request) -> Detached:
    """Make this server known to the authorization server of a tool server; 400 says what failed."""
    form: OAuthClientForm = request.payload
    kind, config, vault = request.query.type, request.config, request.registry.vault
    server = tool_server(config, vault, {"url": form.url}, None)
    options = {
        "client_id": f"{kind}:{form.client_id}" if kind else form.client_id,
        "name": form.client_name or config["webui.name"],
        "base_url": config["webui.url"] or request.application_url,
    }
    http = request.registry.tool_http

    async def start() -> Reply:
        return json_reply(await register(http, vault, server, **options))

    return relayed(request, start)
