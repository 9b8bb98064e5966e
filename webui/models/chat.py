from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from webui.models.meta import Base, Moment, TextKey, UserId, only


class Chat(Base):
    """What a list of chats needs; the conversation itself is rows of ``messages``.

    ``data`` keeps the keys of the client's chat object that the server does not read (models, params, files, ...),
    ``current_id`` is the message that the user looks at. ``deleted_at`` is set while the chat is in the trash, and
    ``import_id`` while it is part of an import that has not ended: neither is to be seen in any list.
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
    deleted_at: Mapped[datetime | None]
    import_id: Mapped[str | None]


IS_LISTED = sa.and_(Chat.deleted_at.is_(None), Chat.import_id.is_(None))

# An index for each list, so that none of them looks at a chat that it does not show. SQLite's planner counts columns
# rather than conditions, so an index has those as well that its conditions make constant.
Index("ix_chats_list", Chat.user_id, Chat.archived, Chat.updated_at.desc(), Chat.id, **only(IS_LISTED))
Index(
    "ix_chats_loose",
    *(Chat.user_id, Chat.archived, Chat.pinned, Chat.updated_at.desc(), Chat.id),
    **only(IS_LISTED & Chat.archived.is_(False) & Chat.pinned.is_(False) & Chat.folder_id.is_(None)),
)
Index(
    "ix_chats_pinned",
    *(Chat.user_id, Chat.archived, Chat.pinned, Chat.updated_at.desc(), Chat.id),
    **only(IS_LISTED & Chat.pinned.is_(True)),
)
Index("ix_chats_folder", Chat.folder_id, Chat.updated_at.desc(), **only(Chat.folder_id.is_not(None)))
Index("ix_chats_trash", Chat.user_id, Chat.deleted_at.desc(), Chat.id, **only(Chat.deleted_at.is_not(None)))
Index("ix_chats_deleted_at", Chat.deleted_at, **only(Chat.deleted_at.is_not(None)))
Index("ix_chats_import", Chat.import_id, **only(Chat.import_id.is_not(None)))


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


Index("ix_messages_deleted_at", Message.deleted_at, **only(Message.deleted_at.is_not(None)))
