from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from webui.schemas.common import Epoch, Form, Out

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class ChatForm(Form):
    """A chat as the client holds it: ``history.messages`` by id, ``history.currentId``, and whatever else it keeps."""

    chat: dict[str, Any]
    folder_id: Identifier | None = None


class ChatListQuery(Form):
    page: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    include_pinned: bool = False
    include_folders: bool = False


class ChatTitle(Out):
    """A line of the list of chats."""

    id: str
    title: str
    updated_at: Epoch
    created_at: Epoch


class ChatOut(Out):
    """A chat with its conversation."""

    id: str
    user_id: str
    title: str
    chat: dict[str, Any]
    updated_at: Epoch
    created_at: Epoch
    share_id: str | None
    archived: bool
    pinned: bool
    meta: dict[str, Any]
    folder_id: str | None
