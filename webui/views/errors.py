"""Every failure in the shape that its client reads."""

from __future__ import annotations

import logging
import traceback
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from pydantic_core import to_json
from pyramid.httpexceptions import HTTPException, HTTPForbidden, HTTPNotFound
from pyramid.response import Response
from pyramid.view import exception_view_config, forbidden_view_config, notfound_view_config
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from webui.errors import ApiError, Problem
from webui.streaming import Reply
from webui.views.page import other_page

if TYPE_CHECKING:
    from webui.request import Request

log = logging.getLogger(__name__)

# Whose clients ask on a path, by its beginning: OpenAI's SDKs read ``error``, Anthropic's ``type`` and ``error``,
# Ollama's ``error`` as a text, and the contract's own clients ``detail``. The first that fits counts.
DIALECTS = {
    "/api/v1/messages": "anthropic",
    "/api/chat/completions": "openai",
    "/api/v1/chat/completions": "openai",
    "/api/models": "openai",
    "/api/v1/models": "openai",
    "/api/embeddings": "openai",
    "/api/v1/embeddings": "openai",
    "/api/responses": "openai",
    "/api/v1/responses": "openai",
    "/openai/": "openai",
    "/ollama/v1/": "openai",
    "/ollama/api/": "ollama",
}
TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
}


def error_body(error: ApiError, path: str) -> bytes:
    """``{"detail": ...}``, and beside it what the SDKs read whose clients ask on this path."""
    body: dict[str, Any] = {"detail": error.detail}
    message = error.detail if isinstance(error.detail, str) else "; ".join(map(_in_words, error.detail))
    kind = TYPES.get(error.status, "api_error" if error.status >= 500 else "invalid_request_error")
    match next((dialect for start, dialect in DIALECTS.items() if path.startswith(start)), None):
        case "openai":
            body["error"] = {"message": message, "type": kind, "param": None, "code": error.problem.code}
        case "anthropic":
            body |= {"type": "error", "error": {"type": kind, "message": message}}
        case "ollama":
            body["error"] = message
    return to_json(body)


def _in_words(item: dict[str, Any]) -> str:
    place = ".".join(str(part) for part in item["loc"][1:])
    return f"{place}: {item['msg']}" if place else str(item["msg"])


def as_api_error(error: BaseException, request_id: str) -> ApiError:
    """The expected failure that an exception stands for; what nobody expected is logged, and told only by its id."""
    match error:
        case ApiError():
            return error
        case HTTPForbidden():
            return ApiError(getattr(error.result, "problem", Problem.FORBIDDEN))
        case HTTPNotFound():
            return ApiError(Problem.NOT_FOUND)
        case DBAPIError() | sa.exc.TimeoutError():
            return _database_error(error, request_id)
        case _:
            log.error("Unexpected %s", type(error).__name__, exc_info=error)
            return ApiError(Problem.INTERNAL, f"{Problem.INTERNAL.text} (request {request_id})")


def _database_error(error: DBAPIError | sa.exc.TimeoutError, request_id: str) -> ApiError:
    """Log what a database said without what people wrote, which its texts repeat."""
    if isinstance(error, IntegrityError):
        log.warning("Conflict in the database: %s", _without_values(error))
        return ApiError(Problem.CONFLICT)
    if isinstance(error, OperationalError | sa.exc.TimeoutError):
        log.error("The database cannot answer: %s", getattr(error, "orig", error))
        return ApiError(Problem.UNAVAILABLE, headers={"Retry-After": "2"})
    stack = "".join(traceback.format_tb(error.__traceback__))
    log.error("Unexpected %s in the database\n%s", _without_values(error), stack)
    return ApiError(Problem.INTERNAL, f"{Problem.INTERNAL.text} (request {request_id})")


def _without_values(error: DBAPIError) -> str:
    kind = type(error.orig).__name__
    constraint = getattr(getattr(error.orig, "diag", None), "constraint_name", None)
    return " ".join(filter(None, (kind, getattr(error.orig, "pgcode", None), constraint)))


def as_reply(error: BaseException, request_id: str, path: str) -> Reply:
    """The answer for an exception; never touches the database, whose session may be broken."""
    failure = as_api_error(error, request_id)
    headers = (("Content-Type", "application/json"), *failure.headers.items())
    return Reply(failure.status, headers, error_body(failure, path))


def render(error: BaseException, request: Request) -> Response:
    """The same as Pyramid's response."""
    reply = as_reply(error, request.request_id, request.environ.get("PATH_INFO", ""))
    return Response(status=reply.status, headerlist=list(reply.headers), body=reply.body)


@exception_view_config(Exception)
@forbidden_view_config()
def failure(error: Exception, request: Request) -> Response:
    if isinstance(error, HTTPException) and error.status_int < 400:
        return error
    return render(error, request)


@notfound_view_config()
def not_found(error: HTTPNotFound, request: Request) -> Response:
    """405 when the address exists with another method, else 404."""
    methods = allowed_methods(request)
    if methods and request.method not in methods:
        if request.method in ("GET", "HEAD") and (page := other_page(request)) is not None:
            return page
        return render(ApiError(Problem.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(sorted(methods))}), request)
    return render(error, request)


def allowed_methods(request: Request) -> set[str]:
    """The methods of the views on the route that matched."""
    if request.matched_route is None:
        return set()
    methods: set[str] = set()
    for item in request.registry.introspector.get_category("views", default=()):
        view = item["introspectable"]
        if view["route_name"] == request.matched_route.name:
            given = view["request_methods"] or ()
            methods.update([given] if isinstance(given, str) else given)
    return methods
