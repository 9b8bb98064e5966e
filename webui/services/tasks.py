"""Small tasks: what the server asks a model about a conversation, beside the conversation itself."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from webui.errors import ApiError, Problem
from webui.models import Database, Role
from webui.providers.catalog import Catalog
from webui.providers.deltas import DeltaReader
from webui.providers.http import translated_errors
from webui.runs.transcript import without_blocks
from webui.security.identity import Identity
from webui.services import prompt_variables, task_prompts
from webui.services.completions import Completion, prepare
from webui.settings import Settings
from webui.streaming import Reply

log = logging.getLogger(__name__)

MAX_REPLY = 1024 * 1024  # bytes of a model's answer
LIMITS = ("max_tokens", "max_completion_tokens")


@dataclass(frozen=True)
class Task:
    """A kind of small task.

    ``own_prompt`` is the setting that replaces the built-in template, ``room`` the most tokens of an answer, among
    which reasoning counts, too.
    """

    prompt: str
    own_prompt: str | None = None
    room: int | None = 1000


TITLE = Task(task_prompts.TITLE, "task.title.prompt_template")
TAGS = Task(task_prompts.TAGS, "task.tags.prompt_template")
FOLLOW_UPS = Task(task_prompts.FOLLOW_UPS, "task.follow_up.prompt_template")
QUERIES = Task(task_prompts.QUERIES, "task.query.prompt_template")
IMAGE_PROMPT = Task(task_prompts.IMAGE_PROMPT, "task.image.prompt_template")
AUTOCOMPLETE = Task(task_prompts.AUTOCOMPLETE, "task.autocomplete.prompt_template", room=300)
EMOJI = Task(task_prompts.EMOJI, room=300)
MERGE = Task(task_prompts.MERGE, room=None)


@dataclass(frozen=True)
class About:
    """What a task is about. ``messages`` are as clients have them; ``prompt`` is the last question if not given."""

    messages: Sequence[Mapping[str, Any]] = ()
    prompt: str | None = None
    kind: str = ""
    responses: Sequence[str] = ()


def prepare_task(
    database: Database,
    settings: Settings,
    catalog: Catalog,
    user: Identity,
    task: Task,
    *,
    model: str,
    about: About,
    stream: bool = False,
) -> Completion:
    """The request for a task in a chat with ``model``, which the user must have access to.

    The model that answers is the task model of the settings, if it exists, else the chat's own.
    """
    text = _prompt(settings, user, task, about)
    form = {"model": model, "messages": [{"role": "user", "content": text}], "stream": stream}
    chat = prepare(database, settings, catalog, user, form)
    local = chat.model.get("connection_type") == "local"
    wanted = settings["task.model.default" if local else "task.model.external"]
    found = _on_task_model(database, settings, catalog, user, form | {"model": wanted}) if wanted else None
    return _limited(found or chat, task.room)


def _on_task_model(
    database: Database, settings: Settings, catalog: Catalog, user: Identity, form: dict[str, Any]
) -> Completion | None:
    """The administrator chose this model for everybody, so who may chat with it does not matter."""
    try:
        return prepare(database, settings, catalog, replace(user, role=Role.ADMIN), form)
    except ApiError as error:
        if error.problem is Problem.MODEL_NOT_FOUND:
            log.warning("The model for small tasks, %s, is not there; the chat's own model does them.", form["model"])
            return None
        raise


def _limited(completion: Completion, room: int | None) -> Completion:
    """OpenAI's newer models refuse ``max_tokens``, and servers of one's own may not know its successor."""
    if room is None:
        return completion
    local = completion.route.model.get("connection_type") == "local"
    payload = {name: value for name, value in completion.payload.items() if name not in LIMITS}
    return replace(completion, payload=payload | {LIMITS[0 if local else 1]: room})


def _prompt(settings: Settings, user: Identity, task: Task, about: About) -> str:
    own = settings[task.own_prompt] if task.own_prompt else ""
    said = [
        {"role": str(message.get("role")), "content": without_blocks(message_text(message))}
        for message in about.messages
    ]
    asked = (message["content"] for message in reversed(said) if message["role"] == "user")
    values = {
        **{name.strip("{}"): value for name, value in prompt_variables.values(user, None).items()},
        "prompt": next(asked, "") if about.prompt is None else about.prompt,
        "responses": "\n\n".join(f'"""{response}"""' for response in about.responses),
        "TYPE": about.kind,
    }
    return task_prompts.expand(own.strip() or task.prompt, said, values)


def message_text(message: Mapping[str, Any]) -> str:
    """What a message says in words; pictures say nothing."""
    content = message.get("content")
    if isinstance(content, list):
        parts = (part.get("text") for part in content if isinstance(part, dict))
        return "\n".join(text for text in parts if isinstance(text, str))
    return content if isinstance(content, str) else ""


async def answer_text(reply: Reply) -> str:
    """What the model said in a reply that is not streamed, without its reasoning; empty if that cannot be read.

    Raises ``ApiError`` for an error status, and when the reply breaks off.
    """
    body = await _whole(reply)
    if reply.status >= 400:
        raise ApiError(Problem.UPSTREAM_FAILED, status=reply.status)
    deltas = DeltaReader().read_completion(body)
    return "".join(delta.get("content", "") for delta in deltas)


async def _whole(reply: Reply) -> bytes:
    """The body; one that is larger than any answer to a task is cut off, and cannot be read then."""
    if isinstance(reply.body, bytes):
        return reply.body
    body = bytearray()
    try:
        with translated_errors("The model server"):
            async for piece in reply.body:
                body += piece
                if len(body) > MAX_REPLY:
                    break
    finally:
        await reply.body.aclose()  # type: ignore[attr-defined]  # see Reply
    return bytes(body)
