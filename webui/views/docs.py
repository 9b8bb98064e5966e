"""The description of the API, for programs and for people."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyramid.response import Response

from webui.api import api_view
from webui.openapi import document
from webui.security.permissions import Permission

if TYPE_CHECKING:
    from webui.request import Request

TEMPLATE = Path(__file__).with_name("docs.mako")


@api_view(route="openapi", method="GET", permission=Permission.PUBLIC, returns=dict[str, Any])
def openapi(request: Request) -> dict[str, Any]:
    """This document."""
    return _document(request)


@api_view(route="docs", method="GET", permission=Permission.PUBLIC, media_type="text/html")
def docs(request: Request) -> Response:
    """The API's description as a page."""
    registry = request.registry
    if not hasattr(registry, "docs_page"):
        from mako.template import Template  # comes with Alembic, and only this page needs it

        template = Template(filename=str(TEMPLATE), default_filters=["h"])  # noqa: S702 - everything is escaped
        registry.docs_page = template.render(document=_document(request))
    response = Response(registry.docs_page)
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
    return response


def _document(request: Request) -> dict[str, Any]:
    registry = request.registry
    if not hasattr(registry, "openapi"):
        registry.openapi = document(registry)
    described: dict[str, Any] = registry.openapi
    return described
