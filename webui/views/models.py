from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.response import Response

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.models import ChatCompletionForm, ModelList, ModelsQuery
from webui.security.permissions import Permission
from webui.services import model_list
from webui.views.replies import completed
from webui.views.runs import start_run, store_before

if TYPE_CHECKING:
    from webui.request import Request

MAX_COMPLETION = 64 * 1024 * 1024  # bytes; pictures stand in it as text


@api_view(
    route=("models.list", "models.list_v1"),
    method="GET",
    permission=Permission.VERIFIED,
    query=ModelsQuery,
    returns=ModelList,
)
def list_models(request: Request) -> dict[str, Any]:
    """The models that the user may chat with: those of all connections, custom ones, and arenas."""
    catalog = request.registry.connections.catalog
    found = model_list.list_models(
        request.database, request.config, catalog, request.user, refresh=request.query.refresh
    )
    return {"data": found}


@api_view(route="models.base", method="GET", permission=Permission.ADMIN, query=ModelsQuery, returns=ModelList)
def list_base_models(request: Request) -> dict[str, Any]:
    """The models of all connections as these tell of them, without what is stored about them here."""
    return {"data": request.registry.connections.catalog.models(refresh=request.query.refresh)}


@api_view(
    route=("completions", "completions_v1"),
    method="POST",
    permission=Permission.VERIFIED,
    body=ChatCompletionForm,
    media_type="text/event-stream",
    max_body=MAX_COMPLETION,
    errors=(Problem.MODEL_NOT_FOUND, Problem.UPSTREAM_FAILED, Problem.UPSTREAM_TIMEOUT),
)
def complete_chat(request: Request) -> Response:
    """Chat with a model, in OpenAI's form: streamed when `stream` is true, else one JSON answer.

    With `chat_id`, `id` and `session_id` the reply is generated in the background, into message `id` of the chat, and
    the answer is `{status, task_id}` at once; `/api/tasks/{task_id}/events` follows it. With
    `Accept: text/event-stream` these events are the answer, `X-Task-Id` names the task, and it goes on when the
    connection ends. `new_chat` (as for `/api/v1/chats/new`) or `changes` (as for `/api/v1/chats/{id}/messages`) are
    stored before, also when the reply is then refused.
    """
    form: ChatCompletionForm = request.payload
    given = form.model_dump(exclude_unset=True, exclude={"new_chat", "changes"})
    if not form.is_run:
        return completed(request, given, api="chat")
    store_before(request, form)
    return start_run(request, given)
