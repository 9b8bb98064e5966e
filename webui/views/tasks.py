from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pyramid.response import Response

from webui.api import api_view
from webui.errors import ApiError, Problem
from webui.schemas.tasks import (
    AutocompleteForm,
    ConversationForm,
    MergeForm,
    QueriesForm,
    TaskConfig,
    TextTaskForm,
)
from webui.security.permissions import Permission
from webui.services import tasks
from webui.services.tasks import About, Task
from webui.services.usage import measured
from webui.views.replies import relayed
from webui.views.settings import store

if TYPE_CHECKING:
    from webui.request import Request

MAX_CONVERSATION = 64 * 1024 * 1024  # bytes; pictures stand in it as text
ERRORS = (Problem.MODEL_NOT_FOUND, Problem.UPSTREAM_FAILED, Problem.UPSTREAM_TIMEOUT)
# The contract's names are those of the environment variables.
CONFIG = {
    "TASK_MODEL": "task.model.default",
    "TASK_MODEL_EXTERNAL": "task.model.external",
    "ENABLE_TITLE_GENERATION": "task.title.enable",
    "TITLE_GENERATION_PROMPT_TEMPLATE": "task.title.prompt_template",
    "IMAGE_PROMPT_GENERATION_PROMPT_TEMPLATE": "task.image.prompt_template",
    "ENABLE_AUTOCOMPLETE_GENERATION": "task.autocomplete.enable",
    "AUTOCOMPLETE_GENERATION_INPUT_MAX_LENGTH": "task.autocomplete.input_max_length",
    "TAGS_GENERATION_PROMPT_TEMPLATE": "task.tags.prompt_template",
    "FOLLOW_UP_GENERATION_PROMPT_TEMPLATE": "task.follow_up.prompt_template",
    "ENABLE_FOLLOW_UP_GENERATION": "task.follow_up.enable",
    "ENABLE_TAGS_GENERATION": "task.tags.enable",
    "ENABLE_SEARCH_QUERY_GENERATION": "task.query.search.enable",
    "ENABLE_RETRIEVAL_QUERY_GENERATION": "task.query.retrieval.enable",
    "QUERY_GENERATION_PROMPT_TEMPLATE": "task.query.prompt_template",
    "TOOLS_FUNCTION_CALLING_PROMPT_TEMPLATE": "task.tools.prompt_template",
    "VOICE_MODE_PROMPT_TEMPLATE": "task.voice.prompt_template",
}
QUERY_SWITCHES = {"web_search": "task.query.search.enable", "retrieval": "task.query.retrieval.enable"}


@api_view(route="tasks.config", method="GET", permission=Permission.VERIFIED, returns=TaskConfig)
def task_config(request: Request) -> dict[str, Any]:
    """The settings of the small tasks; an empty template stands for the built-in one."""
    return {key: request.config[name] for key, name in CONFIG.items()}


@api_view(
    route="tasks.config_update",
    method="POST",
    permission=Permission.ADMIN,
    body=TaskConfig,
    returns=TaskConfig,
    max_body=1024 * 1024,
    errors=(Problem.CONFLICT, Problem.INVALID),
)
def change_task_config(request: Request) -> TaskConfig:
    """Change the settings of the small tasks, all at once."""
    form: TaskConfig = request.payload
    values = form.model_dump()
    store(request, {name: "" if values[key] is None else values[key] for key, name in CONFIG.items()})
    return form


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
