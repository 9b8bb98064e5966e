from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from webui.schemas.chats import Identifier
from webui.schemas.common import Epoch, Form, Line, Out


class MessageChanges(Form):
    """Messages by id, each whole and in the client's form, ids of those that go, and which one is shown from now on."""

    messages: dict[str, Any] = Field(default_factory=dict)
    deleted: Annotated[list[Identifier], Field(max_length=100_000)] = Field(default_factory=list)
    currentId: Identifier | None


class ChangedAt(Out):
    """When the chat was changed."""

    updated_at: Epoch


class MessageForm(Form):
    """What a message says from now on."""

    content: str


class EventForm(Form):
    """Something that pages are told about a message: ``status``, ``replace``, ``notification``, ..."""

    type: Line
    data: dict[str, Any]
