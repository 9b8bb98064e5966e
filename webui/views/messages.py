"""Anthropic's Messages API over every model."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from webui.api import api_view
from webui.dialects.anthropic import chat_request, estimated_tokens
from webui.dialects.anthropic_events import translated
from webui.errors import Problem
from webui.schemas.messages import MessagesForm, TokenCount, TokensForm
from webui.security.permissions import Permission
from webui.services.completions import resolve
from webui.services.messages_api import Passage, passage
from webui.services.usage import Asked, measure, measured
from webui.streaming import Detached, Reply
from webui.views.models import MAX_COMPLETION
from webui.views.replies import completion, relayed

if TYPE_CHECKING:
    from webui.request import Request


@api_view(
    route="messages.create",
    method="POST",
    permission=Permission.VERIFIED,
    body=MessagesForm,
    media_type="text/event-stream",
    max_body=MAX_COMPLETION,
    errors=(
        Problem.MALFORMED_REQUEST,
        Problem.MODEL_NOT_FOUND,
        Problem.UPSTREAM_FAILED,
        Problem.UPSTREAM_TIMEOUT,
    ),
)
def create_message(request: Request) -> Detached:
    """Chat with any model by Anthropic's Messages API: streamed when `stream` is true, else one JSON answer.

    The token is accepted as `x-api-key`, too. A model of Anthropic's gets the request as it is, without `metadata`; for
    others it is translated, and tokens that their server does not count are estimated.
    """
    form = request.payload.model_dump(exclude_unset=True)
    usage = request.registry.usage
    if (direct := _passage(request, form)) is not None:
        asked = Asked(request.user.id, "messages", form["model"], direct.route, form["messages"])
        return relayed(request, partial(measure, usage, direct.start, asked))
    sent = completion(request, chat_request(form))
    told = {"model": form["model"], "stream": bool(form.get("stream")), "input_tokens": estimated_tokens(form)}

    async def start() -> Reply:
        return await translated(await measured(usage, sent, api="messages"), **told)

    return relayed(request, start)


@api_view(
    route="messages.count_tokens",
    method="POST",
    permission=Permission.VERIFIED,
    body=TokensForm,
    returns=TokenCount,
    max_body=MAX_COMPLETION,
    errors=(Problem.MODEL_NOT_FOUND, Problem.UPSTREAM_FAILED, Problem.UPSTREAM_TIMEOUT),
)
def count_tokens(request: Request) -> Detached | dict[str, int]:
    """How many tokens a Messages request has.

    Anthropic's API is asked about its own models. For others it is an estimate: a token for each four characters, and
    1,500 for each picture.
    """
    form = request.payload.model_dump(exclude_unset=True)
    if (direct := _passage(request, form)) is not None:
        return relayed(request, partial(direct.start, "/messages/count_tokens"))
    return {"input_tokens": estimated_tokens(form)}


def _passage(request: Request, form: dict[str, Any]) -> Passage | None:
    """The way for the request as it is; ``MODEL_NOT_FOUND`` for a model that the user may not use."""
    catalog, beta = request.registry.connections.catalog, request.headers.get("anthropic-beta", "")
    found = resolve(request.database, request.config, catalog, request.user, form["model"])
    if found.selected_model_id is not None:
        return None  # an arena's choice is announced in its own way
    return passage(catalog, found, request.user, form, beta=beta)
