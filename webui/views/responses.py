from __future__ import annotations

from typing import TYPE_CHECKING

from webui.api import api_view
from webui.dialects.responses import chat_request, translated
from webui.errors import Problem
from webui.schemas.responses import ResponseForm
from webui.security.permissions import Permission
from webui.services.usage import measured
from webui.streaming import Detached, Reply
from webui.views.models import MAX_COMPLETION
from webui.views.replies import completion, relayed

if TYPE_CHECKING:
    from webui.request import Request


@api_view(
    route=("responses.create", "responses.create_v1", "openai.responses"),
    method="POST",
    permission=Permission.VERIFIED,
    body=ResponseForm,
    media_type="text/event-stream",
    max_body=MAX_COMPLETION,
    errors=(
        Problem.MALFORMED_REQUEST,
        Problem.MODEL_NOT_FOUND,
        Problem.UPSTREAM_FAILED,
        Problem.UPSTREAM_TIMEOUT,
    ),
)
def create_response(request: Request) -> Detached:
    """Chat with any model by OpenAI's Responses API: streamed when `stream` is true, else one JSON answer.

    Nothing is stored: `previous_response_id` is refused, and `store` in the answer is false.
    """
    form = request.payload.model_dump(exclude_unset=True)
    usage, asked = request.registry.usage, completion(request, chat_request(form))

    async def start() -> Reply:
        return await translated(await measured(usage, asked, api="responses"), form)

    return relayed(request, start)
