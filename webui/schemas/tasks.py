from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, StrictBool, StringConstraints

from webui.schemas.common import Form
from webui.schemas.models import Message


class TaskConfig(Form):
    """The settings of the small tasks, under the names of their environment variables."""

    model_config = ConfigDict(from_attributes=True)

    TASK_MODEL: str | None
    TASK_MODEL_EXTERNAL: str | None
    ENABLE_TITLE_GENERATION: bool
    TITLE_GENERATION_PROMPT_TEMPLATE: str
    IMAGE_PROMPT_GENERATION_PROMPT_TEMPLATE: str
    ENABLE_AUTOCOMPLETE_GENERATION: bool
    AUTOCOMPLETE_GENERATION_INPUT_MAX_LENGTH: int
    TAGS_GENERATION_PROMPT_TEMPLATE: str
    FOLLOW_UP_GENERATION_PROMPT_TEMPLATE: str
    ENABLE_FOLLOW_UP_GENERATION: bool
    ENABLE_TAGS_GENERATION: bool
    ENABLE_SEARCH_QUERY_GENERATION: bool
    ENABLE_RETRIEVAL_QUERY_GENERATION: bool
    QUERY_GENERATION_PROMPT_TEMPLATE: str
    TOOLS_FUNCTION_CALLING_PROMPT_TEMPLATE: str
    VOICE_MODE_PROMPT_TEMPLATE: str | None


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
