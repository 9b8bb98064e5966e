"""How a view is declared: once, with its route, method, permission and schemas.

``@api_view(route="chats.item", method="POST", permission=Permission.VERIFIED, body=ChatForm, returns=ChatOut)`` makes
Pyramid's own view with view options that a deriver acts on. The deriver stands under ``rendered_view``, so it sees
what the view returned, and inside ``secured_view``, so nobody who may not call the view learns about its schema.
``webui.openapi`` reads the same options back from Pyramid's introspection.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import venusian
from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic_core import from_json
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED
from pyramid.viewderivers import VIEW

from webui.errors import ApiError, Problem
from webui.security.permissions import Permission

if TYPE_CHECKING:
    from pyramid.config import Configurator

    from webui.request import Request

View = Callable[["Request"], Any]
MAX_BODY = 64 * 1024  # bytes; views that need more say so
MAX_CONTAINERS = 1_000_000  # lists and objects of one body: each takes a hundred times its two bytes
MAX_ERRORS = 20  # of one body that are told
MAX_PATH_VALUE = 255  # characters; ids are uuids or what a client made up


def api_view(
    *,
    route: str | tuple[str, ...],
    method: str,
    permission: Permission,
    body: type[BaseModel] | None = None,
    query: type[BaseModel] | None = None,
    returns: Any = None,
    media_type: str = "application/json",
    status: int = 200,
    accepts: tuple[str, ...] = (),
    max_body: int = MAX_BODY,
    errors: tuple[Problem, ...] = (),
) -> Callable[[View], View]:
    """Declare a view; several routes are aliases of one another.

    ``body`` and ``query`` are parsed into ``request.payload`` and ``request.query``; what the view returns is
    serialised as ``returns`` unless it is a ``Response`` already. ``max_body`` is in bytes; JSON takes up to thirty
    times as much memory. ``accepts`` are the media types of a body that the view reads itself. ``errors`` are the
    problems worth documenting.
    """
    options = dict(
        zip(VIEW_OPTIONS, (body, query, returns, max_body, status, accepts, media_type, errors), strict=True)
    )

    def decorate(view: View) -> View:
        def register(scanner: venusian.Scanner, name: str, ob: View) -> None:
            for route_name in (route,) if isinstance(route, str) else route:
                scanner.config.with_package(info.module).add_view(
                    ob,
                    route_name=route_name,
                    request_method=("GET", "HEAD") if method == "GET" else method,
                    permission=NO_PERMISSION_REQUIRED if permission is Permission.PUBLIC else permission,
                    **options,
                )

        info = venusian.attach(view, register, category="pyramid")
        return view

    return decorate


def schema_deriver(view: Callable[[Any, Request], Any], info: Any) -> Callable[[Any, Request], Any]:
    """Parse before the view, serialise after it."""
    if info.exception_only or "errors" not in info.options:
        return view
    body, query, returns, max_body, status, *_ = (info.options[name] for name in VIEW_OPTIONS)
    answer = None if returns is None else TypeAdapter(returns)

    def derived(context: Any, request: Request) -> Any:
        _check_path(request.matchdict or {})
        if query is not None:
            request.query = _validated(query, dict(request.GET), "query")
        if body is not None:
            request.payload = _validated(body, json_body(request, max_body), "body")
        if status != 200:
            request.response.status_int = status  # which the view may change
        result = view(context, request)
        if answer is None or isinstance(result, Response):
            return result
        response = request.response
        response.content_type = "application/json"
        response.body = answer.dump_json(answer.validate_python(result, from_attributes=True), by_alias=True)
        return response

    return derived


VIEW_OPTIONS = ("request_body", "request_query", "returns", "max_body", "status", "accepts", "media_type", "errors")
schema_deriver.options = VIEW_OPTIONS  # type: ignore[attr-defined]


def json_body(request: Request, limit: int) -> Any:
    """The JSON value of a body of at most ``limit`` bytes."""
    return _json(bounded_body(request, limit))


def bounded_body(request: Request, limit: int) -> bytes:
    """The body, of at most ``limit`` bytes."""
    if (request.content_length or 0) > limit or len(request.body) > limit:
        raise ApiError(Problem.TOO_LARGE, f"The request is too large; at most {limit} bytes are accepted here.")
    body: bytes = request.body
    return body


def _json(body: bytes) -> Any:
    if body.count(b"[") + body.count(b"{") > MAX_CONTAINERS:
        raise ApiError(Problem.TOO_LARGE, f"The body has more than {MAX_CONTAINERS} lists and objects.")
    try:
        value = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise invalid("json_invalid", ["body"], f"The body is not JSON: {error}") from None
    # PostgreSQL cannot store a NUL character; searching the raw bytes first spares the walk in nearly all cases.
    if b"\\u0000" in body and _has_nul(value):
        raise invalid("nul_character", ["body"], "The body has a NUL character in a text.")
    return value


def _has_nul(value: Any) -> bool:
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(_has_nul(item) for pair in value.items() for item in pair)
    return isinstance(value, list) and any(_has_nul(item) for item in value)


def _check_path(values: dict[str, Any]) -> None:
    for name, value in values.items():
        if isinstance(value, str) and (len(value) > MAX_PATH_VALUE or not value.isprintable()):
            raise invalid("path_value", ["path", name], f"The {name} in the address is not a valid one.")


def _validated(schema: type[BaseModel], value: Any, where: str) -> BaseModel:
    try:
        return schema.model_validate(value)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        told = found[:MAX_ERRORS]
        detail = [{"type": item["type"], "loc": [where, *item["loc"]], "msg": item["msg"]} for item in told]
        raise ApiError(Problem.INVALID, detail) from None


def invalid(kind: str, loc: list[str], message: str) -> ApiError:
    """One entry of the contract's list of what is wrong with the input."""
    return ApiError(Problem.INVALID, [{"type": kind, "loc": loc, "msg": message}])


def includeme(config: Configurator) -> None:
    """Add the view options and the deriver that acts on them."""
    config.add_view_deriver(schema_deriver, "schema", under="rendered_view", over=VIEW)
