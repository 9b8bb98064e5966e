from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StrictBool, StringConstraints

from webui.schemas.common import Form, Out


class ModelsQuery(Form):
    refresh: bool = False


class ModelList(Out):
    """All models that the user may chat with, in OpenAI's form with the contract's additions."""

    object: str = "list"
    data: list[dict[str, Any]]


class Open(Form):
    """What is not named here is the model server's to judge, and is passed on to it as it came."""

    model_config = ConfigDict(extra="allow")


class CalledFunction(Open):
    name: str
    arguments: str | dict[str, Any] | None = None


class ToolCall(Open):
    function: CalledFunction | None = None


class Message(Open):
    role: Annotated[str, StringConstraints(min_length=1)]
    content: str | Annotated[list[dict[str, Any]], Field(fail_fast=True)] | None = None
    tool_calls: Annotated[list[ToolCall], Field(fail_fast=True)] | None = None


class StreamOptions(Open):
    include_usage: StrictBool | None = None


class CompletionForm(Open):
    """OpenAI's chat completion request, and in `params` the page's parameters of the model."""

    model: Annotated[str, StringConstraints(min_length=1, max_length=512)]
    messages: Annotated[list[Message], Field(min_length=1, fail_fast=True)]  # one error tells enough
    stream: StrictBool | None = None
    stream_options: StreamOptions | None = None
    options: dict[str, Any] | None = None
    params: dict[str, Any] | None = None


ChatId = Annotated[str, StringConstraints(min_length=1, max_length=255)]  # as the ids of stored messages


class ChatCompletionForm(CompletionForm):
    """The same, and where in a chat the reply goes: with `chat_id`, `id` and `session_id` it is generated there."""

    chat_id: ChatId | None = None
    id: ChatId | None = None
    parent_id: ChatId | None = None
    session_id: ChatId | None = None

    @property
    def is_run(self) -> bool:
        """Whether the reply is generated in the background."""
        return None not in (self.chat_id, self.id, self.session_id)
