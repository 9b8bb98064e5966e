from __future__ import annotations

from typing import Annotated

from pydantic import Field, StrictBool, StringConstraints

from webui.schemas.common import Form
from webui.schemas.models import Message


class TaskForm(Form):
    """What every small task is given: `model` is the chat's, and another one may do the task."""

    model: Annotated[str, StringConstraints(min_length=1, max_length=512)]
    chat_id: Annotated[str, StringConstraints(max_length=255)] | None = None


class ConversationForm(TaskForm):
    """A task about a conversation; `prompt` is its last question unless it is given."""

    messages: Annotated[list[Message], Field(default_factory=list, fail_fast=True)]
    prompt: str | None = None


class QueriesForm(ConversationForm):
    """`type` is `web_search` or `retrieval`."""

    type: str | None = None


class AutocompleteForm(ConversationForm):
    """`prompt` is what was typed so far; `type` is what for: `search query` or `general`."""

    type: str | None = None


class TextTaskForm(TaskForm):
    """A task about a text."""

    prompt: str = ""


class MergeForm(TextTaskForm):
    """`responses` are what several models said to `prompt`."""

    responses: Annotated[list[str], Field(default_factory=list)]
    stream: StrictBool | None = None
