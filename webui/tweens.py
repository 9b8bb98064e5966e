"""What surrounds every request: its id and access line, a check that it can be read at all, and the headers.

From the outside in: ``access_tween``, ``headers_tween``, ``sanity_tween``, then the transaction. None of them may touch
``response.body``, which would swallow a stream.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from typing import TYPE_CHECKING
from uuid import uuid4

from pyramid.response import Response

from webui import log
from webui.errors import ApiError, Problem
from webui.security.origins import is_foreign
from webui.views.errors import render

if TYPE_CHECKING:
    from pyramid.registry import Registry

    from webui.request import Request

Handler = Callable[["Request"], Response]
access_log = logging.getLogger("webui.access")

REQUEST_ID = re.compile(r"[\w.:-]{1,64}", re.ASCII)
QUIET_PATHS = ("/health", "/ready")

SECURITY_HEADERS = {  # to the setting of each
    "X-Content-Type-Options": "headers.content_type_options",
    "Referrer-Policy": "headers.referrer_policy",
    "X-Frame-Options": "headers.frame_options",
    "Strict-Transport-Security": "headers.hsts",
    "Permissions-Policy": "headers.permissions_policy",
    "Cache-Control": "headers.cache_control",
    "X-Download-Options": "headers.download_options",
    "X-Permitted-Cross-Domain-Policies": "headers.cross_domain_policies",
}
# An answer of the API is data; should a browser show it as a page all the same, it can do nothing.
API_POLICY = "default-src 'none'; frame-ancestors 'none'"


def access_tween(handler: Handler, registry: Registry) -> Handler:
    """Give the request an id, the client's own if it sent a sane one, and write one line about it when it is over."""

    def tween(request: Request) -> Response:
        given = request.headers.get("X-Request-Id", "")
        request.request_id = given if REQUEST_ID.fullmatch(given) else uuid4().hex
        token = log.request_id.set(request.request_id)
        request.began = started = time.perf_counter()
        try:
            response = handler(request)
        except Exception as error:  # nothing inside rendered it, e.g. the headers' tween failed
            response = render(error, request)
        finally:
            log.request_id.reset(token)
        response.headers["X-Request-Id"] = request.request_id
        if hasattr(response, "add_done_callback"):
            response.add_done_callback(lambda outcome: _log(request, outcome.status, started, outcome.error))
        else:
            _log(request, response.status_int, started, None)
        return response

    return tween


def _log(request: Request, status: int, started: float, error: str | None) -> None:
    environ = request.environ
    path = environ.get("PATH_INFO", "").encode("latin-1").decode("utf-8", "backslashreplace")
    quiet = path.startswith(QUIET_PATHS) and status < 400
    access_log.log(
        logging.DEBUG if quiet else logging.INFO,
        "%s %s",
        environ.get("REQUEST_METHOD"),
        log.one_line(path),
        extra={
            "request_id": request.request_id,
            "status": status,
            "ms": round((time.perf_counter() - started) * 1000, 1),
            "remote": request.remote_addr,
            **({"error": error} if error else {}),
        },
    )


def headers_tween(handler: Handler, registry: Registry) -> Handler:
    """Security headers, and CORS for the origins of the setting ``cors.allow_origin``."""
    settings = registry.webui_settings
    origins = settings["cors.allow_origin"]
    security = [(header, value) for header, name in SECURITY_HEADERS.items() if (value := settings[name])]

    def tween(request: Request) -> Response:
        origin = request.headers.get("Origin")
        allowed = origin is not None and ("*" in origins or origin in origins)
        preflight = request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers
        response = Response(status=200 if allowed else 400) if preflight else handler(request)
        headers = response.headers
        for header, value in security:
            headers.setdefault(header, value)
        headers.setdefault("Content-Security-Policy", API_POLICY)
        if origins:
            response.vary = (*(response.vary or ()), "Origin")
        if allowed:
            headers["Access-Control-Allow-Origin"] = "*" if "*" in origins else origin
            if "*" not in origins:  # with any site allowed, no site gets to use the visitor's cookie
                headers["Access-Control-Allow-Credentials"] = "true"
            headers["Access-Control-Expose-Headers"] = "X-Request-Id, X-Task-Id, Server-Timing"
        if allowed and preflight:
            headers["Access-Control-Allow-Methods"] = "GET, POST, PUT, PATCH, DELETE, OPTIONS"
            headers["Access-Control-Allow-Headers"] = request.headers.get("Access-Control-Request-Headers", "")
            headers["Access-Control-Max-Age"] = "600"
        return response

    return tween


def sanity_tween(handler: Handler, registry: Registry) -> Handler:
    """Refuse what no view should see: an address that cannot be decoded, and what a foreign page would change."""

    def tween(request: Request) -> Response:
        try:
            path, query = request.path_info, request.GET
        except UnicodeDecodeError:
            return render(ApiError(Problem.MALFORMED_REQUEST, "The address is not valid UTF-8."), request)
        if is_foreign(request):
            return render(ApiError(Problem.FOREIGN_ORIGIN), request)
        if path.endswith("\n"):  # a route would match without it
            return render(ApiError(Problem.MALFORMED_REQUEST, "The address ends with a line feed."), request)
        if "\0" in path or any("\0" in text for pair in query.items() for text in pair):
            return render(ApiError(Problem.MALFORMED_REQUEST, "The address has a NUL character."), request)
        return handler(request)

    return tween
