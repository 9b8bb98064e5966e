from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from webui.models.meta import Base, Moment, TextKey, UserId


class Chat(Base):
    """What a list of chats needs; the conversation itself is rows of ``messages``.

    ``data`` keeps the keys of the client's chat object that the server does not read (models, params, files, ...),
    ``current_id`` is the message that the user looks at.
    """

    __tablename__ = "chats"

    id: Mapped[TextKey]
    user_id: Mapped[UserId]
    title: Mapped[str]
    folder_id: Mapped[str | None]
    share_id: Mapped[str | None] = mapped_column(unique=True)
    archived: Mapped[bool]
    pinned: Mapped[bool]
    current_id: Mapped[str | None]
    meta: Mapped[dict[str, Any]]
    data: Mapped[dict[str, Any]]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]


Index("ix_chats_list", Chat.user_id, Chat.archived, Chat.updated_at.desc(), Chat.id)


class Message(Base):
    """One message of a chat's tree.

    The client makes the id, so it is unique within its chat only. ``position`` is the order of arrival, which is also
    the order of siblings; ``data`` keeps the keys that the server does not read. ``deleted_at`` is set while the
    message is in the trash.
    """

    __tablename__ = "messages"

    chat_id: Mapped[str] = mapped_column(ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[TextKey]
    parent_id: Mapped[str | None]
    position: Mapped[int]
    role: Mapped[str]
    content: Mapped[str]
    data: Mapped[dict[str, Any]]
    created_at: Mapped[Moment]
    updated_at: Mapped[Moment]
    deleted_at: Mapped[datetime | None]
    run_id: Mapped[str | None]
