"""Servers whose tools models may use, as administrators try them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import StringConstraints

from webui.schemas.common import Form, Out
from webui.schemas.connections import GivenUrl, Key, Url
from webui.schemas.models import Open

Name = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class ToolServerForm(Open):
    """A connection: a server's address, and for `openapi` the path of its description, or the address of that."""

    url: GivenUrl
    path: Url
    type: Literal["openapi", "mcp"] | None = "openapi"
    auth_type: Literal["bearer", "none", "session", "system_oauth", "oauth_2.1", ""] | None
    headers: dict[str, Any] | str | None = None
    key: Key | None
    config: dict[str, Any] | None
    spec_type: Literal["url", "json"] | None = None
    spec: str | None = None


class OAuthClientQuery(Form):
    """The type of the tool server; it stands before the client's id."""

    type: Annotated[str, StringConstraints(pattern=r"^\w{1,32}$")] | None = None


class OAuthClientForm(Form):
    """The tool server, the id of the connection, and the name under which this server asks people for consent."""

    url: GivenUrl
    client_id: Name
    client_name: Name | None = None


class OAuthClientOut(Out):
    """`oauth_client_info` is for `info` of the connection; it can be read by this server alone."""

    status: bool
    oauth_client_info: str
