"""The web page: files of the package, or of the folder in FRONTEND_BUILD_DIR."""

from __future__ import annotations

import mimetypes
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from pyramid.httpexceptions import HTTPMovedPermanently, HTTPNotFound
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.static import static_view

import webui

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from webui.request import Request

PACKAGED = Path(webui.__file__).parent / "static"
# Nothing inline, nothing evaluated, nothing from any other host.
PAGE_POLICY = (
    "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
)
# Of the hidden frame in which Mermaid draws what anybody may have written: it loads its scripts and nothing else,
# writes styles into its drawings, and has no origin, so neither cookies nor the page are in its reach.
DIAGRAM_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'; sandbox allow-scripts"
)
ANY_POLICY = "frame-ancestors 'self'"  # of a page of others
YEAR = "public, max-age=31536000, immutable"  # for files with a hash of their content in their names
NEVER_OF_THE_PAGE = ("api", "ollama", "openai", "static", "assets")
NOT_BUILT = """<!doctype html>
<html lang="en">
<title>webui: the page is not built</title>
<h1>The page is not built</h1>
<p>The server runs, and its API answers. To build its page, run in the folder of the checkout:</p>
<pre>./scripts/build_page.sh</pre>
<p>Then load this address again. <code>./scripts/start.sh</code> builds the page by itself.</p>
</html>
"""

mimetypes.add_type("application/manifest+json", ".webmanifest")


class RelativeRedirect(Response):
    """A redirect whose address stays relative, for proxies that serve us below a path; WebOb would make it absolute."""

    def __init__(self, location: str) -> None:
        super().__init__(status=302, headerlist=[("Location", location), ("Content-Length", "0")])

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        start_response(self.status, self.headerlist)
        return ()


def page(context: object, request: Request) -> Response:
    """A file of the page, or what stands in for one that there is not."""
    folder = request.registry.webui_settings["frontend.build_dir"]
    if folder:
        response = _file(request, folder) or other_page(request)
    else:
        response = _file(request, PACKAGED) or _stand_in(request)
    if response is None:
        raise HTTPNotFound
    return response


def other_page(request: Request) -> Response | None:
    """The start of the page in FRONTEND_BUILD_DIR, which knows all addresses but those of scripts."""
    folder = request.registry.webui_settings["frontend.build_dir"]
    if not folder or request.path_info.endswith(".js"):
        return None
    request.subpath = ("index.html",)
    return _file(request, folder)


def _file(request: Request, folder: Path) -> Response | None:
    if any(name.startswith(".") for name in request.subpath):  # notes of the build
        return None
    try:
        response = _files(folder)(None, request)
    except (HTTPNotFound, HTTPMovedPermanently):  # the latter to a folder's slash, at whatever host the request named
        return None
    is_asset = request.subpath[:1] == ("assets",)
    response.headers["Cache-Control"] = YEAR if is_asset else "no-cache"
    if is_asset:  # public, and scripts of a frame without an origin are asked for as those of another site
        response.headers["Access-Control-Allow-Origin"] = "*"
    if response.content_type == "text/html":
        response.md5_etag()  # two builds may well be of one size, and packages of one date
    return _with_policy(request, response)


@cache
def _files(folder: Path) -> static_view:
    # ``reload``, since what it would remember is every address that anybody ever asked for.
    return static_view(str(folder), use_subpath=True, cache_max_age=None, content_encodings=("br", "gzip"), reload=True)


def _with_policy(request: Request, response: Response) -> Response:
    """Ours is for our page: what another one needs, such as scripts inside its HTML, only its makers know."""
    settings = request.registry.webui_settings
    own = ANY_POLICY if settings["frontend.build_dir"] else PAGE_POLICY
    policy = settings["headers.content_security_policy"] or own
    if own is PAGE_POLICY and request.subpath == ("diagram.html",):
        policy = DIAGRAM_POLICY
    response.headers["Content-Security-Policy"] = policy
    return response


def _stand_in(request: Request) -> Response | None:
    """For a browser at an address that our page has behind a ``#``: the way there, or how to build the page."""
    path = request.path_info
    first, last = path.split("/")[1], path.rpartition("/")[2]
    is_asked_by_a_browser = path == "/" or "text/html" in request.headers.get("Accept", "")
    if not is_asked_by_a_browser or first in NEVER_OF_THE_PAGE or "." in last:
        return None
    if not (PACKAGED / "index.html").exists():
        return _with_policy(request, Response(NOT_BUILT, status=503))
    return RelativeRedirect(("../" * (path.count("/") - 1) or "./") + "#" + quote(path))


def includeme(config: Configurator) -> None:
    """Serve the page under every address that nothing else has; its own route comes last."""
    config.add_route("page", "/*subpath")
    config.add_view(page, route_name="page", request_method=("GET", "HEAD"), permission=NO_PERMISSION_REQUIRED)
