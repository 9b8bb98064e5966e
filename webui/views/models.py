from __future__ import annotations

from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.errors import ApiError, Problem
from webui.providers.base import ModelInfo, Provider
from webui.schemas.models import CompletionForm, ModelList, ModelsQuery
from webui.security.permissions import Permission
from webui.services.completions import upstream_payload
from webui.streaming import Detached, Reply, detached
from webui.views.errors import as_reply

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
    form: CompletionForm = request.payload
    provider, _ = _find_model(request, form.model)
    payload = upstream_payload(form.model_dump(exclude_unset=True))
    user_id, request_id = request.user.id, request.request_id

    async def start() -> Reply:
        return await provider.chat(payload, user_id=user_id)

    response = detached(request, start, lambda error: as_reply(error, request_id, openai=True))
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Accel-Buffering"] = "no"  # nginx would keep the stream back
    return response


def _find_model(request: Request, model_id: str) -> tuple[Provider, ModelInfo]:
    found = request.registry.connections.catalog.find(model_id) if _may_use_models(request) else None
    if found is None:
        raise ApiError(Problem.MODEL_NOT_FOUND)
    return found


def _may_use_models(request: Request) -> bool:
    """As in the contract, a model is the administrators' alone until somebody opens it to others."""
    return request.user.is_admin or request.config["models.bypass_access_control"]
