from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, StringConstraints

from webui.schemas.common import Form, Out


class TaskList(Out):
    """The replies that are being generated for the user."""

    tasks: list[str]


class ChatTasks(Out):
    """The replies that are being generated in one chat."""

    task_ids: list[str]


class Stopped(Out):
    """Whether there was something to stop."""

    status: bool
    message: str


class Started(Out):
    """A reply is being generated; follow it at `/api/tasks/{task_id}/events`."""

    status: bool = True
    task_id: str


class ResumeQuery(Form):
    """`after`: the number of the last event that was seen; the header `Last-Event-ID` says the same."""

    after: Annotated[int, Field(ge=0, le=2**31 - 1)] = 0


class EventsQuery(Form):
    """Without `text` only the first piece of each reply is told, and all else that happens."""

    text: bool = True


class ChatCompleted(Form):
    """What the page sends when a reply is complete."""

    model_config = ConfigDict(extra="allow")

    model: Annotated[str, StringConstraints(min_length=1, max_length=512)]
    messages: list[dict[str, Any]] = Field(default_factory=list)


class ChatAction(ChatCompleted):
    """A button under a message was pressed."""
