from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.response import Response

from webui.api import api_view
from webui.errors import ApiError, Problem
from webui.schemas.configs import TaskConfig
from webui.schemas.tasks import (
    AutocompleteForm,
    ConversationForm,
    MergeForm,
    QueriesForm,
    TextTaskForm,
)
from webui.security.permissions import Permission
from webui.services import tasks
from webui.services.tasks import About, Task
from webui.services.usage import measured
from webui.settings import forms
from webui.views.config_forms import change_form, changes_settings, show_form
from webui.views.replies import relayed

if TYPE_CHECKING:
    from webui.request import Request

MAX_CONVERSATION = 64 * 1024 * 1024  # bytes; pictures stand in it as text
ERRORS = (Problem.MODEL_NOT_FOUND, Problem.UPSTREAM_FAILED, Problem.UPSTREAM_TIMEOUT)
QUERY_SWITCHES = {"web_search": "task.query.search.enable", "retrieval": "task.query.retrieval.enable"}


@api_view(route="tasks.config", method="GET", permission=Permission.VERIFIED, returns=TaskConfig)
def task_config(request: Request) -> dict[str, Any]:
    """The settings of the small tasks; an empty template stands for the built-in one."""
    return show_form(request, forms.TASKS)


@changes_settings(route="tasks.config_update", body=TaskConfig, returns=TaskConfig)
def change_task_config(request: Request) -> dict[str, Any]:
    """Change the settings of the small tasks, all or none."""
    return change_form(request, forms.TASKS)


@api_view(
    route="tasks.title",
    method="POST",
    permission=Permission.VERIFIED,
    body=ConversationForm,
    returns=dict[str, Any],
    max_body=MAX_CONVERSATION,
    errors=ERRORS,
)
def title(request: Request) -> Response | dict[str, str]:
    """A title for a conversation: the text of the completion holds `{"title": ...}`."""
    if not request.config["task.title.enable"]:
        return {"detail": "Title generation is disabled"}
    return _completion(request, tasks.TITLE)


@api_view(
    route="tasks.follow_up",
    method="POST",
    permission=Permission.VERIFIED,
    body=ConversationForm,
    returns=dict[str, Any],
    max_body=MAX_CONVERSATION,
    errors=ERRORS,
)
def follow_ups(request: Request) -> Response | dict[str, str]:
    """What the user may want to ask next: the text of the completion holds `{"follow_ups": [...]}`."""
    if not request.config["task.follow_up.enable"]:
        return {"detail": "Follow-up generation is disabled"}
    return _completion(request, tasks.FOLLOW_UPS)


@api_view(
    route="tasks.tags",
    method="POST",
    permission=Permission.VERIFIED,
    body=ConversationForm,
    returns=dict[str, Any],
    max_body=MAX_CONVERSATION,
    errors=ERRORS,
)
def tags(request: Request) -> Response | dict[str, str]:
    """The subjects of a conversation: the text of the completion holds `{"tags": [...]}`."""
    if not request.config["task.tags.enable"]:
        return {"detail": "Tags generation is disabled"}
    return _completion(request, tasks.TAGS)


@api_view(
    route="tasks.image_prompt",
    method="POST",
    permission=Permission.VERIFIED,
    body=ConversationForm,
    max_body=MAX_CONVERSATION,
    errors=ERRORS,
)
def image_prompt(request: Request) -> Response:
    """A description of the picture that a conversation asks for: the text holds `{"prompt": ...}`."""
    return _completion(request, tasks.IMAGE_PROMPT)


@api_view(
    route="tasks.queries",
    method="POST",
    permission=Permission.VERIFIED,
    body=QueriesForm,
    max_body=MAX_CONVERSATION,
    errors=(*ERRORS, Problem.MALFORMED_REQUEST),
)
def queries(request: Request) -> Response:
    """What to search for to answer a conversation, on the web (`web_search`) or in documents (`retrieval`).

    The text of the completion holds `{"queries": [...]}`.
    """
    switch = QUERY_SWITCHES.get(request.payload.type)
    if switch is not None and not request.config[switch]:
        raise ApiError(Problem.MALFORMED_REQUEST, "Query generation is disabled")
    return _completion(request, tasks.QUERIES, prompt=request.payload.prompt)


@api_view(
    route="tasks.auto",
    method="POST",
    permission=Permission.VERIFIED,
    body=AutocompleteForm,
    max_body=MAX_CONVERSATION,
    errors=(*ERRORS, Problem.MALFORMED_REQUEST),
)
def autocomplete(request: Request) -> Response:
    """How a text that is being typed may go on: the text of the completion holds `{"text": ...}`."""
    if not request.config["task.autocomplete.enable"]:
        raise ApiError(Problem.MALFORMED_REQUEST, "Autocompletion generation is disabled")
    form, limit = request.payload, request.config["task.autocomplete.input_max_length"]
    if 0 < limit < len(form.prompt or ""):
        raise ApiError(Problem.MALFORMED_REQUEST, f"Input prompt exceeds maximum length of {limit}")
    return _completion(request, tasks.AUTOCOMPLETE, prompt=form.prompt, kind=form.type or "")


@api_view(
    route="tasks.emoji",
    method="POST",
    permission=Permission.VERIFIED,
    body=TextTaskForm,
    max_body=MAX_CONVERSATION,
    errors=ERRORS,
)
def emoji(request: Request) -> Response:
    """The emoji that fits a text best: the text of the completion is nothing else."""
    return _reply(request, tasks.EMOJI, About(prompt=request.payload.prompt))


@api_view(
    route="tasks.moa",
    method="POST",
    permission=Permission.VERIFIED,
    body=MergeForm,
    media_type="text/event-stream",
    max_body=MAX_CONVERSATION,
    errors=ERRORS,
)
def merge_answers(request: Request) -> Response:
    """One answer made of the `responses` of several models to the same `prompt`; streamed when `stream` is true."""
    form = request.payload
    return _reply(request, tasks.MERGE, About(prompt=form.prompt, responses=form.responses), stream=bool(form.stream))


def _completion(request: Request, task: Task, *, prompt: str | None = None, kind: str = "") -> Response:
    messages = [message.model_dump() for message in request.payload.messages]
    return _reply(request, task, About(messages, prompt, kind))


def _reply(request: Request, task: Task, about: About, *, stream: bool = False) -> Response:
    catalog, model = request.registry.connections.catalog, request.payload.model
    completion = tasks.prepare_task(
        request.database, request.config, catalog, request.user, task, model=model, about=about, stream=stream
    )
    usage, chat_id = request.registry.usage, request.payload.chat_id
    return relayed(request, lambda: measured(usage, completion, api="task", chat_id=chat_id))
