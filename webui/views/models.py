from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import Problem
from webui.schemas.models import CompletionForm, ModelList, ModelsQuery
from webui.security.permissions import Permission
from webui.streaming import Detached
from webui.views.replies import completion, relayed

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
    """The models that the user may chat with, of all connections."""
    models = (
        request.registry.connections.catalog.models(refresh=request.query.refresh) if _may_use_models(request) else []
    )
    return {"data": [{"actions": [], "filters": [], **model} for model in models]}


@api_view(
    route=("completions", "completions_v1"),
    method="POST",
    permission=Permission.VERIFIED,
    body=CompletionForm,
    media_type="text/event-stream",
    max_body=MAX_COMPLETION,
    errors=(Problem.MODEL_NOT_FOUND, Problem.UPSTREAM_FAILED, Problem.UPSTREAM_TIMEOUT),
)
def complete_chat(request: Request) -> Detached:
    """Chat with a model, in OpenAI's form: streamed when `stream` is true, else one JSON answer."""
    return relayed(request, completion(request, request.payload.model_dump(exclude_unset=True)).start)


def _may_use_models(request: Request) -> bool:
    """As in the contract, a model is the administrators' alone until somebody opens it to others."""
    return request.user.is_admin or request.config["models.bypass_access_control"]
