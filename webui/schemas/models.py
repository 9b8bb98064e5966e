from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import ConfigDict, Field, StrictBool, StringConstraints, model_validator

from webui.schemas.chat_messages import MessageChanges
from webui.schemas.chats import NewChatForm
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
    """The same, and where in a chat the reply goes: with `chat_id`, `id` and `session_id` it is generated there.

    What the chat is to be given before: `new_chat` is the whole one, `changes` are some of its messages.
    """

    chat_id: ChatId | None = None
    id: ChatId | None = None
    parent_id: ChatId | None = None
    session_id: ChatId | None = None
    new_chat: NewChatForm | None = None
    changes: MessageChanges | None = None

    @property
    def is_run(self) -> bool:
        """Whether the reply is generated in the background."""
        return None not in (self.chat_id, self.id, self.session_id)

    @model_validator(mode="after")
    def _has_place(self) -> Self:
        if (self.new_chat or self.changes) and not self.is_run:
            raise ValueError("new_chat and changes need chat_id, id and session_id.")
        if self.new_chat and self.new_chat.id != self.chat_id:
            raise ValueError("new_chat.id has to be the same as chat_id.")
        return self
