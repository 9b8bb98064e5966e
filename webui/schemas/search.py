from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from webui.schemas.chats import ChatTitle, PageQuery


class SearchQuery(PageQuery):
    text: Annotated[str, StringConstraints(max_length=10_000)]


class ChatHit(ChatTitle):
    """A chat that was found. ``message_id`` and ``snippet`` tell of its newest fitting message; they are null if the
    title fits.
    """

    message_id: str | None
    snippet: str | None
