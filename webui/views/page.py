"""The web page: files of the package, or of the folder in FRONTEND_BUILD_DIR."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from pyramid.httpexceptions import HTTPMovedPermanently, HTTPNotFound
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.static import static_view

import webui

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from webui.request import Request

PACKAGED = Path(webui.__file__).parent / "frontend"
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)


def page(context: object, request: Request) -> Response:
    """A file of the page."""
    settings = request.registry.webui_settings
    files = _files(settings["frontend.build_dir"] or PACKAGED)
    try:
        response = files(context, request)
    except HTTPMovedPermanently:  # to a folder's slash, at whatever host the request named
        raise HTTPNotFound from None
    response.headers["Content-Security-Policy"] = settings["headers.content_security_policy"] or PAGE_POLICY
    return response


@cache
def _files(folder: Path) -> static_view:
    return static_view(str(folder), use_subpath=True, cache_max_age=0)


def includeme(config: Configurator) -> None:
    """Serve the page under every address that nothing else has; its own route comes last."""
    config.add_route("page", "/*subpath")
    config.add_view(page, route_name="page", request_method=("GET", "HEAD"), permission=NO_PERMISSION_REQUIRED)
