"""Which pages may send requests that change something.

A browser sends a visitor's cookie, and reaches servers of the visitor's own network, on behalf of any page. It names
that page in ``Origin`` on every request that is not safe; other clients send none.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from webui.security.tokens import COOKIE, header_token

if TYPE_CHECKING:
    from webui.request import Request

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})


def is_foreign(request: Request) -> bool:
    """Whether a page that is not ours, and that CORS does not allow, sent this unsafe request.

    A request with a token in its header proves itself. Where every origin is allowed, JSON and no cookie are required:
    a browser then asks first, and keeps no cookie that the answer sets.
    """
    origin = request.headers.get("Origin")
    if origin is None or request.method in SAFE_METHODS or header_token(request) is not None:
        return False
    allowed = request.registry.webui_settings["cors.allow_origin"]
    if origin in allowed or _is_own(request, origin):
        return False
    harmless = request.content_type == "application/json" and COOKIE not in request.cookies
    return not ("*" in allowed and harmless)


def _is_own(request: Request, origin: str) -> bool:
    public = request.config["webui.url"]  # behind a proxy that gives the request another host
    if public is not None and origin == _origin(public):
        return True
    scheme, _, host = origin.partition("://")
    return scheme in ("http", "https") and host != "" and host == request.host


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def is_rebindable(request: Request) -> bool:
    """Whether the request came by a name that a stranger's name server may have pointed at this machine.

    Only names that nobody else can give out are safe: addresses, ``localhost``, and the public address's own.
    """
    host = request.host.rsplit(":", 1)[0] if not request.host.endswith("]") else request.host
    public = request.config["webui.url"]
    if host == "localhost" or host.endswith(".localhost") or (public is not None and host == urlsplit(public).hostname):
        return False
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return True
    return False
