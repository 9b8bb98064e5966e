from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from webui.schemas.common import Epoch, Form, Out

Identifier = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class ChatForm(Form):
    """A chat as the client holds it: ``history.messages`` by id, ``history.currentId``, and whatever else it keeps."""

    chat: dict[str, Any]
    folder_id: Identifier | None = None


Uuid = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]


class NewChatForm(ChatForm):
    """With an ``id`` of the client's making, a chat that is sent twice is stored once."""

    id: Uuid | None = None


PageNumber = Annotated[int, Field(ge=1, le=10_000_000)]


class ChatListQuery(Form):
    page: PageNumber | None = None
    include_pinned: bool = False
    include_folders: bool = False


class PageQuery(Form):
    page: PageNumber | None = None


class RestoreQuery(Form):
    """``folder_id``: the folder that takes the place of the one it was in."""

    folder_id: Identifier | None = None


class ChatFilterQuery(PageQuery):
    """``query`` is a part of the title; ``order_by`` is ``title``, ``created_at`` or ``updated_at``, ``direction``
    ``asc`` or ``desc``. Any other order counts as not given."""

    query: str | None = None
    order_by: str | None = None
    direction: str | None = None


class ChatUsageQuery(PageQuery):
    items_per_page: Annotated[int, Field(ge=1, le=200)] | None = None


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


class ChatUsage(Out):
    """What a chat consists of. Models have the number of their messages; times are in seconds, lengths in characters.

    ``models`` and ``message_count`` are about the branch that is shown, ``history_*`` about all of the chat.
    """

    id: str
    models: dict[str, int]
    message_count: int
    history_models: dict[str, int]
    history_message_count: int
    history_user_message_count: int
    history_assistant_message_count: int
    average_response_time: float
    average_user_message_content_length: float
    average_assistant_message_content_length: float
    tags: list[str]
    last_message_at: int
    updated_at: Epoch
    created_at: Epoch


class ChatUsageList(Out):
    """A page, and how many chats there are on all pages."""

    items: list[ChatUsage]
    total: int


class TrashedChat(ChatTitle):
    """A line of the trash."""

    deleted_at: Epoch


class TrashedMessage(Out):
    """A message in the trash of its chat."""

    id: str
    parent_id: str | None
    role: str
    content: str
    deleted_at: Epoch


class MessageIds(Form):
    """Messages of a chat."""

    ids: Annotated[list[Identifier], Field(min_length=1, max_length=1000)]
