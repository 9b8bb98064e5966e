from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from webui.models.meta import Base, TextKey


class Tag(Base):
    """A user's tag; ``id`` is the name in lower case with underscores for spaces."""

    __tablename__ = "tags"

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[TextKey]
    name: Mapped[str]
    meta: Mapped[dict[str, Any] | None]


class ChatTag(Base):
    """A tag on a chat, for finding chats by it; ``Chat.meta["tags"]`` has the same ids in the order of tagging."""

    __tablename__ = "chat_tags"
    __table_args__ = (
        ForeignKeyConstraint(["user_id", "tag_id"], ["tags.user_id", "tags.id"], ondelete="CASCADE"),
        Index("ix_chat_tags_tag", "user_id", "tag_id", "chat_id"),
    )

    chat_id: Mapped[str] = mapped_column(ForeignKey("chats.id", ondelete="CASCADE"), primary_key=True)
    tag_id: Mapped[TextKey]
    user_id: Mapped[str]
