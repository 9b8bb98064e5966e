from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from webui.schemas.chats import Identifier
from webui.schemas.common import Epoch, Form, Out

Moment = Annotated[int, Field(ge=0, le=10**19)]  # an epoch, of some clients in milli- or nanoseconds


class ChatImportForm(Form):
    """A chat from elsewhere, with what is kept beside it. Times that are missing are now."""

    chat: dict[str, Any]
    folder_id: Identifier | None = None
    meta: dict[str, Any] | None = None
    pinned: bool | None = None
    created_at: Moment | None = None
    updated_at: Moment | None = None


class ChatsImportForm(Form):
    chats: list[ChatImportForm]


class ImportOut(Out):
    """How far a file of chats is taken in: `state` is running, done or failed, `size` and `offset` are bytes.

    `left_out` tells what else was in the archive and is not stored, as "2 prompts whose command is taken".
    """

    id: str
    state: str
    size: int
    offset: int
    chats: int
    error: str | None
    left_out: list[str]
    created_at: Epoch
    finished_at: Epoch | None


class ExportQuery(Form):
    format: Literal["json", "markdown", "text", "pdf"] = "json"
