"""OpenAI-compatible APIs under our address, so that clients need no key of theirs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from webui.api import api_view, bounded_body, invalid, json_body
from webui.errors import Problem
from webui.providers.content import Content, File, FormFields, Json, Raw
from webui.providers.passthrough import proxied
from webui.schemas.models import CompletionForm, ModelList
from webui.schemas.ollama import At
from webui.security.permissions import Permission
from webui.services.model_list import list_models
from webui.services.passthrough import check_proxy_path, proxy_route, require_openai
from webui.services.usage import Asked, measure
from webui.streaming import Detached, Reply
from webui.views.models import MAX_COMPLETION
from webui.views.passthrough import form_fields, number
from webui.views.replies import completed, relayed

if TYPE_CHECKING:
    from webui.providers.connection import Connection
    from webui.request import Request

UPSTREAM = (Problem.UNAVAILABLE, Problem.MODEL_NOT_FOUND, Problem.UPSTREAM_FAILED, Problem.UPSTREAM_TIMEOUT)


@api_view(
    route=("openai.models", "openai.models_of"),
    method="GET",
    permission=Permission.VERIFIED,
    query=At,
    returns=ModelList,
    errors=(Problem.CONNECTION_NOT_FOUND,),
)
def list_openai_models(request: Request) -> dict[str, Any]:
    """The models of OpenAI-compatible APIs that the user may use, or those of one connection."""
    index = number(request)
    catalog = request.registry.connections.catalog
    if index is not None:
        catalog.connection("openai", index)
    found = list_models(request.database, request.config, catalog, request.user)
    return {"data": [model for model in found if "openai" in model and index in (None, model.get("urlIdx"))]}


@api_view(
    route="openai.completions",
    method="POST",
    permission=Permission.VERIFIED,
    body=CompletionForm,
    media_type="text/event-stream",
    max_body=MAX_COMPLETION,
    errors=UPSTREAM,
)
def complete(request: Request) -> Detached:
    """Chat with a model, as `/api/chat/completions` does."""
    require_openai(request.config)
    return completed(request, request.payload.model_dump(exclude_unset=True), api="openai")


passed_on = partial(
    api_view,
    route="openai.proxy",
    permission=Permission.VERIFIED,
    media_type="*/*",
    errors=(Problem.FORBIDDEN, Problem.NOT_FOUND, *UPSTREAM),
)


@passed_on(method="POST", route="openai.speech", media_type="audio/*")
@passed_on(method="GET")
@passed_on(method="POST")
@passed_on(method="PUT")
@passed_on(method="DELETE", route=("openai.proxy", "openai.models_of"))
def pass_on(request: Request) -> Detached:
    """Any other request to an OpenAI-compatible API, answered as that answers.

    It goes to the connection that has the model that the body names. Requests in which no model answers are the
    administrators' alone; they go to the first connection.
    """
    require_openai(request.config)
    method = "GET" if request.method == "HEAD" else request.method
    path = request.path_info.removeprefix("/openai/")
    check_proxy_path(request.user, method, path)
    content = _content(request)
    catalog = request.registry.connections.catalog
    route = proxy_route(request.database, request.config, catalog, request.user, content.model)
    if request.user.is_admin and request.query_string:
        path += f"?{request.query_string}"

    async def ask(connection: Connection, own: dict[str, Any]) -> Reply:
        return await proxied(connection, method, f"/{path}", content, model=own["model"] or None)

    start = partial(route.ask, {}, ask)
    if content.model is None:
        return relayed(request, start)
    asked = Asked(request.user.id, "openai", content.model, route)
    return relayed(request, partial(measure, request.registry.usage, start, asked))


def _content(request: Request) -> Content:
    """The body of a request to a model server."""
    match request.content_type:
        case "application/json":
            if not bounded_body(request, MAX_COMPLETION):
                return Raw(b"", "")
            value = json_body(request, MAX_COMPLETION)
            if not isinstance(value, dict):
                raise invalid("dict_type", ["body"], "The body is not a JSON object.")
            return Json(value)
        case "multipart/form-data":
            return FormFields(_fields(request))
        case kind:
            return Raw(bounded_body(request, MAX_COMPLETION), kind or "application/octet-stream")


def _fields(request: Request) -> list[tuple[str, str | File]]:
    bounded_body(request, MAX_COMPLETION)
    return [
        (name, value if isinstance(value, str) else File(value.filename or "", value.type, value.file.read()))
        for name, value in form_fields(request).items()
    ]
